"""AT^LTERSRP? (Huawei): `rsrp,rsrq` of the serving LTE cell in dBm and dB."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, pick, records, to_float
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat


def read_ltersrp(lines: Sequence[str], reading: Reading) -> None:
    """Read the last ^LTERSRP, asked or unsolicited."""
    for record in records(lines, "^LTERSRP")[-1:]:
        row = fields_of(record)
        rsrp = to_float(pick(row, 0))
        if rsrp is not None:
            set_plausible(reading.signal, reading.notes, rat=Rat.LTE, rsrp_dbm=rsrp, rsrq_db=to_float(pick(row, 1)))
