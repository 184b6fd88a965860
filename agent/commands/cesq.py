"""AT+CESQ: extended signal quality (TS 27.007 8.69). Six indices, nine from Release 15; 99 or 255 unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, records, to_int
from telemetry import units


@dataclass(frozen=True, slots=True)
class Cesq:
    """Raw indices as printed; `units` turns them into dBm and dB."""

    rxlev: int | None
    ber: int | None
    rscp: int | None
    ecno: int | None
    rsrq: int | None
    rsrp: int | None
    ss_rsrq: int | None = None
    ss_rsrp: int | None = None
    ss_sinr: int | None = None

    @property
    def lte(self) -> dict[str, float | None]:
        """Contract values of an LTE cell."""
        return {"rsrp_dbm": units.rsrp_dbm(self.rsrp), "rsrq_db": units.rsrq_db(self.rsrq)}

    @property
    def nr(self) -> dict[str, float | None]:
        """Contract values of an NR cell."""
        return {
            "rsrp_dbm": units.ss_rsrp_dbm(self.ss_rsrp),
            "rsrq_db": units.ss_rsrq_db(self.ss_rsrq),
            "sinr_db": units.ss_sinr_db(self.ss_sinr),
        }

    @property
    def umts(self) -> dict[str, float | None]:
        """Contract values of a 3G cell."""
        return {"rscp_dbm": units.rscp_dbm(self.rscp), "ecio_db": units.ecno_db(self.ecno)}

    @property
    def gsm(self) -> dict[str, float | None]:
        """Contract values of a 2G cell."""
        return {"rssi_dbm": units.rxlev_dbm(self.rxlev)}


def parse(lines: Iterable[str]) -> list[Cesq]:
    """Read every +CESQ line of at least six values; one that misses among them was torn, and proves nothing by the rest."""
    rows = [[to_int(value) for value in fields_of(record)] for record in records(lines, "+CESQ")]
    return [Cesq(*row[:6], *(row[6:9] if len(row) >= 9 else ())) for row in rows if len(row) >= 6 and None not in row[:6]]
