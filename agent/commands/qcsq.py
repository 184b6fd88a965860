"""AT+QCSQ (Quectel): `"LTE",<rssi>,<rsrp>,<sinr>,<rsrq>`, `"WCDMA",<rssi>,<rscp>,<ecio>`, `"GSM",<rssi>`, `"NOSERVICE"`.

LTE SINR is 0..250 for -20..30 dB in steps of 0.2 (EC2x AT manual, +QCSQ). The scale of the NR form is not settled: left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, records, to_float
from agent.commands.qnwinfo import rat_of
from telemetry.streams import Rat


@dataclass(frozen=True, slots=True)
class Qcsq:
    """One line in physical units."""

    sysmode: str
    rssi_dbm: float | None = None
    rsrp_dbm: float | None = None
    rsrq_db: float | None = None
    sinr_db: float | None = None
    rscp_dbm: float | None = None
    ecio_db: float | None = None

    @property
    def rat(self) -> Rat | None:
        """Technology; None for NOSERVICE."""
        return rat_of(self.sysmode)


def parse(lines: Iterable[str]) -> list[Qcsq]:
    """Read every +QCSQ line."""
    rows = [fields_of(record) for record in records(lines, "+QCSQ")]
    return [_row(row) for row in rows if row]


def _row(row: list[str]) -> Qcsq:
    values = [to_float(text) for text in (*row[1:], "", "", "", "")]
    rssi = _below_zero(values[0])  # printed positive by some: not this
    match rat_of(row[0]):
        case Rat.NR_SA:
            place = 0 if len(row) == 4 else 1
            return Qcsq(row[0], rsrp_dbm=_below_zero(values[place]), rsrq_db=_below_zero(values[place + 2]))
        case Rat.LTE | Rat.LTE_M | Rat.NB_IOT:
            raw = values[2]
            sinr = 0.2 * raw - 20 if raw is not None and 0 < raw <= 250 else None
            return Qcsq(row[0], rssi, _below_zero(values[1]), _below_zero(values[3]), sinr)
        case Rat.WCDMA:
            return Qcsq(row[0], rssi, rscp_dbm=_below_zero(values[1]), ecio_db=values[2])
        case Rat.GSM:
            return Qcsq(row[0], rssi)
    return Qcsq(row[0])


def _below_zero(value: float | None) -> float | None:
    """Powers and RSRQ are below zero; 0 is a filler."""
    return value if value is not None and value < 0 else None
