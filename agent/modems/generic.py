"""Any modem with 3GPP commands only (TS 27.007): registration, operator, CSQ, CESQ. Every family starts from this reading."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.at.digest import all_lines
from agent.at.plausible import LTE, set_plausible
from agent.at.reading import Reading
from agent.at.reply import Command, Reply
from agent.commands import cesq, cops, creg, csq
from agent.commands.cesq import Cesq
from agent.commands.cpin import Sim, sim_of
from agent.commands.creg import Creg
from agent.modems.family import Family
from telemetry.streams import Rat, Registration

SETUP = (Command("AT+CMEE=1"), Command("AT+CREG=2"), Command("AT+CEREG=2"), Command("AT+CEREG=3"), Command("AT+C5GREG=2"))
"""+CEREG=3 tells why the network refused as well; modems that know no more than 2 answer ERROR and stay there."""
POLL = (
    Command("AT+CPIN?", every=10),
    Command("AT+CSQ"),
    Command("AT+CESQ"),
    Command("AT+C5GREG?"),
    Command("AT+CEREG?"),
    Command("AT+CREG?"),
    Command("AT+COPS=3,2;+COPS?"),
)
"""The operator's format is set at each read: other users of the port change it."""


def read(replies: Sequence[Reply], reading: Reading) -> None:
    """Fill a reading from the 3GPP replies alone."""
    rows = creg.parse(replies)
    set_plausible(reading.signal, reading.notes, registration=registration(replies))
    _location(rows, reading)
    lines = all_lines(replies)
    for operator in cops.parse(lines):
        if rows and not any(row.registered for row in rows):
            continue  # what was chosen by hand, or last: no cell of it is known to be there
        set_plausible(reading.signal, reading.notes, plmn=operator.plmn, rat=None if reading.signal.rat else operator.rat)
    for quality in csq.parse(lines):
        set_plausible(reading.signal, reading.notes, rssi_dbm=quality.rssi_dbm)
    for extended in cesq.parse(lines):
        _levels(extended, reading)


def registration(replies: Sequence[Reply]) -> Registration | None:
    """Decide the state: any registration in the order C5GREG, CEREG, CGREG, CREG; else what tells most of why not."""
    states = {row.registration for row in reversed(creg.parse(replies)) if row.registration is not None}
    ranked = [row.registration for row in creg.parse(replies) if row.registered]
    if ranked:
        return ranked[0]
    if sim_of(replies) is Sim.MISSING:
        return Registration.NO_SIM
    return next((state for state in UNSERVED if state in states), None)


UNSERVED = (
    Registration.SIM_FAULT,
    Registration.DENIED,
    Registration.LIMITED,
    Registration.SEARCHING,
    Registration.NOT_REGISTERED,
)
"""States without service, the one that tells most first."""


def packet_registration(replies: Sequence[Reply]) -> Registration | None:
    """Return what 5GS or EPS registration says (the only one on LTE and NR), None when neither was read."""
    states = [row.registration for row in creg.parse(replies) if row.name in ("C5GREG", "CEREG")]
    return next((state for state in states if state is not None and state.served), next(iter(states), None))


def set_served(reading: Reading) -> None:
    """Mark a modem registered because its vendor's reply says so; home, unless a registration reply says roaming."""
    if reading.signal.registration is not Registration.ROAMING:
        reading.signal.registration = Registration.HOME


def set_unserved(reading: Reading, state: Registration) -> None:
    """Mark a modem not served; what is wrong with the SIM, a denial and limited service say more than the vendor's word does."""
    telling = (Registration.NO_SIM, Registration.SIM_FAULT, Registration.DENIED, Registration.LIMITED)
    if reading.signal.registration not in telling:
        reading.signal.registration = state


def _location(rows: Sequence[Creg], reading: Reading) -> None:
    """Take technology and place from the most trusted line that has them; a line that is registered goes first."""
    ranked = [row for row in rows if row.registered] + [row for row in rows if not row.registered]
    signal, notes = reading.signal, reading.notes
    set_plausible(signal, notes, rat=next((row.rat for row in ranked if row.rat is not None), None))
    set_plausible(signal, notes, tac=next((row.tac for row in ranked if row.tac is not None), None))
    set_plausible(signal, notes, cell_id=next((row.ci for row in ranked if row.ci is not None), None))


def _levels(row: Cesq, reading: Reading) -> None:
    """Take the values of the serving technology only: some firmware fills the others' columns with junk."""
    rat = reading.signal.rat
    if rat is Rat.NR_SA:
        values = row.nr
    elif rat in LTE or row.lte["rsrp_dbm"] is not None:
        values = row.lte
    elif rat is Rat.WCDMA or row.umts["rscp_dbm"] is not None:
        values = row.umts
    elif row.nr["rsrp_dbm"] is not None:
        values = row.nr
        set_plausible(reading.signal, reading.notes, rat=None if rat else Rat.NR_SA)
    else:
        values = row.gsm if reading.signal.rssi_dbm is None else {}
    set_plausible(reading.signal, reading.notes, **values)


def operator_name(replies: Sequence[Reply]) -> str | None:
    """Return the operator's name where +COPS printed one (not digits)."""
    names = [row.oper for row in cops.parse(all_lines(replies)) if row.oper and row.format != 2 and not row.oper.isdigit()]
    return names[-1] if names else None


FAMILY = Family(
    name="generic",
    title="any modem with 3GPP commands",
    identity=re.compile(r"(?!)"),
    dialect=re.compile(r"(?!)"),
    poll=POLL,
    read=read,
    setup=SETUP,
)
