"""AT+NETDMSG (Neoway N75, N720): the serving LTE cell in one row. "N75 AT Commands Manual", +NETDMSG."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_float, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.commands.labels import band_of
from telemetry.streams import Rat


def read_netdmsg(lines: Sequence[str], reading: Reading) -> None:
    """Read `"460+01", TAC, cell, PCI, "mode", LTE BAND 3, EARFCN, RSSI, .., .., .., .., RSRP, RSRQ, SINR`.

    RSRP and RSRQ are in tenths; the scale of SINR is not settled.
    """
    for record in records(lines, "+NETDMSG")[-1:]:
        row = fields_of(record)
        if not re.match(r"LTE\s*BAND", pick(row, 5), re.IGNORECASE):
            continue
        mcc, _, mnc = pick(row, 0).partition("+")
        rsrp, rsrq = to_float(pick(row, 12)), to_float(pick(row, 13))
        set_plausible(
            reading.signal,
            reading.notes,
            rat=Rat.LTE,
            plmn=plmn_of(mcc, mnc),
            tac=hex_id(pick(row, 1)),
            cell_id=hex_id(pick(row, 2)),
            pci=to_int(pick(row, 3)),
            band=band_of(pick(row, 5)),
            earfcn=to_int(pick(row, 6)),
            rssi_dbm=to_float(pick(row, 7)),
            rsrp_dbm=None if rsrp is None else rsrp / 10,
            rsrq_db=None if rsrq is None else rsrq / 10,
        )
