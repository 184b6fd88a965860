"""The halls of the world test: one for each row of docs/truth.md, and mixtures of them that have accused the wrong operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from demo.card import Card
from demo.radio import Heard
from demo.situations import LIMITED, NOBODY, SMARTFREN, TELKOMSEL, XL, Schedule, Situation, by_row, minutes_of_day
from telemetry.frame import Value
from tests.world.play import CONFIG, DAYS, START_S, Hall, Modem

NOT, LITTLE = "tidak dapat dinilai", "data belum cukup"
UNMEASURED = ("belum diukur", "Belum ada pengukuran operator ini")
REFUSED = (NOT, "SIM ditolak / terkunci")
BARRED = (NOT, "Terdengar, tidak melayani")
HEARD = ("terdengar, belum diukur", "Terdengar, belum diukur")
ABSENT = ("tidak terdengar (pemindaian)", "Tidak ditemukan")
BLANK = ("blank spot", "Blank spot")
SERVED = "di antara cukup dan sinyal lemah"  # −98 dBm, and the border is −100
GOOD = (SERVED, "RSRP")
OLDER = ("2G saja", "2G saja")
XL_SIM = Situation(XL, card=Card(XL))
PLACE = (0.53451, 117.61723)
NO_BAND_8 = "EM7455"
PINGS_LOST: tuple[tuple[int, Mapping[str, Value]], ...] = tuple(
    (day, {"kind": "ping", "target": "1.1.1.1", "loss_percent": 100.0}) for day in range(DAYS)
)


def one(row: str, what: str, *, name: str = "m1", family: str = "quectel", **verdicts: tuple[str, str]) -> Hall:
    """A hall with one modem that lives in one row all the time."""
    return Hall(row, what, (Modem(name, by_row(row), family),), verdicts)


def after(good: Situation, then: Situation, days: float = 0) -> Schedule:
    """Good on the day of commissioning and so many days of the period, then the other."""
    return lambda utc_s: good if utc_s < START_S + days * 86_400 else then


HALLS = (
    Hall(
        "1", "home, LTE; GNSS", (Modem("m1", replace(by_row(1), fix=PLACE), polls_a_day=2),), {"Telkomsel": GOOD, "IOH": ABSENT}
    ),
    one("2", "home, GSM", Telkomsel=OLDER),
    one("2 wcdma", "home, WCDMA", Telkomsel=OLDER),
    one("3", "home, technology not told, RSRP", Telkomsel=GOOD),
    one("4", "home, nothing told", Telkomsel=(LITTLE, "0 nilai RSRP LTE")),
    one("5", "roaming on XL", Telkomsel=(SERVED, "lewat jaringan operator lain"), XLSMART=HEARD),
    Hall(
        "6",
        "nobody; heard at commissioning",
        (Modem("m1", after(LIMITED, NOBODY)),),
        {"Telkomsel": BLANK, "XLSMART": ABSENT, "IOH": ABSENT},
    ),
    one("7", "limited on XL", Telkomsel=BLANK, XLSMART=HEARD, IOH=ABSENT),
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
        (Modem("m1", LIMITED), Modem("m2", XL_SIM)),
        {"Telkomsel": BLANK, "XLSMART": GOOD},
    ),
    one("8", "limited on its own operator", Telkomsel=BARRED),
    one("9", "denied by its own operator", Telkomsel=REFUSED),
    one("9 illegal equipment", "denied on XL", Telkomsel=REFUSED, XLSMART=HEARD),
    Hall(
        "9 + 6",
        "denied half of the time, searching the other",
        (Modem("m1", minutes_of_day(720, by_row(9), NOBODY)),),
        {"Telkomsel": REFUSED},
    ),
    one("10", "voice registered, packets refused", family="generic", Telkomsel=("2G saja", "Layanan data ditolak")),
    Hall(
        "11",
        "registered, no packet gets out",
        (Modem("m1", by_row(11), probes=PINGS_LOST),),
        {"Telkomsel": (SERVED, "ping tidak dijawab")},
    ),
    one("12 puk", "PUK asked for", name="telkomsel", Telkomsel=REFUSED),
    one("12 locked", "locked to another network, camped on XL", name="telkomsel", Telkomsel=REFUSED, XLSMART=HEARD),
    one("13", "no SIM", name="telkomsel", Telkomsel=(LITTLE, "Gangguan perangkat")),
    Hall(
        "14",
        "two modems whose SIMs cannot be read",
        tuple(Modem(f"quectel-{k}", by_row(14)) for k in (1, 2)),
        {"": (NOT, "quectel-1"), "2": (NOT, "quectel-2"), "XLSMART": HEARD, "IOH": ABSENT},
    ),
    Hall(
        "15",
        "home a day, then silent",
        (Modem("m1", after(by_row(1), by_row(15), 1)),),
        {"Telkomsel": (LITTLE, "Gangguan perangkat")},
    ),
    one("16", "deaf radio, recovery changes nothing", Telkomsel=(NOT, "modem direset tanpa perubahan"), IOH=UNMEASURED),
    Hall(
        "16 beside X",
        "deaf radio beside a working modem of XL",
        (Modem("m1", by_row(16)), Modem("m2", XL_SIM)),
        {"Telkomsel": (NOT, "Alat ukur belum terbukti"), "XLSMART": GOOD, "IOH": ABSENT},
    ),
    Hall(
        "6 beside X",
        "nobody for H, whose scans find XL as the modem beside it does",
        (Modem("m1", replace(NOBODY, heard=(Heard(XL),))), Modem("m2", XL_SIM)),
        {"Telkomsel": BLANK, "XLSMART": GOOD},
    ),
    Hall(
        "16, cured",
        "deaf radio that radio off and on cures",
        (Modem("m1", by_row("16 cured by radio off and on"), polls_a_day=4),),
        {"Telkomsel": ("di antara layanan kurang dan sinyal lemah", "RSRP")},
    ),
    one("17", "SIM of XL on a cell of Smartfren", XLSMART=GOOD),
    Hall(
        "6, bands",
        "nobody, by a modem without band 8",
        (Modem("m1", after(LIMITED, NOBODY), "generic", NO_BAND_8),),
        {"Telkomsel": (NOT, "tidak mendukung B8"), "IOH": UNMEASURED},
    ),
    Hall(
        "6, scans",
        "no service, scans find its own operator every time",
        (Modem("m1", replace(NOBODY, heard=(Heard(TELKOMSEL),))),),
        {"Telkomsel": BARRED, "IOH": ABSENT},
    ),
    Hall(
        "1, scans",
        "one SIM, scans tell who else is there",
        (Modem("m1", replace(by_row(1), heard=(Heard(SMARTFREN),))),),
        {"Telkomsel": GOOD, "XLSMART": HEARD, "IOH": ABSENT},
    ),
)


def world() -> list[Hall]:
    """All halls, each with a village of its own from the register."""
    codes = [line.split(",", 1)[0] for line in (CONFIG / "sites.csv").read_text().splitlines()]
    return [replace(hall, site=code) for hall, code in zip(HALLS, (c for c in codes if c.isdecimal()), strict=False)]
