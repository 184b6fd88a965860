"""Single columns of answers where a wrong reading would look right: each by the function that reads that command."""

from __future__ import annotations

import pytest

from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands import bands, cell_scan, creg, gnss, hcsq, identity, qcainfo, qcsq, qeng, qnwinfo, zrssi
from telemetry.streams import Rat, Signal


def reading(rat: Rat | None = None) -> Reading:
    return Reading(signal=Signal(rat=rat))


def test_only_a_word_of_its_own_makes_a_line_the_nr_leg() -> None:
    lines = ('+QNWINFO: "FDD LTE","51010","LTE BAND 3",1850', '+QNWINFO: "NR5G-NSA","51010","NR5G BAND 40",467000')
    assert [row.nsa for row in qnwinfo.parse(lines)] == [False, True]
    assert qnwinfo.parse(["+QNWINFO: No Service"])[0].nsa is False


@pytest.mark.parametrize(("rsrp", "level"), [("-95", -95.0), ("0", None)])
def test_a_carrier_with_0_has_no_level(rsrp: str, level: float | None) -> None:
    [row] = qcainfo.parse([f'+QCAINFO: "PCC",1850,100,"LTE BAND 3",1,211,{rsrp},-11,-66,14'])
    assert row.rsrp_dbm == level


def test_who_answers_other_commands_is_no_maker() -> None:
    replies = [
        Reply("AT+CGMR", ("EC25EFAR06A06M4G",), "OK"),
        Reply("AT+CGMI", ("Quectel",), "OK"),
        Reply("AT+CGMM", ("EC25",), "OK"),
    ]
    assert (identity.parse(replies).maker, identity.parse(replies).model) == ("Quectel", "EC25")
    joined = identity.parse([Reply("AT+CGMM;+CGMI", ("EC25", "Quectel"), "OK")])
    assert (joined.maker, joined.model) == (None, None), "which line answers which cannot be told"


@pytest.mark.parametrize(("row", "level"), [("-71", -71.0), ("-71,-9,-8,1,5", None), ("0", None)])
def test_only_a_single_value_of_zrssi_is_an_rssi(row: str, level: float | None) -> None:
    into = reading()
    zrssi.read_zrssi([f"+ZRSSI: {row}"], into)
    assert into.signal.rssi_dbm == level


def test_the_last_rssi_counts_and_only_0_and_0_are_a_stub() -> None:
    into = reading()
    hcsq.read_hcsq(["^RSSI: 10"], into)
    assert into.signal.rssi_dbm == -93
    hcsq.read_hcsq(["^RSSI: 10", "^RSSI: 20"], into)
    assert into.signal.rssi_dbm == -73
    into = reading()
    hcsq.read_hcsq(['^HCSQ: "LTE",46,"",110,0'], into)
    assert not any("stub" in note for note in into.notes)
    hcsq.read_hcsq(['^HCSQ: "LTE",46,0,110,0'], into)
    assert any("stub" in note for note in into.notes)


@pytest.mark.parametrize("line", ['+QCSQ: "NR5G",-95,14,-11', '+QCSQ: "NR5G",-66,-95,14,-11'])
def test_the_quality_of_nr_stands_two_behind_its_power(line: str) -> None:
    [row] = qcsq.parse([line])
    assert (row.rsrp_dbm, row.rsrq_db) == (-95, -11)


@pytest.mark.parametrize(("hdop", "kept"), [("99.9", 99.9), ("100.0", None), ("150.0", None), ("0.1", 0.1), ("0.0", None)])
def test_a_dilution_of_100_or_0_is_no_dilution(hdop: str, kept: float | None) -> None:
    fix = gnss.parse([f"+QGPSLOC: 061951.0,0.50000,117.50000,{hdop},62.2,2,0.0,0.0,0.0,110501,09"])
    assert fix is not None
    assert fix.hdop == kept


@pytest.mark.parametrize(
    ("row", "whole"), [(["FDD", "510", "10"], False), (["510", "10", "1"], True), (["", "510", "10"], False)]
)
def test_a_cell_begins_at_its_mcc(row: list[str], whole: bool) -> None:
    assert qeng._from_mcc(row) == (row if whole else row[1:])


def test_a_row_with_two_numbers_of_three_digits_begins_with_the_first() -> None:
    assert qeng._from_mcc(["510", "010", "1"]) == ["510", "010", "1"]
    assert qeng._from_mcc(["12", "34"]) is None


@pytest.mark.parametrize(("rssi", "level"), [("-119", -119.0), ("-120", -120.0), ("-1190", -119.0)])
def test_a_neighbour_of_gsm_in_tenths_lies_below_120(rssi: str, level: float) -> None:
    assert qeng._gsm_neighbour(["71", "0", "0", "0", "ff", "3", "12", rssi, "0"]).values == {"rssi_dbm": level}


def test_the_first_column_of_ubandmask_is_no_mask() -> None:
    assert bands.parse(["+UBANDMASK: 2,5"]) == (1, 3)


def test_access_technologies_are_those_of_ts_27_007() -> None:
    """Clause 7.2, <AcT>; 8 is EC-GSM-IoT, 10 E-UTRA behind a 5G core, 13 an anchor."""
    gsm, utran, lte, nr = dict.fromkeys((0, 1, 3, 8), Rat.GSM), dict.fromkeys((2, 4, 5, 6), Rat.WCDMA), (7, 10, 13), (11, 12)
    assert {**gsm, **utran, **dict.fromkeys(lte, Rat.LTE), 9: Rat.NB_IOT, **dict.fromkeys(nr, Rat.NR_SA)} == creg.ACT


def test_a_cell_of_a_search_without_its_last_column_is_read() -> None:
    [row] = cell_scan.qops(['+QOPS: "TELKOMSEL","TSEL","51010"', '1,"4G",1850,211,"2F1A","1A2B3C4",-97,-11'])
    assert (row.plmn, row.pci, row.rsrp_dbm) == ("51010", 211, -97)


def test_a_pci_of_0_stands_behind_its_state() -> None:
    [row] = qcainfo.parse(['+QCAINFO: "SCC",1850,100,"LTE BAND 3",1,0'])
    assert row.pci == 0
