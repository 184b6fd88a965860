"""Put values into a row: sentinels and implausible numbers are left out, each with a note. Shared by all families."""

from __future__ import annotations

import dataclasses
import re
from enum import StrEnum

from agent.at.fields import plmn_of
from telemetry.streams import STREAMS, Cell, Rat, Scan, Signal, fields, plausible

Value = StrEnum | str | float | int | None

LTE = (Rat.LTE, Rat.LTE_M, Rat.NB_IOT, Rat.NR_NSA)
"""Technologies whose serving cell is an LTE cell (nr_nsa: the anchor)."""
CHANNEL: dict[Rat, str] = {
    **dict.fromkeys(LTE, "earfcn"),
    Rat.NR_SA: "nrarfcn",
    Rat.WCDMA: "uarfcn",
    Rat.GSM: "arfcn",
}
"""Name of the channel number by technology."""

_LTE_LIMITS: dict[str, tuple[float, float]] = {
    "rsrp_dbm": (-141, -30),  # index 0 of TS 36.133 9.1.4 is the bin below -140
    "rsrq_db": (-30, 2.5),  # extended range, TS 36.133 9.1.7
    "pci": (0, 503),
    "tac": (0, 0xFFFD),
    "cell_id": (0, 0xFFFFFFE),
}
_UMTS_LIMITS: dict[str, tuple[float, float]] = {"pci": (0, 511), "tac": (0, 0xFFFD), "cell_id": (0, 0xFFFFFFE)}
_GSM_LIMITS: dict[str, tuple[float, float]] = {"tac": (0, 0xFFFD), "cell_id": (0, 0xFFFF)}
_NR_LIMITS: dict[str, tuple[float, float]] = {"rsrp_dbm": (-157, -31), "rsrq_db": (-43.5, 20), "tac": (0, 0xFFFFFD)}
LIMITS: dict[Rat, dict[str, tuple[float, float]]] = {
    **dict.fromkeys(LTE, _LTE_LIMITS),
    Rat.NR_SA: _NR_LIMITS,
    Rat.WCDMA: _UMTS_LIMITS,
    Rat.GSM: _GSM_LIMITS,
}
"""Ranges by technology, narrower than those of the contract."""

_FOREIGN: dict[Rat, tuple[str, ...]] = {
    **dict.fromkeys(LTE, ("nrarfcn", "uarfcn", "arfcn", "rscp_dbm", "ecio_db")),
    Rat.NR_SA: ("earfcn", "uarfcn", "arfcn", "rscp_dbm", "ecio_db"),
    Rat.WCDMA: ("earfcn", "nrarfcn", "arfcn", "rsrp_dbm", "rsrq_db", "sinr_db"),
    Rat.GSM: ("earfcn", "nrarfcn", "uarfcn", "rsrp_dbm", "rsrq_db", "sinr_db", "rscp_dbm", "ecio_db", "pci"),
}
_STREAM: dict[type, str] = {kind: stream for stream, kind in STREAMS.items()}


def set_plausible(row: Signal | Cell | Scan, notes: list[str], **values: Value) -> None:
    """Set the values given; None and what is implausible leave the row as it was. Later calls win over earlier ones.

    Give `rat` in the same call or before: the ranges depend on it. Names are those of the contract.
    """
    if values.get("rat") is not None:
        row.rat = Rat(str(values.pop("rat")))
    kinds = fields(_STREAM[type(row)])
    for name, value in values.items():
        if value is None:
            continue
        if not plausible(kinds[name], value) or not (isinstance(value, str) or _fits(_kind(row), name, value)):
            notes.append(f"{name} {str(value)[:12]} is not plausible: left out")
        elif isinstance(value, str):
            setattr(row, name, value)
        elif kinds[name].type is int:
            setattr(row, name, int(value))
        else:
            setattr(row, name, round(float(value), 3))


def set_missing(row: Signal | Cell | Scan, notes: list[str], **values: Value) -> None:
    """Set only what no other reply gave."""
    set_plausible(row, notes, **{name: value for name, value in values.items() if getattr(row, name) is None})


def put_plmn(signal: Signal, mcc: str, mnc: str) -> None:
    """Set the PLMN from a vendor's columns; one already there (+COPS) stays where the columns only lost leading zeros."""
    plmn = plmn_of(mcc, mnc)
    known = signal.plmn
    if known and re.fullmatch(r"[0-9]{1,2}", mnc.strip()) and known[:3] == mcc.strip() and int(known[3:]) == int(mnc):
        return
    signal.plmn = plmn or known


def is_same_cell(first: tuple[int | None, int | None], second: tuple[int | None, int | None]) -> bool:
    """Return whether two pairs of channel and PCI may be one cell; what is unknown may be anything."""
    return all(one is None or other is None or one == other for one, other in zip(first, second, strict=True))


def _kind(row: Signal | Cell | Scan) -> Rat | None:
    """Return the technology whose rules hold: a cell beside an LTE anchor is NR, the signal of EN-DC is the anchor."""
    return Rat.NR_SA if isinstance(row, Cell) and row.rat is Rat.NR_NSA else row.rat


def _fits(rat: Rat | None, name: str, value: float) -> bool:
    limits = _NR_LIMITS if name.startswith("nr_") else LIMITS.get(rat, {}) if rat else {}
    low, high = limits.get(name.removeprefix("nr_"), (value, value))
    return low <= value <= high


def tidy(row: Signal | Cell | Scan, notes: list[str]) -> None:
    """Take out what does not belong to the row's technology, as when a 3GPP reply spoke of another cell."""
    kind = _kind(row)
    if kind is None:
        return
    for name in _FOREIGN[kind]:
        setattr(row, name, None)
    for name in LIMITS[kind]:
        value = getattr(row, name, None)
        if value is not None and not _fits(kind, name, value):
            notes.append(f"{name} {value:g} is not plausible on {kind}: left out")
            setattr(row, name, None)
    if isinstance(row, Signal) and row.rat is not Rat.NR_NSA:
        for field in dataclasses.fields(row):
            if field.name.startswith("nr_"):
                setattr(row, field.name, None)
