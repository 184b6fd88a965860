from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read

ENDC = (
    "!GSTATUS: ",
    "Current Time:  68882\t\tTemperature: 43",
    "Thermal Mitigation Level: 0",
    "System mode:   ENDC        \tPS state:    Attached     ",
    "LTE band:      B3     \t\tLTE bw:      20 MHz  ",
    "LTE Rx chan:   1700\t\tLTE Tx chan: 19700",
    "LTE SCC1 state:INACTIVE    \tLTE SCC1 band: B1     ",
    "LTE SCC1 bw  : 20 MHz  \t\tLTE SCC1 Rx chan: 500",
    "LTE SCC2 state:ACTIVE    \tLTE SCC2 band: B7     ",
    "LTE SCC2 bw  : 15 MHz  \t\tLTE SCC2 Rx chan: 3050",
    "EMM state:     Registered     \tNormal Service ",
    "IMS reg state: NOT REGISTERED  \tIMS mode:    Normal       ",
    "PCC RxM RSSI:  -65\t\tPCC RxM RSRP:  -99",
    "PCC RxD RSSI:  -82\t\tPCC RxD RSRP:  -122",
    "SCC2 RxM RSSI: -83\t\tSCC2 RxM RSRP: -111",
    "Tx Power:      --\t\tTAC:         1206 (4614)",
    "RSRQ (dB):     -13.4\t\tCell ID:     019E4A03 (27150851)",
    "SINR (dB):     2.6",
    "NR5G band:     n78    \t\tNR5G bw:     90 MHz",
    "NR5G Rx chan:   641760\t\tNR5G Tx chan: 641760",
    "NR5G RSRP (dBm):     -100\t\tNR5G RSRQ (dB):     -11",
    "NR5G SINR (dB):     9.5",
)


def test_endc_keeps_the_anchor_on_top_and_the_leg_beside_it() -> None:
    found = read("AT!GSTATUS?", *ENDC)
    wanted = {
        "rat": "nr_nsa", "registration": "home", "earfcn": 1700, "band": 3, "rsrp_dbm": -99, "rssi_dbm": -65, "tac": 4614,
        "cell_id": 27150851, "tx_power_dbm": None, "nr_nrarfcn": 641760, "nr_band": 78, "nr_bandwidth_dl_mhz": 90,
        "nr_rsrp_dbm": -100, "nr_rsrq_db": -11, "nr_sinr_db": 9.5, "temperature_c": 43,
    }  # fmt: skip
    assert picked(found, wanted) == wanted
    scc = {"role": "scc", "rat": "lte", "earfcn": 3050, "band": 7, "bandwidth_dl_mhz": 15, "rsrp_dbm": -111, "rssi_dbm": -83}
    assert found["cells"] == [scc]  # SCC1 is inactive


def test_lines_joined_by_another_program_read_the_same() -> None:
    apart, joined = read("AT!GSTATUS?", *ENDC), read("AT!GSTATUS?", " ".join(ENDC).replace("\t", " "))
    assert apart == joined


def test_standalone() -> None:
    found = read(
        "at!gstatus?",
        "!GSTATUS:",
        "System mode:   NR5G           PS state:    Not attached",
        "NR5G TAC:        2d6600       NR5G Cell ID:    1C649D138 (7621693752)",
        "NR5G MCC-MNC:    310-260",
        "NR5G band:       n41          NR5G Carrier ID: 0",
        "NR5G dl bw:      20 MHz",
        "NR5G Rx chan:    521232",
        "NR5G RSRP (dBm): -104        NR5G RSRQ (dB):  -15",
        "NR5G SINR (dB):   0.5",
    )
    wanted = {
        "rat": "nr_sa", "tac": 0x2D6600, "cell_id": 7621693752, "plmn": "310260", "band": 41, "nrarfcn": 521232, "rsrp_dbm": -104,
        "rsrq_db": -15, "sinr_db": 0.5, "registration": None, "earfcn": None, "nr_rsrp_dbm": None,
    }  # fmt: skip
    assert picked(found, wanted) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("LTE Rx chan: 4294967295", {"earfcn": None}),
        ("LTE Rx chan: 0 LTE Tx chan: 18000", {"earfcn": 0}),
        ("PCC RxM RSSI: -100 PCC RxM RSRP: -140 PCC RxD RSSI: -80 PCC RxD RSRP: -108", {"rsrp_dbm": -108}),
        ("PCC RxM RSSI: -45 RSRP (dBm): -81 PCC RxD RSSI: -44 RSRP (dBm): -79", {"rsrp_dbm": -81, "rssi_dbm": -45}),
        ("TAC: 8C65 (35666)", {"tac": None}),
        ("TAC: FFFE (65534)", {"tac": None}),
        ("Cell ID: 00... (80...)", {"cell_id": None}),
        ("RSRP (dBm): 0 RSRQ (dB): 0.0 SINR (dB): 0.0", {"rsrp_dbm": None, "rsrq_db": None, "sinr_db": None}),
        ("EMM state: Deregistered No Cell Available", {"registration": "not_registered"}),
        ("EMM state: Deregistered Plmn Search", {"registration": "searching"}),
        ("IMS reg state: NOT REGISTERED", {"registration": None}),
        ("NR5G band: --- NR5G Rx chan: --- NR5G RSRP (dBm): ---", {"rat": "lte", "nr_band": None}),
    ],
)
def test_gstatus_traps(line: str, wanted: dict[str, Any]) -> None:
    assert picked(read("AT!GSTATUS?", f"!GSTATUS: System mode: LTE {line}"), wanted) == wanted


def test_em7565_spells_the_secondary_carrier_its_own_way() -> None:
    line = "!GSTATUS: System mode: LTE LTE SSC1 state:ACTIVE LTE SSC1 band: B66 LTE SSC1 bw  : 10 MHz LTE SSC1 chan: 66611"
    scc = {"role": "scc", "rat": "lte", "earfcn": 66611, "band": 66, "bandwidth_dl_mhz": 10}
    assert read("AT!GSTATUS?", line)["cells"] == [scc]


def test_wcdma() -> None:
    found = read(
        "AT!GSTATUS?",
        "!GSTATUS:",
        "System mode:   WCDMA      \tPS state:    Attached",
        "WCDMA band:    WCDMA 2100 ",
        "WCDMA channel: 10564",
        "GMM (PS) state:REGISTERED  \tNORMAL SERVICE",
        "WCDMA L1 State:L1M_PCH_SLEEP   \tLAC:         0EE7 (3815)",
        "RRC state:     DISCONNECTED     Cell ID:     000D9ED9 (892633)",
        "RxM RSSI C0:   -82\t\tRxD RSSI C0:    ---",
    )
    wanted = {"rat": "wcdma", "band": 1, "uarfcn": 10564, "tac": 3815, "cell_id": 892633, "rssi_dbm": -82, "registration": "home"}
    assert picked(found, wanted) == wanted


def test_lteinfo_in_columns_gives_the_pci_and_the_neighbours() -> None:
    found = read(
        "AT!LTEINFO?",
        "!LTEINFO:",
        "Serving:   EARFCN MCC MNC   TAC      CID Bd D U SNR PCI  RSRQ   RSRP   RSSI RXLV",
        "            66786 310 260 11544 03089F02 66 5 5  -1 236 -14.9 -103.3  -66.6 20",
        "IntraFreq:                                          PCI  RSRQ   RSRP   RSSI RXLV",
        "                                                    236 -14.9 -103.3  -66.6 20",
        "                                                    322 -19.2 -108.3  -79.7 20",
        "InterFreq: EARFCN ThresholdLow ThresholdHi Priority PCI  RSRQ   RSRP   RSSI RXLV",
        "             5230            0           0        0 100 -12.0  -99.0  -70.0  0",
        "WCDMA:     UARFCN ThreshL ThreshH Prio PSC   RSCP  ECN0 RXLV",
    )
    wanted = {
        "rat": "lte",
        "plmn": "310260",
        "tac": 11544,
        "cell_id": 0x3089F02,
        "pci": 236,
        "bandwidth_dl_mhz": 20,
        "sinr_db": -1,
    }
    assert picked(found, wanted) == wanted
    assert [(cell["earfcn"], cell["pci"], cell["rsrp_dbm"]) for cell in found["cells"]] == [
        (66786, 322, -108.3),
        (5230, 100, -99),
    ]


def test_nrinfo_of_an_anchored_cell_is_a_leg() -> None:
    found = read(
        "AT!NRINFO?", "!NRINFO:", "Connectivity Mode: NSA", "NR5G band: n78 NR5G Rx chan: 627340", "NR5G RSRP (dBm): -90"
    )
    wanted = {"rat": "nr_nsa", "nr_band": 78, "nr_nrarfcn": 627340, "nr_rsrp_dbm": -90, "rsrp_dbm": None}
    assert picked(found, wanted) == wanted
