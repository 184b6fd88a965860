"""Whose SIM a modem has. On the card stands no identity: the home PLMN, and a mark that tells another SIM from this one.

A mark is 16 bits of a salted, slow hash: two SIMs share one once in 65,536, and 150,000 IMSIs of an operator share each, so the
mark never leads back to one.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import orjson

from agent.commands.cimi import Identity
from agent.commands.cpin import Sim
from agent.poll.notices import event
from agent.poll.session import Poll
from ground.durable import write_durably
from telemetry.streams import Event

log = logging.getLogger(__name__)

ROUNDS = 100_000
AGAIN_EVERY = 120
"""Polls between two looks at a SIM that is known: an hour at 30 s. Swapping one shows in +CPIN? on most modems, not on all."""
TRY_EVERY, TRY_FIRST = 10, 10
"""Polls between two tries where nothing could be read, after so many at once: a SIM is busy for a minute after power-up."""


@dataclass(slots=True)
class Known:
    """What is kept of one modem's SIM."""

    plmn: str | None = None
    imsi: str | None = None
    """Mark of the IMSI."""
    card: str | None = None
    """Mark of the card's number, which can be read behind a PIN."""


class SimBook:
    """What is known of each modem's SIM, kept over reboots. Of all workers; thread-safe. `path` None: only as long as we run."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._salt = os.urandom(16)
        self._known: dict[str, Known] = {}
        if path is not None:
            self._load(path)

    def _load(self, path: Path) -> None:
        try:
            data = orjson.loads(path.read_bytes())
            self._salt = bytes.fromhex(data["salt"])
            self._known = {name: Known(**known) for name, known in data["modems"].items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("event=sims_unreadable file=%s reason=%r", path, type(error).__name__)

    def _mark(self, identity: str | None) -> str | None:
        if identity is None:
            return None
        return hashlib.pbkdf2_hmac("sha256", identity.encode(), self._salt, ROUNDS, 2).hex()

    def seen(self, modem: str, identity: Identity) -> tuple[str | None, str | None]:
        """Note the SIM of a modem. Return its home PLMN where it is known, and what changed, in words, where it is another SIM.

        A SIM behind its PIN tells no IMSI: the home PLMN of a card that is known by its number is still known.
        """
        now = Known(identity.home_plmn, self._mark(identity.imsi), self._mark(identity.iccid))
        with self._lock:
            was = self._known.get(modem)
            if was is None:
                self._keep(modem, now)
                return now.plmn, None
            other = any(a and b and a != b for a, b in ((was.imsi, now.imsi), (was.card, now.card)))
            same = not other and any(a and a == b for a, b in ((was.imsi, now.imsi), (was.card, now.card)))
            if same:
                now = Known(now.plmn or was.plmn, now.imsi or was.imsi, now.card or was.card)
            if other or same:
                self._keep(modem, now)
            return now.plmn, f"another SIM: {was.plmn or 'unknown'} -> {now.plmn or 'unknown'}" if other else None

    def _keep(self, modem: str, now: Known) -> None:
        if now == self._known.get(modem) or now == Known():
            return
        self._known[modem] = now
        if self._path is None:
            return
        state = {"salt": self._salt.hex(), "modems": {name: asdict(known) for name, known in self._known.items()}}
        try:
            write_durably(self._path, orjson.dumps(state))
        except OSError as error:
            log.warning("event=sims_not_written reason=%r", str(error))


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
