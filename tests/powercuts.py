"""Power cuts on a copy of the block device: `python -m tests.powercuts`. Needs root, loop devices, ext4 and btrfs (btrfs-progs).

A spool lives on ext4 on a loop device whose image is a file on btrfs. A clone of that file is the card as it was at one moment
(btrfs clones between two writes). Each clone is mounted, which replays the file system's journal, and opened as after a power
cut: every sample that the writer was told is stored must be there, once, as it was written, and no number is given twice.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from agent.spool.spool import Spool
from lab.card import clone, make, mounted
from tests.agent.spool.test_spool import entry, everything

CARD_MB, DISK_MB = 32, 512
WRITER = """
import random, sys
from pathlib import Path
from agent.spool import commits
from agent.spool.spool import Spool
from tests.agent.spool.test_spool import entry
commits.HOLD_S = float(sys.argv[2])
spool, chance, alive = Spool(Path(sys.argv[1]), "boot-1"), random.Random(int(sys.argv[3])), []
print("ready", flush=True)
while True:
    first = spool.newest() + 1
    alive += spool.append([entry(first + k) for k in range(chance.randrange(1, 6))])
    print("+", *alive[-(alive[-1] - first + 1):], flush=True)
    if chance.random() < 0.2:
        gone = [seq for seq in alive if chance.random() < 0.7]
        print("-", *gone, flush=True)
        spool.delete(gone, 5)
        alive = sorted(set(alive) - set(gone))
    spool.tidy()
"""


class Writer:
    """A process that fills a spool, and what it said: numbers that are stored, numbers that it was about to delete."""

    def __init__(self, spool: Path, hold_s: float, seed: int) -> None:
        self.stored: set[int] = set()
        self.gone: set[int] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(spool), str(hold_s), str(seed)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            sign, *numbers = line.split()
            (self.stored if sign == "+" else self.gone).update(map(int, numbers))

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def judge(folder: Path, before: set[int], gone: set[int]) -> tuple[int, int, list[str]]:
    """Open the spool after the cut; return (samples that are missing, that are wrong, what it says of itself)."""
    spool = Spool(folder / "spool.db", "boot-2")
    rows = everything(spool)
    here = {row.seq for row in rows}
    wrong = sum((row.t_ms, row.body) != (entry(row.seq).t_ms, entry(row.seq).body) for row in rows) + len(rows) - len(here)
    wrong += spool.quarantined + (spool.append([entry(0)])[0] <= max(before, default=0))
    notices = sorted({str(event.kind) for event in spool.notices} - {"installation"})
    spool.close()
    return len(before - gone - here), wrong, notices


def main() -> int:
    """Cut so many times; exit 0 when nothing is missing and nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.powercuts", description=main.__doc__)
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--hold", type=float, default=1.0, help="seconds between commits (1800 in a hall)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chance, missing, wrong = random.Random(args.seed), 0, 0
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="sinyal-cuts-") as name, ExitStack() as stack:
        home = Path(name)
        disk = stack.enter_context(mounted(make(home / "disk.img", DISK_MB, "mkfs.btrfs", "-q"), home / "disk"))
        card = make(disk / "card.img", CARD_MB, "mkfs.ext4", "-q", "-F")
        hall = stack.enter_context(mounted(card, home / "hall"))
        writer = Writer(hall / "spool.db", args.hold, args.seed)
        stack.callback(writer.stop)
        for number in range(args.cuts):
            time.sleep(chance.uniform(0.02, 0.4))  # the moment of the cut
            before = set(writer.stored)
            copy = disk / f"cut-{number}.img"  # a name of its own: a loop device that is still closing has the one before
            clone(card, copy)
            gone = set(writer.gone)
            with mounted(copy, home / "after") as after:
                lost, bad, notices = judge(after, before, gone)
            copy.unlink()
            missing, wrong, said = missing + lost, wrong + bad, said + notices
            print(f"cut {number + 1}: {len(before)} stored, {lost} missing, {bad} wrong {' '.join(notices)}", flush=True)
    print(f"{args.cuts} cuts: {missing} samples missing, {wrong} wrong; events: {', '.join(said) or 'none'}")
    return 1 if missing or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
