"""An archive read as a store: raw samples from its day files, days rolled up from them by the collector's own rules.

So a map can be recomputed by anybody who has the folder, without a database and without trusting ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from collector.errors import ConfigError
from collector.sites.sites import Site
from collector.store.store import Row
from dashboards.needs.columnar import Roller
from dashboards.needs.parquet import NS, bounds, read_day, signal_of
from ground.pool import pool_of, unheard
from telemetry.streams import STREAMS

HOUR_NS = 3600 * NS
DAILY = "signal_1d"
PATTERN = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].parquet"


class Archive:
    """What a report asks of a store, of the day files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._files = {date.fromisoformat(path.stem): path for path in sorted(folder.glob(PATTERN))}
        if not self._files:
            raise ConfigError(f"{folder}: holds no day as 2026-10-01.parquet; `sinyal-dashboards archive` writes them")
        self._daily: list[Row] = []

    @property
    def days(self) -> list[date]:
        """Return the days that there are."""
        return list(self._files)

    def roll_up(self, sites: Mapping[str, Site], days: Sequence[date], workers: int) -> None:
        """Compute the days from the raw samples, sites shared between processes."""
        codes = sorted(sites)
        ends = [len(codes) * k // workers for k in range(workers + 1)]  # neighbours stand together in a file
        parts = [{code: sites[code] for code in codes[ends[k] : ends[k + 1]]} for k in range(workers)]
        files = {day: self._files[day] for day in days}
        with pool_of(workers) as pool:
            with unheard():
                rolled = pool.map(rolled_up, parts, [files] * workers)
            self._daily = sorted((row for rows in rolled for row in rows), key=_when)

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Return rows of a period; see Store.samples."""
        if measurement == DAILY:
            found = (row for row in self._daily if site in (None, row["site"]))
            yield from (row for row in found if start_ns <= int(row["time_ns"]) < end_ns)
        elif measurement in STREAMS:
            for day, path in self._files.items():
                first, end = bounds(day)
                if first < end_ns and end > start_ns:
                    yield from read_day(path, measurement, (start_ns, end_ns), site, names)

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Return the newest row of each site and modem; see Store.latest."""
        end = 2**62 if before_ns is None else before_ns
        newest: dict[tuple[str, str], Row] = {}
        for row in self.samples(measurement, 0, end, site):
            newest[str(row["site"]), str(row.get("modem", ""))] = row
        return [newest[key] for key in sorted(newest)]


def rolled_up(sites: Mapping[str, Site], files: Mapping[date, Path]) -> list[Row]:
    """Compute days, earliest first, of some sites; what one process of several does."""
    roller, rows = Roller(sites), list[Row]()
    for day, path in files.items():
        for point in roller.day(signal_of(path, sites), bounds(day)[0] // HOUR_NS):
            cells: Row = {**point.tags, **point.values, "time_ns": point.time_ns}
            rows.append({name: cell for name, cell in cells.items() if cell != ""})
    return rows


def _when(row: Row) -> tuple[int, str, str, str]:
    return (int(row["time_ns"]), str(row["site"]), str(row.get("modem", "")), str(row.get("operator", "")))
