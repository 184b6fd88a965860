"""AT+QCAINFO (Quectel): the carriers. LTE `"PCC",EARFCN,<resource blocks>,"LTE BAND n",state,PCI,RSRP,RSRQ,RSSI,RSSNR`.

NR entries have a bandwidth index instead of resource blocks, then `PCI`, or `state,PCI,...`, or `PCI,RSRP,RSRQ,SNR/100`.
RSSNR is another quantity than the SINR of +QENG (they differ by 10 dB at the same moment): not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, pick, records, to_float, to_int
from agent.commands.qeng import nr_bandwidth_mhz
from agent.commands.qnwinfo import band_of
from telemetry import units


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier; `nr` tells whether `channel` is an NR-ARFCN."""

    primary: bool
    nr: bool
    channel: int | None
    band: int | None
    bandwidth_mhz: float | None
    pci: int | None
    rsrp_dbm: float | None = None
    rsrq_db: float | None = None
    rssi_dbm: float | None = None
    sinr_db: float | None = None


def parse(lines: Iterable[str]) -> list[Carrier]:
    """Read every carrier."""
    rows = [fields_of(record) for record in records(lines, "+QCAINFO")]
    return [
        _nr(row) if "NR" in row[3].upper() else _lte(row) for row in rows if len(row) >= 4 and row[0].upper() in ("PCC", "SCC")
    ]


def _pci_place(row: list[str]) -> int:
    """Return the place of the PCI: behind a state 0..3, unless a power (negative) follows at once."""
    state, after = to_int(pick(row, 4)), to_int(pick(row, 5))
    if state is None or not 0 <= state <= 3 or len(row) <= 5:
        return 4
    if after is None:  # a dash or a damaged number: either may be the PCI
        return len(row)
    return 5 if after >= 0 else 4


def _lte(row: list[str]) -> Carrier:
    place = _pci_place(row) if len(row) < 10 else 5
    rsrp, rsrq, rssi = (_below_zero(to_float(pick(row, place + step))) for step in (1, 2, 3))
    return Carrier(
        primary=row[0].upper() == "PCC",
        nr=False,
        channel=to_int(row[1]),
        band=band_of(row[3]),
        bandwidth_mhz=units.lte_resource_blocks_mhz(to_int(row[2])),
        pci=to_int(pick(row, place)),
        rsrp_dbm=rsrp,
        rsrq_db=rsrq,
        rssi_dbm=rssi,
    )


def _nr(row: list[str]) -> Carrier:
    place = _pci_place(row)
    rsrp, rsrq, snr = (to_float(pick(row, place + step)) for step in (1, 2, 3))
    measured = rsrp is not None and -156 <= rsrp <= -31
    return Carrier(
        primary=row[0].upper() == "PCC",
        nr=True,
        channel=to_int(row[1]),
        band=band_of(row[3]),
        bandwidth_mhz=nr_bandwidth_mhz(row[2]),
        pci=to_int(pick(row, place)),
        rsrp_dbm=rsrp if measured else None,
        rsrq_db=_below_zero(rsrq) if measured else None,
        sinr_db=snr / 100 if measured and place == 4 and snr is not None and abs(snr) > 40 else None,
    )


def _below_zero(value: float | None) -> float | None:
    """Powers and qualities of carriers are below zero; 0 is a filler."""
    return value if value is not None and value < 0 else None
