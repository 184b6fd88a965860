"""The families' own scans, which give cells with their levels; read from manuals and public captures, untested on our hardware.

AT+QSCAN=3,1 (Quectel RM5xx, RG5xx; "RG50xQ&RM5xxQ Network Searching" 3.2.5), AT+QOPS (EC200x, EG9x; "Network Searching Scheme"),
AT#CSURVC (Telit; "AT Commands Reference Guide" 5.6.9.2, and a capture of an LM960).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_float, to_int
from agent.at.plausible import CHANNEL, Value, set_plausible
from agent.at.reply import Reply
from telemetry.streams import Rat, Scan


def qscan(lines: Sequence[str]) -> list[Scan]:
    """Read `"LTE",MCC,MNC,EARFCN,PCI,RSRP,RSRQ,srxlev,squal[,cell,TAC,RB,band]` and `"NR5G",...,scs[,cell,TAC,bw,band]`."""
    found = []
    for record in records(lines, "+QSCAN"):
        row = fields_of(record)
        rat = {"LTE": Rat.LTE, "NR5G": Rat.NR_SA}.get(pick(row, 0).upper())
        levels = (to_float(pick(row, 5)), to_float(pick(row, 6)))
        if rat is None or len(row) < 9 or levels[0] is None or levels[1] is None or levels[0] > levels[1]:
            continue  # another layout: nothing has a sure place
        found.append(
            _row(
                rat,
                plmn_of(pick(row, 1), pick(row, 2)),
                to_int(pick(row, 3)),
                pci=to_int(pick(row, 4)),
                rsrp_dbm=levels[0],
                rsrq_db=levels[1],
                cell_id=hex_id(pick(row, 9)),
                tac=hex_id(pick(row, 10)),
                band=to_int(pick(row, 12)),
            )
        )
    return _known(found)


def qops(lines: Sequence[str]) -> list[Scan]:
    """Read `+QOPS: "long","short","PLMN"` and the cells below it; 4G `n,"4G",EARFCN,PCI,TAC,cell,RSRP,RSRQ,barred`.

    Of 2G and 3G only channel and operator are read: the scales of their levels are not settled.
    """
    found, plmn = [], None
    for line in lines:
        if line.upper().startswith("+QOPS"):
            digits = pick(fields_of(line.partition(":")[2]), 2)
            plmn = plmn_of(digits[:3], digits[3:])
            continue
        row = fields_of(line)
        rat = {"2G": Rat.GSM, "3G": Rat.WCDMA, "4G": Rat.LTE}.get(pick(row, 1).upper())
        if rat is None or not pick(row, 0).isdecimal():
            continue
        values: dict[str, Value] = {}
        if rat is Rat.LTE and len(row) >= 8:
            values = {
                "pci": to_int(pick(row, 3)),
                "tac": hex_id(pick(row, 4)),
                "cell_id": hex_id(pick(row, 5)),
                "rsrp_dbm": to_float(pick(row, 6)),
                "rsrq_db": to_float(pick(row, 7)),
            }
        found.append(_row(rat, plmn, to_int(pick(row, 2)), **values))
    return _known(found)


_SURVEY = re.compile(r"[0-9]+(,-?[0-9.]*){10}")


def csurvc(lines: Sequence[str]) -> list[Scan]:
    """Read the 11 columns of an LTE cell: `EARFCN,RSSI,MCC,MNC,cell,TAC,PCI,status,RSRP,RSRQ,MHz`, all decimal.

    Other layouts (2G, 3G, and the 7 columns of the ME310) have no sure place for the level and are left out.
    """
    found = []
    for line in lines:
        row = fields_of(line)
        rsrp = to_float(pick(row, 8))
        if not _SURVEY.fullmatch(line.replace(" ", "")) or rsrp is None or not -141 <= rsrp <= -30:
            continue
        found.append(
            _row(
                Rat.LTE,
                plmn_of(pick(row, 2), pick(row, 3)),
                to_int(pick(row, 0)),
                rssi_dbm=to_float(pick(row, 1)),
                cell_id=to_int(pick(row, 4)),
                tac=to_int(pick(row, 5)),
                pci=to_int(pick(row, 6)),
                rsrp_dbm=rsrp,
                rsrq_db=to_float(pick(row, 9)),
            )
        )
    return _known(found)


def _row(rat: Rat, plmn: str | None, channel: int | None, **values: Value) -> Scan:
    row = Scan(plmn=plmn)
    set_plausible(row, [], rat=rat, **{CHANNEL[rat]: channel}, **values)
    return row


def _known(rows: Sequence[Scan]) -> list[Scan]:
    return [row for row in rows if row.plmn is not None]


READERS: Mapping[str, Callable[[Sequence[str]], list[Scan]]] = {"+QSCAN": qscan, "+QOPS": qops, "#CSURVC": csurvc}
"""By the name in the command."""


def read(reply: Reply) -> list[Scan]:
    """Return the cells of a reply to a family's scan."""
    return next((reader(reply.lines) for name, reader in READERS.items() if name in reply.command.upper()), [])
