"""Which state a modem and a hall are in. Pure; the rules here are printed on the page.

A modem: of its samples of the last 15 minutes, what most of them say (served by 4G/5G, only 2G/3G, no service, device fault);
when served, the class of their median RSRP. No sample in that time: silent, however good the last one was. A hall: its best
modem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import TypeVar

from collector.sites.classes import METRICS, Classes
from collector.sites.sites import Site
from collector.store.store import Row
from dashboards.web.models import HallNow, ModemNow

T = TypeVar("T")
WINDOW_S = 900
"""What counts as now, seconds."""
DEVICE_FAULTS = ("no_sim", "modem_silent")
NO_SERVICE = ("searching", "denied", "not_registered")
RATS = {"gsm": "two_g", "wcdma": "three_g"}
"""Technologies below 4G; every other one counts as `lte`."""
CHANNELS = ("earfcn", "nrarfcn", "uarfcn", "arfcn")
PLACE = ("registration", "plmn", "band", "bandwidth_dl_mhz", "tac", "cell_id", "pci", "nr_band", "nr_rsrp_dbm")


def service_of(row: Row) -> str | None:
    """Say what one signal sample tells: lte, three_g, two_g, no_service, device_fault; None where it tells nothing."""
    registration = row.get("registration")
    if registration in DEVICE_FAULTS:
        return "device_fault"
    if registration in NO_SERVICE:
        return "no_service"
    if registration is None and "rat" not in row:
        return None
    return RATS.get(str(row.get("rat")), "lte")


def most(services: Iterable[T | None]) -> T | None:
    """Return what occurs most often; of equals the one seen last. None where there is none."""
    counts: Counter[T] = Counter()
    order: dict[T, int] = {}
    for position, service in enumerate(services):
        if service is not None:
            counts[service] += 1
            order[service] = position
    return max(counts, key=lambda s: (counts[s], order[s]), default=None)


def judge(rows: Sequence[Row], classes: Classes) -> str:
    """Return the class or state of samples of one modem, in the order of time. Without a level it is `not_measured`."""
    service = most(service_of(row) for row in rows)
    if service in ("no_service", "device_fault"):
        return service
    if service in ("two_g", "three_g"):
        return "two_g_only"
    served = [row for row in rows if service_of(row) == "lte"]
    for metric in ("rsrp_dbm", "rssi_dbm"):  # some modems give RSSI alone
        if (value := middle(served, metric)) is not None:
            return classes.of(metric, value).key
    return "not_measured"


def middle(rows: Iterable[Row], name: str) -> float | None:
    """Return the median of a field over the rows that have it."""
    values = [float(row[name]) for row in rows if name in row]
    return round(median(values), 1) if values else None


def modem_now(recent: Sequence[Row], newest: Row, operator: str | None, now_ns: int, classes: Classes) -> ModemNow:
    """Judge one modem by its samples of the last 15 minutes (may be none) and its newest sample ever."""
    silent = not recent or now_ns - int(newest["time_ns"]) > WINDOW_S * 1_000_000_000
    basis = [newest] if silent else recent
    state = judge(basis, classes)
    served = [row for row in basis if service_of(row) in ("lte", "three_g", "two_g")]
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
            **values,
        }
    )


def hall_now(site: Site, modems: Sequence[ModemNow], classes: Classes) -> HallNow:
    """Judge a hall: its best modem gives the state; without any modem it is not measured."""
    order = rank(classes)
    best = min(modems, key=lambda m: (order[m.state], order.get(m.last_known or "", 0)), default=None)
    named = [modem.operator for modem in modems if modem.operator] + list(site.operators or ())
    return HallNow(
        code=site.code,
        desa=site.desa,
        kecamatan=site.kecamatan,
        lat=site.lat,
        lon=site.lon,
        coordinate_source=site.coordinate_source,
        state=best.state if best else "not_measured",
        last_known=best.last_known if best else None,
        operator=best.operator if best else None,
        rsrp_dbm=best.rsrp_dbm if best else None,
        updated=max((modem.time for modem in modems), default=None),
        operators=sorted(set(named)),
        modems=sorted(modems, key=lambda m: (m.operator or "~", m.modem)),
        antenna=site.antenna,
        booster=site.booster,
        power=site.power,
        population=site.population,
    )


def rank(classes: Classes) -> Mapping[str, int]:
    """Order all keys from best to worst, as the legend shows them."""
    states = ("two_g_only", "no_service", "device_fault", "silent", "not_measured")
    return {key: place for place, key in enumerate([*(c.key for c in classes.classes), *states])}


def timestamp(row: Row) -> datetime:
    """Return the time of a row, UTC."""
    return datetime.fromtimestamp(int(row["time_ns"]) / 1e9, UTC)
