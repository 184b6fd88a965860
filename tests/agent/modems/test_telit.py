from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read

IMSI = "310410123456789"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (  # LE910: decimals, an empty column
            f'#RFSTS: "310 410",5230,-101,-82,-11.5,00AF,,32,3,1,BCDEF01,"{IMSI}","AT&T",2,12,100',
            {"rat": "lte", "plmn": "310410", "earfcn": 5230, "rsrq_db": -11.5, "tac": 0xAF, "cell_id": 0xBCDEF01, "band": 12},
        ),
        (  # UMTS of HE910
            f'#RFSTS: "222 01",10736,336,-4.0,-63,-58,9855,01,-15,8,19,0,2,000,00F3C1A1,"{IMSI}","TIM",3,1',
            {"rat": "wcdma", "uarfcn": 10736, "pci": 336, "ecio_db": -4, "rscp_dbm": -63, "rssi_dbm": -58, "tac": 0x9855},
        ),
        (  # no network
            f'#RFSTS: "000 00",-1,-47,FFFF,FF,,0,0,,FFFF,"{IMSI}","",0,2',
            {
                "rat": "gsm",
                "plmn": None,
                "arfcn": None,
                "rssi_dbm": None,
                "tac": None,
                "cell_id": None,
                "registration": "not_registered",
            },
        ),
        (
            f'#RFSTS: "310 260",32767,-101,-47,-13,FFFE,255,,640,1,0,FFFFFFF,"{IMSI}","",0,66',
            {"rat": "lte", "earfcn": None, "rssi_dbm": None, "tac": None, "cell_id": None, "registration": "not_registered"},
        ),
        (
            '#SERVINFO: 65535,-0,"vodafone NL","20404",,00DE,64,3,-255,"II"',
            {"rat": "wcdma", "uarfcn": None, "rssi_dbm": None, "rscp_dbm": None, "pci": None, "tac": 0xDE},
        ),
        (  # LE910-EUG prints the PCI where LM960 prints the cell id
            '#SERVINFO: 6300,-68,"TIM","22201",1A3,2D18,640,3,-101',
            {"rat": "lte", "earfcn": 6300, "rsrp_dbm": -101, "cell_id": None, "pci": None},
        ),
        ('#SERVINFO: 3000,-70,"X","22201",90,2D18,128,3,-90', {"rat": None, "rsrp_dbm": None, "rscp_dbm": None, "tac": 0x2D18}),
        (
            "#MONI: AT&T RSRP:-101 RSRQ:-11 TAC:00AF Id:BCDEF01 EARFCN:5230 PWR:-82dbm DRX:32 pci:321 QRxLevMin:-130",
            {"rat": "lte", "tac": 0xAF, "cell_id": 0xBCDEF01, "pci": 321, "earfcn": 5230, "rssi_dbm": -82},
        ),
        ("#MONI: Cc:310 Nc:260 RSRP:-101 RSRQ:-13 TAC:2D18 Id:3089F02 EARFCN:66786 PWR:-68dbm", {"plmn": "310260", "pci": None}),
        (
            "#MONI: Test PLMN 1-1 NR_BAND:79 NR_BW:100 NR_CH:723360 NR_PWR:-60dbm NR_RSRP:-71 NR_RSRQ:-10 NR_PCI:11 NR_SINR:56",
            {"rat": "nr_sa", "band": 79, "nrarfcn": 723360, "rsrp_dbm": -71, "pci": 11, "sinr_db": None},
        ),
        (
            "#MONI: TR TURKCELL BSIC:73 RxQual:0 LAC:6B2A Id:F26C ARFCN:60 PWR:-70dbm TA:0",
            {"rat": "gsm", "tac": 0x6B2A, "cell_id": 0xF26C},
        ),
        ("#MONI: S 70 55FA 1D23 736 -83dbm 19 33 1 0 I WIND", {"rat": "gsm", "arfcn": 736, "rssi_dbm": -83, "tac": 0x55FA}),
    ],
)
def test_rows(line: str, wanted: dict[str, Any]) -> None:
    found = read("AT" + line.partition(":")[0], line)
    assert found["family"] == "telit"
    assert picked(found, wanted) == wanted
    assert IMSI not in str(found)


def test_neighbour_list_has_the_pci_in_hexadecimal() -> None:
    rows = (
        "#MONI: RSRP:-101 RSRQ:-13 Id:00000EC EARFCN:66786 PWR:-68dbm",
        "#MONI: RSRP:-107 RSRQ:-18 Id:0000142 EARFCN:66786 PWR:-79dbm",
    )
    found = read("AT#MONI", *rows)
    assert picked(found, {"pci": 0, "cell_id": 0}) == {"pci": 236, "cell_id": None}
    assert [cell["pci"] for cell in found["cells"]] == [322]


def test_the_serving_cell_of_a_2g_list_is_its_first_row() -> None:
    rows = (
        "#MONI: Cingular BSIC:51 RxQual:0 LAC:8AD3 Id:6014 ARFCN:148 PWR:-99dbm TA:0",
        "#MONI: Adj Cell1 LAC:8AD3 Id:6015 ARFCN:150 PWR:-101dbm",
    )
    found = read("AT#MONI", *rows)
    assert picked(found, {"cell_id": 0, "arfcn": 0}) == {"cell_id": 0x6014, "arfcn": 148}
    assert found["cells"] == [{"role": "neighbour", "rat": "gsm", "arfcn": 150, "rssi_dbm": -101}]


def test_a_row_that_does_not_tell_its_technology_is_left_out() -> None:
    found = read("AT#RFSTS", f'#RFSTS: "310 260",66786,,,,2D18,255,,640,1,0,3089F02,"{IMSI}","T-Mobile",3,66')
    assert picked(found, {"rat": 0, "arfcn": 0, "cell_id": 0}) == {"rat": None, "arfcn": None, "cell_id": None}
