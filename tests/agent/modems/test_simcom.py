from __future__ import annotations

import math

import pytest

from agent.commands.rssnr import Form, highest_db, sinr_db
from tests.agent.modems.helpers import picked, read

LTE = "+CPSI: LTE,Online,510-10,0x0830,110132496,22,EUTRAN-BAND3,1850,5,5,{}"


@pytest.mark.parametrize(
    ("levels", "sinr"),
    [
        ("-98,-892,-591,12", 12),  # tenths: dB
        ("-200,-1057,-660,-4", -4),
        ("-200,-1057,-660,4", None),  # 4 dB cannot be at an RSRQ of -20
        ("-108,-889,-614,31", None),
        ("21,47,43,17", 17),  # indices: dB
        ("20,61,41,3", 3),
        ("12,36,42,5", 5),
        ("12,36,42,9", None),
        ("21,67,255,255", None),
        ("-13,-112,-82,14", 8),  # whole dB: 2n - 20
        ("-20,-116,-82,6", -8),
        ("-12,-81,-52,10", 0),
        ("-6,-77,-57,26", None),
        ("-6,-77,-57,-1", None),
        ("0,-892,-591,12", None),  # nothing to compare with
    ],
)
def test_rssnr(levels: str, sinr: float | None) -> None:
    assert read("AT+CPSI?", LTE.format(levels)).get("sinr_db") == sinr


def test_the_highest_sinr_at_an_rsrq() -> None:
    assert highest_db(-10.79) == math.inf
    assert highest_db(-20) == pytest.approx(10 * math.log10(12 / 88))
    assert highest_db(-13) == pytest.approx(10 * math.log10(12 / (10**1.3 - 12)))
    assert sinr_db(30, Form.TENTHS, -9) == 30
    assert sinr_db(30.1, Form.TENTHS, -9) is None
    assert sinr_db(-20, Form.INDEX, -9) == -20
    assert sinr_db(-20.1, Form.INDEX, -9) is None
    assert (sinr_db(25, Form.WHOLE, -3), sinr_db(0, Form.WHOLE, -3)) == (30, -20)
    assert [sinr_db(1, Form.TENTHS, rsrq) for rsrq in (-30.1, 2.6, None)] == [None] * 3


@pytest.mark.parametrize(
    ("rxlev", "c1", "dbm"),
    [
        ("-71", "32", -71),
        ("25", "15", -86),  # an index
        ("40", "62", -40),  # dBm without its sign
        ("55", "48", None),  # -55 and -56
        ("25", "", None),
        ("25", "60", None),
        ("88", "18", -88),
        ("0", "0", None),
        ("-", "20", None),
    ],
)
def test_an_index_is_never_a_level(rxlev: str, c1: str, dbm: float | None) -> None:
    found = read("AT+CPSI?", f"+CPSI: GSM,Online,222-01,0x46C2,43674,1021 PGSM 900,{rxlev},0,{c1}-{c1}")
    assert (found["rat"], found.get("rssi_dbm")) == ("gsm", dbm)


def test_cmgrmi_has_no_timing_advance_but_the_digits_of_the_mnc() -> None:
    row = "+CMGRMI: Serving_Cell,5035,310,{},9540,{},182870787,12,5,5,18,163,-64,-1081,-818,0"
    found = read("AT+CMGRMI=4", row.format("12", "3"))
    assert picked(found, {"plmn": 0, "timing_advance": 0, "sinr_db": 0}) == {
        "plmn": "310012",
        "timing_advance": None,
        "sinr_db": 18,
    }
    assert read("AT+CMGRMI=4", row.format("260", "3"))["plmn"] == "310260"
    assert read("AT+CMGRMI=4", row.format("26", "2"))["plmn"] == "31026"


@pytest.mark.parametrize("word", ["LTE-LIMITED", "GSM-LIMITED", "WCDMA-LIMITED"])
def test_limited_service_is_no_service(word: str) -> None:
    assert read("AT+CPSI?", f"+CPSI: {word},Online,510-10,0x0830,1101,22")["registration"] == "limited"
