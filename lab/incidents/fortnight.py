"""A normal fortnight: `python -m lab.incidents.fortnight` counts what each audience gets by the shipped rules.

Two power cuts a week in every kecamatan, one a week at every hall, fading and link drops; nothing else. The real outbox, router
and senders deliver; only the channel is paper.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from collector.notify.channel import Channel
from collector.notify.config import DestinationSection, NotifyConfig, RouteSection
from collector.notify.formats import Text
from collector.notify.outbox import Outbox, open_db
from collector.notify.route import Router
from collector.notify.sender import Sender
from collector.sites.sites import read_sites
from collector.watch.config import load
from collector.watch.tick import tick
from lab.incidents.faults import DAY, HOUR, MINUTE
from lab.incidents.scenario import CONFIG, chosen, primed
from lab.incidents.world import START_MS, Planned, World

AUDIENCES = ("teknisi", "pimpinan", "camat")
STEP_MS = 5 * MINUTE


@dataclass
class Paper:
    """A channel that keeps what it is given."""

    name: str
    form: str = "full"
    segments: int = 1
    lang: str = "id"
    sent: list[Text] = field(default_factory=list)

    def send(self, text: Text, _severity: str, _marks: Mapping[str, str]) -> str | None:
        """Take a text."""
        self.sent.append(text)
        return None


def plan(days: float, seed: int) -> tuple[list[Planned], int]:
    """Draw the everyday power cuts; return them and how many there are."""
    chance, sites = random.Random(seed), read_sites(CONFIG / "sites.csv")
    cuts: list[list[str]] = []
    areas = sorted({site.kecamatan for site in sites.values()})
    cuts += [chosen({"kecamatan": [area]}, sites, None) for area in areas for _ in range(round(2 * days / 7))]
    cuts += [[code] for code in sites for _ in range(round(days / 7))]
    planned = []
    for codes in cuts:
        start = round(chance.uniform(0, days * DAY))
        end = start + round(chance.uniform(0.5, 4) * HOUR)
        planned += [Planned("power", code, start + chance.randrange(3) * MINUTE, end) for code in codes]
    return planned, len(cuts)


def main() -> int:
    """Play the fortnight and print what each audience got a day."""
    parser = argparse.ArgumentParser(prog="python -m lab.incidents.fortnight", description=__doc__)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    config = load(CONFIG / "alerts.toml")
    planned, cuts = plan(args.days, args.seed)
    world = World(read_sites(CONFIG / "sites.csv"), planned, seed=args.seed)
    state, book = primed(world, config.engine, config.rules)
    routes = {name: RouteSection(audience=name, to=(name,), digest=name == "pimpinan") for name in AUDIENCES}
    delivery = NotifyConfig.model_construct(
        **{name: getattr(config, name) for name in NotifyConfig.model_fields} | {"route": routes}
    )
    kinds: Counter[str] = Counter()
    now = [START_MS]
    with tempfile.TemporaryDirectory() as folder:
        db = open_db(Path(folder) / "watch.db")
        outbox = Outbox(db, Router(delivery))
        papers = {name: Paper(name) for name in AUDIENCES}
        section = DestinationSection.model_construct(second=None, second_after=3, per_hour=60)
        senders = [Sender(section, cast("Channel", paper), None, outbox, lambda: now[0]) for paper in papers.values()]
        t = 0
        while t < args.days * DAY:
            now[0] = START_MS + t
            facts = world.turn(t)
            if facts is not None:
                messages = tick(state, book, facts).messages
                kinds.update(f"{message.rule} {message.kind}" for message in messages)
                outbox.put(messages)
            for sender in senders:
                sender.step()
            t += STEP_MS
        db.close()
    said = ", ".join(f"{name} {count}" for name, count in kinds.most_common())
    print(f"{args.days:g} days, {len(world.halls)} halls, {cuts} power cuts; {sum(kinds.values())} messages: {said}")
    for name, paper in papers.items():
        print(f"  {name:9} {len(paper.sent) / args.days:5.1f} a day")
    return 0


if __name__ == "__main__":
    sys.exit(main())
