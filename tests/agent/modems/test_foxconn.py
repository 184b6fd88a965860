from __future__ import annotations

from typing import Any

import pytest

from tests.agent.modems.helpers import picked, read

ENDC = (
    "RAT:LTE+NR",
    "mcc:222,mnc:88",
    "lte_cell_id:80389889",
    "lte_tac:30648",
    "lte_tx_pwr:NA",
    "lte_ant_rsrp:rx_diversity:1 (-84.4dBm,NA,NA,NA)",
    "pcell: lte_band:3 lte_band_width:20.0MHz",
    "channel:1650 pci:28",
    "lte_rsrp:-84.1dBm,rsrq:-13.6dB",
    "lte_rssi:-50.6dBm,lte_snr:13.4dB",
    "scell: lte_band:7 lte_band_width:20.0MHz",
    "channel:3350 pci:85",
    "lte_rsrp:-256.0dBm,rsrq:-9.0dB",
    "nr_band:n78",
    "nr_band_width:80.0MHz",
    "nr_channel:638016",
    "nr_pci:532",
    "nr_rsrp:-87dBm rx_diversity:15 (-84.8,-112.4,-84.7,-116.1)",
    "nr_rsrq:-11dB",
    "nr_snr:29.0dB",
)
OLD = (
    "RAT:LTE", "EARFCN(DL/UL): 2850/20850", "BAND: 7", "BW: 20.0 MHz", "PLMN: 250 02", "TAC: 6420", "eNB ID(PCI): 645413-2(21)",
    "RSRP: -98.0dBm rx_diversity: 3 (-98.0dBm,-102.7dBm,-256.0dBm,-256.0dBm)", "RSRQ: -10.6dB", "RSSI: -67.4dBm", "CQI:  10",
    "RS-SNR: 2dB", "STATUS: SRV/REGISTERED", "SUB STATUS: NORMAL_SERVICE", "Tx Pwr: -", "AVG RSRP: -97.0dBm",
)  # fmt: skip


def test_endc() -> None:
    found = read("AT^DEBUG?", *ENDC)
    wanted = {
        "family": "foxconn", "rat": "nr_nsa", "plmn": "22288", "tac": 30648, "cell_id": 80389889, "earfcn": 1650,
        "pci": 28, "band": 3,
        "rsrp_dbm": -84.1, "rsrq_db": -13.6, "rssi_dbm": -50.6, "sinr_db": 13.4, "tx_power_dbm": None, "nr_band": 78,
        "nr_bandwidth_dl_mhz": 80, "nr_nrarfcn": 638016, "nr_pci": 532, "nr_rsrp_dbm": -87, "nr_rsrq_db": -11, "nr_sinr_db": 29,
    }  # fmt: skip
    assert picked(found, wanted) == wanted
    scc = {"role": "scc", "rat": "lte", "pci": 85, "earfcn": 3350, "band": 7, "bandwidth_dl_mhz": 20, "rsrq_db": -9}
    assert found["cells"] == [scc]


def test_pairs_glued_without_newlines_read_the_same() -> None:
    apart, glued = read("AT^DEBUG?", *ENDC), read("AT^DEBUG?", "".join(ENDC))
    assert apart == glued


def test_older_form() -> None:
    wanted = {
        "rat": "lte", "registration": "home", "plmn": "25002", "cell_id": 645413 * 256 + 2, "pci": 21, "earfcn": 2850, "band": 7,
        "rsrp_dbm": -98, "sinr_db": 2, "cqi": 10, "tac": None,
    }  # fmt: skip
    assert picked(read("AT^DEBUG?", *OLD), wanted) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("TAC: 1A2B", {"tac": 0x1A2B}),
        ("TAC: 1107", {"tac": None}),
        ("RSRP: -256.0dBm", {"rsrp_dbm": None}),
        ("RSRQ: -", {"rsrq_db": None}),
        ("STATUS: DEREGISTERED", {"registration": "not_registered"}),
        ("BAND: 66 EARFCN(DL/UL): 1000/132000", {"earfcn": None, "band": 66}),
        ("BAND: 66 EARFCN(DL/UL): 66536/132072", {"earfcn": 66536}),
    ],
)
def test_debug_traps(line: str, wanted: dict[str, Any]) -> None:
    assert picked(read("AT^DEBUG?", "RAT:LTE", line), wanted) == wanted


def test_carriers_in_words() -> None:
    found = read(
        "AT^CA_INFO?",
        "PCC info: Band is LTE_B66, Band_width is 20.0 MHz",
        "SCC1 info: Band is LTE_B2, Band_width is 10.0 MHz",
        "PCC info: Band is NR5G_N5, Band_width is 10.0 MHz",
    )
    wanted = {"rat": "nr_nsa", "band": 66, "bandwidth_dl_mhz": 20, "nr_band": 5, "nr_bandwidth_dl_mhz": 10}
    assert picked(found, wanted) == wanted
    assert found["cells"] == [{"role": "scc", "rat": "lte", "band": 2, "bandwidth_dl_mhz": 10}]


def test_rfsts_has_a_decimal_tac_and_ends_with_the_sinr() -> None:
    line = '^RFSTS: "25001",1602,-95.4,-64.6,-13.7,18100,255,,64,2,0,1A2B3C4,"262011234567890","Telekom.de",3,3,12.4'
    wanted = {
        "plmn": "25001",
        "tac": 18100,
        "cell_id": 0x1A2B3C4,
        "rsrp_dbm": -95.4,
        "rssi_dbm": -64.6,
        "sinr_db": 12.4,
        "band": 3,
    }
    assert picked(read("AT^RFSTS?", line), wanted) == wanted
