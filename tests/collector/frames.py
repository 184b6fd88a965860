"""Frames that a hall could send, for tests of the collector."""

from __future__ import annotations

from collector.sites.sites import Site
from telemetry.frame import Frame, Sample, Value, pack

SITE = Site("6408012001", "Muara Ancalong", "Senyiur", 0.30347, 116.53742, "centroid")
OTHER = Site("6408042002", "Sangatta Utara", "Sangatta Utara", 0.5, 117.5, "centroid")
T0_MS = 1_790_000_000_000


def signal_values(i: int) -> dict[str, Value]:
    return {
        "registration": "home",
        "rat": "lte",
        "plmn": "51010",
        "tac": 15049,
        "cell_id": 37975309,
        "band": 3,
        "earfcn": 1850,
        "pci": 211 + i % 3,
        "rsrp_dbm": -97.0 - i % 9,
        "rsrq_db": -11.5,
        "sinr_db": 12.4 - i % 5,
    }


def signal_frame(first: int = 1, count: int = 10, site: str = SITE.code, modem: str | None = "m1", t0_ms: int = T0_MS) -> Frame:
    samples = [Sample(first + i, t0_ms + (first + i) * 30_000, "ntp", signal_values(first + i)) for i in range(count)]
    return pack(site, "signal", modem, samples)
