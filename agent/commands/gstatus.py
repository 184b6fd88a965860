"""AT!GSTATUS? (Sierra): `label: value` pairs, two a line or all on one. "EM74xx/MC74xx AT Command Reference", !GSTATUS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import answer, band_of, hint, labelled, number, settled, whole
from agent.commands.nrinfo import LABELS as NR_LABELS
from agent.commands.nrinfo import both_bases, read_nr_values
from telemetry.streams import Cell, Rat, Registration, Role

_PATH = r"(?:PCC|SCC\d?) Rx[\w]+"
LABELS = (
    *NR_LABELS,
    "Temperature", "System mode", "PS state", "EMM state", "5GMM state", r"GMM \(PS\) state", "RRC state", "IMS mode",
    "LTE band", "LTE bw", "LTE Rx chan", "LTE Tx chan", "LTE CA state", "LTE Scell band", "LTE Scell bw", "LTE Scell chan",
    r"LTE S[CS]C\d state", r"LTE S[CS]C\d band", r"LTE S[CS]C\d bw", r"LTE S[CS]C\d (?:Rx )?chan", r"LTE S[CS]C\d Tx chan",
    r"LTE S[CS]C\d UL Configured", rf"{_PATH} RSSI", rf"{_PATH} RSRP", r"RSSI \(dBm\)", r"RSRP \(dBm\)", r"RSRQ \(dBm?\)",
    r"SINR \(dBm?\)", "Tx Power", "TAC", "LAC", "Cell ID", "WCDMA band", "WCDMA channel", "RxM RSSI C0", "RxD RSSI C0",
    "RxM RSSI C1",
)  # fmt: skip
_MODES = {"LTE": Rat.LTE, "ENDC": Rat.NR_NSA, "EN-DC": Rat.NR_NSA, "NR5G": Rat.NR_SA, "SA": Rat.NR_SA, "WCDMA": Rat.WCDMA}
_UMTS_BANDS = {"2100": 1, "1900": 2, "850": 5, "900": 8}


def read_gstatus(replies: Sequence[Reply], reading: Reading) -> None:
    """Read AT!GSTATUS?: serving cell, NR leg, active secondary carriers, temperature."""
    values = _bound(labelled(_lines(replies), LABELS))
    for name in ("rsrq", "sinr"):  # some imitations print the wrong unit
        values.setdefault(f"{name} (db)", values.get(f"{name} (dbm)", ""))
    if not values:
        return
    word = values.get("system mode", "").upper().split(" ")[0]
    rat = _MODES.get(word) or (Rat.LTE if whole(values.get("lte rx chan", "")) is not None else None)
    set_plausible(reading.signal, reading.notes, rat=rat, temperature_c=number(values.get("temperature", "")))
    _registration(values, replies, reading)
    if rat in (Rat.LTE, Rat.NR_NSA):
        _lte(values, reading)
        _secondaries(values, reading)
    if rat is Rat.WCDMA:
        _wcdma(values, reading)
    read_nr_values(values, reading, standalone=rat is Rat.NR_SA)


def _lines(replies: Sequence[Reply]) -> list[str]:
    """Return the lines of the answer; it has no comma, so a line with one is not part of it."""
    return [line for line in answer(replies, "!GSTATUS") if "," not in line]


def _bound(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Name a bare `RSRP (dBm)` after the receive path whose RSSI stands before it."""
    named = []
    path = ""
    for label, value in pairs:
        if label.endswith(" rssi") and label[:3] in ("pcc", "scc"):
            path = label.removesuffix(" rssi")
        named.append((f"{path} rsrp" if path and label == "rsrp (dbm)" else label, value))
    return settled(named)


def _registration(values: Mapping[str, str], replies: Sequence[Reply], reading: Reading) -> None:
    """EMM state (5GMM on SA, GMM on 3G); the IMS registration is another matter, PS state is wrong on SA."""
    state = next((values[key].lower() for key in ("emm state", "5gmm state", "gmm (ps) state") if key in values), "")
    if "limited" in state:  # EMM-DEREGISTERED.LIMITED-SERVICE and EMM-REGISTERED.LIMITED-SERVICE, TS 24.301 5.1.3.2
        hint(reading.signal, Registration.LIMITED)
    elif state.startswith("registered"):
        hint(reading.signal, Registration.HOME, replies)
    elif state.startswith(("deregistered", "not registered")):
        hint(reading.signal, Registration.SEARCHING if "search" in state else Registration.NOT_REGISTERED)


def _lte(values: Mapping[str, str], reading: Reading) -> None:
    """Values of the main receive path RxM (Rx0); the diversity path RxD only where RxM has none."""
    main = ("pcc rxm rsrp", "pcc rx0 rsrp", "rsrp (dbm)")
    rsrp = _first(values, *main, "pcc rxd rsrp", "pcc rx1 rsrp")
    if rsrp is not None and _first(values, *main) is None:
        reading.notes.append("rsrp_dbm is of the diversity path: the main path has none")
    set_plausible(
        reading.signal,
        reading.notes,
        band=band_of(values.get("lte band", "")),
        bandwidth_dl_mhz=number(values.get("lte bw", "")),
        earfcn=whole(values.get("lte rx chan", "")),
        rsrp_dbm=rsrp,
        rsrp_0_dbm=_first(values, *main) if rsrp is not None else None,
        rsrp_1_dbm=_first(values, "pcc rxd rsrp", "pcc rx1 rsrp"),
        rssi_dbm=_first(values, "pcc rxm rssi", "pcc rx0 rssi", "rssi (dbm)"),
        rsrq_db=number(values.get("rsrq (db)", "")) if rsrp else None,  # RSRP 0 is no cell, the ratios beside it are fillers
        sinr_db=number(values.get("sinr (db)", "")) if rsrp else None,
        tx_power_dbm=number(values.get("tx power", "")) or None,  # 0 is also what an idle transmitter shows
        tac=both_bases("tac", values.get("tac", ""), reading),
        cell_id=both_bases("cell_id", values.get("cell id", ""), reading),
    )


def _first(values: Mapping[str, str], *names: str) -> float | None:
    """Return the first of several labels that holds a number; -140 or less is a path without antenna.

    None where a damaged number stands before it: the next label's would be another quantity.
    """
    for name in names:
        text = values.get(name, "")
        value = number(text)
        if value is None and re.search(r"[0-9]", text.partition(" ")[0]):
            return None
        if value is not None and value > -140:
            return value
    return None


def _secondaries(values: Mapping[str, str], reading: Reading) -> None:
    """`LTE Scell ...` (MC74xx) and `LTE SCC1 ...` (EM75/EM9x, there also spelt SSC1); only active ones carry data."""
    _secondary(values, "lte scell", values.get("lte ca state", ""), "scc", reading)
    for label, state in values.items():
        if carrier := re.fullmatch(r"(lte s[cs]c(\d)) state", label):
            _secondary(values, carrier.group(1), state, f"scc{carrier.group(2)}", reading)


def _secondary(values: Mapping[str, str], name: str, state: str, path: str, reading: Reading) -> None:
    band = band_of(values.get(f"{name} band", ""))
    if not state.upper().startswith("ACTIVE") or band is None:
        return
    cell = Cell(role=Role.SCC)
    set_plausible(
        cell,
        reading.notes,
        rat=Rat.LTE,
        band=band,
        bandwidth_dl_mhz=number(values.get(f"{name} bw", "")),
        earfcn=whole(values.get(f"{name} rx chan", values.get(f"{name} chan", ""))),
        rsrp_dbm=_first(values, f"{path} rxm rsrp"),
        rssi_dbm=_first(values, f"{path} rxm rssi"),
    )
    reading.cells.append(cell)


def _wcdma(values: Mapping[str, str], reading: Reading) -> None:
    band = re.match(r"(?:WCDMA\s+)?(\d+)", values.get("wcdma band", ""), re.IGNORECASE)
    set_plausible(
        reading.signal,
        reading.notes,
        band=_UMTS_BANDS.get(band.group(1)) if band else None,
        uarfcn=whole(values.get("wcdma channel", "")),
        rssi_dbm=number(values.get("rxm rssi c0", "")),
        tac=both_bases("tac", values.get("lac", ""), reading),
        cell_id=both_bases("cell_id", values.get("cell id", ""), reading),
    )
