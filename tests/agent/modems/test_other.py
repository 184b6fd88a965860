from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read


@pytest.mark.parametrize(
    ("command", "line", "wanted"),
    [
        (
            "AT%XMONITOR",
            '%XMONITOR: 5,"Vodafone UK","Voda UK","23415","1234",9,20,"0EADBEEF",100,6400,255,127',
            {"family": "nordic", "registration": "roaming", "rat": "nb_iot", "tac": 0x1234, "rsrp_dbm": None, "sinr_db": None},
        ),
        ("AT%XMONITOR", '%XMONITOR: 1,"","","24201","81AE",7,20,"0331C805"', {"rat": "lte_m", "cell_id": 0x331C805, "pci": None}),
        ("AT%XMONITOR", "%XMONITOR: 2", {"registration": "searching", "rat": None, "plmn": None}),
        ("AT%XMONITOR", "%XMONITOR: 90", {"registration": "sim_fault"}),
        (
            "AT^SMONI",
            "^SMONI: 2G,71,-61,262,02,0143,83BA,33,33,3,6,G,NOCONN",
            {
                "family": "cinterion",
                "rat": "gsm",
                "arfcn": 71,
                "rssi_dbm": -61,
                "tac": 0x143,
                "cell_id": 0x83BA,
                "registration": "home",
            },
        ),
        (
            "AT^SMONI",
            "^SMONI: 4G,6300,20,10,10,FDD,262,02,BF75,0345103,350,12,-94,-7,CONN",
            {"tx_power_dbm": 12, "rsrp_dbm": -94},
        ),
        ("AT^SMONI", "^SMONI: 4G,6300,20,10,10,FDD,262,02,BF75,0345103,350,33,-94,-7,LIMSRV", {"registration": "limited"}),
        ("AT^SMONI", "^SMONI: 4G,SEARCH", {"rat": None, "registration": "searching"}),
        (
            "AT+NETDMSG",
            '+NETDMSG: "460+11", 0x7757, 0x77E9B30, 219, "CDMA1X and LTE", LTE BAND 3, 1825, -58, 11, 0x0, 0, 0, -848, -83, 159',
            {
                "family": "neoway",
                "plmn": "46011",
                "tac": 0x7757,
                "rsrp_dbm": -84.8,
                "rsrq_db": -8.3,
                "rssi_dbm": -58,
                "sinr_db": None,
            },
        ),
        (
            "AT+ZCELLINFO?",
            "+ZCELLINFO: 0XFFFE,0XFFFFFFFF,123,LTE B3,1600",
            {"family": "zte", "tac": None, "cell_id": None, "band": 3, "earfcn": 1600},
        ),
        (
            "AT^SCELLINFO",
            "^SCELLINFO: CELL_ID:50896642 LAC_ID:11544 RSSI:71 RSRP:-105 CGI:310260",
            {"rssi_dbm": None, "tac": 11544},
        ),
    ],
)
def test_rows(command: str, line: str, wanted: dict[str, Any]) -> None:
    assert picked(read(command, line), wanted) == wanted


def test_qcrsrp_has_no_serving_cell_unless_another_reply_names_it() -> None:
    line = '$QCRSRP: 236,2300,"-105.30",012,5110,"-099.90"'
    alone = read("AT$QCRSRP?", line)
    assert picked(alone, {"family": 0, "pci": 0}) == {"family": "qualcomm", "pci": None}
    assert [(cell["pci"], cell["rsrp_dbm"]) for cell in alone["cells"]] == [(236, -105.3), (12, -99.9)]
    known = read("AT^SCELLINFO;$QCRSRP?", "^SCELLINFO: PCI:236 CHANNEL:2300 RSRP:-105", line)
    assert picked(known, {"pci": 0, "rsrp_dbm": 0}) == {"pci": 236, "rsrp_dbm": -105.3}
    assert [cell["pci"] for cell in known["cells"]] == [12]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("AT!GSTATUS?", "!GSTATUS: System mode: LTE EMM state: Registered Normal Service"),
        ("AT^DEBUG?", "RAT:LTE STATUS: SRV/REGISTERED"),
        ("AT+UCGED?", "+UCGED: 2 4,4,510,10 2525,5,50,50,e8fe,1a2d001,1,d60814d1,8001,01,28,31,13.75"),
        ("AT^SYSINFOEX", '^SYSINFOEX:2,3,0,1,,6,"LTE",101,"LTE"'),
    ],
)
@pytest.mark.parametrize(
    ("row", "registration"),
    [
        ("+CREG: 0,3", "home"),  # CS service alone is refused
        ("+CEREG: 0,3", "denied"),
        ("+CEREG: 0,0", "home"),
        ("+CREG: 0,5", "roaming"),
    ],
)
def test_registered_in_the_vendors_words_beside_a_refusal(command: str, line: str, row: str, registration: str) -> None:
    assert read(f"{command};{row.split(':', maxsplit=1)[0]}?", line, row)["registration"] == registration
