"""Scales and codes at their ends, and which of several rows counts."""

from __future__ import annotations

import pytest

from agent.at.reading import Reading
from agent.commands.gtccinfo import band_number
from agent.commands.labels import band_of, number, settled, whole
from agent.commands.qeng import nr_bandwidth_mhz
from agent.modems.quectel import _lte_sinr
from tests.agent.modems.helpers import read


@pytest.mark.parametrize(
    ("code", "band"),
    [
        ("101", 1),
        ("199", 99),
        ("100", 100),
        ("200", 200),
        ("8", 8),
        ("5078", 78),
        ("501", 1),
        ("50257", 257),
        ("50", 50),
        ("", None),
    ],
)
def test_band_codes_of_fibocom(code: str, band: int | None) -> None:
    assert band_number(code) == band


@pytest.mark.parametrize(
    ("text", "mhz"),
    [
        *((str(index), mhz) for index, mhz in enumerate((5, 10, 15, 20, 25, 30, 40, 50, 60))),
        *((str(index), None) for index in (9, 10, 12, 16, 19, 21, 35, 45, 101, -1)),
        *((str(mhz), mhz) for mhz in (20, 25, 30, 40, 50, 60, 70, 80, 90, 100)),
        ("-", None),
    ],
)
def test_nr_bandwidth_of_quectel(text: str, mhz: float | None) -> None:
    assert nr_bandwidth_mhz(text) == mhz


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-75.7dBm,", -75.7),
        ("20 MHz LTE", 20),
        ("5MHz", 5),
        ("31C", 31),
        ("3t 5", None),
        ("3.5t", None),
        ("3.5.1", None),
        ("--", None),
        ("NA", None),
        ("12)", 12),
        ("-7/3", -7),
        ("7\tTAC", 7),
        ("+5", 5),
    ],
)
def test_number_at_the_start_of_a_value(text: str, value: float | None) -> None:
    assert number(text) == value


def test_whole_and_band_and_settled() -> None:
    assert [whole(text) for text in ("1850", "-1", "18.5", "80...", "3t", "1850 LTE", "")] == [
        1850,
        -1,
        None,
        None,
        None,
        1850,
        None,
    ]
    words = ("B7", "n41", "LTE BAND 3", "BAND_LTE_3", "5", "LTE_B40", "NR5G_N78", "B7t", "1234", "B12 MHz", "")
    assert [band_of(text) for text in words] == [7, 41, 3, 3, 5, 40, 78, None, None, 12, None]
    assert settled([("a", "1 x"), ("b", "2"), ("a", "1 y"), ("b", "3"), ("b", "2")]) == {"a": "1 x", "b": ""}


LAST = [
    ("AT+XLEC?", "+XLEC: 0,1,5,BAND_LTE_{}", "band", 3, 7),
    ("AT+XCESQ?", "+XCESQ: 0,99,99,255,255,20,{}", "rsrp_dbm", 51, 44),
    ("AT+XCCINFO?", '+XCCINFO: 0,510,11,"1",7,{},"1A2B",9,"0C","7D08",1', "band", 103, 107),
    ("AT^SMONI", "^SMONI: 4G,{},20,10,5,FDD,262,02,BF75,0345103,350,33,-94,-7,CONN", "earfcn", 6300, 6301),
    (
        "AT+NETDMSG",
        '+NETDMSG: "510+10", 0x1, 0x2, 122, "FDD LTE", LTE BAND 3, {}, -72, 1, 1, 1, 1, -1020, -135',
        "earfcn",
        1506,
        1507,
    ),
    ("AT^LTERSRP?", "^LTERSRP: {},-11", "rsrp_dbm", -97, -98),
    ("AT^HCSQ?", '^HCSQ: "GSM",{}', "rssi_dbm", 49, 48),
    ("AT%XMONITOR", '%XMONITOR: 1,"","","51010","81AE",7,20,"0331C805",{},6400,53,42', "pci", 281, 282),
    ("AT+ZCELLINFO?", "+ZCELLINFO: 0X1A2B,0X1C2D,LTE B3,{}", "earfcn", 1600, 1601),
    ("AT+ZCAINFO?", "+ZCAINFO: {},7,17758,2850,10", "pci", 299, 298),
    ("AT+ZRSSI", "+ZRSSI: {},-6.5,-76,19", "rsrp_dbm", -102, -101),
    ("AT+CPSI?", "+CPSI: LTE,Online,250-02,0x0EF8,22060,{},EUTRAN-BAND3,1725,3,2,-108,-889,-614,19", "pci", 58, 59),
]


@pytest.mark.parametrize(("command", "line", "name", "first", "last"), LAST, ids=lambda value: str(value)[:14])
def test_the_last_of_several_answers_counts(command: str, line: str, name: str, first: int, last: int) -> None:
    alone = read(command, line.format(last))
    assert read(command, line.format(first), line.format(last)) == alone
    assert read(command, line.format(first))[name] != alone[name]


def test_hexadecimal_channels_of_the_aggregation_list() -> None:
    found = read("AT+GTCAINFO?", "PCC:103,1D3,73A,75,75,1,1,1,3,44", "SCC 1:2,0,101,3E,C8,50,255,1,255,1,255,44")
    assert (found["pci"], found["earfcn"], found["rsrp_dbm"]) == (0x1D3, 0x73A, -97)
    assert (found["cells"][0]["pci"], found["cells"][0]["earfcn"]) == (0x3E, 0xC8)


@pytest.mark.parametrize(
    ("row", "levels"),
    [
        ("NR5G,644,627264,-12,-96,9", (-96, -12, 9)),
        ("NR5G,644,627264,-96,-12,9", (None, None, None)),  # another order: which is which cannot be told
        ("NR5G,644,627264,-12,,9", (None, None, None)),
        ("NR5G_NSA,644,NR5G_BAND78,627264,-960,-120,40", (-96, -12, None)),  # tenths or whole dB
        ("NR5G_NSA,644,NR5G_BAND78,627264,-960,-120,41", (-96, -12, 4.1)),
        ("NR5G_NSA,644,NR5G_BAND78,627264,-960,-120,0", (-96, -12, 0)),
        ("NR5G_NSA,644,NR5G_BAND78,627264,-96,-12,95", (-96, -12, 9.5)),
        ("NR5G_NSA,644,NR5G_BAND78,627264,-1580,-120,95", (None, -12, 9.5)),
        ("NR5G_NSA,644,NR5G_BAND78,627264,-157,-12,95", (-157, -12, 9.5)),
    ],
)
def test_the_nr_leg_of_simcom(row: str, levels: tuple[float | None, ...]) -> None:
    serving = "+CPSI: LTE,Online,250-02,0x0EF8,22060,58,EUTRAN-BAND3,1725,3,2,-108,-889,-614,19"
    found = read("AT+CPSI?", serving, f"+CPSI: {row}")
    assert tuple(found.get(name) for name in ("nr_rsrp_dbm", "nr_rsrq_db", "nr_sinr_db")) == levels


@pytest.mark.parametrize(
    ("raw", "qcsq", "sinr_db"),
    [(12, 18, 12), (12, 19, 19), (160, 18, 12), (160, 19, 19), (12, None, 12), (160, None, 12), (35, None, None), (-5, 20, -5)],
)
def test_the_sinr_of_quectel_is_the_meaning_near_qcsq_or_qcsq_itself(raw: int, qcsq: int | None, sinr_db: float | None) -> None:
    """Of one moment are values that differ by 6 dB at most."""
    reading = Reading()
    lines = [] if qcsq is None else [f'+QCSQ: "LTE",-65,-95,{5 * (qcsq + 20)},-10']
    assert _lte_sinr(raw, lines, reading) == sinr_db
