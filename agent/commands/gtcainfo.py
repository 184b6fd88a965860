"""AT+GTCAINFO? (Fibocom FM150, FM160, FM190, FM350): the aggregated carriers. "FM160 & FM650 AT Commands Manual" 9.1.16."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.bands import base_of, lte_fits, nr_fits
from agent.at.fields import fields_of, pick, to_float, to_hex, to_int
from agent.at.plausible import Value, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.gtccinfo import band_number
from agent.commands.labels import answer
from telemetry.streams import Cell, Rat, Role
from telemetry.units import lte_resource_blocks_mhz, rsrp_dbm

_CARRIER = re.compile(r"(?:LTE\s+|NR\s+)?(PCC|SCC)\s*\d*\s*:\s*((?:(?!(?:LTE\s+|NR\s+)?[PS]CC).)*)", re.IGNORECASE)


def read_gtcainfo(replies: Sequence[Reply], reading: Reading) -> None:
    """Read +GTCAINFO: `PCC:band,PCI,channel,bw,...,rsrp` and `SCC n:state,ul,band,PCI,channel,bw,...`, lines or all on one.

    The primary fills only what +GTCCINFO left open. The level at the end of an SCC repeats that of the PCC: not taken.
    """
    lines = [line for line in answer(replies, "+GTCAINFO") if _CARRIER.match(line)]
    found = [(role.upper(), fields_of(text)) for line in lines for role, text in _CARRIER.findall(line)]
    carriers = [row for role, row in found if role == "PCC"]
    active = [row[2:] for role, row in found if role == "SCC" and pick(row, 0) == "2"]  # configured and active
    base = next((base for row in (*carriers, *active) if (base := _base(row)) is not None), None)
    for row in carriers:
        _primary(row, base, reading)
    for row in active:
        _secondary(row, base, reading)


def _is_nr(row: Sequence[str]) -> bool:
    return re.fullmatch(r"50\d{1,3}", pick(row, 0)) is not None


def _base(row: Sequence[str]) -> int | None:
    """Tell the base of channel and PCI: by the band, or 10 where the level at the end is in dBm (FM350)."""
    by_band = base_of(pick(row, 2), pick(row, 1), band_number(pick(row, 0)), nr_fits if _is_nr(row) else lte_fits)
    return 10 if by_band is None and pick(row, len(row) - 1).startswith("-") else by_band


def _values(row: Sequence[str], base: int | None) -> dict[str, Value]:
    """`band,PCI,channel,bw`; channel and PCI are left out when their base is not sure."""
    nr = _is_nr(row)
    band = band_number(pick(row, 0))
    read = to_int if base == 10 else to_hex
    channel, pci = (read(pick(row, i)) if base else None for i in (2, 1))
    width = to_int(pick(row, 3))
    values: dict[str, Value] = {"band": band, "pci": pci, "nrarfcn" if nr else "earfcn": channel}
    return values if nr else {**values, "bandwidth_dl_mhz": lte_resource_blocks_mhz(width)}


def _primary(row: Sequence[str], base: int | None, reading: Reading) -> None:
    values = _values(row, base)
    if values["band"] is None:
        return
    last = pick(row, len(row) - 1)
    level = to_float(last) if last.startswith("-") else None
    signal = reading.signal
    if "nrarfcn" in values:
        leg = signal.rat in (Rat.LTE, Rat.NR_NSA)
        set_plausible(signal, reading.notes, rat=Rat.NR_NSA if leg else Rat.NR_SA)
        found = {f"nr_{name}" if leg else name: value for name, value in {**values, "rsrp_dbm": level}.items()}
    else:
        if signal.rat is Rat.NR_SA:  # the NR carrier came first: it is the leg of this anchor
            _to_leg(reading)
        elif signal.rat is not Rat.NR_NSA:
            set_plausible(signal, reading.notes, rat=Rat.LTE)
        found = {**values, "rsrp_dbm": rsrp_dbm(to_int(last)) if level is None else level}
    set_plausible(signal, reading.notes, **{name: value for name, value in found.items() if getattr(signal, name) is None})


def _to_leg(reading: Reading) -> None:
    signal = reading.signal
    signal.rat = Rat.NR_NSA
    for name in ("nrarfcn", "pci", "band", "rsrp_dbm"):
        setattr(signal, f"nr_{name}", getattr(signal, name))
        setattr(signal, name, None)


def _secondary(row: Sequence[str], base: int | None, reading: Reading) -> None:
    values = _values(row, base)
    if values["band"] is None:
        return
    nr = "nrarfcn" in values
    cell = Cell(role=Role.SCC)
    set_plausible(
        cell, reading.notes, rat=(Rat.NR_SA if reading.signal.rat is Rat.NR_SA else Rat.NR_NSA) if nr else Rat.LTE, **values
    )
    reading.cells.append(cell)
