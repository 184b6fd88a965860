"""Scans, bands and positions: what each command's answer comes to, and that no answer at all brings a wrong value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.at.reply import Reply
from agent.commands import bands, cell_scan, cops_scan, gnss
from agent.commands.gnss import Fix
from agent.modems.model_bands import bands_of
from telemetry.streams import Rat, Scan, fields, plausible, present

COPS = (
    '+COPS: (2,"TELKOMSEL","TSEL","51010",7),(3,"XL (4G, LTE)","XL","51011",7),(1,"IND INDOSAT","IM3","51001",0),'
    '(1,"IND INDOSAT","IM3","51001",2),(0,"005400650073","","51009"),,(0,1,2,3,4),(0,1,2)'
)


def test_operators_of_a_scan() -> None:
    rows = cops_scan.parse([COPS])
    assert [(row.plmn, row.rat, row.status) for row in rows] == [
        ("51010", Rat.LTE, "current"),
        ("51011", Rat.LTE, "forbidden"),
        ("51001", Rat.GSM, "available"),
        ("51001", Rat.WCDMA, "available"),
        ("51009", None, "unknown"),
    ]


@pytest.mark.parametrize(
    ("line", "plmns"),
    [
        ("+COPS: ,,(0,1,2,3,4),(0,1,2)", []),
        ('+COPS: (1,"A","B","5101")', []),  # a dropped zero: whose it is cannot be told
        ('+COPS: (1,"00000","","00000",7)', []),
        ('+COPS: (9,"A","B","51010",7)', []),
        ("+COPS: (1,A,B,51010,7)", ["51010"]),
        ('+COPS: (1,"A","B","51010",13)', ["51010"]),
        ('+COPS: 0,2,"51010",7', []),  # the reply to a read
    ],
)
def test_only_whole_operators_count(line: str, plmns: list[str]) -> None:
    assert [row.plmn for row in cops_scan.parse([line])] == plmns


@pytest.mark.parametrize(
    ("command", "lines", "wanted"),
    [
        (
            "AT+QSCAN=3,1",
            ['+QSCAN: "LTE",510,10,1850,123,-85,-10,30,20,1A2B3C,4D5E,100,3'],
            [{"plmn": "51010", "rat": "lte", "earfcn": 1850, "pci": 123, "rsrp_dbm": -85, "rsrq_db": -10, "cell_id": 0x1A2B3C,
              "tac": 0x4D5E, "band": 3}],
        ),
        (
            "AT+QSCAN=3,1",
            ['+QSCAN: "NR5G",310,260,126270,93,-82,-12,35,0,105FB0001,A80000,79,71,12,0,-'],
            [{"plmn": "310260", "rat": "nr_sa", "nrarfcn": 126270, "pci": 93, "rsrp_dbm": -82, "rsrq_db": -12,
              "cell_id": 0x105FB0001, "tac": 0xA80000, "band": 71}],
        ),
        ("AT+QSCAN=3,1", ['+QSCAN: "LTE",311,480,5230,16,-105,-13,23,116'],
         [{"plmn": "311480", "rat": "lte", "earfcn": 5230, "pci": 16, "rsrp_dbm": -105, "rsrq_db": -13}]),
        ("AT+QSCAN=3,1", ['+QSCAN: "LTE",510,10,1850,123,-10,-85,30,20'], []),  # another order than the manual's
        (
            "AT+QOPS",
            ['+QOPS: "TELKOMSEL","TSEL","51010"', '1,"4G",1850,206,550B,F2D4A42,-72,-11,0', '2,"2G",16,550B,D89,16,35,27,0,1'],
            [{"plmn": "51010", "rat": "lte", "earfcn": 1850, "pci": 206, "tac": 0x550B, "cell_id": 0xF2D4A42, "rsrp_dbm": -72,
              "rsrq_db": -11}, {"plmn": "51010", "rat": "gsm", "arfcn": 16}],
        ),
        (
            "AT#CSURVC",
            ["Network survey started ...", "66786,-68,310,260,50896642,11544,236,0,-103,-15,20", "Network survey ended"],
            [{"plmn": "310260", "rat": "lte", "earfcn": 66786, "rssi_dbm": -68, "cell_id": 50896642, "tac": 11544, "pci": 236,
              "rsrp_dbm": -103, "rsrq_db": -15}],
        ),
        ("AT#CSURVC", ["6300,-95,222,10,100,1234,1234567"], []),
    ],
)  # fmt: skip
def test_cells_of_a_familys_scan(command: str, lines: list[str], wanted: list[dict[str, object]]) -> None:
    assert [present(row) for row in cell_scan.read(Reply(command, tuple(lines)))] == wanted


BG95 = (1, 2, 3, 4, 5, 8, 12, 13, 18, 19, 20, 25, 26, 27, 28, 66, 85)


@given(st.lists(st.text(alphabet='0123456789,"-.+QSCANOPURVC#:()LTEGR ', max_size=80), max_size=6))
def test_any_answer_gives_plausible_rows(lines: list[str]) -> None:
    rows: list[Scan] = cops_scan.parse(lines)
    for command in ("AT+QSCAN=3,1", "AT+QOPS", "AT#CSURVC"):
        rows += cell_scan.read(Reply(command, tuple(lines)))
    for row in rows:
        assert row.plmn is not None
        for name, value in present(row).items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                assert plausible(fields("scan")[name], value), name


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (['+QNWPREFCFG: "lte_band",1:3:5:8:40'], (1, 3, 5, 8, 40)),
        (['+QCFG: "band",0x93,0x80800c5,0x0'], (1, 3, 7, 8, 20, 28)),
        (['+QCFG: "band",0xf,0x100002000000000f0e189f,0x0'], BG95),
        (['+QCFG: "band",0x0,0x0,0x0'], None),
        (["+CNBP: 0x000700000FEB0180,0x00000000080800C5,0x0"], (1, 3, 7, 8, 20, 28)),
        (["#BND: 0,0,524420"], (3, 8, 20)),
        (['^SYSCFGEX: "00",3FFFFFFF,1,2,800C5,,'], (1, 3, 7, 8, 20)),
        (['^SYSCFGEX: "00",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,,'], None),  # "all that it has" does not say which
        (["+GTACT: 20,6,3,1,8,101,103,105,140,501"], (1, 3, 5, 40)),
        (["+UBANDMASK: 0,165,1,524420"], (1, 3, 6, 8)),
        (['+QCFG: "nwscanmode",0'], None),
        ([], None),
    ],
)
def test_bands_of_a_modem(lines: list[str], wanted: tuple[int, ...] | None) -> None:
    assert bands.parse(lines) == wanted


@pytest.mark.parametrize(
    ("text", "has", "lacks"),
    [
        ("EC25 EC25EFAR06A06M4G", 5, 28),
        ("EC25 EC25EUXGAR08A06M1G", 28, 5),
        ("EC25 EC25AUFAR06A01M4G", 28, 20),
        ("EG25 EG25GGBR07A08M2G", 28, 42),
        ("SIMCOM_SIM7600E-H LE20B04SIM7600M22", 40, 28),
        ("SIMCOM_SIM7600G-H LE20B03SIM7600M21-A", 28, 42),
    ],
)
def test_bands_by_model(text: str, has: int, lacks: int) -> None:
    found = bands_of(text)
    assert found is not None
    assert has in found
    assert lacks not in found


def test_an_unknown_model_has_no_bands() -> None:
    assert bands_of("L100 L100R01") is None


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("+QGPSLOC: 061951.000,0.53451,117.61723,1.2,41.5,3,000.00,0.0,0.0,271126,09", Fix(0.53451, 117.61723, 1.2)),
        ("+QGPSLOC: 061951.000,0.53451,117.61723,1.2,41.5,1,000.00,0.0,0.0,271126,09", None),  # no fix
        ("+CGPSINFO: 0032.0706,N,11737.0338,E,271126,061951.0,41.5,0.0,0.0", Fix(0.534510, 117.617230)),
        ("+CGPSINFO: 0115.0000,S,11654.0000,E,271126,061951.0,41.5,0.0,0.0", Fix(-1.25, 116.9)),
        ("+CGPSINFO: ,,,,,,,,", None),
        ("+CGPSINFO: 0000.0000,N,00000.0000,E,271126,061951.0,0.0,0.0,0.0", None),
        ("+CGPSINFO: 0099.0706,N,11737.0338,E,271126,061951.0,41.5,0.0,0.0", None),  # 99 minutes
        ("$GPSACP: 191913.000,4527.0142N,12236.5625W,1.0,56.5,3,264.5,0.0,0.0,230725,06,05", Fix(45.450237, -122.609375, 1.0)),
        ("$GPSACP: ,,,,,1,,,,,,", None),
    ],
)
def test_positions(line: str, fix: Fix | None) -> None:
    found = gnss.parse([line])
    if fix is None:
        assert found is None
        return
    assert found is not None
    assert (found.lat_deg, found.lon_deg) == pytest.approx((fix.lat_deg, fix.lon_deg), abs=1e-6)
    assert found.hdop == fix.hdop
