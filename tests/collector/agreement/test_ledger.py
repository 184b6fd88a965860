"""The chain: what was written stays, and whoever changes the file is seen."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from collector.agreement.ledger import START, Ledger, LedgerError


def filled(folder: Path, count: int = 5) -> Ledger:
    ledger = Ledger(folder / "agreement.db")
    for n in range(count):
        with ledger.writing() as append:
            append(1000 + n, "office", "here", {"kind": "note", "n": n, "village": "Senyiur ä"})
    return ledger


def test_what_was_written_is_read(tmp_path: Path) -> None:
    ledger = filled(tmp_path)
    assert [(record.n, record.at_ms, record.body["n"]) for record in ledger.records()] == [(n + 1, 1000 + n, n) for n in range(5)]
    assert [record.n for record in ledger.records(3)] == [4, 5]
    assert ledger.head() == (5, [*ledger.records()][-1].hash)
    assert Ledger(tmp_path / "new.db").head() == (0, START)


def test_a_full_disk_is_told_and_the_next_entry_follows(tmp_path: Path) -> None:
    ledger = filled(tmp_path)
    (pages,) = ledger._db.execute("PRAGMA page_count").fetchone()
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"), ledger.writing() as append:
        append(2000, "office", "here", {"text": "x" * 20_000})
    ledger._db.execute("PRAGMA max_page_count = 10000")
    with ledger.writing() as append:
        assert append(2000, "office", "here", {}).n == 6
    assert len([*ledger.records()]) == 6


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    assert filled(tmp_path).path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "change", ["UPDATE entry SET who = 'x' WHERE n = 2", "DELETE FROM entry WHERE n = 5", "DELETE FROM entry"]
)
def test_the_file_itself_refuses_changes(tmp_path: Path, change: str) -> None:
    filled(tmp_path).close()
    with sqlite3.connect(tmp_path / "agreement.db") as db, pytest.raises(sqlite3.IntegrityError, match="never"):
        db.execute(change)


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ("UPDATE entry SET body = replace(body, '2', '7') WHERE n = 3", 3),
        ("UPDATE entry SET at_ms = at_ms + 1 WHERE n = 1", 1),
        ("UPDATE entry SET who = 'village' WHERE n = 5", 5),
        ("UPDATE entry SET origin = 'paper' WHERE n = 2", 2),
        ("DELETE FROM entry WHERE n = 1", 1),
        ("DELETE FROM entry WHERE n = 3", 3),
        ("UPDATE entry SET n = 6 WHERE n = 5", 5),
        ("UPDATE entry SET previous = hash WHERE n = 4", 4),
        ("INSERT INTO entry SELECT 6, at_ms, who, origin, body, previous, 'x' FROM entry WHERE n = 5", 6),
    ],
)
def test_who_edits_the_file_is_seen_at_that_entry(tmp_path: Path, change: str, at: int) -> None:
    ledger = filled(tmp_path)
    with sqlite3.connect(tmp_path / "agreement.db") as db:
        db.executescript("DROP TRIGGER never_changed; DROP TRIGGER never_taken_out;")
        db.execute(change)
    with pytest.raises(LedgerError, match=rf"agreement.db: entry {at} "):
        list(ledger.records())


def test_a_chain_written_anew_has_another_head(tmp_path: Path) -> None:
    head = filled(tmp_path).head()
    other = Ledger(tmp_path / "forged.db")
    for n in range(5):
        with other.writing() as append:
            append(1000 + n, "office", "here", {"kind": "note", "n": n, "village": "another"})
    assert other.head()[1] != head[1]


def test_nothing_is_written_when_the_writer_fails(tmp_path: Path) -> None:
    ledger = filled(tmp_path)

    def fail() -> None:
        with ledger.writing() as append:
            append(1, "a", "b", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ledger.head()[0] == 5


def test_several_programs_write_one_chain(tmp_path: Path) -> None:
    filled(tmp_path, 0).close()

    def write(name: str) -> None:
        ledger = Ledger(tmp_path / "agreement.db")
        for n in range(20):
            with ledger.writing() as append:
                append(n, name, "here", {"n": n})
        ledger.close()

    writers = [threading.Thread(target=write, args=(f"w{i}",)) for i in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    records = list(Ledger(tmp_path / "agreement.db").records())
    assert len(records) == 60
    for name in ("w0", "w1", "w2"):
        assert [record.body["n"] for record in records if record.who == name] == list(range(20))
