"""Layouts, sentinels and traps of the 3GPP, Quectel and SIMCom replies, one row each: reply lines to contract values.

A name that is expected as None must be absent.
"""

from __future__ import annotations

import pytest

from agent.modems import registry
from agent.parse import read_session
from telemetry.streams import present

Row = tuple[str, str, dict[str, object]]

GENERIC: list[Row] = [
    ("AT+CSQ", "+CSQ: 0,99", {"rssi_dbm": -113}),
    ("AT+CSQ", "+CSQ: 31,0", {"rssi_dbm": -51}),
    ("AT+CSQ", "+CSQ: 99,99", {"rssi_dbm": None}),
    ("AT+CSQ", "+CSQ: 150,99", {"rssi_dbm": None}),
    ("AT+CSQ", "+CSQ: 11,26", {"rssi_dbm": None}),  # XMM: RSRP on this scale
    ("AT+CSQ", "+CSQ: 9, 99", {"rssi_dbm": -95}),
    ("AT+CESQ", "+CESQ: 99,99,255,255,0,0", {"rsrp_dbm": -141, "rsrq_db": -20}),
    ("AT+CESQ", "+CESQ: 99,99,255,255,34,97", {"rsrp_dbm": -44, "rsrq_db": -3}),
    ("AT+CESQ", "+CESQ: 99,99,40,30,255,255", {"rscp_dbm": -81, "ecio_db": -9.5, "rsrp_dbm": None}),
    ("AT+CESQ", "+CESQ: 30,99,255,255,255,255", {"rssi_dbm": -81}),
    ("AT+CESQ", "+CESQ: 99,99,255,255,255,255,65,60,57", {"rsrp_dbm": -97, "rsrq_db": -11, "sinr_db": 5, "rat": "nr_sa"}),
    ("AT+CESQ", "+CESQ: 99,99,255,255,255,255,255,255,255", {"rsrp_dbm": None, "rat": None}),
    ("AT+CREG?", '+CREG: 2,1,"FFFE","FFFFFFFF",7', {"registration": "home", "tac": None, "cell_id": None}),
    ("AT+CREG?", "+CREG: 0,0", {"registration": "not_registered"}),
    ("AT+CREG?", '+CREG: 2,2,"0000","00000000",0', {"registration": "searching", "tac": None, "cell_id": None, "rat": None}),
    ("AT+CREG?", "+CREG: 0,8", {"registration": "limited"}),
    ("AT+CREG?;+CEREG?", "+CREG: 0,8\n+CEREG: 0,2", {"registration": "limited"}),
    ("AT+CEREG?", "+CEREG: 5,90", {"registration": "sim_fault", "sim": "fault"}),
    ("AT+CREG?", "+CREG: 0,9", {"registration": "home"}),
    ("AT+CREG?", "+CREG: 0,10", {"registration": "roaming"}),
    ("AT+CREG?", '+CREG: 2,6,"8B37","0A265185",7', {"registration": "home", "rat": "lte", "tac": 0x8B37}),
    ("AT+CREG?", '+CREG: 2,1,"8BE3","2B5D",3', {"rat": "gsm", "cell_id": 0x2B5D}),
    ("AT+CREG?", "+CREG: 0,1,84CD,00D30173", {"tac": 0x84CD, "cell_id": 0xD30173}),
    ("AT+CGREG?", '+CGREG: 2,1,"1234","00123456",7,"FF"', {"tac": 0x1234, "cell_id": 0x123456}),
    ("AT+CEREG?", "+CEREG: 2,1, 1F00, 20 ,79D903 ,7", {"tac": 0x1F00, "cell_id": 0x79D903, "rat": "lte"}),
    ("AT+CEREG?", '+CEREG: 5,1,"1F00","79D903",9,,,"00","00"', {"rat": "nb_iot"}),
    ("AT+CEREG?", "+CEREG: 2,1", {"registration": "home", "tac": None}),
    ("AT+C5GREG?", "+C5GREG: 0", {"registration": None}),
    ("AT+C5GREG?", '+C5GREG: 2,1,"00FFFFFE","00000001DEADBEEF",11', {"cell_id": 0x1DEADBEEF, "tac": None, "rat": "nr_sa"}),
    ("AT+CREG?;+CEREG?", '+CREG: 2,3\n+CEREG: 2,5,"1F00","79D903",7', {"registration": "roaming"}),
    ("AT+CREG?;+C5GREG?", '+CREG: 2,1,"0001","0000001",7\n+C5GREG: 2,0', {"registration": "home"}),
    ("AT+CREG?;+C5GREG?", '+CREG: 2,1,"0001","0BEEF01",7\n+C5GREG: 2,1,"60AA00","939204254",11,1,"01"', {"cell_id": 0x939204254}),
    ("AT+CREG?;+CEREG?", "+CREG: 0,2\n+CEREG: 0,4", {"registration": "searching"}),
    ("AT+CPIN?", "+CME ERROR: 10", {"registration": "no_sim"}),
    ("AT+CPIN?", "+CPIN: NOT INSERTED", {"registration": "no_sim"}),
    ("AT+CPIN?", "+CPIN: SIM PIN", {"registration": "sim_fault", "sim": "pin"}),
    ("AT+CPIN?", "+CPIN: SIM PIN2", {"registration": None, "sim": "ready"}),
    ("AT+CPIN?", "+CPIN: PH-NETSUB PUK", {"registration": "sim_fault", "sim": "locked"}),
    ("AT+CPIN?;+CREG?", "+CPIN: SIM PUK\n+CREG: 0,8", {"registration": "sim_fault", "sim": "puk"}),
    ("AT+CPIN?;+CREG?", "+CPIN: SIM PIN\n+CREG: 0,1", {"registration": "home", "sim": None}),
    ("AT+CPIN?", "+CME ERROR: 14", {"registration": None}),
    ("AT+COPS?", '+COPS:0,2,"51010",7', {"plmn": "51010", "rat": "lte"}),
    ("AT+COPS?", '+COPS: 0,2,"310260",2', {"plmn": "310260", "rat": "wcdma"}),
    ("AT+COPS?", '+COPS: 0,2,"2501",7', {"plmn": None}),
    ("AT+COPS?", '+COPS: 0,0,"A, B OK",13', {"plmn": None, "rat": "lte"}),
    ("AT+COPS?", "+COPS: 0", {"plmn": None}),
]

SERVING = 'AT+QENG="servingcell"'
LTE = '+QENG: "servingcell","{}","LTE","FDD",460,00,C558C84,251,1300,3,5,3,2835,-96,-18,-58,{}'
QUECTEL: list[Row] = [
    (
        SERVING,
        LTE.format("NOCONN", "-5,23"),
        {"registration": "home", "sinr_db": -5, "bandwidth_ul_mhz": 20, "bandwidth_dl_mhz": 10},
    ),
    (SERVING, LTE.format("CONECT", "20"), {"registration": "home", "sinr_db": 20}),
    (SERVING, LTE.format("LIMSRV", "35,-"), {"registration": "limited", "sinr_db": None}),
    (SERVING, LTE.format("NOCONN", "100,-"), {"sinr_db": 0}),  # Unisoc: 100/5 - 20
    (SERVING, LTE.format("NOCONN", "-3276,-"), {"sinr_db": None}),
    (SERVING, LTE.format("NOCONN", "9,11,160,-"), {"cqi": 11, "tx_power_dbm": 16}),
    (SERVING, LTE.format("NOCONN", "9,11,-32768,-"), {"cqi": 11, "tx_power_dbm": None}),
    (SERVING, LTE.format("NOCONN", "9,0,0,21"), {"cqi": None, "tx_power_dbm": None}),
    (SERVING, LTE.format("NOCONN", "9,0,-,21"), {"cqi": None, "tx_power_dbm": None}),
    (SERVING, '+QENG: "servingcell","NOCONN","LTE","FDD", 460,00,C558C84,251', {"plmn": "46000", "pci": 251, "rsrp_dbm": None}),
    (
        SERVING,
        '+QENG:"servingcell","NOCONN","LTE","FDD",250,1,-,-,-,-,-,-,-,-,-,-,-',
        {"plmn": "25001", "pci": None, "rat": "lte"},
    ),
    (SERVING, '+QENG: "servingcell","NOCONN","LTE","FDD",310,4,A1,1,66536,66,5,5,D00,-96,-11,-56,14', {"plmn": None}),
    (SERVING, '+QENG: "servingcell","SEARCH"', {"registration": "searching", "rat": None}),
    (
        SERVING,
        '+QENG: "servingcell","NOCONN","eMTC","FDD",262,03,2FAA03,187,6200,20,3,3,2AFB,-105,-11,-76,10,-',
        {"rat": "lte_m"},
    ),
    (
        SERVING,
        '+QENG: "servingcell","NOCONN","CAT-NB","FDD",262,03,2FAA03,187,6200,20,0,0,2AFB,-105,-11,-76,10,-',
        {"rat": "nb_iot", "bandwidth_dl_mhz": None, "rsrp_dbm": -105},
    ),
    (
        SERVING,
        '+QENG: "servingcell","NOCONN","NBIoT","FDD",262,03,2FAA03,187,6200,20,0,0,2AFB,-105,-11,-76,10,-',
        {"rat": "nb_iot"},
    ),
    (
        SERVING,
        '+QENG: "servingcell","NOCONN"\n+QENG: "LTE","FDD",216,30,30603,256,1500,3,5,5,4BB,-82,-9,-52,19,15,-190,-\n'
        '+QENG: "NR5G-NSA",',
        {"rat": "lte", "nr_rsrp_dbm": None, "tx_power_dbm": -19, "registration": "home"},
    ),
    (
        SERVING,
        '+QENG: "servingcell","NOCONN"\n+QENG: "LTE","FDD",216,30,30603,256,1500,3,5,5,4BB,-82,-9,-52,19,15,-190,-\n'
        '+QENG:"NR5G-NSA",216,30,954,-91,14,-10,638784,78,12,1',
        {
            "rat": "nr_nsa",
            "nr_sinr_db": 14,
            "nr_rsrq_db": -10,
            "nr_bandwidth_dl_mhz": None,
            "nr_scs_khz": 30,
            "earfcn": 1500,
            "pci": 256,
        },
    ),
    (
        SERVING,
        '+QENG: "servingcell","NOCONN"\n+QENG: "LTE","FDD",216,30,30603,256,1500,3,5,5,4BB,-82,-9,-52,19\n'
        '+QENG: "NR5G-NSA",216,30,954,-32768,-32768,-32768',
        {"rat": "nr_nsa", "nr_rsrp_dbm": None, "nr_sinr_db": None, "nr_rsrq_db": None, "nr_pci": 954},
    ),
    (
        SERVING,
        '+QENG: "servingcell","CONNECT","NR5G-SA","TDD",460,00,170C23000,901,46550B,504990,41,100,-54,-10,16,1,-',
        {"rat": "nr_sa", "bandwidth_dl_mhz": 100, "tac": 0x46550B, "cell_id": 0x170C23000, "sinr_db": 16, "rssi_dbm": None},
    ),
    (
        SERVING,
        '+QENG: "servingcell","NOCONN","WCDMA",515,03,3AB2,B55EEFF,3037,352',
        {"uarfcn": 3037, "pci": 352, "rscp_dbm": None},
    ),
    (
        SERVING,
        '+QENG: "servingcell","LIMSRV","GSM",460,00,247C,1327,35,82,-,-52,255',
        {"arfcn": 82, "rssi_dbm": -52, "pci": None},
    ),
    ("AT+CEREG?;+QENG", "+CEREG: 0,5\n" + LTE.format("NOCONN", "9"), {"registration": "roaming"}),
    ("AT+CEREG?;+QENG", "+CEREG: 0,3\n" + LTE.format("LIMSRV", "9"), {"registration": "denied"}),
    ("AT+CREG?;+QENG", "+CREG: 0,0\n" + LTE.format("CONNECT", "9"), {"registration": "home"}),
    ("AT+QCSQ;+QENG", '+QCSQ: "LTE",-58,-96,50,-18\n' + LTE.format("NOCONN", "50"), {"sinr_db": -10}),
    ("AT+QCSQ", '+QCSQ: "CAT-M1",-66,-94,142,-9', {"rat": "lte_m", "sinr_db": 8.4}),
    ("AT+QCSQ", '+QCSQ: "CAT-NB1",-66,-94,142,-9', {"rat": "nb_iot"}),
    ("AT+QCSQ", '+QCSQ: "LTE",85,-124,55,-18', {"rssi_dbm": None, "rsrp_dbm": -124}),
    ("AT+QCSQ", '+QCSQ: "WCDMA",-70,-81,-6', {"rscp_dbm": -81, "ecio_db": -6}),
    ("AT+QCSQ", '+QCSQ: "NOSERVICE"', {"registration": "not_registered", "rat": None}),
    ("AT+QNWINFO", '+QNWINFO: "TDD LTE",46000,"LTE BAND 40",38950', {"rat": "lte", "plmn": "46000", "band": 40, "earfcn": 38950}),
    ("AT+QNWINFO", '+QNWINFO: "WCDMA","46001","WCDMA 2100",10713', {"rat": "wcdma", "band": None, "uarfcn": 10713}),
    ("AT+QNWINFO", '+QNWINFO: "EDGE","46001","GSM 900",96', {"rat": "gsm", "arfcn": 96}),
    ("AT+QNWINFO", '+QNWINFO: "eMTC","310410","LTE BAND 12",5110', {"rat": "lte_m"}),
    (
        "AT+QNWINFO",
        '+QNWINFO: "FDD LTE","46001","LTE BAND 3",1650\n+QNWINFO: "TDD NR5G","46001","NR5G BAND 78",627264',
        {"rat": "nr_nsa", "band": 3, "earfcn": 1650, "nr_band": 78, "nr_nrarfcn": 627264},
    ),
    ("AT+QNWINFO", '+QNWINFO: "TDD NR5G","46000","NR5G BAND 41",504990', {"rat": "nr_sa", "nrarfcn": 504990}),
    ("AT+QNWINFO", "+QNWINFO: No Service", {"registration": "not_registered", "rat": None}),
    (
        "AT+QCAINFO",
        '+QCAINFO: "PCC",126490,1,"NR5G BAND 71",24+QCAINFO: "SCC",520110,12,"NR5G BAND 41",1,625,0,-,-',
        {"rat": "nr_sa", "nrarfcn": 126490, "band": 71, "bandwidth_dl_mhz": 10, "pci": 24},
    ),
    (
        "AT+QCAINFO",
        '+QCAINFO: "PCC",275,75,"LTE BAND 1",1,280,-99,-14,-67,-4\n+QCAINFO: "SCC",648768,8,"NR5G BAND 78",920,-96,-11,1850',
        {"rat": "nr_nsa", "earfcn": 275, "rsrp_dbm": -99, "sinr_db": None, "nr_pci": 920, "nr_rsrp_dbm": -96, "nr_sinr_db": 18.5},
    ),
    ("AT+QRSRP", "+QRSRP: -83,-77,-140,-140,NR5G", {"rsrp_dbm": -77}),
    ("AT+QRSRP", "+QRSRP: -140,-140,-44,-32768", {"rsrp_dbm": None}),
    ("AT+QTEMP", "+QTEMP: 31,28,29", {"temperature_c": 31}),
    ("AT+QTEMP", '+QTEMP: "modem-tsens","-273"\n+QTEMP: "tsens-pa","46"', {"temperature_c": 46}),
    ("AT+QSPN", '+QSPN: "VERY","VERY","VERY",0,"22288"', {"plmn": "22288"}),
    ("AT+QENG", "+CME ERROR: 4", {"registration": None}),
]

CPSI = "AT+CPSI?"
SIMCOM: list[Row] = [
    (
        CPSI,
        "+CPSI: LTE,Online,404-45,0x21F9,322642,453,EUTRAN-BAND40,39275,4,4,-168,-1126,-773,7",
        {"rsrp_dbm": -112.6, "rsrq_db": -16.8, "rssi_dbm": -77.3, "sinr_db": None},
    ),
    (
        CPSI,
        "+CPSI: LTE,Online,404-45,0x21F9,322642,453,EUTRAN-BAND40,39275,5,0,21,67,255,20",
        {"rsrp_dbm": -74, "rsrq_db": -9.5, "rssi_dbm": None, "bandwidth_ul_mhz": None},
    ),
    (CPSI, "+CPSI: LTE,Online,000-00,0x0000,0,0,EUTRAN-BAND0,0,0,0,0,0,0,0", {"registration": None, "rat": None, "tac": None}),
    (CPSI, "+CPSI: LTE,Online,404-45,0xFFFE,322642,453", {"tac": None, "pci": 453, "rsrp_dbm": None}),
    (
        CPSI,
        "+cpsi:LTE NB-IOT,Online,460-11,0x5AE1,187212754,82,EUTRAN-BAND5,2506,0,0,-7,-115,-110,13",
        {"rat": "nb_iot", "rsrp_dbm": -115, "bandwidth_dl_mhz": None},
    ),
    (CPSI, "+CPSI: NR5G_SA,Online,242-12,0x765D,4955280,0,NR5G_BAND78,640704,-740,-110,24", {"rsrp_dbm": -74, "sinr_db": None}),
    (
        CPSI,
        "+CPSI: NR5G_SA,Online,242-12,0x765D,4955280,0,NR5G_BAND78,640704,-74,-11,0",
        {"rsrp_dbm": -74, "rsrq_db": -11, "sinr_db": 0},
    ),
    (
        CPSI,
        "+CPSI: LTE,Online,460-11,0x5A1E,187214780,257,EUTRAN-BAND3,1850,5,5,-94,-850,-545,15\n"
        "+CPSI: NR5G_NSA,644,NR5G_BAND78,627264,-960,-120,95,1,12",
        {
            "rat": "nr_nsa",
            "rsrp_dbm": -85,
            "nr_rsrp_dbm": -96,
            "nr_rsrq_db": -12,
            "nr_sinr_db": 9.5,
            "nr_pci": 644,
            "registration": "home",
        },
    ),
    (
        CPSI,
        "+CPSI: LTE,Online,460-11,0x5A1E,187214780,257,EUTRAN-BAND3,1850,5,5,-94,-850,-545,15\n+CPSI: NR5G,644,627264,-12,-96,9",
        {"rat": "nr_nsa", "nr_rsrp_dbm": -96, "nr_rsrq_db": -12, "nr_sinr_db": 9, "nr_band": None},
    ),
    (
        CPSI,
        "+CPSI: LTE,Online,460-11,0x5A1E,187214780,257,EUTRAN-BAND3,1850,5,5,-94,-850,-545,15\n"
        "+CPSI: NOT IN EN-DC CONNECTED MODE",
        {"rat": "lte", "nr_pci": None},
    ),
    (
        CPSI,
        "+CPSI: WCDMA,Online,460-01,0xA809,-11122855,WCDMA IMT 2000,279,10663,0,1.5,62,33,52,500",
        {"cell_id": None, "rscp_dbm": -62, "tx_power_dbm": None},
    ),
    (CPSI, "+CPSI: GSM,Online,460-00,0x182d,12401,27 EGSM 900,-64,2110,42-42", {"arfcn": 27, "rssi_dbm": -64}),
    (CPSI, "+CPSI: NO SERVICE,Low Power Mode", {"registration": "not_registered"}),
    (
        "AT+CEREG?;+CPSI?",
        "+CEREG: 0,5\n+CPSI: LTE,Online,404-45,0x21F9,322642,453,EUTRAN-BAND40,39275,4,4,-168,-1126,-773,7",
        {"registration": "roaming"},
    ),
    (
        "AT+CEREG?;+CPSI?",
        "+CEREG: 0,2\n+CPSI: LTE,Online,404-45,0x21F9,322642,453,EUTRAN-BAND40,39275,4,4,-168,-1126,-773,7",
        {"registration": "limited"},
    ),
    (
        "AT+CREG?;+CPSI?",
        "+CREG: 0,0\n+CPSI: LTE,Online,404-45,0x21F9,322642,453,EUTRAN-BAND40,39275,4,4,-168,-1126,-773,7",
        {"registration": "home"},
    ),
    ("AT+CPIN?;+CPSI?", "+CPIN: NOT INSERTED\n+CPSI: NO SERVICE,Online", {"registration": "no_sim"}),
    ("AT+CPMUTEMP", "+CPMUTEMP: 31", {"temperature_c": 31}),
]


@pytest.mark.parametrize(("command", "lines", "expected"), [*GENERIC, *QUECTEL, *SIMCOM])
def test_reply(command: str, lines: str, expected: dict[str, object]) -> None:
    reading, _ = read_session(f"{command}\r\n{lines}\r\n\r\nOK\r\n" if "ERROR" not in lines else f"{command}\n{lines}\n")
    got = present(reading.signal)
    assert {name: got.get(name) for name in expected} == expected


def cells(command: str, lines: str) -> list[dict[str, object]]:
    reading, _ = read_session(f"{command}\n{lines}\nOK\n")
    return [dict(present(cell)) for cell in reading.cells]


def test_the_serving_cell_is_no_neighbour() -> None:
    serving = LTE.format("NOCONN", "-5,23")
    intra = (
        '+QENG: "neighbourcell intra","LTE",1300,251,-18,-96,-58,-20,37\n'
        '+QENG: "neighbourcell intra","LTE",1300,17,-19,-99,-58,-20,37'
    )
    assert [cell["pci"] for cell in cells("AT+QENG", f"{serving}\n{intra}")] == [17]
    assert [cell["pci"] for cell in cells("AT+QENG", intra)] == [251, 17]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            '"neighbourcell intra","LTE",1300,17,-19,-99,-58,-20',
            {"rat": "lte", "earfcn": 1300, "pci": 17, "rsrp_dbm": -99, "rsrq_db": -19, "rssi_dbm": -58},
        ),
        ('"neighbourcell inter","LTE",37900,-,-,-,-,-,-,0', {"rat": "lte", "earfcn": 37900}),
        ('"neighbourcell","LTE",1300,17,-99,-19,22', {"rat": "lte", "earfcn": 1300, "pci": 17, "rsrp_dbm": -99, "rsrq_db": -19}),
        (
            '"neighbourcell","WCDMA",10713,2,14,8,60,-1060,-130,12',
            {"rat": "wcdma", "uarfcn": 10713, "pci": 60, "rscp_dbm": -106, "ecio_db": -13},
        ),
        (
            '"neighbourcell","WCDMA",10713,20,60,-106,-13,0,1,12',
            {"rat": "wcdma", "uarfcn": 10713, "pci": 60, "rscp_dbm": -106, "ecio_db": -13},
        ),
        (
            '"neighbourcell","WCDMA",10713,60,-106,-13',
            {"rat": "wcdma", "uarfcn": 10713, "pci": 60, "rscp_dbm": -106, "ecio_db": -13},
        ),
        ('"neighbourcell","GSM",98,1,12,10,255,0,31,-630,20', {"rat": "gsm", "arfcn": 98, "rssi_dbm": -63}),
        ('"neighbourcell","GSM",460,00,247C,1327,35,82,-52,10,10,0,0', {"rat": "gsm", "arfcn": 82, "rssi_dbm": -52}),
    ],
)
def test_quectel_neighbour(row: str, expected: dict[str, object]) -> None:
    assert cells('AT+QENG="neighbourcell"', f"+QENG: {row}") == [{"role": "neighbour", **expected}]


def test_secondary_carriers_of_en_dc() -> None:
    lines = (
        '+QCAINFO: "PCC",275,75,"LTE BAND 1",1,280,-99,-14,-67,-4\n'
        '+QCAINFO: "SCC",1350,100,"LTE BAND 3",1,240,-95,-18,-68,-10,0,-,-\n'
        '+QCAINFO: "SCC",648768,8,"NR5G BAND 78",920\n+QCAINFO: "SCC",640000,8,"NR5G BAND 78",1,921,0,-,-'
    )
    assert cells("AT+QCAINFO", lines) == [
        {
            "role": "scc",
            "rat": "lte",
            "earfcn": 1350,
            "pci": 240,
            "band": 3,
            "bandwidth_dl_mhz": 20,
            "rsrp_dbm": -95,
            "rsrq_db": -18,
            "rssi_dbm": -68,
        },
        {"role": "scc", "rat": "nr_nsa", "nrarfcn": 640000, "pci": 921, "band": 78, "bandwidth_dl_mhz": 60},
    ]


def test_simcom_neighbours() -> None:
    lines = (
        "+CMGRMI: Serving_Cell,38950,460,00,9540,2,182870787,40,5,5,18,163,-64,-1081,-818,0\n+CMGRMI: LTE_Intra,1,38950,163,2\n"
        "+CMGRMI: LTE_Intra_Cell1,163,-64,-1081,-818,0\n+CMGRMI: LTE_Intra_Cell2,164,-120,-1150,-850,0\n"
        "+CMGRMI: LTE_Inter,2,Freq1,38400,0,0,0,0,Freq2,38544,0,0,0,0\n+CMGRMI: LTE_InterFreq2_Cell1,7,-130,-1190,-880,0"
    )
    assert cells("AT+CMGRMI=4", lines) == [
        {"role": "neighbour", "rat": "lte", "earfcn": 38950, "pci": 164, "rsrp_dbm": -115, "rsrq_db": -12, "rssi_dbm": -85},
        {"role": "neighbour", "rat": "lte", "earfcn": 38544, "pci": 7, "rsrp_dbm": -119, "rsrq_db": -13, "rssi_dbm": -88},
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Quectel\nEC25\nRevision: EC25EFAR06A03M4G", "quectel"),
        ("Manufacturer: SIMCOM INCORPORATED\nModel: SIMCOM_SIM7600G-H", "simcom"),
        ("some maker", None),
    ],
)
def test_select(text: str, name: str | None) -> None:
    family = registry.select(text)
    assert (family.name if family else None) == name


@pytest.mark.parametrize(
    ("session", "name"),
    [
        ("AT+CGMI\nQuectel\nOK\nAT+CSQ\n+CSQ: 20,99\nOK\n", "quectel"),
        ("ATI\nSIMCOM INCORPORATED\nOK\n", "simcom"),
        ('AT+QENG="servingcell"\nERROR\n', "quectel"),
        ("AT+CSQ\n+CSQ: 20,99\nOK\n", "generic"),
        ("AT+CSQ\n+QIND: SMS DONE\n+CSQ: 20,99\nOK\n", "generic"),
        ("", "generic"),
    ],
)
def test_detect(session: str, name: str) -> None:
    assert read_session(session)[1].name == name


def test_every_family_name_is_unique_and_generic_is_last() -> None:
    names = [family.name for family in registry.FAMILIES]
    assert len(names) == len(set(names))
    assert names[-1] == "generic"
