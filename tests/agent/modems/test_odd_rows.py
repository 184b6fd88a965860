"""Rows that are short, odd or of a kind that nobody documents: nothing is read of them that is not sure."""

from __future__ import annotations

import pytest

from agent.parse import parse

XMCI = '510,11,"0x7D08","0x01A2B301","0x00C8","0x0000071C","0x00004D6C","0xFFFFFFFF",44,20,20,4,5'
QENG = '+QENG: "servingcell","NOCONN","LTE","FDD",510,10,{ci},200,1850,3,5,5,7D08,{rsrp},-12,-70,10,20'


def read(command: str, *lines: str) -> dict[str, object]:
    found = parse("\r\n".join([command, *lines, "", "OK", ""]))
    del found["family"]
    return {name: value for name, value in found.items() if value != []}


@pytest.mark.parametrize("kind", ["1", "3", "6", "9", "45"])
def test_a_kind_of_row_that_is_not_documented_is_no_cell(kind: str) -> None:
    assert read("AT+XMCI=0", f"+XMCI: {kind},{XMCI}") == {}


def test_of_several_serving_answers_the_last_counts_alone() -> None:
    last = QENG.format(ci="1A2B302", rsrp=-105)
    alone = read('AT+QENG="servingcell"', last)
    assert alone["rsrp_dbm"] == -105
    assert read('AT+QENG="servingcell"', QENG.format(ci="1A2B301", rsrp=-80), last) == alone
    assert read('AT+QENG="servingcell"', QENG.format(ci="1A2B301", rsrp=-80).replace("LTE", "eMTC"), last) == alone


@pytest.mark.parametrize(("raw", "sinr"), [(0, None), (1, -19.8), (250, 30.0), (251, None), (300, None)])
def test_the_ends_of_the_scale_of_qcsq(raw: int, sinr: float | None) -> None:
    found = read("AT+QCSQ", f'+QCSQ: "LTE",-65,-95,{raw},-10')
    assert found.get("sinr_db") == (None if sinr is None else pytest.approx(sinr))


@pytest.mark.parametrize("values", ["-100", "-100,-11"])
def test_a_short_row_of_5g_gives_no_level(values: str) -> None:
    assert not {"nr_rsrp_dbm", "rsrp_dbm"} & read("AT+QCSQ", f'+QCSQ: "NR5G",{values}').keys()


@pytest.mark.parametrize("row", ['"PCC"', '"PCC",1850', '"PCC",1850,100', '"SCC",1850'])
def test_a_carrier_that_is_cut_off_is_none(row: str) -> None:
    assert read("AT+QCAINFO", f"+QCAINFO: {row}") == {}


@pytest.mark.parametrize("record", ['1,7D08,"01A2B3"', '5,7D08,"01A2B3",7'])
def test_a_modem_quotes_both_parts_of_a_location_or_none(record: str) -> None:
    assert read("AT+CREG?", f"+CREG: {record}") == {}


@pytest.mark.parametrize(("state", "carriers"), [("0", 0), ("1", 0), ("2", 1), ("3", 0)])
def test_only_an_active_carrier_is_one(state: str, carriers: int) -> None:
    found = read("AT+ZCAINFO?", f"+ZCAINFO: 200,3,0,1850,20;201,{state},8,3625,10")
    assert (found["pci"], len(found.get("cells", ()))) == (200, carriers)  # type: ignore[arg-type]


@pytest.mark.parametrize("rssi", ["", "RSSI:71"])
def test_a_level_without_its_sign_is_left_out_with_a_note(rssi: str) -> None:
    found = read("AT^SCELLINFO", "^SCELLINFO:", "CELL_ID:50896642", rssi or "PCI:3", "RSRP:-105")
    assert ("notes" in found, "rssi_dbm" in found) == (bool(rssi), False)


@pytest.mark.parametrize(("tenths", "rsrp"), [(-1081, -108.1), (-299, None), (0, None), (300, None), (-1411, None)])
def test_a_serving_row_of_another_layout_gives_no_level(tenths: int, rsrp: float | None) -> None:
    row = f"+CMGRMI: Serving_Cell,38950,460,00,9540,2,182870787,40,5,5,18,163,-64,{tenths},-818,0"
    assert read("AT+CMGRMI=4", row).get("rsrp_dbm") == rsrp


@pytest.mark.parametrize(
    ("head", "rat"), [("6,4,001,01", "lte_m"), ("6,1,001,01", None), ("6,3,001,01", None), ("6,001,01", "lte_m")]
)
def test_a_head_that_says_no_full_service_names_no_technology(head: str, rat: str | None) -> None:
    body = "5110,12,10,10,830e,162,-86,-14,131,-1,3,255,128"
    assert read("AT+UCGED?", "+UCGED: 2", head, body).get("rat") == rat


@pytest.mark.parametrize(
    ("code", "sim"),
    [(10, None), (11, "pin"), (12, "puk"), (13, "fault"), (14, None), (15, "fault"), (5, "locked"), (262, "blocked")],
)
def test_each_error_of_the_sim_has_its_own_meaning(code: int, sim: str | None) -> None:
    assert parse(f"AT+CPIN?\r\n+CME ERROR: {code}\r\n").get("sim") == sim


@pytest.mark.parametrize("row", ["99,99", "99,99,255,255,20", "99,99,255,255,255,255,50,60", "99,99,255,255,255,255,50"])
def test_a_cesq_that_is_cut_off_gives_nothing(row: str) -> None:
    assert read("AT+CESQ", f"+CESQ: {row}") == {}
