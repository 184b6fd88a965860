"""AT^SYSINFOEX (Huawei): service, roaming, technology. `srv,domain,roam,sim,lock,sysmode,"name",submode,"name"`."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.fields import fields_of, pick, records
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import hint
from telemetry.streams import Rat, Registration

_MODES = {"1": Rat.GSM, "3": Rat.WCDMA, "6": Rat.LTE, "11": Rat.NR_SA}


def read_sysinfoex(replies: Sequence[Reply], reading: Reading) -> None:
    """Read ^SYSINFOEX: srv 2 is service; sysmode 1 GSM, 3 WCDMA, 6 LTE, 11 NR; SIM state 255 is no SIM."""
    for record in records(all_lines(replies), "^SYSINFOEX"):
        row = fields_of(record)
        service = pick(row, 0)
        if service == "2":
            hint(reading.signal, Registration.ROAMING if pick(row, 2) == "1" else Registration.HOME, replies)
            if reading.signal.rat is None:
                set_plausible(reading.signal, reading.notes, rat=_MODES.get(pick(row, 5)))
        elif pick(row, 3) == "255":
            hint(reading.signal, Registration.NO_SIM)
        elif service in ("1", "3"):  # restricted service, restricted area
            hint(reading.signal, Registration.LIMITED)
        elif service == "0":
            hint(reading.signal, Registration.NOT_REGISTERED)
