"""Numbers and places of commands on their edges: one step further, and the value would be another or none."""

from __future__ import annotations

import pytest

from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands import (
    bands,
    cced,
    cell_scan,
    cimi,
    cpsi,
    creg,
    gnss,
    gstatus,
    gtccinfo,
    hcsq,
    lteinfo,
    qant,
    qcainfo,
    qeng,
    qnwinfo,
    reject,
    rfsts,
    rsrp_list,
    servinfo,
    xccinfo,
    zcellinfo,
)
from telemetry.meaning import Rat


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('+QNWPREFCFG: "lte_band",1:256:257', (1, 256)),
        ('+QNWPREFCFG: "lte_band",0:257', None),
        ('+QCFG: "band",0xf,0xF,0x1', (1, 2, 3, 4)),
        ('+QCFG: "band",0xf,80000,0x1', (20,)),
        ("#BND: 1,5,9,0", (1, 4)),
        ("+CNBP: 0x1,0x10", (5,)),
        ('^SYSCFGEX: "00",3FFFFFFF,1,2,A', (2, 4)),
    ],
)
def test_bands_of_masks_and_lists(line: str, found: tuple[int, ...] | None) -> None:
    assert bands.parse([line]) == found


def test_every_column_of_a_neighbour_of_cced() -> None:
    reading = Reading()
    cced.read_cced(["+CCED:LTE neighbor cell:510,10,1850,99,50,20,21,22,123"], reading)
    (cell,) = reading.cells
    assert (cell.earfcn, cell.pci, cell.rsrp_dbm, cell.rsrq_db) == (1850, 123, -91, -10)


QSCAN = '"LTE",510,10,1850,123,{rsrp},{rsrq},30,20'


@pytest.mark.parametrize(
    ("line", "count"),
    [
        (QSCAN.format(rsrp=-85, rsrq=-10), 1),
        (QSCAN.format(rsrp=-85, rsrq=-10).rpartition(",")[0], 0),
        (QSCAN.format(rsrp=-10, rsrq=-85), 0),
        (QSCAN.format(rsrp="-", rsrq=-10), 0),
        (QSCAN.format(rsrp=-85, rsrq="-"), 0),
    ],
)
def test_a_scanned_cell_is_read_only_in_its_whole_layout(line: str, count: int) -> None:
    rows = cell_scan.qscan([f"+QSCAN: {line}"])
    assert len(rows) == count
    assert all((row.rsrp_dbm, row.rsrq_db) == (-85, -10) for row in rows)


def test_the_operator_of_a_qops_list_is_its_third_column() -> None:
    rows = cell_scan.qops(['+QOPS: "a","b","51010","51099"', '1,"4G",1850,123,4D5E,1A2B3C,-85,-10,0'])
    assert [row.plmn for row in rows] == ["51010"]


@pytest.mark.parametrize(("digits", "taken"), [(14, False), (15, True), (16, False)])
def test_an_imsi_has_fifteen_digits(digits: int, taken: bool) -> None:
    text = "510101234567890123"[:digits]
    assert cimi.imsi_of(Reply("AT+CIMI", (text,), "OK")) == (text if taken else None)


def test_a_file_of_the_sim_that_was_not_read_well_is_no_file() -> None:
    data = "98" + "01" * 9
    assert cimi.iccid_of(Reply("AT+CRSM", (f'+CRSM: 144,0,"{data}"',), "OK")) is not None
    assert cimi.iccid_of(Reply("AT+CRSM", (f'+CRSM: 106,130,"{data}"',), "OK")) is None
    assert cimi.iccid_of(Reply("AT+CRSM", (f'+CRSM: 144,0,"{data}FF"',), "OK")) is None


@pytest.mark.parametrize(
    ("line", "state", "cause"),
    [
        ('+CEREG: 3,3,"4D5E","1A2B3C",7,0,15', 3, 15),
        ('+CEREG: 5,3,"4D5E","1A2B3C",7,0,11', 3, 11),
        ('+CEREG: 2,1,"4D5E","1A2B3C",7', 1, None),
        ('+CEREG: 3,3,"4D5E","1A2B3C",7,1,15', 3, None),
        ("+CEREG: 3,3,,,,0,15", 3, 15),
    ],
)
def test_the_cause_of_a_refusal_stands_only_in_the_forms_that_have_one(line: str, state: int, cause: int | None) -> None:
    (row,) = creg.parse([Reply("AT+CEREG?", (line,), "OK")])
    assert (row.stat, row.cause) == (state, cause)


CGPS = "+CGPSINFO: {lat},{ns},{lon},{ew},241126,010203.0,12.1,0.0,"


@pytest.mark.parametrize(
    ("lat", "ns", "lon", "ew", "place"),
    [
        ("0032.0700", "N", "11730.0000", "E", (0.5345, 117.5)),
        ("0032.0700", "S", "11730.0000", "W", (-0.5345, -117.5)),
        ("9000.0000", "S", "18000.0000", "W", (-90, -180)),
        ("9000.0000", "N", "18000.0000", "E", (90, 180)),
        ("9000.0600", "S", "11730.0000", "E", None),
        ("0032.0700", "N", "18000.0600", "W", None),
        ("0060.0000", "N", "11730.0000", "E", None),
        ("0059.9999", "N", "11730.0000", "E", (0.99999833, 117.5)),
        ("0000.0000", "N", "11730.0000", "E", (0, 117.5)),
        ("0032.0700", "N", "00000.0000", "E", (0.5345, 0)),
        ("0000.0000", "N", "00000.0000", "E", None),
    ],
)
def test_positions_on_the_edges_of_the_globe(lat: str, ns: str, lon: str, ew: str, place: tuple[float, float] | None) -> None:
    fix = gnss.parse([CGPS.format(lat=lat, ns=ns, lon=lon, ew=ew)])
    assert (None if fix is None else (fix.lat_deg, fix.lon_deg)) == (None if place is None else pytest.approx(place))


@pytest.mark.parametrize(("text", "base"), [("FM350", 10), ("FM160", 16), ("FM190", 16), ("L860", None)])
def test_the_number_base_of_a_firmware(text: str, base: int | None) -> None:
    assert gtccinfo._base_of_firmware([], [text]) == base


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ('^HCSQ: "LTE",96,50,251,20', {"rssi_dbm": -25, "rsrp_dbm": -91, "sinr_db": 30, "rsrq_db": -10}),
        ('^HCSQ: "LTE",97,50,252,20', {"rssi_dbm": None, "sinr_db": None}),
        ('^HCSQ: "LTE",21,50,0,20', {"rssi_dbm": -100, "sinr_db": -20.2}),
        ('^HCSQ: "WCDMA",96,96,65', {"rssi_dbm": -25, "rscp_dbm": -25, "ecio_db": 0}),
        ('^HCSQ: "WCDMA",97,97,66', {"rssi_dbm": None, "rscp_dbm": None, "ecio_db": None}),
    ],
)
def test_the_ends_of_the_scales_of_hcsq(line: str, values: dict[str, float | None]) -> None:
    reading = Reading()
    hcsq.read_hcsq([line], reading)
    assert {name: getattr(reading.signal, name) for name in values} == values


def test_rows_of_a_table_on_one_line_and_with_their_last_column_missing() -> None:
    assert [list(row.values()) for row in lteinfo._rows("A B C\n1 2 3\n4 5\n6\n")] == [["1", "2", "3"], ["4", "5"]]
    assert [list(row.values()) for row in lteinfo._rows("A B C 1 2 3 4 5 6")] == [["1", "2", "3"], ["4", "5", "6"]]


def test_a_path_without_an_antenna_is_absent() -> None:
    (paths,) = qant.parse(["+QRSRP: -97,-140,-44,-32768,LTE"], "QRSRP")
    assert paths.values == (-97, None, None, None)
    (paths,) = qant.parse(["+QSINR: 140,44,LTE"], "QSINR")
    assert paths.values == (140, 44)


@pytest.mark.parametrize(("state", "place"), [("0", 5), ("3", 5), ("4", 4), ("-1", 4)])
def test_the_pci_of_a_carrier_stands_behind_its_state(state: str, place: int) -> None:
    assert qcainfo._pci_place(["SCC", "1850", "100", "LTE BAND 3", state, "123", "-97"]) == place


@pytest.mark.parametrize(("rsrp", "taken"), [(-156, True), (-157, False), (-31, True), (-30, False)])
def test_the_level_of_an_nr_carrier_is_in_its_range(rsrp: int, taken: bool) -> None:
    carrier = qcainfo._nr(["SCC", "627264", "12", "NR5G BAND 78", "123", str(rsrp), "-11", "1000"])
    assert (carrier.rsrp_dbm is not None) is taken


@pytest.mark.parametrize(
    ("first", "second", "rsrp", "rsrq"), [(-44, -10, -44, -10), (-10, -44, -44, -10), (-43, 0, None, -43), (-97, 3, -97, None)]
)
def test_rsrp_and_rsrq_of_a_neighbour_are_told_by_size(
    first: float, second: float, rsrp: float | None, rsrq: float | None
) -> None:
    assert qeng._by_size(first, second) == {"rsrp_dbm": rsrp, "rsrq_db": rsrq}


@pytest.mark.parametrize(("scaled", "rscp"), [("-201", -20.1), ("-200", None)])
def test_a_3g_neighbour_in_tenths_is_below_minus_20_dbm(scaled: str, rscp: float | None) -> None:
    found = qeng._umts_neighbour(["10563", "1", "2", "3", "99", scaled, "-75", "20"])
    assert (found.values or {}).get("rscp_dbm") == rscp


@pytest.mark.parametrize(("text", "unserved"), [("No Service", True), ("FDD LTE", False), ("GSM", False), ("WCDMA", False)])
def test_no_service_is_a_word_of_its_own(text: str, unserved: bool) -> None:
    (row,) = qnwinfo.parse([f'+QNWINFO: "{text}","51010","LTE BAND 3",1850'])
    assert row.no_service is unserved


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["+CEER: requested service option not authorized in this PLMN"], 35),
        (["+CEER: PLMN not allowed"], 11),
        (["^REJINFO: 51010,1,15,0"], 15),
        (["^REJINFO: 51010,42,15"], 15),
        (["#CEERNET: 42"], 42),
        (["#CEERNET: 43"], None),
        (['+QNETRC: "emm_cause",17'], 17),
    ],
)
def test_causes_by_their_numbers_and_words(lines: list[str], cause: int | None) -> None:
    assert reject.cause_of([Reply("AT", tuple(lines), "OK")]) == cause


def test_which_causes_speak_of_the_sim() -> None:
    assert {2, 3, 6, 7, 8} == reject.OF_THE_SIM
    assert {17, 22, 25, 31, 42} < reject.REFUSALS


@pytest.mark.parametrize(
    ("head", "rat"),
    [
        (["1850", "-97", "-66", "-11"], Rat.LTE),
        (["1850", "-97", "-66", "5"], Rat.LTE),
        (["1850", "-97", "5", "-11"], Rat.LTE),
        (["10563", "99", "-7", "-88"], Rat.WCDMA),
        (["10563", "x", "-7", "-88"], None),
        (["10563", "99", "-7", "88"], None),
        (["71", "-61", "4D5E", "01", "x"], Rat.GSM),
        (["71", "-61", "4D5E", "xx", "01"], None),
        (["71", "-61", "", "", "1", "2", "3", "4", "5"], Rat.GSM),
        (["71", "-61", "", "", "1", "2", "3", "4", "5", "6"], None),
    ],
)
def test_the_technology_of_rfsts_is_told_by_its_signs(head: list[str], rat: Rat | None) -> None:
    assert rfsts._rat(head) is rat


def test_a_damaged_level_of_a_list_keeps_its_place() -> None:
    assert rsrp_list.triplets(['+RSRP: 1,2,"-85.00",3,4,"x",5,6,"-7.-50"'], "+RSRP") == {(1, 2): -85, (-1, 1): 0, (5, 6): -7.5}


@pytest.mark.parametrize(("text", "cell_id"), [("1A2B3", 0x1A2B3), ("1A2B", None)])
def test_a_short_cell_id_of_servinfo_may_be_a_pci(text: str, cell_id: int | None) -> None:
    assert servinfo._cell_id(text, Reading()) == cell_id


def test_the_last_of_several_rows_counts() -> None:
    reading = Reading()
    xccinfo.read_xccinfo([f"+XCCINFO: 0,510,10,1A2B3{n},100,10{n},1,1,1,4D5E" for n in (1, 3)], reading)
    assert (reading.signal.band, reading.signal.cell_id) == (3, 0x1A2B33)
    reading = Reading()
    zcellinfo.read_zcellinfo([f"+ZCELLINFO: 0X1,0X{n},LTE B{n},1850" for n in (1, 3)], reading)
    assert (reading.signal.band, reading.signal.cell_id) == (3, 3)
    reading = Reading()
    zcellinfo.read_zcellinfo(["+ZCELLINFO: 0X7,0X8,LTE B3,1850", "+ZCELLINFO: x"], reading)
    assert reading.signal.band is None


def test_a_path_of_gstatus_at_minus_140_dbm_has_no_antenna() -> None:
    assert gstatus._first({"a": "-140", "b": "-139"}, "a", "b") == -139


def test_only_the_last_row_of_xccinfo_counts_whatever_it_says() -> None:
    reading = Reading()
    xccinfo.read_xccinfo(["+XCCINFO: 0,510,10,1A2B3C,100,103,1,1,1,4D5E", "+XCCINFO: 0,510,10,1A2B3C,100,1,1,1,1,4D5E"], reading)
    assert reading.signal.band is None


def test_every_column_of_the_serving_cell_of_cced() -> None:
    reading = Reading()
    cced.read_cced(["+CCED:LTE current cell:510,10,510100000000000,0,3,n100,1850,1715004,50,20,19789,22,123"], reading)
    found = reading.signal
    assert (found.plmn, found.band, found.bandwidth_dl_mhz, found.earfcn, found.cell_id) == ("51010", 3, 20, 1850, 1715004)
    assert (found.rsrp_dbm, found.rsrq_db, found.tac, found.pci) == (-91, -10, 19789, 123)


@pytest.mark.parametrize(
    ("rxlev", "c1", "dbm"), [(0, None, None), (-1, None, -1), (-71, None, -71), (71, None, None), (71, 35, -71)]
)
def test_a_gsm_level_without_a_sign_needs_c1(rxlev: int, c1: int | None, dbm: float | None) -> None:
    assert cpsi._rxlev_dbm(rxlev, c1) == dbm
