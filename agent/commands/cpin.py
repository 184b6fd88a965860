"""AT+CPIN?: state of the SIM (TS 27.007 8.3), and the SIM errors of any command (TS 27.007 9.2). The one home of both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from agent.at.fields import records
from agent.at.reply import Reply
from telemetry.meaning import SimState


class Sim(StrEnum):
    """What the modem says of its SIM. The word is the kind of the event."""

    READY = "sim_ready"
    MISSING = "sim_missing"
    PIN = "sim_pin"
    PUK = "sim_puk"
    LOCKED = "sim_locked"
    BLOCKED = "sim_blocked"
    FAILURE = "sim_failure"
    BUSY = "sim_busy"

    @property
    def state(self) -> SimState | None:
        """Word of the contract; None for a missing SIM and for one that is not ready yet."""
        return _STATES.get(self)

    @property
    def unusable(self) -> bool:
        """Whether there is a SIM that no network will be asked with."""
        return self in (Sim.PIN, Sim.PUK, Sim.LOCKED, Sim.BLOCKED, Sim.FAILURE)


_STATES = {
    Sim.READY: SimState.READY,
    Sim.PIN: SimState.PIN,
    Sim.PUK: SimState.PUK,
    Sim.LOCKED: SimState.LOCKED,
    Sim.BLOCKED: SimState.BLOCKED,
    Sim.FAILURE: SimState.FAULT,
}

CME = {
    **dict.fromkeys(
        (5, 6, 7, 40, 41, 42, 43, 44, 45, 46, 47), Sim.LOCKED
    ),  # personalisation: phone, network, provider, corporate
    10: Sim.MISSING,
    11: Sim.PIN,
    12: Sim.PUK,
    13: Sim.FAILURE,
    14: Sim.BUSY,
    15: Sim.FAILURE,
    262: Sim.BLOCKED,  # u-blox and Intel XMM beyond the standard
}
"""Codes of +CME ERROR (TS 27.007 9.2.1). 16 to 18 speak of a password or of PIN2: the SIM works."""

_WORDS: tuple[tuple[str, Sim], ...] = (
    (r"READY|SIM P(IN|UK)2", Sim.READY),
    (r"SIM PIN( REQUIRED)?", Sim.PIN),
    (r"SIM PUK( REQUIRED)?", Sim.PUK),
    (r"PH-?\w* ?P(IN|UK).*|.*PERSONALI[SZ]ATION.*", Sim.LOCKED),
    (r"(SIM |USIM )?(PERM(ANENTLY)? )?BLOCKED", Sim.BLOCKED),
    (r"(SIM (CARD )?(IS )?)?NOT INSERTED|NO SIM|SIM (REMOVED|ABSENT)|ABSENT", Sim.MISSING),
    (r"SIM FAILURE|SIM WRONG|(SIM )?ERROR", Sim.FAILURE),
    (r"SIM BUSY", Sim.BUSY),
)
"""Words of +CPIN and of +CME ERROR in words (AT+CMEE=2)."""

_CME_LINE = re.compile(r"\+CME ERROR: ?(.+)", re.IGNORECASE)


def _of_words(text: str) -> Sim | None:
    words = " ".join(text.strip().strip('"').upper().split())
    return next((sim for pattern, sim in _WORDS if re.fullmatch(pattern, words)), None)


def cme_text(final: str) -> str | None:
    """Return what stands behind +CME ERROR in a final result; None for other finals."""
    found = _CME_LINE.fullmatch(final.strip())
    return found.group(1).strip() if found else None


def cme_code(final: str) -> int | None:
    """Return the code of a +CME ERROR final result that is in digits; None for other finals."""
    text = cme_text(final)
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,5}", text) else None


def _of_final(final: str) -> Sim | None:
    text, code = cme_text(final), cme_code(final)
    if text is None:
        return None
    return CME.get(code) if code is not None else _of_words(text)


def sim_of(replies: Iterable[Reply]) -> Sim | None:
    """Return the state of the SIM: what +CPIN says, else a SIM error of any command, else None. NOT READY tells nothing yet."""
    listed = list(replies)
    said = [_of_words(record) for reply in listed for record in records(reply.lines, "+CPIN") if record]
    asked = [_of_final(reply.final) for reply in listed if reply.command.upper().startswith("AT+CPIN")]
    others = (_of_final(reply.final) for reply in listed)
    known = [sim for sim in (*reversed(said), *reversed(asked)) if sim is not None]
    return known[0] if known else next((sim for sim in others if sim is not None), None)
