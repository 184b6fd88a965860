"""An archive read as a store: raw samples from its day files, rollups computed from them by the collector's own rules.

So a map can be recomputed by anybody who has the folder, without a database and without trusting ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import groupby
from pathlib import Path

from collector.errors import ConfigError
from collector.rollup import recompute
from collector.rollup.update import READ
from collector.sites.sites import Site
from collector.store.store import Point, Row
from dashboards.needs.parquet import TAGS, arrow, bounds, read_day, rows_of_table
from telemetry.streams import STREAMS

HOUR_NS = 3_600_000_000_000
ROLLED_UP = ("signal_1h", "signal_1d")
PATTERN = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].parquet"


class Archive:
    """What a report asks of a store, of the day files of a folder. Of hours, only those of the last day are kept."""

    def __init__(self, folder: Path) -> None:
        self._files = {date.fromisoformat(path.stem): path for path in sorted(folder.glob(PATTERN))}
        if not self._files:
            raise ConfigError(f"{folder}: holds no day as 2026-10-01.parquet; `sinyal-dashboards archive` writes them")
        self._day: dict[str, list[Row]] = {}
        self._rolled: dict[str, dict[tuple[str, ...], Row]] = {name: {} for name in ROLLED_UP}

    @property
    def days(self) -> list[date]:
        """Return the days that there are."""
        return list(self._files)

    def roll_up(self, sites: Mapping[str, Site], days: Sequence[date], workers: int) -> None:
        """Compute hours and days from the raw samples, sites shared between processes."""
        codes = sorted(sites)
        parts = [{code: sites[code] for code in codes[k::workers]} for k in range(workers)]
        files = [self._files[day] for day in days]
        with ProcessPoolExecutor(workers) as pool:
            for rows in pool.map(_rolled_up, parts, [days] * workers, [files] * workers):
                for row in rows:
                    self._rolled["signal_1d"][_key(row)] = row

    def write_points(self, points: Sequence[Point]) -> None:
        """Keep rollups in memory; see Store.write_points."""
        for point in points:
            row: Row = {"time_ns": point.time_ns, **point.tags, **{k: v for k, v in point.values.items() if v != ""}}
            self._rolled[point.measurement][_key(row)] = row

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Return rows of a period; see Store.samples."""
        if measurement in ROLLED_UP:
            found = (row for row in self._rolled[measurement].values() if site in (None, row["site"]))
            yield from sorted((r for r in found if start_ns <= int(r["time_ns"]) < end_ns), key=_when)
        elif measurement == "signal" and site is not None and self._day:
            yield from (row for row in self._day.get(site, []) if start_ns <= int(row["time_ns"]) < end_ns)
        elif measurement in STREAMS:
            for day, path in self._files.items():
                first, end = bounds(day)
                if first < end_ns and end > start_ns:
                    rows = read_day(path, measurement, site, names)
                    yield from (row for row in rows if start_ns <= int(row["time_ns"]) < end_ns)

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Return the newest row of each site and modem; see Store.latest."""
        end = 2**62 if before_ns is None else before_ns
        newest: dict[tuple[str, str], Row] = {}
        for row in self.samples(measurement, 0, end, site):
            newest[str(row["site"]), str(row.get("modem", ""))] = row
        return [newest[key] for key in sorted(newest)]

    def take(self, path: Path, sites: Mapping[str, Site]) -> None:
        """Hold the `signal` samples of a day of some sites; hours of the day before are let go but for the last of each modem."""
        import_ = arrow()
        asked = import_.compute.field("stream") == "signal"
        table = import_.parquet.read_table(path, columns=[*dict.fromkeys([*TAGS, "time_ns", *READ])], filters=asked)
        mine = import_.array(sorted(sites))
        table = table.filter(import_.compute.is_in(table["site"], mine))
        self._day = {str(code): list(rows) for code, rows in groupby(rows_of_table(table), key=lambda row: row["site"])}
        last: dict[tuple[str, str], Row] = {}
        for row in sorted(self._rolled["signal_1h"].values(), key=_when):
            last[str(row["site"]), str(row.get("modem", ""))] = row
        self._rolled["signal_1h"] = {_key(row): row for row in last.values()}

    @property
    def held(self) -> Mapping[str, set[int]]:
        """Return the hours of the day that is held, by site."""
        return {code: {int(row["time_ns"]) // HOUR_NS for row in rows} for code, rows in self._day.items()}


def _rolled_up(sites: Mapping[str, Site], days: Sequence[date], files: Sequence[Path]) -> list[Row]:
    """Compute the days of some sites; one process of several."""
    archive = Archive(files[0].parent)
    for path in files:
        archive.take(path, sites)
        recompute(archive, sites, archive.held)  # type: ignore[arg-type]
    return list(archive.samples("signal_1d", *(bounds(days[0])[0], bounds(days[-1])[1])))


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")) for name in ("site", "modem", "operator", "time_ns"))


def _when(row: Row) -> tuple[int, str, str, str]:
    return (int(row["time_ns"]), str(row["site"]), str(row.get("modem", "")), str(row.get("operator", "")))
