"""The table of a province or the nation, a month at a time: one row a regency, worst served first, or one a hall and operator.

From monthly rollups and what the regencies published; a figure that nobody measured is an empty cell.
"""

from __future__ import annotations

import csv
import io
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from collector.errors import ConfigError
from collector.federate.keys import regencies
from collector.federate.take import MONTHLY
from collector.federate.told import told
from collector.store.store import Row, Store
from ground.table import safe
from ground.wita import WITA, midnight_ns

PLACE_NS = 3600 * 1_000_000_000
REGENCY = (
    *("regency", "name", "month", "halls", "halls_measured", "availability_percent", "lte_percent", "rsrp_median_dbm"),
    *("villages_good", "villages_lacking", "villages_blank_spot", "villages_not_judged"),
    *("grade_a", "grade_b", "grade_c", "grade_d", "published_until", "table_sha256", "proposals", "proposals_built", "last_day"),
)
HALL = (
    *("site", "kecamatan", "desa", "modem", "operator", "month", "days", "samples", "availability_percent"),
    *("rsrp_median_dbm", "rsrp_p10_dbm", "sinr_median_db"),
)
_SUMS = ("served", "no_service", "lte")
_ASKED = ("samples", *_SUMS, "rsrp_median_dbm")


class Tables:
    """Makes the tables of a node above."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self.folder = store, folder

    def csv(self, month: str | None, scope: str = "", *, halls: bool = False) -> str:
        """Return the table of a month (2026-11; None: this one) of the regencies whose codes begin with `scope`, as CSV.

        Raises ConfigError for what is no month, StoreUnavailableError.
        """
        names: tuple[str, ...] = HALL if halls else REGENCY
        rows = self._halls(_first(month), scope) if halls else self.regencies(month, scope)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
        return out.getvalue()

    def _months(self, first: date, scope: str, names: tuple[str, ...]) -> Iterable[Row]:
        start_ns = midnight_ns(first)
        rows = self._store.samples(MONTHLY, start_ns, start_ns + PLACE_NS, names=names)
        return (row for row in rows if str(row["site"]).startswith(scope) and row.get("samples"))

    def _halls(self, first: date, scope: str) -> list[dict[str, Any]]:
        asked = tuple(name for name in HALL if name not in {"site", "modem", "month"})
        rows = [{**row, "month": f"{first:%Y-%m}"} for row in self._months(first, scope, asked)]
        return sorted(rows, key=lambda row: (str(row["site"]), str(row.get("modem", "")), str(row.get("operator", ""))))

    def regencies(self, month: str | None, scope: str = "") -> list[dict[str, Any]]:
        """Return a row a regency, worst served first; what was not measured is None. Raises as `csv` does."""
        first = _first(month)
        sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
        sites: defaultdict[str, set[str]] = defaultdict(set)
        levels: defaultdict[str, list[float]] = defaultdict(list)
        for row in self._months(first, scope, _ASKED):
            site = str(row["site"])
            code = site[:4]
            sites[code].add(site)
            for name in _SUMS:
                sums[code][name] += int(row.get(name, 0))
            if row.get("lte") and (level := row.get("rsrp_median_dbm")) is not None:
                levels[code].append(float(level))
        found = []
        for code, one in regencies(self.folder).items():
            if code.startswith(scope):
                said = {"regency": code, "name": one.name, "month": f"{first:%Y-%m}", **told(self.folder / code)}
                found.append({**said, "halls_measured": len(sites[code]), **_shares(sums[code], levels[code])})
        return sorted(found, key=lambda row: (row["availability_percent"] is None, row["availability_percent"], row["regency"]))


def _shares(sums: Counter[str], levels: list[float]) -> dict[str, float | None]:
    asked = sums["served"] + sums["no_service"]
    return {
        "availability_percent": round(100 * sums["served"] / asked, 1) if asked else None,
        "lte_percent": round(100 * sums["lte"] / sums["served"], 1) if sums["served"] else None,
        "rsrp_median_dbm": round(statistics.median(levels), 1) if levels else None,
    }


def _first(month: str | None) -> date:
    if month is None:
        return datetime.now(UTC).astimezone(WITA).date().replace(day=1)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", month):
        raise ConfigError(f"{month}: is no month; write it as 2026-11")
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ConfigError(f"{month}: is no month; write it as 2026-11") from None


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 1)
    return safe(value) if isinstance(value, str) else value
