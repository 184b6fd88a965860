"""Power cuts at any instant of an update: `python -m tests.updatecuts`. Needs root, loop devices, ext4 and btrfs (btrfs-progs).

Versions and a spool lie on ext4 on a loop device whose image is a file on btrfs; a clone of that file is the card as it was at
one moment (see tests/powercuts.py, whose writer measures meanwhile). One update follows the other: built, tried, kept or
taken back. Each clone is mounted and started as after a power cut: `current` must run, the trial must end by itself, `current`
must run then too, the outcome must be what the new version deserves, and every sample must be there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from agent.host import versions
from agent.host.trial import Place, Version, start, watch
from agent.spool import clock
from ground.durable import link_durably
from lab.card import clone, make, mounted
from telemetry.release import KEPT, ROLLED_BACK
from tests.powercuts import Writer, judge
from tests.wheels import wheel_of

CARD_MB, DISK_MB = 96, 1024
NEXT_SHARE = 0.1
"""After so many of the cuts another update is tried, which takes long."""
PROGRAM = """
def main():
    from measure import VERSION
    assert VERSION == {version!r}
    print(VERSION)
"""


def version_of(number: int) -> Version:
    """Return the version of a number, a few hundred kB on the card; each third one does not report."""
    name = f"0.{number}.0"
    return Version(
        name, wheel_of(name, PROGRAM.format(version=name), more={"measure.py": f"VERSION = {name!r}\n" + "# " * 150_000})
    )


def deserves(name: str) -> str:
    """Return what is to become of a version."""
    return ROLLED_BACK if int(name.split(".")[1]) % 3 == 0 else KEPT


def reporting(place: Place, name: str) -> None:
    """Leave the status file as a running agent of a version that `current` names does; one that is bad has no answer."""
    ack = 7 if deserves(name) == KEPT else None
    state = {"boot": clock.boot_id(), "pid": os.getpid(), "running": True, "version": name, "last_ack_mono_ms": ack}
    place.status.write_text(json.dumps(state))


def place_on(card: Path, status: Path) -> Place:
    """Return the place of a card; what the agent says of itself is in memory."""
    return Place(card / "opt", status, ("true",), ("true",))


def finish(place: Place) -> None:
    """End a trial as sinyal-update.service does at each start."""

    def agent(_s: float) -> None:
        reporting(place, versions.running(place.folder))

    if place.trial.exists():
        name = json.loads(place.trial.read_bytes())["new"]
        watch(place, confirm_s=1e9 if deserves(name) == KEPT else 0.0, wait=agent)


UPDATER = """
import sys
from pathlib import Path
from tests import updatecuts
place = updatecuts.place_on(Path(sys.argv[1]), Path(sys.argv[2]))
number = 2
while True:
    updatecuts.start(updatecuts.version_of(number), place)
    updatecuts.finish(place)
    print(number, flush=True)
    number += 1
"""


def first(card: Path) -> None:
    """Put version 0.1.0 on a card."""
    one = card / "opt" / "0.1.0"
    one.parent.mkdir()
    venv.create(one, symlinks=True)
    wheel = card / "sinyal-0.1.0-py3-none-any.whl"
    wheel.write_bytes(version_of(1).wheel)
    versions._install(wheel, one)
    wheel.unlink()
    for name in ("previous", "current"):
        link_durably(card / "opt" / name, one)
    subprocess.run(["sync", "-f", card], check=True)


def runs(version: Path) -> str:
    """Return what the program of a version says of itself; nothing where it does not run."""
    done = subprocess.run([version / "bin/sinyal-agent"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def phase(opt: Path) -> str:
    """Say in which step of an update the power went."""
    if not (opt / "trial.json").exists():
        known = {(opt / name).resolve() for name in ("current", "previous")}
        left = [path for path in opt.iterdir() if path.is_dir() and path.resolve() not in known]
        return "building" if left else "between"
    trial = json.loads((opt / "trial.json").read_bytes())
    if "state" in trial:
        return "verdict"
    return "trial" if (opt / "current").resolve().name == trial["new"] else "turning"


def start_again(card: Path, before: set[int], gone: set[int], chance: random.Random) -> dict[str, object]:
    """Start a card as after the cut; return the step of the cut, what is wrong, how many samples are missing."""
    opt, wrong = card / "opt", []
    with tempfile.TemporaryDirectory() as memory:
        place, step = place_on(card, Path(memory) / "status.json"), phase(opt)
        if runs(opt / "current") != (opt / "current").resolve().name:
            wrong.append("current does not run")
        if runs(opt / "previous") != (opt / "previous").resolve().name:
            wrong.append("previous does not run")
        trial = json.loads(place.trial.read_bytes()) if place.trial.exists() else None
        finish(place)
        now = runs(opt / "current")
        if trial is not None:
            end = deserves(trial["new"])
            if now != (trial["new"] if end == KEPT else Path(trial["old"]).name):
                wrong.append(f"{trial['new']} deserves {end}, {now or 'nothing'} runs")
            if json.loads(place.outcome.read_bytes())["state"] != end:
                wrong.append("outcome.json says something else")
        if chance.random() < NEXT_SHARE:
            start(version_of(1_000_000), place)  # what the cut left does not stand in the way of the next
            if runs(opt / "current") != "0.1000000.0" or not place.trial.exists():
                wrong.append("the next update fails")
    lost, bad, _ = judge(card, before, gone)
    return {"phase": step, "wrong": wrong + (["a sample is wrong"] if bad else []), "lost": lost}


def look(copy: Path, card: Path, before: set[int], gone: set[int]) -> dict[str, object]:
    """Start a clone at the place of the card itself, whose links are absolute: in a mount namespace of its own."""
    argv = ["unshare", "--mount", sys.executable, "-m", "tests.updatecuts", "--look", str(copy), str(card)]
    done = subprocess.run(argv, input=json.dumps([sorted(before), sorted(gone)]), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"phase": "?", "wrong": [done.stderr[-400:]], "lost": 0}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def table(found: list[dict[str, object]]) -> str:
    """Return how many cuts fell into each step, and what was wrong after them."""
    cuts = Counter(str(one["phase"]) for one in found)
    bad = Counter(str(one["phase"]) for one in found if one["wrong"])
    lines = [f"{'the power went':<18} cuts  wrong"]
    return "\n".join(lines + [f"{step:<18} {cuts[step]:>4}  {bad[step]:>5}" for step in sorted(cuts)])


def cut(cuts: int, seed: int) -> list[dict[str, object]]:
    """Update and measure on a card, and cut the power so many times."""
    chance, found = random.Random(seed), list[dict[str, object]]()
    with tempfile.TemporaryDirectory(prefix="sinyal-updatecuts-") as name, ExitStack() as stack:
        home = Path(name)
        disk = stack.enter_context(mounted(make(home / "disk.img", DISK_MB, "mkfs.btrfs", "-q"), home / "disk"))
        image = make(disk / "card.img", CARD_MB, "mkfs.ext4", "-q", "-F")
        card = stack.enter_context(mounted(image, home / "hall"))
        first(card)
        writer = Writer(card / "spool.db", 1.0, seed)
        stack.callback(writer.stop)
        argv = [sys.executable, "-c", UPDATER, str(card), str(home / "status.json")]
        updater = stack.enter_context(subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        stack.callback(updater.kill)
        for number in range(cuts):
            time.sleep(chance.uniform(0.02, 0.6))  # the moment of the cut
            before = set(writer.stored)
            copy = disk / f"cut-{number}.img"
            clone(image, copy)
            one = look(copy, card, before, set(writer.gone))
            copy.unlink()
            found.append(one)
            if one["wrong"] or one["lost"]:
                print(f"cut {number + 1}: {one}", flush=True)
            if updater.poll() is not None:
                raise SystemExit(f"the updates ended by themselves: {updater.returncode}")
    return found


def main() -> int:
    """Cut so many times; exit 0 when the agent runs at every start, each update ends as it must, and no sample is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.updatecuts", description=main.__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--look", nargs=2, type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.look:
        before, gone = (set(each) for each in json.load(sys.stdin))
        with mounted(*args.look) as card:
            print(json.dumps(start_again(card, before, gone, random.Random())))
        return 0
    found = cut(args.cuts, args.seed)
    print(table(found))
    wrong, lost = sum(bool(one["wrong"]) for one in found), sum(int(str(one["lost"])) for one in found)
    print(f"{len(found)} cuts: {wrong} wrong, {lost} samples missing")
    return 1 if wrong or lost else 0


if __name__ == "__main__":
    sys.exit(main())
