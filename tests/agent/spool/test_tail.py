"""The tail of the spool: what was appended is there after a power cut at any moment, seen by every reader, and counted once."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.spool import tail
from agent.spool.look import connect_to_look, numbers_given
from agent.spool.spool import Spool
from tests.agent.spool.test_installation import beside
from tests.agent.spool.test_spool import entry, everything

FILES = ("spool.db", "spool.db-wal", "spool.db-tail", "seq.floor")


def image(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}


def after_a_cut(folder: Path, files: dict[str, bytes]) -> Spool:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Spool(folder / "spool.db", "boot-2")


def test_a_cut_at_any_moment_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    chance, here = random.Random(5), tmp_path / "here"
    spool = Spool(here / "spool.db", "boot-1")
    alive: set[int] = set()
    for n in range(40):
        alive |= set(spool.append([entry(10 * n + k) for k in range(chance.randrange(1, 6))]))
        gone = [seq for seq in sorted(alive) if chance.random() < 0.3]
        what = chance.choice(["delete", "refuse", "commit", "count"])
        if what == "delete":
            spool.delete(gone, 5)
        elif what == "refuse":
            spool.quarantine(gone, "no")
        elif what == "commit":
            spool._commits.commit()
        else:
            spool.add("bytes:2026-11", 10)
        alive -= set(gone) if what in ("delete", "refuse") else set()
        again = after_a_cut(tmp_path / str(n), image(here))
        assert {row.seq for row in everything(again)} == alive
        assert (again.depth, again.quarantined) == (spool.depth, spool.quarantined)
        assert {event.kind for event in again.notices} == {"installation"}  # of another folder
        assert again.append([entry(0)]) == [spool.newest() + 1]


@pytest.mark.parametrize("keep", range(0, 1200, 97))
def test_a_write_that_a_cut_tore_costs_that_sample_alone(tmp_path: Path, keep: int) -> None:
    here = tmp_path / "here"
    spool = Spool(here / "spool.db", "boot-1")
    spool.append([entry(n) for n in range(4)])
    before = image(here)
    spool.append([entry(n) for n in range(4, 12)])
    old, new = before["spool.db-tail"], image(here)["spool.db-tail"]
    start = next(at for at in range(len(old)) if old[at] != new[at])
    torn = new[: start + keep] + old[start + keep :]
    again = after_a_cut(tmp_path / "again", before | {"spool.db-tail": torn})
    assert {row.seq for row in everything(again)} in ({1, 2, 3, 4}, set(range(1, 13)))
    assert again.append([entry(99)])[0] > again.depth - 1


def test_readers_see_file_and_tail_as_one_and_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, "boot-1")
    spool.append([entry(n) for n in range(6)])
    spool._commits.commit()
    spool.append([entry(n) for n in range(6, 9)])
    spool.delete([2, 8])
    with closing(connect_to_look(path)) as db:
        wanted = [(1,), (3,), (4,), (5,), (6,), (7,), (9,)]
        assert db.execute("SELECT seq FROM spool ORDER BY seq").fetchall() == wanted
        assert numbers_given(db) == 9
        spool._commits.commit()
        spool.append([entry(10)])
        assert db.execute("SELECT seq FROM spool ORDER BY seq").fetchall() == wanted
    spool.delete(range(1, 11))
    with closing(connect_to_look(path)) as db:
        assert db.execute("SELECT count(*) FROM spool").fetchone() == (0,)
        assert numbers_given(db) == 10


def test_numbers_of_samples_that_came_and_went_are_not_used_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "here" / "spool.db", "boot-1")
    spool.delete(spool.append([entry(1), entry(2)]))
    again = after_a_cut(tmp_path / "again", image(tmp_path / "here"))
    assert (again.depth, again.append([entry(3)])) == (0, [3])


def test_another_program_gets_its_turn_and_sees_everything(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, "boot-1")
    spool.quarantine(spool.append([entry(1), entry(2)]), "no")
    spool.append([entry(3)])
    found: list[int] = []

    def resend() -> None:
        other = Spool(path, "boot-1", owner=False)
        found.extend((other.depth, other.release()))
        other.close()

    beside(spool, resend)
    assert found == [1, 2]
    spool.keep_bounds()
    assert (spool.depth, [row.seq for row in everything(spool)]) == (3, [3, 2, 1])


def test_beside_an_agent_that_died_another_program_finds_everything(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "here" / "spool.db", "boot-1")
    spool.append([entry(1), entry(2)])
    after_a_cut(tmp_path / "again", image(tmp_path / "here")).close()
    (tmp_path / "dead").mkdir()
    for name, content in image(tmp_path / "here").items():
        (tmp_path / "dead" / name).write_bytes(content)
    other = Spool(tmp_path / "dead" / "spool.db", "boot-1", owner=False)
    assert [row.seq for row in everything(other)] == [2, 1]
    other.close()
    assert [row.seq for row in everything(Spool(tmp_path / "dead" / "spool.db", "boot-2"))] == [2, 1]


def test_a_transaction_that_a_full_disk_cost_is_made_again(tmp_path: Path) -> None:
    def full(db: sqlite3.Connection) -> None:
        db.execute("ROLLBACK")  # as SQLite does with all that is open
        raise sqlite3.OperationalError("database or disk is full")

    spool = Spool(tmp_path / "spool.db", "boot-1")
    spool.append([entry(1), entry(2)])
    spool.delete([1])
    with pytest.raises(sqlite3.OperationalError):
        spool.transaction(full)
    assert spool.append([entry(3)]) == [3]
    assert ([row.seq for row in everything(spool)], spool.depth) == ([3, 2], 2)


def test_a_commit_that_fails_is_put_off_and_no_sample_is_stored_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    monkeypatch.setattr("agent.spool.commits.HOLD_S", 0)

    def fail() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(spool._commits, "commit", fail)
    assert spool.append([entry(1)]) == [1]
    monkeypatch.undo()
    assert spool.append([entry(2)]) == [2]
    assert [row.seq for row in everything(spool)] == [2, 1]


def test_without_room_for_a_tail_every_sample_is_a_commit(tmp_path: Path) -> None:
    (tmp_path / "spool.db-tail").mkdir()
    spool = Spool(tmp_path / "spool.db", "boot-1")
    spool.append([entry(1)])
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
        assert db.execute("SELECT count(*) FROM spool").fetchone() == (1,)


def test_a_full_tail_makes_a_commit_and_begins_anew(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "here" / "spool.db", "boot-1")
    n = 0
    while n * 150 < 3 * tail.ROOM_BYTES:
        spool.append([entry(n + k) for k in range(100)])
        n += 100
    assert (tmp_path / "here" / "spool.db-tail").stat().st_size == tail.ROOM_BYTES
    assert after_a_cut(tmp_path / "again", image(tmp_path / "here")).depth == n
