"""Made-up halls, one a diagnosis, so plain that every figure of the report can be computed by hand.

Eight days (1 to 8 October 2026, WITA), a sample every 5 minutes: 12 per hour, 288 per day, 2304 in all. Every hour of a hall is
the same, except where its comment says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from collector.rollup import recompute
from collector.sites.classes import read_classes
from collector.sites.sites import Site
from collector.store.store import Placed, Store
from dashboards.atlas.areas import DESA, read_areas
from dashboards.needs.assemble import Basis, gather, report
from dashboards.needs.model import Context, Period, Report
from dashboards.needs.parameters import read_parameters
from telemetry.frame import Frame, Sample, Value, pack

CONFIG = Path(__file__).resolve().parents[3] / "config"
NOW = datetime(2026, 10, 20, tzinfo=UTC)
PERIOD = Period(date(2026, 10, 1), date(2026, 10, 9), NOW)
EARLIER = Period(date(2026, 9, 1), date(2026, 9, 9), NOW)
TELKOMSEL, IOH = "51010", "51001"
Values = dict[str, Value]
Pattern = Callable[[int, int], Values | None]
"""What a modem says in hour 0..23 of WITA at five-minute slot 0..11; None: no power."""

_HALL = Site("", "Muara Wahau", "", 1.0, 116.5, "gnss", population=1500, power="grid", antenna="indoor", booster=False)


def lte(rsrp: float, sinr: float, **more: Value) -> Values:
    """One sample on LTE of Telkomsel, band 3."""
    served: Values = {"registration": "home", "rat": "lte", "plmn": TELKOMSEL, "band": 3, "cell_id": 7, "rsrq_db": -11.0}
    return {**served, "rsrp_dbm": rsrp, "sinr_db": sinr, **more}


def adequate(_hour: int, slot: int) -> Values:
    """RSRP -85, in 3 of 12 slots -95: median -85, worst 10 % -95."""
    return lte(-95 if slot < 3 else -85, 15)


def fair(_hour: int, _slot: int) -> Values:
    return lte(-95, 10)


def weak(_hour: int, slot: int) -> Values:
    return lte(-112 if slot < 3 else -105, 6)


def congested(hour: int, _slot: int) -> Values:
    """SINR 14, from 19 to 22 WITA -2: median over the day 14."""
    return lte(-85, -2 if 19 <= hour < 22 else 14)


def unstable(_hour: int, slot: int) -> Values:
    """No service in 3 of 12 slots: 75 % available."""
    return {"registration": "searching"} if slot >= 9 else lte(-85, 15)


def two_g(_hour: int, _slot: int) -> Values:
    return {"registration": "home", "rat": "gsm", "plmn": IOH, "arfcn": 98, "rssi_dbm": -80.0}


def blank(_hour: int, _slot: int) -> Values:
    return {"registration": "searching"}


def powered_half(hour: int, _slot: int) -> Values | None:
    """Power from 6 to 18 only: 1152 of 2304 slots."""
    return lte(-85, 15) if 6 <= hour < 18 else None


def half_silent(_hour: int, slot: int) -> Values:
    return {"registration": "modem_silent"} if slot >= 6 else lte(-85, 15)


def all_silent(_hour: int, _slot: int) -> Values:
    return {"registration": "modem_silent"}


Plan = Sequence[tuple[str, str, Pattern, int]]
"""Code, modem, pattern, days."""
PLAN: Plan = (
    ("6408022001", "telkomsel", adequate, 8),
    ("6408022002", "telkomsel", weak, 8),
    ("6408022003", "telkomsel", congested, 8),
    ("6408022004", "telkomsel", unstable, 8),
    ("6408022005", "indosat", two_g, 8),
    ("6408022006", "telkomsel", blank, 8),
    ("6408022007", "telkomsel", powered_half, 8),
    ("6408022008", "telkomsel", half_silent, 8),
    ("6408022009", "telkomsel", fair, 1),
    ("6408042001", "telkomsel", all_silent, 8),
    ("6408042011", "telkomsel", fair, 8),
)
NEVER = "6408042012"


def sites() -> dict[str, Site]:
    """The halls of the plan and one that was never measured; two kecamatan."""
    areas = read_areas(DESA)
    found = {}
    for code in (*(code for code, *_ in PLAN), NEVER):
        point = areas[code].geometry.representative_point()
        area = areas[code]
        found[code] = replace(_HALL, code=code, kecamatan=area.kecamatan, desa=area.name, lat=point.y, lon=point.x)
    found["6408042011"] = replace(found["6408042011"], booster=True, population=None, power=None)
    found[NEVER] = replace(found[NEVER], coordinate_source="centroid", population=None, power=None, antenna=None, booster=None)
    return found


def basis(halls: dict[str, Site]) -> Basis:
    """The shipped parameters and classes; no hall is on the blank-spot list, all are on the grid."""
    parameters, classes = read_parameters(CONFIG / "needs.toml"), read_classes(CONFIG / "classes.toml")
    contexts = {code: Context(blank_spot_list=False, pln_programme=False, no_grid_plan=False) for code in halls}
    return Basis(halls, contexts, read_areas(DESA), parameters, classes)


def proven(code: str, modem: str, start_ms: int, days: int) -> list[Frame]:
    """What a modem that hears says where there is nothing: its bands, and every night a scan that finds nobody."""
    about: Values = {"model": "EG25-G", "bands": "1,3,5,8,28,40", "bands_source": "table", "proven": "heard"}
    empty: Values = {"found": 0, "complete": True, "method": "AT+COPS=?"}
    scans = [Sample(300_001 + k, start_ms + 86_400_000 * k + 3_600_000, "ntp", empty) for k in range(days)]
    return [pack(code, "instrument", modem, [Sample(300_000, start_ms, "ntp", about)]), pack(code, "scan", modem, scans)]


def fill(
    store: Store, halls: dict[str, Site], period: Period = PERIOD, plan: Sequence[tuple[str, str, Pattern, int]] = PLAN
) -> None:
    """Write the raw samples and their rollups."""
    start_ms = period.start_ns // 1_000_000
    for code, modem, pattern, days in plan:
        samples, events, was_on, seq = [], [], False, 1
        for number in range(days * 288):
            values = pattern(number // 12 % 24, number % 12)
            t_ms = start_ms + number * 300_000
            if values is not None:
                samples.append(Sample(seq, t_ms, "ntp", values))
                seq += 1
            if values is not None and not was_on and pattern is powered_half:
                events.append(Sample(100_000 + seq, t_ms, "ntp", {"kind": "boot", "detail": "agent started"}))
            was_on = values is not None
        identified: Values = {"kind": "modem_identified", "detail": "family quectel: Quectel EG25-G"}
        told = [Sample(200_000, start_ms + 60_000, "ntp", identified)]
        batch = [Placed(pack(code, "signal", modem, samples[k : k + 1000]), halls[code]) for k in range(0, len(samples), 1000)]
        batch.append(Placed(pack(code, "event", modem, told), halls[code]))
        if pattern is blank and modem != "m1":
            batch += [Placed(frame, halls[code]) for frame in proven(code, modem, start_ms, days)]
        if events:
            batch.append(Placed(pack(code, "event", None, events), halls[code]))
        store.write(batch)
    first = period.start_ns // 3_600_000_000_000
    recompute(store, halls, {code: set(range(first, first + 24 * days)) for code, _, _, days in plan})


def full_report(store: Store, *, compared: bool = False) -> Report:
    """Gather and judge."""
    ground = basis(sites())
    earlier = (EARLIER, gather(store, ground, EARLIER)) if compared else None
    return report(ground, PERIOD, gather(store, ground, PERIOD), earlier)
