"""AT+CREG?, +CGREG?, +CEREG?, +C5GREG?: registration (TS 27.007 7.2, 10.1.20, 10.1.22, 10.1.47).

Read form `<n>,<stat>[,<tac>,<ci>,<AcT>[,...]]`, unsolicited form without `<n>`. Some modems put `<rac>` between tac and ci.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from agent.at.digest import REGISTRATION, is_read_form
from agent.at.fields import fields_of, hex_id, pick, records, to_int
from agent.at.reply import Reply
from telemetry.streams import Rat, Registration

STAT: dict[int, Registration] = {
    0: Registration.NOT_REGISTERED,
    1: Registration.HOME,
    2: Registration.SEARCHING,
    3: Registration.DENIED,
    4: Registration.NOT_REGISTERED,  # unknown, e.g. out of coverage
    5: Registration.ROAMING,
    6: Registration.HOME,  # circuit domain for SMS only, on E-UTRAN: the packet domain is there
    7: Registration.ROAMING,
    8: Registration.LIMITED,  # emergency bearer services only
    9: Registration.HOME,  # CSFB not preferred
    10: Registration.ROAMING,
    11: Registration.LIMITED,  # access to restricted local operator services
    90: Registration.SIM_FAULT,  # UICC failure (Nordic)
}
_CAUSE_AT = {"CREG": 4, "CEREG": 4, "CGREG": 5, "C5GREG": 6}
"""Place of `<cause_type>` behind `<stat>` in the forms n = 3 and n = 5 of each command."""
_LOCATION = re.compile(r'(?:"[^"]*"|(?:0x)?[0-9A-Fa-f]*|-)')

ACT: dict[int, Rat] = {
    **dict.fromkeys((0, 1, 3, 8), Rat.GSM),
    **dict.fromkeys((2, 4, 5, 6), Rat.WCDMA),
    **dict.fromkeys((7, 10, 13), Rat.LTE),
    9: Rat.NB_IOT,
    **dict.fromkeys((11, 12), Rat.NR_SA),
}
"""AcT 13: the serving cell is an E-UTRA cell that can have an NR leg (TS 27.007 7.2), not that one is there."""


@dataclass(frozen=True, slots=True)
class Creg:
    """One registration line. `name` is the command without `+`."""

    name: str
    stat: int | None
    tac: int | None = None
    ci: int | None = None
    act: int | None = None
    cause: int | None = None
    """Why the network refused, where the form tells it by the standard's numbers."""

    @property
    def registration(self) -> Registration | None:
        """State as the contract names it."""
        return STAT.get(self.stat) if self.stat is not None else None

    @property
    def registered(self) -> bool:
        """Whether a network serves the modem."""
        return self.registration is not None and self.registration.served

    @property
    def rat(self) -> Rat | None:
        """Technology of the access, None for what is not named."""
        return ACT.get(self.act) if self.act is not None else None


def parse(replies: Iterable[Reply]) -> list[Creg]:
    """Read all registration lines, in the order of trust (5GS, EPS, GPRS, CS); the latest of each comes first."""
    found = []
    for reply in replies:
        for name in REGISTRATION:
            found += [_line(name, record, unsolicited=not reply.command) for record in records(reply.lines, f"+{name}")]
    order = {name: place for place, name in enumerate(REGISTRATION)}
    known = [row for row in found if row.stat is not None]
    known.reverse()
    return sorted(known, key=lambda row: order[row.name])


def _line(name: str, record: str, *, unsolicited: bool) -> Creg:
    kept = [value.strip() for value in record.split(",")]
    values = fields_of(record)
    form = None
    if is_read_form(kept):
        form, values = to_int(values[0]), values[1:]
    elif len(kept) > 1 and kept[1].strip('"') in ("", "-") and (len(kept) == 2 or kept[2].strip('"') not in ("", "-")):
        return Creg(name, None)  # may be <n> without its state: nothing beside it has a sure place
    elif len(kept) > 1 and not _LOCATION.fullmatch(kept[1]):
        return Creg(name, None)  # a damaged state, not the location of the unsolicited form
    elif len(kept) > 2 and kept[2].startswith('"') and kept[1] and not kept[1].startswith('"'):
        return Creg(name, None)  # likewise: a modem quotes both or none
    elif len(kept) == 1 and not unsolicited:
        return Creg(name, None)  # only <n>
    tac, ci = pick(values, 1), pick(values, 2)
    act = pick(values, 3)
    if _has_rac(values):
        ci, act = pick(values, 3), pick(values, 4)
    cause = _cause(name, values) if form in (3, 5) else None
    return _checked(Creg(name, to_int(pick(values, 0)), hex_id(tac), hex_id(ci.partition(",")[0]), to_int(act), cause))


def _cause(name: str, values: Sequence[str]) -> int | None:
    """Read `<cause_type>,<reject_cause>`; type 0 are the numbers of TS 24.301 and TS 24.008, 1 the maker's own."""
    place = _CAUSE_AT[name]
    return to_int(pick(values, place + 1)) if pick(values, place) == "0" else None


def _has_rac(values: Sequence[str]) -> bool:
    """Return whether a two-digit RAC stands before the cell id."""
    rac, after = pick(values, 2), pick(values, 3)
    return (
        re.fullmatch(r"(?:0x)?[0-9A-Fa-f]{1,2}", rac) is not None and re.fullmatch(r"(?:0x)?[0-9A-Fa-f]{4,16}", after) is not None
    )


def _checked(row: Creg) -> Creg:
    """Drop the zero fillers that some modems print when they are not registered, and the technology beside them."""
    if row.registered or row.tac or row.ci:
        zero_cell = row.ci == 0 and not row.tac
        return replace(row, ci=None if zero_cell else row.ci)
    return Creg(row.name, row.stat, cause=row.cause)
