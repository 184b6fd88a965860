"""Who numbers the samples: clones, new cards, moved cards; and numbers that go on above what the collector has."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.spool import file as spoolfile
from agent.spool.installation import hardware
from agent.spool.rebase import settle
from agent.spool.resume import go_on_above
from agent.spool.rows import Entry
from agent.spool.sent import note_exported
from agent.spool.spool import Spool
from telemetry.frame import is_installation

T0 = 1_800_000_000_000


def entries(count: int) -> list[Entry]:
    return [Entry("signal", "a", n * 1000, T0 + n * 1000, "ntp", b'{"rsrp_dbm":-97}') for n in range(count)]


def machine(root: Path, serial: str, machine_id: str, cid: str, folder: Path) -> bytes:
    """Make the files by which a Pi and its card are known."""
    shutil.rmtree(root, ignore_errors=True)
    device = folder.stat().st_dev
    card = root / "sys/devices/platform/mmc/block/mmcblk0/mmcblk0p2"
    for path, text in (
        (root / "sys/firmware/devicetree/base/serial-number", f"{serial}\0"),
        (root / "etc/machine-id", machine_id),
        (card.parent / "device/cid", cid),
        (card / "partition", "2"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    link = root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    link.parent.mkdir(parents=True)
    link.symlink_to(card)
    return hardware(folder, root)


def test_board_machine_and_card_each_make_a_difference(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    places = [
        machine(tmp_path / "root", *names, folder)
        for names in (("s1", "m1", "c1"), ("s2", "m1", "c1"), ("s1", "m2", "c1"), ("s1", "m1", "c2"))
    ]
    assert len(set(places)) == 4
    assert machine(tmp_path / "root", "s1", "m1", "c1", folder) == places[0]


def test_a_spool_stays_the_same_installation(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    inst = spool.installations.now
    assert is_installation(inst)
    spool.append(entries(3))
    spool.close()
    again = Spool(tmp_path / "spool.db", "b2")
    assert again.installations.now == inst
    assert [again.installations.of(seq) for seq in (1, 3, 4)] == [inst] * 3
    assert again.notices == []


def test_a_copy_and_a_new_card_are_others(tmp_path: Path) -> None:
    first, copy, new = (tmp_path / name for name in ("first", "copy", "new"))
    spool = Spool(first / "spool.db", "b1")
    spool.append(entries(5))
    spool.close()
    shutil.copytree(first, copy)
    one, two, three = (Spool(folder / "spool.db", "b2") for folder in (first, copy, new))
    assert len({spool.installations.now for spool in (one, two, three)}) == 3
    two.append(entries(1))
    assert [two.installations.of(seq) for seq in (5, 6)] == [one.installations.now, two.installations.now]
    assert [event.kind for event in two.notices] == ["installation"]
    assert two.earlier() == 5


def test_samples_of_an_older_version_have_no_installation(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, "b1")
    spool.append(entries(4))
    spool.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE installations")
        db.execute("DELETE FROM meta WHERE key = 'drawn'")
    again = Spool(path, "b2")
    again.append(entries(1))
    assert again.notices == []
    assert [again.installations.of(seq) for seq in (4, 5)] == [None, again.installations.now]


def test_a_damaged_spool_keeps_its_installation(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, "b1")
    spool.append(entries(400))
    inst = spool.installations.now
    spool.close()
    with path.open("r+b") as file:
        file.seek(-2 * spoolfile.PAGE_BYTES, os.SEEK_END)
        file.write(b"\xff" * 600)
    again = Spool(path, "b1")
    assert "spool_set_aside" in [event.kind for event in again.notices]
    assert again.installations.now == inst


@pytest.mark.parametrize("top", [0, 9, 10, -5, 2**60])
def test_numbers_that_this_card_knows_change_nothing(tmp_path: Path, top: int) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    spool.append(entries(10))
    spool.close()
    again = Spool(tmp_path / "spool.db", "b1")
    again.append(entries(2))
    assert go_on_above(again, top) == 0
    assert again.newest() == 12
    assert again.notices == []


def test_an_old_image_goes_on_above_what_the_collector_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    spool.append(entries(10))
    spool.close()
    again = Spool(tmp_path / "spool.db", "b2")
    again.append(entries(3))  # 11, 12, 13: numbers that the card has given out before, after the image was taken
    assert go_on_above(again, 500) == 3
    assert [row.seq for row in again.window(99, again.newest())] == [503, 502, 501, *range(10, 0, -1)]
    assert again.append(entries(1)) == [504]
    assert [(event.kind, event.count) for event in again.notices] == [("numbers_resumed", 3)]
    again.close()
    (tmp_path / "spool.db").unlink()
    assert Spool(tmp_path / "spool.db", "b2").append(entries(1))[0] > 504  # the file beside it knows too


def test_what_has_left_keeps_its_number(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    spool.append(entries(4))
    spool.leaving([1, 2])
    assert go_on_above(spool, 2) == 0
    assert go_on_above(spool, 30) == 2
    assert [row.seq for row in spool.window(99, spool.newest())] == [32, 31, 2, 1]


def beside(spool: Spool, work: Callable[[], object]) -> None:
    """Let another program work on the card, as the running agent does: it looks every second whether one wants to."""
    other = threading.Thread(target=work)
    other.start()
    while other.is_alive():
        spool.tidy()
        other.join(timeout=0.01)


def test_what_is_on_a_stick_keeps_its_number_and_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "b1")
    spool.append(entries(2))
    beside(spool, lambda: note_exported(tmp_path / "spool.db", 2))
    spool.append(entries(1))
    assert go_on_above(spool, 30) == 1
    settle(spool, T0 + 3_600_000, "collector")
    rows = {row.seq: row.t_ms for row in spool.window(99, spool.newest())}
    assert rows == {1: T0, 2: T0 + 1000, 31: T0 + 3_600_000}
