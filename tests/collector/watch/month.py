"""The simulated month: `python -m tests.collector.watch.month` prints what happened and what was said about it.

Exit 0 when every incident was told as expected, once, and nothing else was said; else 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import quantiles

from collector.notify.outbox import Message
from collector.store.sqlite import Sqlite
from collector.store.store import Store
from collector.watch.config import Rules, load
from tests.collector.watch.incidents import MONTH, Incident, Script
from tests.collector.watch.world import CONFIG, DAY, HOUR, MINUTE, START_MS, Watch, World, fleet

KILLS = 20


class Result:
    """What was said, by incident."""

    def __init__(self, script: Script, sent: list[Message]) -> None:
        self.rows: list[tuple[Incident, Counter[tuple[str, str]]]] = []
        left = list(sent)
        for incident in script.incidents:
            mine = [m for m in left if m.key in incident.expect and START_MS + incident.start <= m.at_ms < _until(incident)]
            left = [m for m in left if m not in mine]
            self.rows.append((incident, Counter((m.key, m.kind) for m in mine)))
        self.unexpected = left
        self.duplicates = len(sent) - len({(m.key, m.kind, m.at_ms) for m in sent})
        openings = {m.key: m.at_ms for m in reversed(sent) if m.kind == "open"}
        told = [(key, i) for i in script.incidents for key in i.expect if key in openings]
        self.delays_min = [((openings[key] - START_MS - i.start) / MINUTE, key.split("/")[0]) for key, i in told]

    @staticmethod
    def right(incident: Incident, said: Counter[tuple[str, str]]) -> bool:
        """Return whether an incident was told as expected."""
        return all((said[(key, "open")], said[(key, "resolve")]) == want for key, want in incident.expect.items())

    @property
    def good(self) -> bool:
        """Return whether all were, and nothing else was said."""
        return not self.unexpected and not self.duplicates and all(self.right(*row) for row in self.rows)

    def print(self) -> None:
        """Print the table."""
        print(f"{'incident':44} {'day':>5} {'hours':>6}  {'sent (open+close)':44} {'expected':9} ok")
        for incident, said in self.rows:
            keys = ", ".join(f"{key} {said[(key, 'open')]}+{said[(key, 'resolve')]}" for key in incident.expect) or "none"
            want = ", ".join(f"{opens}+{closes}" for opens, closes in incident.expect.values()) or "none"
            span = f"{incident.start / DAY:5.1f} {(incident.end - incident.start) / HOUR:6.1f}"
            print(f"{incident.name:44} {span}  {keys:44} {want:9} {'yes' if self.right(incident, said) else 'NO'}")
        for message in self.unexpected:
            print(f"UNEXPECTED day {(message.at_ms - START_MS) / DAY:.2f} {message.kind} {message.key}")


def _until(incident: Incident) -> int:
    return START_MS + incident.end + 6 * HOUR


def play(
    store: Store, folder: Path, *, script: Script, start: int = 0, end: int, kills: int, seed: int = 1, often: float = 0.03
) -> tuple[Watch, Result]:
    """Play the script from `start` to `end` (ms since START_MS), killing the watch at a share of the close ticks."""
    world = World(store, script.sites)
    script.apply(world)
    watch = Watch(folder / "watch.db", store, script.sites)
    chance = random.Random(seed)

    def die(t: int) -> int | None:
        busy = script.step(t) == MINUTE
        return chance.randrange(6) if busy and watch.kills < kills and chance.random() < often else None

    script.live(world, watch, end, die, start)
    return watch, Result(script, watch.sent)


def _median_most(minutes: list[float]) -> str:
    cuts = quantiles(minutes, n=100, method="inclusive")
    return f"p50 {cuts[49]:.0f} min p99 {cuts[98]:.0f} min"


def main() -> int:
    """Play the month on SQLite."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="where the kills fall; default: 1")
    parser.add_argument("--kecamatan", type=int, default=18, metavar="N", help="only the first N, 5 at least; default: all 18")
    args = parser.parse_args()
    names = list(dict.fromkeys(site.kecamatan for site in fleet().values()))[: args.kecamatan]
    script = Script(fleet(names))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        watch, result = play(Sqlite(folder / "store.db"), folder, script=script, end=MONTH, kills=KILLS, seed=args.seed)
    result.print()
    rules = load(CONFIG / "alerts.toml").rule
    delays = _median_most([minutes for minutes, _ in result.delays_min])
    patience = {name: rule.for_minutes for name in Rules.model_fields if (rule := rules.get(name))}
    beyond = _median_most([minutes - patience[rule] for minutes, rule in result.delays_min if patience[rule]])
    print(
        f"\n{len(script.incidents)} incidents, {len(watch.sent)} messages, {len(result.unexpected)} unexpected, "
        f"{result.duplicates} duplicates, {watch.kills} kills of watch; fault to message {delays}, "
        f"beyond the for_minutes of its rule {beyond}; {len(script.sites)} halls, "
        f"{MONTH / DAY:.0f} days in {time.monotonic() - began:.0f} s"
    )
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
