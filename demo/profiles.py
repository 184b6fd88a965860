"""Kinds of halls for a made-up history: ten, one for each thing that a needs map must tell apart."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from collector.sites.sites import Site


@dataclass(frozen=True, slots=True)
class Profile:
    """What a hall's radio, power and device are like. Levels are RSRP on LTE and RSSI on 2G, dBm; hours are WITA."""

    name: str
    weight: int
    level_dbm: float = -95.0
    sinr_db: float = 10.0
    rat: str | None = "lte"
    """None: no network at any time."""
    busy_sinr_db: float = 1.5
    """By how much the busy hour (19-22) lowers SINR."""
    drops_an_hour: float = 0.02
    drop_s: float = 90.0
    moves_an_hour: float = 0.2
    """How often the serving cell changes."""
    off: tuple[int, int] | None = None
    """No power from this hour until that one."""
    silent_share: float = 0.0
    """Share of the hours in which the modem does not answer."""
    one_day_in: int = 1
    """Measured on every so many-th day only, and then for one hour."""


PROFILES = (
    Profile("good", 16, level_dbm=-82, sinr_db=18, drops_an_hour=0.002),
    Profile("fair", 24, level_dbm=-94, sinr_db=10),
    Profile("weak", 20, level_dbm=-109, sinr_db=3, drops_an_hour=0.5),
    Profile("two_g_only", 8, level_dbm=-84, rat="gsm"),
    Profile("blank_spot", 8, rat=None),
    Profile("congested", 8, level_dbm=-83, sinr_db=14, busy_sinr_db=17),
    Profile("unstable", 5, level_dbm=-94, sinr_db=9, drops_an_hour=3, drop_s=240, moves_an_hour=12),
    Profile("power", 6, level_dbm=-92, sinr_db=11, off=(21, 9)),
    Profile("device_fault", 3, level_dbm=-93, sinr_db=10, silent_share=0.45),
    Profile("barely_measured", 2, level_dbm=-97, sinr_db=8, one_day_in=9),
)


def plan(sites: Iterable[Site], halls: int, seed: int = 1) -> dict[str, Profile]:
    """Choose `halls` sites, spread over the kecamatan, and what each is like, by site code.

    The first ten are one of each kind, in the order of PROFILES; the others fall by weight. Sites beyond have no device.
    """
    by_kecamatan: defaultdict[str, int] = defaultdict(int)
    ranked: list[tuple[int, str]] = []
    for site in sorted(sites, key=lambda site: site.code):
        ranked.append((by_kecamatan[site.kecamatan], site.code))
        by_kecamatan[site.kecamatan] += 1
    rng = random.Random(f"{seed}/plan")  # noqa: S311 - a repeatable choice, not a secret
    weights = [profile.weight for profile in PROFILES]
    chosen = [code for _, code in sorted(ranked)[:halls]]
    drawn = rng.choices(PROFILES, weights, k=len(chosen))
    return dict(zip(chosen, (*PROFILES, *drawn[len(PROFILES) :]), strict=False))
