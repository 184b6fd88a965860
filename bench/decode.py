"""Decode to line protocol on one core: payload bytes in, lines out, as the collector does it."""

from __future__ import annotations

import time
from pathlib import Path

from bench.load import frame
from collector.sites.sites import read_sites
from collector.store.lines import lines
from telemetry.frame import decode, encode

SITE = "6408012001"
SECONDS = 3.0
SITES = Path(__file__).parents[1] / "config" / "sites.csv"


def decode_rate(samples_a_frame: int) -> float:
    """Return samples per second for frames of that size."""
    site = read_sites(SITES)[SITE]
    payloads = [encode(frame(SITE, samples_a_frame, 1 + i * samples_a_frame, seed=i)) for i in range(50)]
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SECONDS:
        for payload in payloads:
            done += len(lines(decode(payload), site))
    return done / spent
