"""A damaged spool is saved with the power cut before every act: nothing that is whole stays aside, nothing is dated wrongly."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from agent.spool import file as spoolfile
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from tests.cut import PowerCutError, cut_before

ACTS = ("link", "rename", "replace", "unlink")


def entry(mono_ms: int, t_ms: int | None = None) -> Entry:
    return Entry("signal", "m", mono_ms, t_ms, "ntp" if t_ms else "untrusted", b"{}")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A spool of three samples in its file, three in its log alone, and three in its tail, with a table that is none any more."""
    folder = tmp_path / "first"
    spool = Spool(folder / "spool.db", "one")
    for first in (1, 4):
        spool.append([entry(n, 1_700_000_000_000 + n) for n in range(first, first + 3)])
        spool.run(lambda _: None)
        spool._commits.commit()
    spool._db.execute("DROP TABLE meta")
    spool._db.execute("CREATE TABLE meta (key TEXT)")
    spool._commits._tail.add([(*row, spoolfile.row_crc(*row)) for row in  # type: ignore[union-attr]
        [(n, "signal", "m", 7, n, None, "untrusted", b"{}") for n in (7, 8, 9)]])  # fmt: skip
    shutil.copytree(folder, tmp_path / "cut")
    spool._commits.abandon()
    return tmp_path / "cut"


def test_a_salvage_that_the_power_cut_ended_is_done_again(damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the order is what is tried here
    for cuts in range(100):
        folder = tmp_path / f"{cuts}"
        shutil.copytree(damaged, folder)
        ended = True
        with monkeypatch.context() as patch:
            cut_before(cuts, ACTS, patch)
            try:
                Spool(folder / "spool.db", "two").close()
            except PowerCutError:
                ended = False
        again = Spool(folder / "spool.db", "three")
        assert again.depth == 9
        assert [row.seq for row in again.window(20, 20)] == [6, 5, 4, 3, 2, 1]
        assert again.boot > 7  # what boot 7 measured is not dated by this one's clock
        assert list(folder.glob("spool.db.damaged-*"))
        again.close()
        if ended:
            assert cuts > 3
            return
    pytest.fail("it never ends")


def test_on_a_card_of_fat_a_damaged_spool_is_saved_too(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_second_name(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_second_name)
    spool = Spool(damaged / "spool.db", "two")
    assert spool.depth == 9
    spool.close()
    assert list(damaged.glob("spool.db.damaged-*"))


def test_what_a_lost_transaction_held_is_counted_when_the_next_change_fails(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "one")
    spool.append([entry(n, n) for n in (1, 2, 3)])
    spool._db.execute("ROLLBACK")  # as SQLite does on a full disk
    spool._commits._lost()
    spool.depth = 0

    def fails(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("no")

    with pytest.raises(sqlite3.OperationalError):
        spool.transaction(fails)
    assert spool.depth == 3
    spool.close()
