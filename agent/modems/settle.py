"""What all replies of a poll come to together, whatever the family: SIM, registration, limited service, refusal. Pure.

The states are those of docs/truth.md. A family says what its own lines say; here the rules stand that hold for every family.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.plausible import CHANNEL
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands import creg, reject
from agent.commands.cpin import Sim, sim_of
from telemetry.meaning import Registration
from telemetry.streams import Signal

LEVELS = ("rsrp_dbm", "rscp_dbm", "rssi_dbm", "nr_rsrp_dbm")
BRANCHES = ("rsrp_0_dbm", "rsrp_1_dbm", "rsrp_2_dbm", "rsrp_3_dbm")
BRANCHES_EVERY = 120
"""Polls between two samples with the levels of the receive branches, an hour at 30 s: each value costs the SIM bytes."""
CLEARLY_DB = 3.0
"""Branches are printed from other moments than the level beside them, and rounded; beyond that it contradicts TS 36.214."""
_OPEN = (Registration.NOT_REGISTERED, Registration.SEARCHING, Registration.LIMITED)


def settle(replies: Sequence[Reply], reading: Reading) -> None:
    """Set `sim`, `reject_cause`, and the registration that all replies together prove."""
    signal = reading.signal
    served = signal.registration is not None and signal.registration.served
    if not served and signal.registration in _OPEN and is_camped(signal):
        signal.registration = Registration.LIMITED
    packets = [row for row in creg.parse(replies) if row.name != "CREG"]
    refused = any(row.registration is Registration.DENIED for row in packets)
    data = any(row.registered for row in packets)
    reading.packets_refused = served and refused and not data
    if not served or reading.packets_refused:
        signal.reject_cause = reject.cause_of(replies)
    if signal.registration in _OPEN and signal.reject_cause in reject.OF_THE_SIM:
        signal.registration = Registration.DENIED
    _sim(sim_of(replies), reading, served=served)
    _best_branch(reading)


def _best_branch(reading: Reading) -> None:
    """Never report an RSRP that lies below that of a branch (TS 36.214 5.1.1), as some do with one antenna off."""
    signal = reading.signal
    best = max((level for name in BRANCHES if (level := getattr(signal, name)) is not None), default=None)
    if best is not None and signal.rsrp_dbm is not None and best > signal.rsrp_dbm + CLEARLY_DB:
        reading.notes.append("rsrp_dbm is of the best receive branch; the modem gave that of a worse one")
        signal.rsrp_dbm = best


def is_camped(signal: Signal) -> bool:
    """Whether the family's serving cell line proves a cell: whose it is, its channel and a level (TS 23.122: limited service)."""
    channel = any(getattr(signal, name) is not None for name in set(CHANNEL.values()))
    return signal.plmn is not None and channel and any(getattr(signal, name) is not None for name in LEVELS)


def _sim(sim: Sim | None, reading: Reading, *, served: bool) -> None:
    signal = reading.signal
    if served:
        if sim is not None and sim is not Sim.READY:
            reading.notes.append(f"registered, although the SIM is said to be {sim}: left out")
        return  # a SIM that is registered works: saying so in every sample would cost the SIM bytes
    if signal.registration is Registration.SIM_FAULT and sim in (
        None,
        Sim.READY,
        Sim.BUSY,
    ):  # stat 90: the modem could not use it
        sim = Sim.FAILURE
    signal.sim = sim.state if sim else None
    if sim is Sim.MISSING:
        signal.registration = Registration.NO_SIM
    elif sim is not None and sim.unusable:
        signal.registration = Registration.SIM_FAULT
