"""AT+ZRSSI (ZTE): levels of the serving cell. The technology is not named; the number of values and their sign tell the form.

`RSRP,RSRQ,RSSI,SINR` on LTE (MF28x, ZX297520), `RSCP,Ec/Io` on 3G and `RSSI` on 2G with their sign; older sticks (MF6xx) print
`RSSI,Ec/Io,RSCP` without sign, the last two in half dB, 1000 for unknown.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, records, to_float
from agent.at.plausible import LTE, set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat


def read_zrssi(lines: Sequence[str], reading: Reading) -> None:
    """Read the last +ZRSSI."""
    for record in records(lines, "+ZRSSI")[-1:]:
        row = [to_float(text) for text in fields_of(record)]
        rat = reading.signal.rat
        if len(row) == 4 and _below_zero(row[0]) and rat in (None, *LTE):
            names = ("rsrp_dbm", "rsrq_db", "rssi_dbm", "sinr_db")
            set_plausible(reading.signal, reading.notes, rat=rat or Rat.LTE, **dict(zip(names, row, strict=True)))
        elif len(row) == 3 and rat in (None, Rat.WCDMA):
            _without_sign(row, reading)
        elif len(row) == 2 and _below_zero(row[0]) and rat in (None, Rat.WCDMA):
            set_plausible(reading.signal, reading.notes, rat=Rat.WCDMA, rscp_dbm=row[0], ecio_db=row[1])
        elif len(row) == 1 and _below_zero(row[0]):
            set_plausible(reading.signal, reading.notes, rssi_dbm=row[0])


def _below_zero(value: float | None) -> bool:
    return value is not None and value < 0


def _without_sign(row: Sequence[float | None], reading: Reading) -> None:
    rssi, ecio, rscp = (None if value is None or not 0 < value < 1000 else value for value in row)
    set_plausible(reading.signal, reading.notes, rssi_dbm=None if rssi is None else -rssi)
    if rscp is not None:
        ecio_db = None if ecio is None else -ecio / 2
        set_plausible(reading.signal, reading.notes, rat=Rat.WCDMA, rscp_dbm=-rscp / 2, ecio_db=ecio_db)
