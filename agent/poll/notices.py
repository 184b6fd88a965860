"""What changed between two polls of a modem, as events: registration, cell, SIM, and notes at most once an hour. Pure."""

from __future__ import annotations

from agent.commands.cpin import Sim
from agent.poll.session import Poll
from telemetry.streams import Event, Registration, Signal

NOTE_EVERY_S = 3600.0
MAX_DETAIL = 200  # characters, as the contract says of Event.detail
MAX_NOTES = 64  # distinct notes remembered; more would be a modem that counts in its answers


def event(kind: str, detail: str, count: int | None = None) -> Event:
    """Make an event, its detail cut to what the contract allows."""
    return Event(str(kind), detail[:MAX_DETAIL], count)


class Notices:
    """What was last seen of one modem."""

    def __init__(self) -> None:
        self._registration: Registration | None = None
        self._cell: tuple[str | None, int] | None = None
        self._sim: Sim | None = None
        self._packets_refused = False
        self._told: dict[str, float] = {}

    def after(self, poll: Poll, now_s: float) -> list[Event]:
        """Return the events of a good poll. `now_s` is monotonic, s."""
        found = [*self.registration(poll.reading.signal), *self._cell_of(poll.reading.signal), *self._sim_of(poll.sim)]
        found += self._packets_of(poll)
        notes = [*poll.reading.notes, *(f"no final result to {command}" for command in poll.late)]
        return [*found, *(event("reading_note", note) for note in notes if self.is_news(note, now_s))]

    def registration(self, signal: Signal) -> list[Event]:
        """Return the event of a changed registration; the first one known is no change."""
        before, now = self._registration, signal.registration
        if now is None or now == before:
            return []
        self._registration = now
        return [event("registration_change", f"{before} -> {now}")] if before else []

    def is_news(self, note: str, now_s: float) -> bool:
        """Return whether a note was not told within the last hour, and remember it."""
        told = self._told.get(note)
        if told is not None and now_s - told < NOTE_EVERY_S:
            return False
        if len(self._told) >= MAX_NOTES:
            del self._told[min(self._told, key=self._told.__getitem__)]
        self._told[note] = now_s
        return True

    def _packets_of(self, poll: Poll) -> list[Event]:
        """Tell once when the network takes voice and refuses packets, and when it takes them again."""
        before, now = self._packets_refused, poll.reading.packets_refused
        registration = poll.reading.signal.registration
        if before == now or registration is None or not registration.served:
            return []
        self._packets_refused = now
        cause = poll.reading.signal.reject_cause
        text = (
            f"voice is registered, packets are refused ({'no cause told' if cause is None else f'cause {cause}'}): check the plan"
        )
        return [event("packets_refused", text)] if now else [event("packets_accepted", "packets are accepted again")]

    def _cell_of(self, signal: Signal) -> list[Event]:
        if signal.cell_id is None:
            return []
        before, now = self._cell, (signal.plmn, signal.cell_id)
        # A PLMN that was not given this time is no change of network.
        if before and now[0] is None:
            now = (before[0], now[1])
        self._cell = now
        return [event("cell_change", f"{_cell(before)} -> {_cell(now)}")] if before and before != now else []

    def _sim_of(self, sim: Sim | None) -> list[Event]:
        before = self._sim
        if sim is None or sim == before:
            return []
        self._sim = sim
        return [event(sim, SIM_TEXT[sim])] if before or sim is not Sim.READY else []


SIM_TEXT = {
    Sim.READY: "SIM works again",
    Sim.MISSING: "no SIM in the modem (CME 10); put one in, contacts down",
    Sim.PIN: "SIM asks for its PIN (CME 11); switch the PIN off with a phone",
    Sim.PUK: "SIM asks for its PUK (CME 12): the PIN was wrong three times; ask the operator for the PUK",
    Sim.LOCKED: "modem or SIM is locked to another network or operator; use an unlocked modem or that operator's SIM",
    Sim.BLOCKED: "SIM is blocked for ever; a new one is needed from the operator",
    Sim.FAILURE: "SIM failure (CME 13); clean the contacts or change the SIM",
    Sim.BUSY: "SIM busy (CME 14); normal for a minute after power-up",
}


def _cell(cell: tuple[str | None, int]) -> str:
    return f"{cell[0] or '?'}/{cell[1]}"
