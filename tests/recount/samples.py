"""Raw samples of a store by hall and operator, counted; plain SQL and arithmetic."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from math import ceil, floor
from pathlib import Path
from typing import Any

OF_PLMN = {"51010": "Telkomsel", "51001": "IOH", "51021": "IOH", "51089": "IOH", "51011": "XLSMART", "51009": "XLSMART"}
OF_NAME = {"telkomsel": "Telkomsel", "ioh": "IOH", "xlsmart": "XLSMART"}
NS, DAY_S, WITA_S = 1_000_000_000, 86_400, 28_800
Row = dict[str, Any]


def percentile(values: list[float], q: float) -> float | None:
    """Return a percentile, read between two values where it lies between them."""
    if not values:
        return None
    values, place = sorted(values), q * (len(values) - 1) / 100
    low, high = values[floor(place)], values[ceil(place)]
    return low + (high - low) * (place - floor(place))


class Operator:
    """What the SIM of one operator measured at one hall."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.rsrp: list[float] = []
        self.sinr: list[float] = []
        self.busy: list[float] = []
        self.bands: Counter[int] = Counter()
        self.slots: set[int] = set()
        self.days: set[int] = set()
        self.cell: tuple[int, object] = (0, None)

    def add(self, at_s: int, registration: str, rat: str | None, levels: tuple[Any, ...]) -> None:
        """Take one sample: UTC seconds, what the modem said."""
        rsrp, sinr, band, cell = levels
        self.count["samples"] += 1
        self.slots.add(at_s // 300)
        if cell is not None:
            self.count["changes"] += self.cell[0] == at_s // 3600 and self.cell[1] != cell
            self.cell = (at_s // 3600, cell)
        if registration in {"home", "roaming"}:
            self._served(rat, rsrp, sinr, band, busy=(at_s + WITA_S) % DAY_S // 3600 in range(19, 22))
        elif registration in {"searching", "not_registered"}:
            self.count["away"] += 1
        else:
            self.count["device"] += 1
            return
        self.days.add((at_s + WITA_S) // DAY_S)

    def _served(self, rat: str | None, rsrp: float | None, sinr: float | None, band: int | None, *, busy: bool) -> None:
        self.count["served"] += 1
        self.count[str(rat)] += 1
        if band is not None:
            self.bands[int(band)] += 1
        if rat == "lte":
            self.rsrp += [] if rsrp is None else [round(rsrp)]
            found = [] if sinr is None else [round(sinr, 1)]
            self.sinr += found
            self.busy += found if busy else []

    def share(self, part: str, *whole: str) -> float:
        """Return a share in %, as it is printed; 0 of nothing."""
        total = sum(self.count[name] for name in whole)
        return round(100 * self.count[part] / total, 1) if total else 0.0


def read(path: Path, start_s: int, end_s: int) -> tuple[dict[str, dict[str, Operator]], dict[str, Any], set[str]]:
    """Read samples and scans of a period: operators by hall, days by scan, halls with a download."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    span = (start_s * NS, end_s * NS)
    halls: dict[str, dict[str, Operator]] = defaultdict(lambda: defaultdict(Operator))
    asked = """SELECT site, modem, time_ns, registration, rat, rsrp_dbm, sinr_db, band, cell_id
               FROM signal WHERE time_ns >= ? AND time_ns < ? ORDER BY site, modem, time_ns"""
    for site, modem, at, registration, rat, *levels in db.execute(asked, span):
        halls[site][OF_NAME[modem]].add(at // NS, registration, rat, tuple(levels))
    scans: dict[str, Any] = defaultdict(lambda: {"found": defaultdict(set), "days": set(), "complete": set()})
    for site, at, plmn, complete in db.execute(
        "SELECT site, time_ns, plmn, complete FROM scan WHERE time_ns >= ? AND time_ns < ?", span
    ):
        day = (at // NS - start_s) // DAY_S
        scans[site]["days"].add(day)
        scans[site]["found"][day].add(OF_PLMN.get(plmn or "", ""))
        if complete:
            scans[site]["complete"].add(day)
    tested = {
        site
        for (site,) in db.execute("SELECT DISTINCT site FROM probe WHERE download_kbps IS NOT NULL AND time_ns < ?", span[1:])
    }
    return halls, scans, tested


def measured(o: Operator) -> Row:
    """Return the figures of a row that are counted."""
    served = o.count["served"]
    technologies = [(name, o.count[rat]) for name, rat in (("LTE", "lte"), ("3G", "umts"), ("2G", "gsm"))]
    asked = served + o.count["away"]
    return {
        "jumlah_sampel": o.count["samples"],
        "ketersediaan_persen": round(100 * served / asked, 1) if asked else None,
        "rsrp_median": percentile(o.rsrp, 50),
        "rsrp_p10": percentile(o.rsrp, 10),
        "sinr_median": percentile(o.sinr, 50),
        "teknologi": "; ".join(name for name, n in technologies if n and 100 * n >= served) or None,
        "band": {f"B{band}" for band, n in o.bands.items() if 100 * n >= served} or None,
    }
