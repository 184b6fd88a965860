from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read

LEG = "1,9,,,FFFFFFF,00FFFFFFF,641760,940,5078,450,19,76,76,84"


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (("1,4,460,01,4F50,52BF337,672,1E4,103,100,44,63,63,24",), {"earfcn": 0x672, "pci": 0x1E4, "cell_id": 0x52BF337}),
        (("1,4,460,01,4F50,52BF337,672,101,103,100,44,63,63,24",), {"earfcn": 0x672, "pci": 0x101}),  # decimal 672 is in B2
        (("1,4,250,1,1234,000123456,1802,470,103,100,-4,39,39,7",), {"earfcn": 1802, "pci": 470, "sinr_db": None}),
        (("1,4,262,2,1A2B,0012345AB,100,42,,,-7,29,29,4",), {"earfcn": 100, "pci": 42, "band": None, "rsrp_dbm": -112}),
        (("1,4,262,2,1A2B,12345AB,100,42,,,7,29,29,4",), {"earfcn": None, "pci": None, "rsrp_dbm": -112}),
        (("1,4,262,02,1A2B,12345AB,1300,42,103,100,7,29,396,657",), {"rsrp_dbm": None, "rsrq_db": None, "earfcn": 1300}),
        (("1,4,460,00,247E,5423D8D,9826,43,40,5,28,58,58,23",), {"band": 40, "bandwidth_dl_mhz": 20, "earfcn": 0x9826}),
        (
            ("1,9,1,01,1,1,9E040,1,5078,100,89,60,60,65",),
            {"rat": "nr_sa", "plmn": None, "band": 78, "nrarfcn": 0x9E040, "rsrp_dbm": -96},
        ),
        (
            ("1,9,460,00,FFFFFF,FFFFFFFFF,7EEA,1F,501,20,255,255,255,255",),
            {"tac": None, "band": 1, "rsrp_dbm": None, "sinr_db": None},
        ),
        (
            ("1,2,250,1,1234,001234567,2987,92,8,22,40,,40,,",),
            {"rat": "wcdma", "uarfcn": 2987, "pci": 92, "band": 8, "ecio_db": -13.5, "rscp_dbm": -81},
        ),
        (
            (LEG, "1,4,262,1,05D5,0019BF801,1300,358,103,100,13,60,60,22"),  # the leg may come first
            {
                "rat": "nr_nsa",
                "plmn": "26201",
                "earfcn": 1300,
                "rsrp_dbm": -81,
                "nr_nrarfcn": 641760,
                "nr_pci": 940,
                "nr_band": 78,
                "nr_rsrp_dbm": -80,
                "nr_bandwidth_dl_mhz": 90,
                "nr_rsrq_db": None,
                "nr_sinr_db": None,
            },
        ),
        ((), {"rat": None, "rsrp_dbm": None}),
    ],
)
def test_gtccinfo(rows: tuple[str, ...], wanted: dict[str, Any]) -> None:
    found = read("AT+GTCCINFO?", "+GTCCINFO: ", "service cell:", *rows)
    assert found["family"] == "fibocom"
    assert picked(found, wanted) == wanted


def test_rows_joined_on_one_line() -> None:
    rows = ("1,4,460,01,4F50,52BF337,672,1E4,103,100,44,63,63,24", "2,4,460,2,4F50,52BF338,672,101,100,40,50,20")
    found = read("AT+GTCCINFO?", f"+GTCCINFO: LTE service cell: {rows[0]} LTE neighbor cell: {rows[1]}")
    assert picked(found, {"rsrq_db": 0, "pci": 0}) == {"rsrq_db": -8, "pci": 0x1E4}
    assert [(cell["pci"], cell["rsrq_db"]) for cell in found["cells"]] == [(0x101, -10)]


def test_neighbours_take_the_base_of_the_serving_cell() -> None:
    serving, neighbour = "1,4,460,01,4F50,52BF337,672,1E4,103,100,44,63,63,24", "2,4,460,01,4F50,52BF338,672,101,100,40,50,20"
    found = read("AT+GTCCINFO?", "+GTCCINFO:", "LTE service cell:", serving, "LTE neighbor cell:", neighbour)
    cell = {"role": "neighbour", "rat": "lte", "earfcn": 0x672, "pci": 0x101, "rsrp_dbm": -91, "rsrq_db": -10}
    assert found["cells"] == [cell]


@pytest.mark.parametrize("joint", ["\r\n", " "])
def test_carriers_on_lines_or_on_one(joint: str) -> None:
    rows = ("+GTCAINFO: ", "PCC:5079,143,723322,500,500,3,1,1,3,-83", "PCC:103,223,1721,50,50,2,1,3,3,-68",
            "SCC 1:2,0,101,296,350,50,255,2,255,2,255,-68", "SCC2:1,0,107,1,3000,50,255,2,255,2,255,-68")  # fmt: skip
    found = read("AT+GTCAINFO?", joint.join(rows))
    wanted = {
        "rat": "nr_nsa",
        "band": 3,
        "pci": 223,
        "earfcn": 1721,
        "rsrp_dbm": -68,
        "nr_band": 79,
        "nr_pci": 143,
        "nr_rsrp_dbm": -83,
    }
    assert picked(found, wanted) == wanted
    assert found["cells"] == [{"role": "scc", "rat": "lte", "pci": 296, "earfcn": 350, "band": 1, "bandwidth_dl_mhz": 10}]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("+XCESQ: 0,99,99,255,255,19,46,-32", {"rsrp_dbm": -95, "rsrq_db": -10.5, "sinr_db": -16}),
        ("+XCESQ: 0,99,99,255,255,255,255,255", {"rat": None, "rsrp_dbm": None, "sinr_db": None}),
        ("+XCESQ: 0,99,99,45,30,255,255,255", {"rat": "wcdma", "rscp_dbm": -76, "ecio_db": -9.5}),
        ("+XLEC: 0,1,5,BAND_LTE_7,0,0,0", {"band": 7, "bandwidth_dl_mhz": 20, "cells": []}),
        ("+GTSENRDTEMP: 1,37628", {"temperature_c": 37.628}),
        ("+GTSENRDTEMP: 1,37", {"temperature_c": None}),
        ("+GTSENRDTEMP: 1,-273000", {"temperature_c": None}),
        (
            '+XMCI: 4,220,03,"0xFFFE","0xFFFFFFFF","0xFFFF","0xFFFFFFFF","0x00004C2C","0xFFFFFFFF",255,255,255,"0x7FFFFFFF"',
            {
                "plmn": "22003",
                "tac": None,
                "cell_id": None,
                "pci": None,
                "earfcn": None,
                "rsrp_dbm": None,
                "sinr_db": None,
                "timing_advance": None,
            },
        ),
    ],
)
def test_other_rows(line: str, wanted: dict[str, Any]) -> None:
    assert picked(read("AT" + line.partition(":")[0] + "?", line), wanted) == wanted


def test_csq_of_an_intel_modem_is_not_an_rssi() -> None:
    assert "rssi_dbm" not in read("AT+CSQ;+XCESQ?", "+CSQ: 11,26", "+XCESQ: 0,99,99,255,255,19,46,-32")
