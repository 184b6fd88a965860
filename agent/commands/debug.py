"""AT^DEBUG? (Foxconn T99W175, T77W968; Dell DW5821e, DW5930e; Telit LN960): no prefix, `key:value` or `KEY: value` lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.bands import lte_fits
from agent.at.fields import plmn_of
from agent.at.plausible import Value, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import band_of, hint, labelled, number, settled, whole
from telemetry.streams import Cell, Rat, Registration, Role

_LABELS = (
    "RAT", "mcc", "mnc", "lte_cell_id", "lte_tac", "lte_tx_pwr", "lte_ant_rsrp", "nr_ant_rsrp", "rx_diversity", r"pcell\d?",
    r"scell\d?",
    "lte_band", "lte_band_width", "channel", "dl channel", r"channel \(dl\)", "pci", "lte_rsrp", "lte_rsrq", "rsrp", "rsrq",
    "lte_rssi",
    "rssi", "lte_snr", "snr", "nr_cell_id", "nr_tac", "nr_tx_pwr", "nr_band", "nr_band_width", "nr_channel", "nr_pci", "nr_rsrp",
    "nr_rsrq", "nr_snr", r"EARFCN\(DL/UL\)", "EARFCN", "BAND", "BW", "PLMN", "TAC", r"eNB ID\(PCI\)", "ESM CAUSE", "EMM CAUSE",
    "DRX",
    "L2W", "RI", "CQI", "RS-SINR", "RS-SNR", "STATUS", "SUB STATUS", "RRC Status", "SVC", "Tx Pwr", "TMSI", "IP", "AVG RSRP",
    "RSCP", "ECIO", "PSC", "LAC",
)  # fmt: skip
_CELL = {
    "lte_band": "band", "band": "band", "lte_band_width": "bandwidth_dl_mhz", "bw": "bandwidth_dl_mhz", "channel": "earfcn",
    "dl channel": "earfcn", "earfcn(dl/ul)": "earfcn", "earfcn": "earfcn", "pci": "pci",
    "lte_rsrp": "rsrp_dbm", "rsrp": "rsrp_dbm", "lte_rsrq": "rsrq_db", "rsrq": "rsrq_db",
    "lte_rssi": "rssi_dbm", "rssi": "rssi_dbm", "lte_snr": "sinr_db",
    "snr": "sinr_db", "rs-sinr": "sinr_db", "rs-snr": "sinr_db",
}  # fmt: skip
_NR = {
    "nr_band": "band", "nr_band_width": "bandwidth_dl_mhz", "nr_channel": "nrarfcn", "nr_pci": "pci", "nr_rsrp": "rsrp_dbm",
    "nr_rsrq": "rsrq_db", "nr_snr": "sinr_db", "nr_tx_pwr": "tx_power_dbm",
}  # fmt: skip
_MARK = re.compile(r"\bRAT ?:|lte_cell_id:|nr_cell_id:|eNB ID\(PCI\)|EARFCN\(DL/UL\)", re.IGNORECASE)


def read_debug(replies: Sequence[Reply], reading: Reading) -> None:
    """Read ^DEBUG?. A `channel ... pci` pair belongs to the pcell or scell word before it; -256, NA and `-` are unknown."""
    for reply in replies:
        if any(_MARK.search(line) for line in reply.lines):
            words = _read(labelled(reply.lines, _LABELS), reading)
            _registration(words, replies, reading)


def _read(pairs: Sequence[tuple[str, str]], reading: Reading) -> dict[str, str]:
    serving: dict[str, Value] = {}
    carriers: list[dict[str, Value]] = []
    nr: dict[str, Value] = {}
    current = serving
    for label, value in pairs:
        if label.startswith("scell"):
            current = {}
            carriers.append(current)
        elif label.startswith("pcell"):
            current = serving
        elif label in _NR:
            _put(nr, _NR[label], value)
        elif label in _CELL:
            _put(current, _CELL[label], value)
    words = settled(pairs)
    _fill(words, serving, nr, reading)
    for carrier in carriers:
        _checked_channel(carrier, reading)
        cell = Cell(role=Role.SCC)
        set_plausible(cell, reading.notes, rat=Rat.LTE, **carrier)
        reading.cells.append(cell)
    return words


def _put(cell: dict[str, Value], name: str, text: str) -> None:
    """Set a value; what stands twice with different values is unknown."""
    value = _value(name, text)
    if cell.setdefault(name, value) != value:
        cell[name] = None


def _value(name: str, text: str) -> Value:
    if name == "band":
        return band_of(text)
    if name in ("earfcn", "nrarfcn", "pci"):
        return whole(text)
    found = number(text)
    return None if found == -256 else found


def _checked_channel(cell: dict[str, Value], reading: Reading) -> None:
    """Leave out an EARFCN that is not in the band: some firmware prints it cut to 16 bits (band 66: 1000 for 66536)."""
    band, channel = cell.get("band"), cell.get("earfcn")
    if isinstance(band, int) and isinstance(channel, int) and lte_fits(band, channel) is False:
        reading.notes.append(f"channel {channel} is not in band {band}: left out")
        cell["earfcn"] = None


def _fill(words: dict[str, str], serving: dict[str, Value], nr: dict[str, Value], reading: Reading) -> None:
    rat = words.get("rat", "").upper()
    row, notes = reading.signal, reading.notes
    if rat.startswith("WCDMA"):
        _wcdma(words, reading)
        return
    if rat.startswith("NR") and "NSA" not in rat and "earfcn" not in serving:
        set_plausible(
            row, notes, rat=Rat.NR_SA, **nr, cell_id=whole(words.get("nr_cell_id", "")), tac=whole(words.get("nr_tac", ""))
        )
    elif serving or nr or rat.startswith("LTE"):
        _checked_channel(serving, reading)
        with_leg = nr.get("rsrp_dbm") is not None or nr.get("nrarfcn") is not None
        set_plausible(row, notes, rat=Rat.NR_NSA if with_leg else Rat.LTE, **serving)
        set_plausible(
            row,
            notes,
            cell_id=_cell_id(words),
            pci=_pci(words),
            tx_power_dbm=number(words.get("lte_tx_pwr", words.get("tx pwr", ""))),
        )
        set_plausible(row, notes, tac=_tac(words, reading), cqi=whole(words.get("cqi", "")))
        if with_leg:
            set_plausible(row, notes, **{f"nr_{name}": value for name, value in nr.items()})
    set_plausible(row, notes, plmn=_plmn(words))


def _plmn(words: dict[str, str]) -> str | None:
    if pair := re.match(r"(\d{3})[ -]?(\d{2,3})(?!\w)", words.get("plmn", "")):
        return "".join(pair.groups())
    digits = [re.match(r"\d+(?=[\s,;]|$)", words.get(label, "")) for label in ("mcc", "mnc")]
    return plmn_of(*(found.group() if found else "" for found in digits))


def _cell_id(words: dict[str, str]) -> int | None:
    """`lte_cell_id` in decimal, or `112819-3(16)`: eNB, sector, PCI (ECI = eNB * 256 + sector, TS 23.003 19.6)."""
    if parts := re.match(r"(\d+)-(\d+)(?=\()", words.get("enb id(pci)", "")):
        return int(parts.group(1)) * 256 + int(parts.group(2))
    return whole(words.get("lte_cell_id", ""))


def _pci(words: dict[str, str]) -> int | None:
    found = re.match(r"[\d-]*\((\d+)\)", words.get("enb id(pci)", ""))
    return int(found.group(1)) if found else None


def _tac(words: dict[str, str], reading: Reading) -> int | None:
    """Decimal in the key:value form; the base of the other form's `TAC:` is not settled unless it has letters."""
    if "lte_tac" in words:
        return whole(words["lte_tac"])
    text = words.get("tac", "").split(" ")[0]
    if re.fullmatch(r"(?=.*[A-Fa-f])[0-9A-Fa-f]{3,4}", text):
        return int(text, 16)
    if text:
        reading.notes.append("TAC may be decimal or hexadecimal: left out")
    return None


def _registration(words: dict[str, str], replies: Sequence[Reply], reading: Reading) -> None:
    """`STATUS: SRV/REGISTERED`; a service request can only be made by a registered modem (TS 24.301 5.1.3.2.2)."""
    state = words.get("status", "").upper()
    if re.match(r"SRV/(REGISTERED|SERVICE_REQUEST)", state):
        hint(reading.signal, Registration.HOME, replies)
    elif "DEREGISTERED" in state or state.startswith("NO_SRV"):
        hint(reading.signal, Registration.NOT_REGISTERED)


def _wcdma(words: dict[str, str], reading: Reading) -> None:
    set_plausible(
        reading.signal,
        reading.notes,
        rat=Rat.WCDMA,
        plmn=_plmn(words),
        band=band_of(words.get("band", "")),
        uarfcn=whole(words.get("channel (dl)", words.get("channel", ""))),
        pci=whole(words.get("psc", "")),
        rscp_dbm=number(words.get("rscp", "")),
        ecio_db=number(words.get("ecio", "")),
        rssi_dbm=number(words.get("rssi", "")),
    )
