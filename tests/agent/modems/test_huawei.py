from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('^HCSQ:"LTE",0,1,0,0', {"rsrp_dbm": -140, "rsrq_db": -20, "sinr_db": -20.2}),
        ("^hcsq: LTE,53,45,181,18", {"rat": "lte", "rssi_dbm": -68, "rsrp_dbm": -96, "sinr_db": 16, "rsrq_db": -11}),
        ('^HCSQ:"LTE",255,255,255,255', {"rat": "lte", "rssi_dbm": None, "rsrp_dbm": None, "sinr_db": None, "rsrq_db": None}),
        ('^HCSQ:"LTE",11,0,96,0', {"rat": "lte", "rssi_dbm": None, "rsrp_dbm": None, "sinr_db": None, "rsrq_db": None}),
        ('^HCSQ:"GSM",36', {"rat": "gsm", "rssi_dbm": -85}),
        ('^HCSQ: "NR",70,196,28', {"rat": "nr_sa", "rsrp_dbm": -71, "rsrq_db": None, "sinr_db": None}),
        ('^HCSQ: "NOSERVICE"', {"rat": None, "registration": "not_registered"}),
        ("^SYSINFOEX:2,3,1,1,,6,LTE,101,LTE", {"rat": "lte", "registration": "roaming"}),
        ('^SYSINFOEX:0,0,0,255,,0,"NO SERVICE",0,"NO SERVICE"', {"rat": None, "registration": "no_sim"}),
        ("^LTERSRP:-87,-12", {"rat": "lte", "rsrp_dbm": -87, "rsrq_db": -12}),
        ("^MONSC: NONE", {"rat": None, "cell_id": None}),
        ("^MONSC: LTE,460,00,38950,94EF884,1E4,57B2,-96,-8,-67", {"pci": 0x1E4, "rssi_dbm": -67}),
        ("^MONSC: LTE,460,00,38950,94EF884,142,57B2,-96,-8,-67", {"pci": None, "tac": 0x57B2}),
        ("^MONSC: LTE,460,00,38950,94EF884,300,FFFE,-96,-8,-67", {"pci": 300, "tac": None}),  # 0x300 is off the scale
        (
            "^MONSC: WCDMA,472,99,10738,304,120514,2513,-79,-73,-6,6,0",
            {
                "rat": "wcdma",
                "uarfcn": 10738,
                "cell_id": 0x120514,
                "tac": 0x2513,
                "rscp_dbm": -79,
                "rssi_dbm": -73,
                "ecio_db": -6,
            },
        ),
    ],
)
def test_rows(line: str, wanted: dict[str, Any]) -> None:
    found = read("AT" + line.partition(":")[0].upper(), line)
    assert found["family"] == "huawei"
    assert picked(found, wanted) == wanted


def test_an_nr_row_beside_an_lte_row_is_the_leg() -> None:
    found = read(
        "AT^MONSC",
        "^MONSC: LTE,460,00,38950,94EF884,1E4,57B2,-96,-8,-67",
        "^MONSC: NR,460,00,524910,1,C027F5065,1F4,14225C,-73,-9,24",
    )
    wanted = {
        "rat": "nr_nsa",
        "earfcn": 38950,
        "rsrp_dbm": -96,
        "nr_nrarfcn": 524910,
        "nr_rsrp_dbm": -73,
        "nr_pci": 0x1F4,
        "tac": 0x57B2,
    }
    assert picked(found, wanted) == wanted
