"""Reads what a report needs from the store: daily rollups in full; events, device reports and raw samples only in short looks.

A modem that never registered cannot tell its operator: then its name or the register of halls tells, else it stays unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from collector.rollup import Summary, percentile
from collector.rollup.summary import COUNTS, HISTOGRAMS, Counts
from collector.sites.sites import Site
from collector.store.store import Row as StoreRow
from collector.store.store import Store
from dashboards.needs.evidence import DIGITS, Evidence, Supply
from dashboards.needs.interval import Interval
from dashboards.needs.measured import DAY_NS, Measured
from dashboards.needs.model import NS, OPERATORS, UNKNOWN_OPERATOR, Period, is_unknown
from dashboards.needs.seen import Surroundings
from telemetry.meaning import subject_plmn
from telemetry.operators import operator_of

BRANDS = {
    "telkomsel": "Telkomsel",
    "byu": "Telkomsel",
    "ioh": "IOH",
    "indosat": "IOH",
    "im3": "IOH",
    "tri": "IOH",
    "xlsmart": "XLSMART",
    "xl": "XLSMART",
    "axis": "XLSMART",
    "smartfren": "XLSMART",
}
READ = ("operator", *COUNTS, *(f"{name}_hist" for name in HISTOGRAMS if name != "rssi"))
"""Of the rollups; the report shows no RSSI, and the plain figures beside the histograms are for other readers."""
SEEN_PERCENT = 1  # a band below this share of the served samples is a moment, not a service
EVENT_DAYS = 31  # events and PLMN are looked for in the last days of the period: a year of events is long, and the newest count
PLMN_DAYS, LOOK_S = 7, 600  # ten minutes at noon: every interval in use gives a sample in it
DEVICE_DAYS = 7  # 2016 reports per hall; more would not change a share


WEEK, LONG_DAYS = 7, 62
"""In a period longer than this, weeks are drawn for the intervals, not days."""
Halls = dict[str, dict[str, Measured]]


def read_days(store: Store, sites: Mapping[str, Site], period: Period, only: str | None = None) -> tuple[Halls, tuple[str, ...]]:
    """Read the daily rollups: by site and operator, and the sites that the register does not know; `only`: of one site."""
    block_ns = DAY_NS * (1 if period.days <= LONG_DAYS else WEEK)
    halls: defaultdict[str, defaultdict[str, Measured]] = defaultdict(lambda: defaultdict(lambda: Measured(block_ns=block_ns)))
    nameless: defaultdict[str, defaultdict[str, list[StoreRow]]] = defaultdict(lambda: defaultdict(list))
    unknown = set()
    for row in store.samples("signal_1d", period.start_ns, period.end_ns, only, READ):
        code = str(row["site"])
        if code not in sites:
            unknown.add(code)
        elif "operator" in row:
            halls[code][str(row["operator"])].add(row)
        else:
            nameless[code][str(row.get("modem", ""))].append(row)
    for code, modems in nameless.items():
        names = attribute(sites[code], modems, halls.get(code, {}))
        for modem, rows in modems.items():
            for row in rows:
                halls[code][names[modem]].add(row)
    return {code: dict(operators) for code, operators in halls.items()}, tuple(sorted(unknown))


def attribute(site: Site, modems: Iterable[str], seen: Mapping[str, Measured]) -> dict[str, str]:
    """Find the operators of modems that never registered.

    A modem that registered at another time has that operator; else its name tells; else, of one such modem and one operator of
    the register that no other modem has, they belong together.
    """
    names: dict[str, str] = {}
    for modem in modems:
        known = [operator for operator, measured in seen.items() if modem in measured.modems]
        nobody = f"{UNKNOWN_OPERATOR} {modem}".strip()
        names[modem] = known[0] if len(known) == 1 else BRANDS.get(modem.lower().strip("0123456789-_"), nobody)
    open_modems = [modem for modem, name in names.items() if is_unknown(name)]
    listed = [BRANDS.get(name.lower(), name) for name in site.operators or ()]
    left = [name for name in dict.fromkeys(listed) if name not in seen and name not in names.values()]
    if len(open_modems) == len(left) == 1:
        names[open_modems[0]] = left[0]
    return names


def read_plmns(store: Store, halls: Halls, period: Period) -> None:
    """Note which PLMNs the SIMs are of, from short looks at noon; rollups know the operator only."""
    for number in range(min(PLMN_DAYS, period.days)):
        noon = period.end_ns - NS * (43_200 + 86_400 * number)
        for row in store.samples("signal", noon, noon + LOOK_S * NS, names=("plmn", "home_plmn", "registration")):
            plmn, operators = subject_plmn(row), halls.get(str(row["site"]), {})
            measured = operators.get(operator_of(plmn) or "")
            if measured:
                measured.plmns.add(str(plmn))


@dataclass(frozen=True, slots=True)
class Told:
    """What the events told: restarts by site, and the model of each modem."""

    boots: Counter[str]
    days: int
    models: dict[tuple[str, str], str]


def read_events(store: Store, period: Period) -> Told:
    """Read the events of the last days of the period."""
    days = min(EVENT_DAYS, period.days)
    boots: Counter[str] = Counter()
    models: dict[tuple[str, str], str] = {}
    for row in store.samples("event", period.end_ns - days * 86_400 * NS, period.end_ns, names=("kind", "detail")):
        site = str(row["site"])
        if row.get("kind") == "boot":
            boots[site] += 1
        elif row.get("kind") == "modem_identified":
            model = str(row.get("detail", "")).partition(": ")[2]
            if model and not model.startswith("says nothing"):
                models[site, str(row.get("modem", ""))] = model
    return Told(boots, days, models)


def read_supply(store: Store, told: Told, site: str, period: Period, *, gaps: bool) -> Supply:
    """Return what is known of the power of a hall; reports of its supply are read only where there are `gaps` to explain."""
    weekly = told.boots[site] * 7 / told.days
    if not gaps:
        return Supply(told.boots[site], weekly)
    first = max(period.start_ns, period.end_ns - DEVICE_DAYS * 86_400 * NS)
    rows = list(store.samples("device", first, period.end_ns, site, ("undervoltage", "mains")))
    bad = sum(row.get("undervoltage") is True or row.get("mains") is False for row in rows)
    return Supply(told.boots[site], weekly, 100 * bad / len(rows) if rows else None)


COUNTED = tuple(f.name for f in fields(Counts) if f.name != "slots")
"""Counts that evidence has as the summary of the period has them; slots are those of all modems together."""


def evidence(
    site: str,
    name: str,
    measured: Measured,
    period: Period,
    models: Mapping[str, str],
    around: Surroundings,
    others: Iterable[Summary],
) -> Evidence:
    """Turn what was gathered of an operator into the figures that are judged and shown; `others`: of the hall's other SIMs."""
    s, pings = measured.summary, around.pinged(site, measured.modems)
    hours = tuple(s.hours.get(hour, 0) for hour in range(24)) if s.hours else None
    told = measured.intervals(site, name, period)
    median, p10 = percentile(s.rsrp, 50), percentile(s.rsrp, 10)
    counted: dict[str, Any] = {name: getattr(s, name) for name in COUNTED}
    served_bands = [
        int(band) for band, n in sorted(s.band.items(), key=lambda pair: -pair[1]) if 100 * n >= SEEN_PERCENT * s.served
    ]
    return Evidence(
        days=len(measured.days),
        slots=sum(measured.slots.values()),
        slots_possible=period.slots,
        **counted,
        lte_values=sum(s.rsrp.values()),
        busy_values=sum(s.rsrp_busy.values()),
        rsrp_median=median,
        rsrp_p10=p10,
        rsrp_busy_median=percentile(s.rsrp_busy, 50),
        rsrp_busy_p10=percentile(s.rsrp_busy, 10),
        rsrq_median=percentile(s.rsrq, 50),
        sinr_median=percentile(s.sinr, 50),
        sinr_busy_median=percentile(s.sinr_busy, 50),
        bands=tuple(served_bands),
        modems=tuple(sorted(measured.modems - {""})),
        models=tuple(sorted({models[m] for m in measured.modems if m in models})),
        plmns=tuple(sorted(measured.plmns)),
        pings=pings.sent,
        pings_lost=pings.lost,
        downloads=pings.downloads,
        proof=around.proof(site, measured.modems, s, others),
        supported=around.bands(site, measured.modems),
        availability_ci=_printed(told.availability, s.availability_percent),
        rsrp_median_ci=_printed(told.rsrp_median, median),
        rsrp_p10_ci=_printed(told.rsrp_p10, p10),
        effective_n=told.effective_n,
        hours=hours,
    )


def _printed(interval: Interval | None, value: float | None) -> Interval | None:
    """Return an interval as it is printed, and so judged: in tenths, holding its value (of a level up to half a dB away).

    Who judges again by the printed table comes to the same words.
    """
    if interval is None or value is None:
        return None
    return Interval(round(min(interval.lo, value), DIGITS), round(max(interval.hi, value), DIGITS))


def operators_of(measured: Iterable[str]) -> list[str]:
    """Return the national operators and whoever else was seen, the unknown one last."""
    others = sorted(name for name in measured if name not in OPERATORS)
    return [*OPERATORS, *sorted(others, key=is_unknown)]
