from __future__ import annotations

import dataclasses
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from agent.errors import SpoolError
from agent.spool import file as spoolfile
from agent.spool.high_water import BLOCK, HighWaterMark
from agent.spool.look import connect_to_look
from agent.spool.rows import Entry, Row
from agent.spool.spool import Spool
from agent.spool.thin import SMALL_BYTES, Limits

T0 = 1_800_000_000_000


def entry(n: int, stream: str = "signal", modem: str | None = "a", *, timed: bool = True) -> Entry:
    return Entry(
        stream, modem, n * 30_000, T0 + n * 30_000 if timed else None, "ntp" if timed else "unknown", b'{"rsrp_dbm":-%d}' % n
    )


def everything(spool: Spool) -> list[Row]:
    return spool.window(1_000_000, spool.newest())


def kinds(spool: Spool) -> list[str | None]:
    return [notice.kind for notice in spool.notices]


def test_samples_come_back_newest_first_with_their_numbers(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    assert spool.append([entry(1), entry(2)]) == [1, 2]
    assert spool.append([entry(3, timed=False), entry(4)]) == [3, 4]
    assert [row.seq for row in everything(spool)] == [4, 2, 1]
    assert everything(spool)[0] == Row(4, "signal", "a", T0 + 120_000, "ntp", b'{"rsrp_dbm":-4}')
    assert spool.depth == 4


def test_numbers_go_on_after_everything_was_delivered_and_the_agent_restarted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    assert spool.delete(spool.append([entry(1), entry(2)])) == 2
    spool.close()
    again = Spool(tmp_path / "spool.db", "boot-2")
    assert again.append([entry(3)]) == [3]
    assert again.notices == []


def test_refused_samples_are_set_aside_and_can_be_sent_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    seqs = spool.append([entry(n) for n in range(10)])
    assert spool.quarantine(seqs[:4], "no such stream") == 4
    assert (spool.depth, spool.quarantined) == (6, 4)
    assert spool.quarantine(seqs[:4], "again") == 0
    assert spool.release() == 4
    assert [row.seq for row in everything(spool)] == seqs[::-1]


WRITER = """
import sys
from pathlib import Path
from agent.spool.rows import Entry
from agent.spool.spool import Spool
def entry(n):
    return Entry("signal", "a", n * 30_000, 1_800_000_000_000 + n * 30_000, "ntp", b'{"rsrp_dbm":-%d}' % n)
spool = Spool(Path(sys.argv[1]), "boot-1")
n = 0
while True:
    for seq in spool.append([entry(n), entry(n + 1)]):
        sys.stdout.write(f"{seq}\\n")
    sys.stdout.flush()
    n += 2
"""


def test_kill_9_of_a_writer_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path, chance = tmp_path / "spool.db", random.Random(7)
    committed: list[int] = []
    for _ in range(12):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        committed += [int(writer.stdout.readline()) for _ in range(chance.randrange(4, 60))]
        writer.send_signal(signal.SIGKILL)
        committed += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.wait()
    spool = Spool(path, "boot-2")
    kept = {row.seq for row in everything(spool)}
    assert len(committed) == len(set(committed)) > 100
    assert set(committed) <= kept
    assert len(kept) - len(committed) <= 12 * 2  # a kill may fall between commit and our hearing of it
    assert "spool_set_aside" not in kinds(spool)


@pytest.mark.parametrize("seed", range(40))
def test_corrupt_bytes_anywhere(tmp_path: Path, seed: int) -> None:
    """Whatever the card does to the file: the agent starts, gives nothing that was not written, and reuses no number."""
    chance = random.Random(seed)
    path = tmp_path / "spool.db"
    spool = Spool(path, "boot-1")
    written = {seq: entry(n) for n, seq in enumerate(spool.append([entry(n) for n in range(400)]))}
    if seed % 2:
        spool._commits.commit()
        spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    last = spool.append([entry(400)])[0]
    written[last] = entry(400)
    image = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    spool.close()
    for name, content in image.items():  # as after a power cut: log not folded in
        if not name.endswith("-shm"):
            (tmp_path / name).write_bytes(content)
    victim = chance.choice([path, path.with_name("spool.db-wal"), path.with_name("spool.db-tail")])
    data = bytearray(victim.read_bytes())
    for _ in range(chance.choice([1, 4, 200])):
        if data:
            data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
    victim.write_bytes(data[: chance.randrange(1, len(data))] if chance.random() < 0.3 and data else data)

    again = Spool(path, "boot-2")
    rows = everything(again)
    for row in rows:
        source = written[row.seq]
        assert (row.stream, row.modem, row.t_ms, row.clock, row.body) == (
            source.stream,
            source.modem,
            source.t_ms,
            source.clock,
            source.body,
        )
    if len(rows) + again.quarantined < len(written):
        assert kinds(again), "samples are missing and no event says so"
    assert again.append([entry(999)])[0] > last


def test_a_deleted_spool_does_not_reuse_numbers(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    last = spool.append([entry(n) for n in range(1500)])[-1]
    spool.close()
    (tmp_path / "spool.db").unlink()
    again = Spool(tmp_path / "spool.db", "boot-1")
    assert again.append([entry(1)])[0] == 2 * BLOCK + 1 > last
    assert kinds(again) == ["seq_skipped"]


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(os.urandom(5000))
    spool = Spool(tmp_path / "spool.db", "boot-1")
    assert spool.append([entry(1)])
    assert "spool_set_aside" in kinds(spool)
    assert len(list(tmp_path.glob("spool.db.damaged-*"))) == 1


def test_damage_met_while_running_sets_the_file_aside_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, "boot-1")
    spool.append([entry(n) for n in range(2000)])
    spool._commits.commit()
    spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spool._db.execute("PRAGMA cache_size = 0")
    with path.open("r+b") as file:
        for page in range(2, 60):
            file.seek(page * spoolfile.PAGE_BYTES)
            file.write(b"\xff" * 64)
    new = spool.append([entry(2000)])
    everything(spool)
    new += spool.append([entry(2001)])
    assert min(new) > 2000
    assert "spool_set_aside" in kinds(spool)


@pytest.mark.parametrize("content", [b"", b"abc", b"5000 00000000\n", None])
def test_a_lost_floor_is_made_again_from_the_spool(tmp_path: Path, content: bytes | None) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    spool.append([entry(n) for n in range(10)])
    spool.close()
    if content is None:
        (tmp_path / "seq.floor").unlink()
    else:
        (tmp_path / "seq.floor").write_bytes(content)
    assert Spool(tmp_path / "spool.db", "boot-1").append([entry(1)]) == [11]
    assert HighWaterMark(tmp_path / "seq.floor").ceiling == BLOCK


def test_over_the_limit_the_oldest_half_loses_every_second_sample(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1", Limits(max_rows=400))
    for n in range(201):
        spool.append([entry(n), entry(n, modem="b")])
    assert spool.keep_bounds() == 100
    left = sorted(row.t_ms for row in everything(spool) if row.modem == "a")
    old = [t for t in left if t < T0 + 100 * 30_000]
    assert {b - a for a, b in pairwise(old)} == {60_000}  # evenly: every second one
    assert [t for t in left if t >= T0 + 101 * 30_000] == [T0 + n * 30_000 for n in range(101, 201)]  # the newer half is whole
    assert spool.count("thinned") == 100
    assert [(n.kind, n.count) for n in spool.notices] == [("spool_thinned", 100)]
    assert spool.depth == 302 == len(everything(spool))


def test_cells_of_one_poll_stay_or_go_together(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1", Limits(max_rows=100))
    for n in range(41):
        spool.append([entry(n, "cell")] * 3)
    spool.keep_bounds()
    counts = [sum(row.t_ms == T0 + n * 30_000 for row in everything(spool)) for n in range(19)]
    assert set(counts) == {0, 3}


def test_a_full_disk_thins_and_the_sample_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    spool._db.execute("PRAGMA max_page_count = 60")  # SQLite answers SQLITE_FULL as it does on a full disk
    last = 0
    for n in range(0, 3000, 10):
        last = spool.append([entry(n + k) for k in range(10)])[-1]
        if n % 50 == 0:
            spool._commits.commit()  # the file is many times larger than its tail
    rows = everything(spool)
    assert rows[0].seq == last == 3000
    assert len(rows) + spool.count("thinned") == 3000
    assert sum(n.count or 0 for n in spool.notices) == spool.count("thinned") > 0


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match=r"check the card and \[agent\] data_dir"):
        Spool(tmp_path / "file" / "spool.db", "boot-1")


def test_a_sample_damaged_on_the_card_is_never_given_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    spool.append([entry(1), entry(2), entry(3)])
    spool.run(lambda db: db.execute("UPDATE spool SET body = ? WHERE seq = 2", (b'{"rsrp_dbm":-12}',)))
    assert [row.seq for row in everything(spool)] == [3, 1]
    assert (spool.depth, spool.quarantined) == (2, 1)
    assert kinds(spool) == ["sample_damaged"]
    assert spool.release() == 0


def test_damaged_files_do_not_pile_up(tmp_path: Path) -> None:
    for _ in range(6):
        (tmp_path / "spool.db").write_bytes(b"no database" * 500)
        spool = Spool(tmp_path / "spool.db", "boot-1")
        spool.close()
    assert len(list(tmp_path.glob("*.damaged-*"))) == spoolfile.KEEP_ASIDE


def test_another_program_may_read_while_the_agent_writes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1")
    for n in range(3):
        spool.append([entry(n)])
        with closing(connect_to_look(tmp_path / "spool.db")) as reader:
            assert reader.execute("SELECT count(*) FROM spool").fetchone() == (n + 1,)
            with pytest.raises(sqlite3.OperationalError):
                reader.execute("DELETE FROM spool")


def test_a_nearly_full_card_that_others_fill_costs_no_sample(tmp_path: Path) -> None:
    """Thinning what is on its way would not make room, and the event about it would be the next to go."""
    spool = Spool(tmp_path / "spool.db", "boot-1", Limits(min_free_mb=10**9))
    for n in range(300):
        spool.append([entry(n)])
        assert spool.keep_bounds() == 0
    assert len(everything(spool)) == 300
    assert spool.notices == []


def test_a_backlog_on_a_nearly_full_card_is_thinned_a_few_times_only_and_what_is_in_flight_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", "boot-1", Limits(min_free_mb=10**9))
    big = dataclasses.replace(entry(0), body=b'{"detail":"%s"}' % (b"x" * 280))
    flying: list[int] = []
    for n in range(0, 24_000, 100):
        seqs = spool.append([dataclasses.replace(big, mono_ms=(n + k) * 30_000) for k in range(100)])
        if not flying:
            flying = seqs[:10]
            spool.leaving(flying)
        spool.keep_bounds()
    assert 1 <= len(spool.notices) <= 20
    assert sum(event.count or 0 for event in spool.notices) == spool.count("thinned") == 24_000 - spool.depth
    assert set(flying) <= {row.seq for row in everything(spool)}
    assert (tmp_path / "spool.db").stat().st_size < 2 * SMALL_BYTES
