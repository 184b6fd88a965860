"""Frames as halls send them: what an EC25/EG25 says of its serving cell, the levels and the cell varying."""

from __future__ import annotations

import random

from telemetry.frame import Frame, Sample, Value, pack

START_MS = 1_790_000_000_000
STEP_MS = 30_000


def frame(site: str, count: int, first: int = 1, seed: int = 1) -> Frame:
    """Return one frame of `count` samples of one modem, 30 s apart, with the noise of a real reading."""
    rng = random.Random(seed)  # noqa: S311 - repeatable noise, not secrets
    samples = []
    for i in range(count):
        values: dict[str, Value] = {
            "registration": "home",
            "rat": "lte",
            "plmn": "51010",
            "tac": 15049,
            "cell_id": 37975309 + rng.randint(0, 1),
            "pci": 211,
            "earfcn": 1850,
            "band": 3,
            "bandwidth_dl_mhz": 20.0,
            "rsrp_dbm": float(rng.randint(-104, -98)),
            "rsrq_db": rng.randint(-28, -18) / 2,
            "rssi_dbm": float(rng.randint(-75, -70)),
            "sinr_db": rng.randint(15, 60) / 5,
        }
        t_ms = START_MS + (first + i) * STEP_MS + rng.randint(-3, 3)
        samples.append(Sample(first + i, t_ms, "ntp", values))
    return pack(site, "signal", "m1", samples)
