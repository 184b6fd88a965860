"""A day of made-up halls in a store, and by hand what the made-up history does not have: so every query finds something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from collector.rollup import recompute
from collector.sites.sites import Site, read_sites
from collector.store.site_points import site_points
from collector.store.store import Placed, Point, Store
from demo.seed import seed
from telemetry.frame import Frame, Sample, Value, pack

END = datetime(2026, 11, 23, 12, 40, tzinfo=UTC)
"""20:40 WITA: the busy hour, and the hall without power at night still has it."""
END_MS = int(END.timestamp() * 1000)
START_MS = END_MS - 86_400_000
HALLS, DAYS, INTERVAL_S = 12, 1, 60
ODD_NAME = "Nehas (Liah) Bing + 1.5 | [baru]"
"""A village whose name means something else as a pattern."""
STRONG, FAINT = "6408042012", "6408182007"
DUMB, LATE = "6408182006", "6408182005"
"""A hall whose modem says nothing, and one whose last samples are three hours old."""
REFUSED, UNTOLD = "6408042001", "6408042011"
"""A hall whose SIM is refused, and one that is served without telling how."""
MIDDLING = {"6408182002": -85.0, "6408182003": -95.0, "6408182004": -105.0}
"""Halls of the classes between, so that none is empty."""
LOST = 39
"""Numbers that the strong hall never sent."""


def sites() -> dict[str, Site]:
    """Return the shipped list of sites, one village of it renamed."""
    found = read_sites(Path(__file__).parents[3] / "config" / "sites.csv")
    return {**found, STRONG: replace(found[STRONG], desa=ODD_NAME)}


def fill(store: Store, known: Mapping[str, Site]) -> None:
    """Write everything, as a collector would have by END."""
    seed(store, known, days=DAYS, halls=HALLS, end=END, interval_s=INTERVAL_S)
    levels = {STRONG: -70.0, FAINT: -118.0, **MIDDLING}
    frames = [_signal(code, level) for code, level in levels.items()]
    frames += [_signal(LATE, -90.0, hours_ago=3), *_guests(), *_others()]
    frames += [
        _hour(DUMB, registration="modem_silent"),
        _hour(REFUSED, registration="denied"),
        _hour(UNTOLD, registration="home"),
    ]
    store.write([Placed(frame, known[frame.site]) for frame in frames])
    last = END_MS // 3_600_000
    recompute(store, known, {code: set(range(last - 6, last + 1)) for code in (*levels, DUMB, REFUSED, UNTOLD, LATE)})
    store.write_points(
        [
            *site_points(known.values(), END_MS * 1_000_000),
            *_alerts(known),
            _ingest_fault(),
            _account(known[STRONG]),
            _week_before(known[FAINT]),
            _maintenance(known[FAINT]),
            _verdict(known[FAINT]),
        ]
    )


def _signal(site: str, rsrp_dbm: float, hours_ago: int = 0) -> Frame:
    """Three hours of one modem; the strong hall's numbers have a hole before the last hour."""
    served: dict[str, Value] = {"registration": "home", "rat": "lte", "plmn": "51011", "band": 8}
    lte = {**served, "rsrp_dbm": rsrp_dbm, "sinr_db": 9.0, "timing_advance": 20}
    hole = LOST if site == STRONG else 0
    numbers = [1 + k + (hole if k >= 120 else 0) for k in range(180)]
    end_ms = END_MS - hours_ago * 3_600_000
    return pack(site, "signal", "axis", [Sample(seq, end_ms - (180 - k) * 60_000, "ntp", lte) for k, seq in enumerate(numbers)])


def _guests() -> list[Frame]:
    """Operators that the made-up halls do not have: a satellite one, and one that is in no list."""
    frames = []
    for first, modem, plmn in ((1001, "satellite", "51000"), (2001, "guest", "99901")):
        lte: dict[str, Value] = {
            "registration": "roaming",
            "rat": "lte",
            "plmn": plmn,
            "home_plmn": plmn,
            "band": 3,
            "rsrp_dbm": -99.0,
            "sinr_db": 4.0,
        }
        samples = [Sample(first + k, END_MS - (240 + k) * 60_000, "ntp", lte) for k in range(30)]
        frames.append(pack(LATE, "signal", modem, samples))
    return frames


def _hour(site: str, **values: Value) -> Frame:
    """Two hours of a modem that says the same again and again."""
    samples = [Sample(1 + k, END_MS - (120 - k) * 60_000, "ntp", values) for k in range(120)]
    return pack(site, "signal", "axis", samples)


def _others() -> list[Frame]:
    """A device in every kind of trouble, and probes of every kind."""
    first = 1 + 180 + LOST
    device: dict[str, Value] = {
        "uptime_s": 600,
        "mains": False,
        "clock_state": "untrusted",
        "spool_depth": 500,
        "spool_age_s": 7200,
        "quarantined": 3,
        "undervoltage": True,
        "bytes_month": 5_900_000,
        "budget_month": 6_000_000,
        "agent_version": "0.0.9",
    }
    probes: list[dict[str, Value]] = [
        {"kind": "dns", "target": "example.go.id", "dns_ms": 38.0},
        {"kind": "download", "target": "https://sinyal.example.go.id/probe.bin", "download_kbps": 8400.0},
        {"kind": "ping", "target": "1.1.1.1", "loss_percent": 100.0, "error": "timeout"},
    ]
    tried = [Sample(first + 1 + k, END_MS - 60_000 + k, "ntp", values) for k, values in enumerate(probes)]
    return [
        pack(STRONG, "device", None, [Sample(first, END_MS - 120_000, "unknown", device)]),
        pack(STRONG, "probe", "axis", tried),
    ]


def _verdict(site: Site) -> Point:
    """What a needs map left of a hall and operator."""
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa, "operator": "XLSMART"}
    first_ms = START_MS - 29 * 86_400_000
    said: dict[str, Value] = {"state": "weak", "title_id": "Sinyal lemah", "title_en": "Weak signal", "grade": "C"}
    return Point("verdict", tags, {**said, "first_ms": first_ms}, END_MS * 1_000_000 - 1)


def _week_before(site: Site) -> Point:
    """One hour ten days ago, for what compares weeks."""
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa, "modem": "axis", "operator": "XLSMART"}
    counts: dict[str, Value] = {"samples": 60, "served": 45, "no_service": 15, "lte": 45, "slots": 12}
    return Point("signal_1h", tags, counts, (END_MS // 3_600_000 - 240) * 3_600_000 * 1_000_000)


def _alerts(known: Mapping[str, Site]) -> list[Point]:
    """One alert that came and went, one that is open, one that somebody deals with, one of a whole operator."""
    strong, faint = known[STRONG], known[FAINT]
    at_strong = {"site": strong.code, "kecamatan": strong.kecamatan, "desa": strong.desa}
    at_faint = {"site": faint.code, "kecamatan": faint.kecamatan, "desa": faint.desa}
    changes = [
        (at_strong, "hall_dark", "open", "warning", 300),
        (at_strong, "hall_dark", "resolved", "warning", 200),
        (at_faint, "weak_signal", "open", "critical", 180),
        (at_strong, "clock", "open", "info", 170),
        (at_strong, "clock", "acknowledged", "info", 160),
        ({"operator": "XLSMART"}, "operator_gone", "open", "critical", 30),
    ]
    return [_alert(tags, *change) for tags, *change in changes]  # type: ignore[arg-type]  # the words of a change, in order


def _alert(tags: Mapping[str, str], rule: str, state: str, severity: str, minutes_ago: int) -> Point:
    time_ms = END_MS - minutes_ago * 60_000
    texts = {"title_id": f"Peringatan {rule}", "title_en": f"Alert {rule}", "text_id": "Periksa.", "text_en": "Look at it."}
    key = f"{rule}/{tags.get('site', tags.get('operator'))}"
    values: dict[str, Value] = {"key": key, "rule": rule, "state": state, "severity": severity, "since_ms": time_ms, "count": 1}
    return Point("alert", tags, {**values, **texts}, time_ms * 1_000_000)


def _maintenance(site: Site) -> Point:
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
    return Point("maintenance", tags, {"title": "maintenance", "until_ms": END_MS}, (END_MS - 3_600_000) * 1_000_000)


def _ingest_fault() -> Point:
    counts: dict[str, Value] = {
        "received_frames": 5,
        "rejected_frames": 2,
        "held_frames": 1,
        "store_errors": 1,
        "collector": "test",
    }
    return Point("ingest", {}, counts, (END_MS - 60_000) * 1_000_000 + 1)


def _account(site: Site) -> Point:
    counts: dict[str, Value] = {"missing": LOST, "lost": LOST, "late": 0, "rejected": 0, "quarantined": 3, "thinned": 0}
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
    return Point("fleet", tags, counts, (END_MS - 60_000) * 1_000_000)
