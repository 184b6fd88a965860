"""AT+CMGRMI=4 (SIMCom): serving cell and neighbours in LTE. All ids decimal, levels in tenths.

`Serving_Cell,EARFCN,MCC,MNC,TAC,digits of MNC,cell,band,DL bw,UL bw,RSSNR,PCI,RSRQ,RSRP,RSSI,...`; neighbours
`LTE_Intra_Cell<N>,PCI,RSRQ,RSRP,RSSI` on the channel of `LTE_Intra,<n>,<EARFCN>,...`, `LTE_InterFreq<k>_Cell<N>,...` on the
channel after `Freq<k>` in `LTE_Inter,...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.at.fields import fields_of, pick, records, to_int
from agent.commands.cpsi import lte_levels
from telemetry import units


@dataclass(frozen=True, slots=True)
class LteCell:
    """One cell; a neighbour has only channel, PCI and levels."""

    earfcn: int | None
    pci: int | None
    levels: dict[str, float | None]
    mcc: str = ""
    mnc: str = ""
    tac: int | None = None
    cell_id: int | None = None
    band: int | None = None
    bandwidth_dl_mhz: float | None = None
    bandwidth_ul_mhz: float | None = None


@dataclass(frozen=True, slots=True)
class Cmgrmi:
    """Serving cell (None outside LTE) and neighbours."""

    serving: LteCell | None
    neighbours: tuple[LteCell, ...]


def parse(lines: Iterable[str]) -> Cmgrmi:
    """Read the list; rows of other technologies are passed over."""
    rows = [row for record in records(lines, "+CMGRMI") if (row := fields_of(record))]
    serving = [_serving(row) for row in rows if row[0].lower() == "serving_cell" and _is_lte(row)]
    channels = _channels(rows)
    cells = []
    for row in rows:
        match = re.fullmatch(r"LTE_(?:Intra|Inter_?Freq(\d+))_Cell\d+", row[0], re.IGNORECASE)
        if match:
            levels = lte_levels(pick(row, 2), pick(row, 3), pick(row, 4))
            cells.append(LteCell(channels.get(match.group(1) or ""), to_int(pick(row, 1)), levels))
    return Cmgrmi(serving[-1] if serving else None, tuple(cells))


def _is_lte(row: Sequence[str]) -> bool:
    """Return whether a serving row has the LTE layout: RSRP in tenths stands in its place."""
    rsrp = to_int(pick(row, 13))
    return len(row) >= 15 and rsrp is not None and -1410 <= rsrp <= -300


def _channels(rows: Iterable[Sequence[str]]) -> dict[str, int | None]:
    """Return the EARFCN by number of the frequency, "" for the serving one."""
    channels: dict[str, int | None] = {}
    for row in rows:
        if row[0].lower() == "lte_intra":
            channels[""] = to_int(pick(row, 2))
        elif row[0].lower() == "lte_inter":
            for place, word in enumerate(row):
                if match := re.fullmatch(r"Freq(\d+)", word, re.IGNORECASE):
                    channels[match.group(1)] = to_int(pick(row, place + 1))
    return channels


def _serving(row: Sequence[str]) -> LteCell:
    return LteCell(
        earfcn=to_int(row[1]),
        mcc=row[2],
        mnc=row[3].zfill(3) if row[5] == "3" else row[3],
        tac=to_int(row[4]),
        cell_id=to_int(row[6]),
        band=to_int(row[7]),
        bandwidth_dl_mhz=units.lte_bandwidth_mhz(to_int(row[8])),
        bandwidth_ul_mhz=units.lte_bandwidth_mhz(to_int(row[9])),
        pci=to_int(row[11]),
        levels=lte_levels(row[12], row[13], row[14], row[10]),
    )
