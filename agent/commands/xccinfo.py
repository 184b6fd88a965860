"""AT+XCCINFO? (Intel XMM: Fibocom L850): `n,MCC,MNC,"cell",?,band,"LAC",?,"RAC","TAC",...`; bands 101..171 are LTE."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat


def read_xccinfo(lines: Sequence[str], reading: Reading) -> None:
    """Read +XCCINFO on LTE; the columns of 2G and 3G are not documented and left alone."""
    for record in records(lines, "+XCCINFO")[-1:]:
        row = fields_of(record)
        band = to_int(pick(row, 5))
        if band is not None and 100 < band < 172:
            set_plausible(
                reading.signal,
                reading.notes,
                rat=Rat.LTE,
                plmn=plmn_of(pick(row, 1), pick(row, 2)),
                cell_id=hex_id(pick(row, 3)),
                band=band - 100,
                tac=hex_id(pick(row, 9)),
            )
