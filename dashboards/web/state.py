"""Which state a modem and a hall are in. Pure; the rules here are printed on the page.

A modem: of its samples of the last 15 minutes, what most of them say (telemetry.meaning: served by 4G/5G, 3G, 2G, served without
telling, no service, SIM refused, device fault); on 4G/5G the class of their median RSRP. No sample in that time: silent, however
good the last one was. Near the border of two classes the one before stays, so that a steady radio does not flicker. A hall: its
best modem.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import TypeVar

from pydantic import BaseModel

from collector.sites.classes import METRICS, Classes
from collector.sites.classes import STATES as ORDER
from collector.sites.sites import Site
from collector.store.store import Row
from dashboards.web.models import HallNow, ModemNow
from telemetry.meaning import LEVEL, Standing, heard_plmn, level_of, standing_of
from telemetry.operators import operator_of

T = TypeVar("T")
WINDOW_S = 900
"""What counts as now, seconds."""
STATES = {
    Standing.THREE_G: "two_g_only",
    Standing.TWO_G: "two_g_only",
    Standing.SERVED: "served",
    Standing.NO_SERVICE: "no_service",
    Standing.SIM_REFUSED: "sim_refused",
    Standing.DEVICE_FAULT: "device_fault",
    None: "not_measured",
}
"""State of what no level tells; one of 4G or 5G without a level is `served`."""
SERVED = frozenset((Standing.LTE, Standing.THREE_G, Standing.TWO_G, Standing.SERVED))
HOLD_DB = 1.0
"""How far beyond the border of its class a level must go before it changes, dB; the median of a steady radio moves less."""
CHANNELS = ("earfcn", "nrarfcn", "uarfcn", "arfcn")
PLACE = ("registration", "plmn", "band", "bandwidth_dl_mhz", "nr_band", "nr_rsrp_dbm")
"""Which cell it is does not stand on a public page."""


STRIP: Mapping[Standing, tuple[str, str]] = {
    Standing.LTE: ("#8cbcd6", ""),
    Standing.THREE_G: ("#b694c6", ""),
    Standing.TWO_G: ("#762a83", ""),
    Standing.SERVED: ("#7fae82", ""),
    Standing.NO_SERVICE: ("#1a1a1a", "diagonal"),
    Standing.SIM_REFUSED: ("#a6611a", "cross"),
    Standing.DEVICE_FAULT: ("#b08d48", "dots"),
}
"""Colour and pattern (parts.html) of the strip of service; their names are `NAMES["service"]` of texts.py."""


def most(services: Iterable[T | None]) -> T | None:
    """Return what occurs most often; of equals the one seen last. None where there is none."""
    counts: Counter[T] = Counter()
    order: dict[T, int] = {}
    for position, service in enumerate(services):
        if service is not None:
            counts[service] += 1
            order[service] = position
    return max(counts, key=lambda s: (counts[s], order[s]), default=None)


def judge(rows: Sequence[Row], classes: Classes, held: str | None = None) -> str:
    """Return the class or state of samples of one modem, in the order of time; `held` is what it was a moment ago."""
    standing = most(standing_of(row) for row in rows)
    if standing is not Standing.LTE:
        return STATES[standing]
    levels = [level for row in rows if (level := level_of(row)) is not None]
    return class_of(round(median(levels), 1), classes, held) if levels else STATES[Standing.SERVED]


def class_of(level_dbm: float, classes: Classes, held: str | None = None) -> str:
    """Return the class of a level; within HOLD_DB beyond its borders the class that is held stays."""
    keys, cuts = [c.key for c in classes.classes], classes.cuts(LEVEL)
    if held in keys:
        place = keys.index(held)
        top = cuts[place - 1] + HOLD_DB if place else float("inf")
        bottom = cuts[place] - HOLD_DB if place < len(cuts) else float("-inf")
        if bottom <= level_dbm < top:
            return held
    return classes.of(LEVEL, level_dbm).key


def middle(rows: Iterable[Row], name: str) -> float | None:
    """Return the median of a field over the rows that have it."""
    values = [float(row[name]) for row in rows if name in row]
    return round(median(values), 1) if values else None


def modem_now(
    recent: Sequence[Row], newest: Row, operator: str | None, now_ns: int, classes: Classes, held: str | None = None
) -> ModemNow:
    """Judge one modem by its samples of the last 15 minutes (may be none) and its newest sample ever; `held`: as before."""
    silent = not recent or now_ns - int(newest["time_ns"]) > WINDOW_S * 1_000_000_000
    basis = [newest] if silent else recent
    state = judge(basis, classes, None if silent else held)
    served = [row for row in basis if standing_of(row) in SERVED]
    values = {metric: middle(served, metric) for metric in METRICS}
    # Where and how it is served is told by the newest sample that was served: a median of cells means nothing.
    place = served[-1] if served else newest
    return ModemNow.model_validate(
        {
            "modem": str(newest.get("modem", "")),
            "operator": operator,
            "state": "silent" if silent else state,
            "last_known": state if silent else None,
            "technology": place.get("rat"),
            "time": timestamp(newest),
            "clock": newest.get("clock"),
            "samples": 0 if silent else len(recent),
            "channel": next((place[name] for name in CHANNELS if name in place), None),
            **{name: place.get(name) for name in PLACE},
            "registration": newest.get("registration"),
            "heard": None if standing_of(newest) in SERVED else operator_of(heard_plmn(newest)),
            **values,
        }
    )


def hall_now(site: Site, modems: Sequence[ModemNow], classes: Classes) -> HallNow:
    """Judge a hall: its best modem gives the state; without any modem it is not measured."""
    order = rank(classes)

    def place(modem: ModemNow) -> tuple[float | str, ...]:
        level = modem.rsrp_dbm if modem.rsrp_dbm is not None else float("-inf")
        return (
            order[modem.state],
            order.get(modem.last_known or "", 0),
            -level,
            modem.modem,
        )  # of two alike not the one that came first

    best = min(modems, key=place, default=None)
    named = [modem.operator for modem in modems if modem.operator] + list(site.operators or ())
    return HallNow(
        code=site.code,
        desa=site.desa,
        kecamatan=site.kecamatan,
        kecamatan_id=kecamatan_id(site),
        lat=site.lat,
        lon=site.lon,
        coordinate_source=site.coordinate_source,
        accuracy_m=site.accuracy_m,
        state=best.state if best else "not_measured",
        last_known=best.last_known if best else None,
        operator=best.operator if best else None,
        rsrp_dbm=best.rsrp_dbm if best else None,
        updated=max((modem.time for modem in modems), default=None),
        operators=sorted(set(named)),
        modems=sorted(modems, key=lambda m: (m.operator or "~", order[m.state], m.modem)),
        antenna=site.antenna,
        booster=site.booster,
        power=site.power,
        population=site.population,
    )


def kecamatan_id(site: Site) -> str:
    """Return the id of a hall's kecamatan: the first six digits of a Kemendagri code, else its name as an address has it."""
    if len(site.code) == 10 and site.code.isdecimal():
        return site.code[:6]
    return re.sub(r"[^a-z0-9]+", "-", site.kecamatan.casefold()).strip("-") or "-"


def rank(classes: Classes) -> Mapping[str, int]:
    """Order all keys from best to worst, as the legend shows them."""
    return {key: place for place, key in enumerate([*(c.key for c in classes.classes), *ORDER])}


def timestamp(row: Row) -> datetime:
    """Return the time of a row, UTC."""
    return datetime.fromtimestamp(int(row["time_ns"]) / 1e9, UTC)


def fields_of(row: Row, model: type[BaseModel]) -> Row:
    """Return what of a row a model has a place for."""
    return {name: row[name] for name in model.model_fields if name in row and row[name] != ""}
