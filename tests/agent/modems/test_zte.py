from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read

LEVELS = ("rat", "rsrp_dbm", "rsrq_db", "rssi_dbm", "sinr_db", "rscp_dbm", "ecio_db")


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("-102,-6.5,-76,19", {"rat": "lte", "rsrp_dbm": -102, "rsrq_db": -6.5, "rssi_dbm": -76, "sinr_db": 19}),
        ("-88,-7.5", {"rat": "wcdma", "rscp_dbm": -88, "ecio_db": -7.5}),
        ("-71", {"rssi_dbm": -71}),
        ("77,12,170", {"rat": "wcdma", "rssi_dbm": -77, "ecio_db": -6, "rscp_dbm": -85}),
        ("77,1000,1000", {"rssi_dbm": -77}),
        ("77,12,1000", {"rssi_dbm": -77}),
        ("102,6.5,76,19", {}),
        ("0", {}),
        ("0,0", {}),
    ],
)
def test_zrssi(row: str, wanted: dict[str, Any]) -> None:
    found = read("AT+ZRSSI", f"+ZRSSI: {row}")
    assert found["family"] == "zte"
    assert picked(found, dict.fromkeys(LEVELS)) == {**dict.fromkeys(LEVELS), **wanted}


def test_levels_of_another_technology_than_the_registration_are_not_taken() -> None:
    assert "rsrp_dbm" not in read("AT+COPS?;+ZRSSI", '+COPS: 0,2,"51010",2', "+ZRSSI: -102,-6.5,-76,19")
    assert "rscp_dbm" not in read("AT+COPS?;+ZRSSI", '+COPS: 0,2,"51010",7', "+ZRSSI: 77,12,170")


def test_active_secondary_carriers() -> None:
    found = read("AT+ZCAINFO?", "+ZCAINFO: 299,7,17758,2850,10;341,2,3,1802,20;12,1,20,6300,10;7,2,3,6300,10")
    assert found["cells"] == [
        {"role": "scc", "rat": "lte", "pci": 341, "earfcn": 1802, "band": 3, "bandwidth_dl_mhz": 20},
    ]
    assert any("not in its band" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("words", "rat"), [("PGSM_900", "gsm"), ("DCS_1800", "gsm"), ("PCS_1900", "gsm"), ("WCDMA_2100", "wcdma"), ("FOO_900", None)]
)
def test_zcellinfo_names_2g_and_3g(words: str, rat: str | None) -> None:
    assert read("AT+ZCELLINFO?", f"+ZCELLINFO: 0X1A2B,0X1C2D,{words}").get("rat") == rat
