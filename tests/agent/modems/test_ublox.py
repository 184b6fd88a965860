from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read


@pytest.mark.parametrize(
    ("head", "row", "wanted"),
    [
        (
            "6,2,fff,fff",
            "65535,255,255,255,ffff,0000000,65535,00000000,ffff,ff,255,255,255,1,255,255,255,255,255,0,255,255,0",
            {"registration": "searching", "plmn": None, "earfcn": None, "band": None, "tac": None, "cell_id": None, "pci": None,
             "rsrp_dbm": None, "rsrq_db": None, "sinr_db": None},
        ),
        (
            "6,4,fff,fff",
            "5110,13,50,50,ffff,0000000,254,d0fafd59,ff49,b1,27,15,0.50,1,255,255,28,255,255,0,255,255,0",
            {"rat": "lte_m", "earfcn": 5110, "rsrp_dbm": -114, "rsrq_db": -12.5, "sinr_db": 0.5, "tac": None, "cell_id": None},
        ),
        (
            "4,0,001,01",
            "2525,5,25,50,2b67,69f6bc7,111,00000000,ffff,ff,67,19,0.00,255,255,255,67,11,255,0,255,255,0,0",
            {"rat": "lte", "bandwidth_ul_mhz": 5, "bandwidth_dl_mhz": 10, "tac": 0x2B67, "cell_id": 0x69F6BC7, "pci": 111},
        ),
        (
            "3,4,001,01",
            "4400,5,00A1B2C,0000,80,9,4,62,42,255",
            {"rat": "wcdma", "uarfcn": 4400, "band": 5, "cell_id": 0xA1B2C, "tac": None, "pci": 9, "ecio_db": -3.5},
        ),
        ("6,310,410", "5110,12,10,10,830e,162,-86,-14,131,-1,3,255,128", {"sinr_db": 6.2, "bandwidth_dl_mhz": None, "pci": 162}),
        ("6,310,410", "5110,12,10,10,ffff,65535,-86,-14,255,-1,3", {"sinr_db": None, "pci": None, "tac": None}),
        ("2,222,1", "1009,0,0000,11,0000,00,99,-1,30,30,1,1", {"plmn": "22201", "cell_id": None, "tac": None, "rssi_dbm": None}),
    ],
)  # fmt: skip
def test_ucged(head: str, row: str, wanted: dict[str, Any]) -> None:
    found = read("AT+UCGED?", "+UCGED: 2", head, row)
    assert found["family"] == "ublox"
    assert picked(found, wanted) == wanted


def test_lists_of_sara_r410() -> None:
    found = read("AT+UCGED?", '+RSRP: 162,5110,"-075.00",163,5110,"-099.50",', '+RSRQ: 162,5110,"-14.20",')
    assert picked(found, {"pci": 0, "rsrp_dbm": 0, "rsrq_db": 0}) == {"pci": 162, "rsrp_dbm": -75, "rsrq_db": -14.2}
    assert found["cells"] == [{"role": "neighbour", "rat": "lte", "pci": 163, "earfcn": 5110, "rsrp_dbm": -99.5}]


def test_rows_joined_on_one_line_or_wrapped_at_a_comma() -> None:
    rows = ("+UCGED: 2", "6,4,001,01", "2525,5,50,50,e8fe,1a2d001,1,d60814d1,8001,01,28,31,13.75,3,1")
    apart = read("AT+UCGED?", *rows)
    assert apart["rsrp_dbm"] == -113
    assert read("AT+UCGED?", " ".join(rows)) == apart
    assert read("AT+UCGED?", *rows[:2], "2525,5,50,50,e8fe,1a2d001,1,", "d60814d1,8001,01,28,31,13.75,3,1") == apart
