"""Curves of one hall on a grid: a day from its samples, a week and a month from hours of the rollup, a year from days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from collector.rollup import Histogram, Summary, percentile
from collector.sites.classes import METRICS
from collector.sites.sites import Site
from collector.store.store import Row, Store
from dashboards.web.models import Curve, ModemSeries, Series
from telemetry.meaning import Standing, standing_of

Range = Literal["24h", "7d", "30d", "1y"]
S = 1_000_000_000
SPANS: dict[Range, tuple[int, int]] = {
    "24h": (86_400, 300),
    "7d": (7 * 86_400, 3600),
    "30d": (30 * 86_400, 3600),
    "1y": (366 * 86_400, 86_400),
}
"""Length and step in seconds."""
WITA_S = 8 * 3600
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the grid: what most samples said, and how often each level came, in units of 1/scale dB or dBm."""

    service: str | None
    levels: Mapping[str, Histogram]
    scale: int

    def percentile(self, metric: str, q: float) -> float | None:
        """Return a percentile in dB or dBm; None where nothing was measured."""
        value = percentile(self.levels[metric], q)
        return None if value is None else round(value / self.scale, 1)


def read_series(store: Store, site: Site, span: Range, now_ns: int, operators: Mapping[str, str]) -> Series:
    """Read the curves of a hall up to now; `operators` are the last known by modem. Raises StoreUnavailableError."""
    length_s, step_s = SPANS[span]
    steps = length_s // step_s
    shift_s = WITA_S if step_s == 86_400 else 0  # days begin at midnight of WITA
    start_s = ((now_ns // S + shift_s) // step_s + 1 - steps) * step_s - shift_s
    start_ns, end_ns = start_s * S, (start_s + length_s) * S
    measurement = {"24h": "signal", "1y": "signal_1d"}.get(span, "signal_1h")
    grid: dict[Key, list[list[Row]]] = defaultdict(lambda: [[] for _ in range(steps)])
    for row in _with_operator(store.samples(measurement, start_ns, end_ns, site.code), operators):
        key = (str(row.get("modem", "")), str(row.get("operator", "")))
        grid[key][(int(row["time_ns"]) - start_ns) // (step_s * S)].append(row)
    summarize = _from_samples if span == "24h" else _from_hours
    modems = [_series(*key, [summarize(rows) for rows in cells]) for key, cells in sorted(grid.items())]
    start = datetime.fromtimestamp(start_s, UTC)
    return Series(site=site.code, range=span, start=start, step_s=step_s, steps=steps, modems=modems)


def _with_operator(rows: Iterable[Row], known: Mapping[str, str]) -> Iterable[Row]:
    """Yield samples without operator (no service, silent) the modem's operator: the last one before, else the first one after."""
    rows = list(rows)
    last: dict[object, object] = dict(known.items())
    for row in reversed(rows):
        last[row.get("modem")] = row.get("operator", last.get(row.get("modem")))
    for row in rows:
        operator = row.get("operator", last.get(row.get("modem")))
        last[row.get("modem")] = operator
        yield row if operator is None else {**row, "operator": str(operator)}


def _from_samples(rows: Sequence[Row]) -> Step:
    summary = Summary()
    levels: dict[str, Histogram] = {metric: defaultdict(int) for metric in METRICS}
    for row in rows:
        summary.count(row)
        for metric in METRICS:
            if metric in row and (metric == "rssi_dbm" or standing_of(row) is Standing.LTE):
                levels[metric][round(10 * float(row[metric]))] += 1
    return Step(_service(summary), levels, 10)


def _from_hours(rows: Sequence[Row]) -> Step:
    summary = Summary()
    for row in rows:
        summary.merge(Summary.from_row(row))
    return Step(_service(summary), {metric: getattr(summary, metric.split("_")[0]) for metric in METRICS}, 1)


def _series(modem: str, operator: str, steps: Sequence[Step]) -> ModemSeries:
    curves = {}
    for metric in METRICS:
        if any(step.levels[metric] for step in steps):
            low, middle, high = ([step.percentile(metric, q) for step in steps] for q in (10, 50, 90))
            curves[metric] = Curve(median=middle, low=low, high=high)
    return ModemSeries(modem=modem, operator=operator or None, service=[step.service for step in steps], curves=curves)


def _service(summary: Summary) -> str | None:
    most = max(summary.standings, key=lambda standing: summary.standings[standing])
    return most.value if summary.standings[most] else None
