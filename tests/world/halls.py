"""The halls of the world test: one for each row of docs/truth.md, and mixtures of them that have accused the wrong operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from demo.card import Card
from demo.situations import LIMITED, NOBODY, SMARTFREN, TELKOMSEL, XL, Situation, by_row, minutes_of_day
from telemetry.frame import Value
from tests.world.play import CONFIG, DAYS, START_S, Hall, Modem

NOT = "tidak diukur"
Tells = tuple[tuple[str, int, Mapping[str, Value]], ...]
HEARS: Tells = (("instrument", 0, {"model": "EC25-E", "bands": "1,3,5,8,40", "bands_source": "table", "proven": "heard"}),)
DEAF: Tells = (
    ("instrument", 0, {"model": "EC25-E", "bands": "1,3,5,8,40", "bands_source": "table", "proven": "recovery_tried"}),
)
NO_BAND_8: Tells = (("instrument", 0, {"model": "X", "bands": "1,3,5", "bands_source": "read", "proven": "heard"}),)
PINGS_LOST: Tells = tuple(
    ("probe", day, {"kind": "ping", "target": "1.1.1.1", "loss_percent": 100.0, "error": "timeout"}) for day in range(DAYS)
)
UNMEASURED = (NOT, "Belum ada pengukuran operator ini")


def scans(*found: str) -> Tells:
    """A scan every night that found these operators."""
    end: dict[str, Value] = {"found": len(found), "complete": True, "method": "AT+COPS=?"}
    rows: list[dict[str, Value]] = [{"plmn": plmn, "rat": "lte", "status": "available", **end} for plmn in found] or [end]
    return tuple(("scan", day, row) for day in range(DAYS) for row in rows)


def one(
    row: str, what: str, *, name: str = "m1", tells: Tells = (), family: str = "quectel", **verdicts: tuple[str, str]
) -> Hall:
    """A hall with one modem that lives in one row for eight days."""
    return Hall(row, what, (Modem(name, by_row(row), family, tells),), verdicts)


def _day_one(good: Situation, then: Situation) -> Modem:
    return Modem("m1", lambda utc_s: good if utc_s < START_S + 86_400 else then)


REFUSED = (NOT, "SIM ditolak / terkunci")
HEARD = (NOT, "Terdengar, belum diukur")
BLANK = ("blank spot", "Blank spot")
ABSENT = (NOT, "Tidak ditemukan")
HALLS = (
    one("1", "home, LTE", Telkomsel=("layak", "RSRP"), IOH=UNMEASURED),
    one("2", "home, GSM", Telkomsel=("2G saja", "2G saja")),
    one("2 wcdma", "home, WCDMA", Telkomsel=("2G saja", "2G saja")),
    one("3", "home, technology not told, RSRP", Telkomsel=("layak", "Layak")),
    one("4", "home, nothing told", Telkomsel=(NOT, "0 nilai RSRP LTE")),
    one("5", "roaming on XL", Telkomsel=("layak", "lewat jaringan operator lain"), XLSMART=HEARD),
    one("6", "nobody heard, proven, scans found nobody", tells=HEARS + scans(), Telkomsel=BLANK, XLSMART=ABSENT, IOH=ABSENT),
    one("7", "limited on XL", Telkomsel=BLANK, XLSMART=HEARD, IOH=UNMEASURED),
    one("7 emergency", "limited on XL, another family", family="simcom", Telkomsel=BLANK, XLSMART=HEARD),
    Hall(
        "7 + 1",
        "home ten minutes a day, else limited on XL",
        (Modem("m1", minutes_of_day(10, by_row(1), LIMITED)),),
        {"Telkomsel": BLANK, "XLSMART": HEARD},
    ),
    Hall(
        "7 beside X",
        "limited on XL beside a working modem of XL",
        (Modem("m1", LIMITED), Modem("m2", Situation(XL, card=Card(XL)))),
        {"Telkomsel": BLANK, "XLSMART": ("layak", "Layak")},
    ),
    one("8", "limited on its own operator", Telkomsel=(NOT, "Terdengar, tidak melayani")),
    one("9", "denied by its own operator", Telkomsel=REFUSED),
    one("9 illegal equipment", "denied on XL", Telkomsel=REFUSED, XLSMART=HEARD),
    Hall(
        "9 + 6",
        "denied half of the time, searching the other",
        (Modem("m1", minutes_of_day(720, by_row(9), NOBODY)),),
        {"Telkomsel": REFUSED},
    ),
    one("10", "voice registered, packets refused", family="generic", Telkomsel=("2G saja", "Layanan data ditolak")),
    one("11", "registered, no packet gets out", tells=PINGS_LOST, Telkomsel=("layak", "ping tidak dijawab")),
    one("12 puk", "PUK asked for", Telkomsel=REFUSED, name="telkomsel"),
    one("12 locked", "SIM of another network's lock, camped on XL", name="telkomsel", Telkomsel=REFUSED, XLSMART=HEARD),
    one("13", "no SIM", name="telkomsel", Telkomsel=(NOT, "Gangguan perangkat")),
    Hall(
        "14",
        "two modems whose SIMs cannot be read",
        tuple(Modem(f"quectel-{k}", by_row(14)) for k in (1, 2)),
        {"": (NOT, "quectel-1"), "2": (NOT, "quectel-2"), "XLSMART": HEARD, "Telkomsel": UNMEASURED},
    ),
    Hall("15", "home a day, then silent", (_day_one(by_row(1), by_row(15)),), {"Telkomsel": (NOT, "Gangguan perangkat")}),
    one("16", "deaf radio, recovery changed nothing", tells=DEAF + scans(), Telkomsel=(NOT, "Alat ukur belum terbukti")),
    Hall(
        "16 beside X",
        "nobody heard beside a working modem of XL",
        (Modem("m1", by_row(16)), Modem("m2", Situation(XL, card=Card(XL)))),
        {"Telkomsel": ("blank spot", "modem lain"), "XLSMART": ("layak", "Layak")},
    ),
    one("17", "SIM of XL on a cell of Smartfren", XLSMART=("layak", "Layak")),
    Hall(
        "6, bands",
        "nobody, by a modem without band 8",
        (Modem("m1", by_row(6), tells=NO_BAND_8),),
        {"Telkomsel": (NOT, "Pita tidak didukung")},
    ),
    Hall(
        "6, scans",
        "no service, scans find its own operator every night",
        (Modem("m1", by_row(6), tells=HEARS + scans(TELKOMSEL)),),
        {"Telkomsel": (NOT, "Terdengar, tidak melayani"), "IOH": ABSENT},
    ),
    Hall(
        "1, scans",
        "one SIM, scans tell who else is there",
        (Modem("m1", by_row(1), tells=HEARS + scans(TELKOMSEL, SMARTFREN)),),
        {"Telkomsel": ("layak", "RSRP"), "XLSMART": HEARD, "IOH": ABSENT},
    ),
)


def world() -> list[Hall]:
    """All halls, each with a village of its own from the register."""
    codes = [line.split(",", 1)[0] for line in (CONFIG / "sites.csv").read_text().splitlines()]
    return [replace(hall, site=code) for hall, code in zip(HALLS, (c for c in codes if c.isdecimal()), strict=False)]
