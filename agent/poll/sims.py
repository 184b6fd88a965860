"""Whose SIM a modem has. On the card stands no identity: the home PLMN, and a mark that tells another SIM from this one.

A mark is 16 bits of a salted, slow hash: two SIMs share one once in 65,536, and 150,000 IMSIs of an operator share each, so the
mark never leads back to one.
"""

from __future__ import annotations

import hashlib
import os
from typing import Protocol

from agent.commands.cimi import Identity
from agent.commands.cpin import Sim
from agent.poll.memory import ALL, Memory
from agent.poll.notices import event
from agent.poll.session import Poll
from telemetry.streams import Event

ROUNDS = 100_000
AGAIN_EVERY = 120
"""Polls between two looks at a SIM that is known: an hour at 30 s. Swapping one shows in +CPIN? on most modems, not on all."""
TRY_EVERY, TRY_FIRST = 10, 10
"""Polls between two tries where nothing could be read, after so many at once: a SIM is busy for a minute after power-up."""


class SimBook:
    """What is known of each modem's SIM, kept over reboots. Of all workers."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory or Memory()
        self._salt = self._memory.text(ALL, "salt") or os.urandom(16).hex()
        self._memory.keep(ALL, salt=self._salt)

    def _mark(self, identity: str | None) -> str | None:
        if identity is None:
            return None
        return hashlib.pbkdf2_hmac("sha256", identity.encode(), bytes.fromhex(self._salt), ROUNDS, 2).hex()

    def seen(self, modem: str, identity: Identity) -> tuple[str | None, str | None]:
        """Note the SIM of a modem. Return its home PLMN where it is known, and what changed, in words, where it is another SIM.

        A SIM behind its PIN tells no IMSI: the home PLMN of a card that is known by its number is still known.
        """
        imsi, card, plmn = self._mark(identity.imsi), self._mark(identity.iccid), identity.home_plmn
        was_imsi, was_card, was_plmn = (self._memory.text(modem, name) for name in ("imsi", "card", "plmn"))
        pairs = [(was, now) for was, now in ((was_imsi, imsi), (was_card, card)) if was and now]
        other = any(was != now for was, now in pairs)
        if not other and (pairs or not (was_imsi or was_card)):
            imsi, card, plmn = imsi or was_imsi, card or was_card, plmn or was_plmn
        elif not other:
            return plmn, None  # nothing to compare: neither the same nor another
        self._memory.keep(modem, imsi=imsi, card=card, plmn=plmn)
        return plmn, f"another SIM: {was_plmn or 'unknown'} -> {plmn or 'unknown'}" if other else None


class Asked(Protocol):
    """A session that can read its SIM."""

    def sim_identity(self) -> Identity:
        """Ask for what tells the SIM; raises LinkError when the modem does not answer."""


class Owner:
    """Whose SIM one modem has, read once a session and from time to time."""

    def __init__(self, modem: str, book: SimBook) -> None:
        self._modem, self._book = modem, book
        self._session: Asked | None = None
        self._sim: Sim | None = None
        self._polls = 0
        self.plmn: str | None = None
        """Home PLMN of the SIM that was read last."""

    def tell(self, session: Asked, poll: Poll) -> list[Event]:
        """Put the home PLMN into a poll, asking where it is due. Raises LinkError when the modem does not answer."""
        if poll.sim is Sim.MISSING:
            self.plmn, self._sim = None, poll.sim
            return []
        fresh = session is not self._session or (poll.sim is not None and poll.sim is not self._sim)
        self._session, self._sim = session, poll.sim or self._sim
        self._polls = 0 if fresh else self._polls + 1
        events = self._ask(session) if self._due() else []
        poll.reading.signal.home_plmn = self.plmn
        return events

    def _due(self) -> bool:
        if self.plmn is not None:
            return self._polls % AGAIN_EVERY == 0
        return self._polls < TRY_FIRST or self._polls % TRY_EVERY == 0

    def _ask(self, session: Asked) -> list[Event]:
        identity = session.sim_identity()
        if identity == Identity():
            return []
        self.plmn, changed = self._book.seen(self._modem, identity)
        return [event("sim_changed", changed)] if changed else []
