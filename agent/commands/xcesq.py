"""AT+XCESQ? (Intel XMM: Fibocom L850, L860): +CESQ with a leading n and RSSNR. ModemManager plugins/xmm, TS 27.007 8.69."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, pick, records, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat
from telemetry.units import ecno_db, rscp_dbm, rsrp_dbm, rsrq_db


def read_xcesq(lines: Sequence[str], reading: Reading) -> None:
    """Read +XCESQ: `n,rxlev,ber,rscp,ecno,rsrq,rsrp,rssnr[,...]`; RSSNR in half dB, may be negative, 255 is unknown."""
    for record in records(lines, "+XCESQ")[-1:]:
        index = [to_int(field) for field in fields_of(record)]
        if len(index) < 7:
            continue
        rsrp, rscp = rsrp_dbm(index[6]), rscp_dbm(index[3])
        if rsrp is not None:
            set_plausible(
                reading.signal, reading.notes, rat=reading.signal.rat or Rat.LTE, rsrp_dbm=rsrp, rsrq_db=rsrq_db(index[5])
            )
            ratio = to_int(pick(fields_of(record), 7))
            set_plausible(reading.signal, reading.notes, sinr_db=None if ratio in (None, 255) else ratio / 2)
        elif rscp is not None:
            set_plausible(reading.signal, reading.notes, rat=Rat.WCDMA, rscp_dbm=rscp, ecio_db=ecno_db(index[4]))
