from __future__ import annotations

import pytest

from tests.agent.modems.helpers import picked, read

EEM = "+EEMLTESVC: 1296, 2, 16, 6342, 81, 1650, 19650, 3, 5, 111742881, {}51, 21, 6, 51, 21, 51, 21, 65535, 0, 255, 0"


def test_the_imsi_is_never_read() -> None:
    found = read("AT+CCED=0,1", "+CCED:LTE current cell:510,10,510100000000123,0,3,n75,1650,111742881,51,19,6342,38,81")
    assert "510100000000123" not in str(found)
    assert picked(found, dict.fromkeys(("family", "plmn", "bandwidth_dl_mhz"))) == {
        "family": "openluat",
        "plmn": "51010",
        "bandwidth_dl_mhz": 15,
    }


@pytest.mark.parametrize(
    "row",
    [
        "LTE current cell:510,10,000000000000000,0,3,n100,1650,111742881,51,19,6342,38",  # a column short
        "LTE current cell:510,10,000000000000000,0,3,n100,1650,111742881,51,19,6342,38,81,7",
        "GSM current cell info:460,00,18be,5045,13,63,63",
        "NR current cell:510,10,000000000000000,0,3,n100,1650,111742881,51,19,6342,38,81",
    ],
)
def test_a_row_of_another_length_or_kind_is_left_out(row: str) -> None:
    found = read("AT+CCED=0,1", f"+CCED:{row}")
    assert found.keys() <= {"cells", "family", "notes"}


@pytest.mark.parametrize(("mode", "rest"), [("65535, ", ", 0, 0, 0, 0, 65535, 0, 0, 0"), ("", ", 0, 0, 0, 0, 0, 7")])
def test_both_layouts_of_eemltesvc(mode: str, rest: str) -> None:
    row = EEM.format(mode) + rest
    found = read("AT+EEMGINFO?", row)
    wanted = {"plmn": "51010", "tac": 6342, "pci": 81, "earfcn": 1650, "band": 3, "bandwidth_dl_mhz": 20, "rsrp_dbm": -90}
    assert picked(found, wanted) == wanted
    assert found["rsrq_db"] == -9.5
    assert "sinr_db" not in found


def test_three_digits_of_mnc_keep_their_zeros() -> None:
    row = EEM.format("65535, ").replace("1296, 2, 16", "784, 3, 18") + ", 0, 0, 0, 0, 65535, 0, 0, 0"  # 0x310, 0x012
    assert read("AT+EEMGINFO?", row)["plmn"] == "310012"


def test_neighbours_once_and_without_the_serving_cell() -> None:
    found = read(
        "AT+EEMGINFO?",
        EEM.format("65535, ") + ", 0, 0, 0, 0, 65535, 0, 0, 0",
        "+EEMLTEINTRA: 0, 81, 1650, 51, 21",
        "+EEMLTEINTRA: 1, 219, 1650, 36, 10",
        "+EEMLTEINTER: 0, 219, 1650, 36, 10",
        "+EEMLTEINTERRAT:0,0",
    )
    assert found["cells"] == [{"role": "neighbour", "rat": "lte", "pci": 219, "earfcn": 1650, "rsrp_dbm": -105, "rsrq_db": -15}]
