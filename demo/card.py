"""The SIM of a simulated modem: its home network, its identities (made up), and what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CardState(StrEnum):
    """What a modem says of its SIM: words of +CPIN (TS 27.007 8.3), and four faults that have none."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    LOCKED = "PH-NET PIN"
    BLOCKED = "SIM BLOCKED"
    ABSENT = "absent"
    BROKEN = "broken"
    BUSY = "busy"
    UNREADABLE = "unreadable"
    """Ready, but neither IMSI nor files can be read: whose SIM it is stays unknown."""


ERRORS = {CardState.ABSENT: 10, CardState.PIN: 11, CardState.PUK: 12, CardState.BROKEN: 13, CardState.BUSY: 14}
"""Code of +CME ERROR (TS 27.007 9.2) with which commands that need the SIM end."""


@dataclass(frozen=True, slots=True)
class Card:
    """One SIM. `plmn` is its home network, `number` makes two cards of a network differ."""

    plmn: str = "51010"
    state: CardState = CardState.READY
    number: int = 1

    @property
    def imsi(self) -> str:
        """IMSI of 15 digits (TS 23.003 2.2)."""
        return self.plmn + str(self.number).zfill(15 - len(self.plmn))

    @property
    def iccid(self) -> str:
        """Number of the card, 19 digits (ITU-T E.118)."""
        return "8962" + self.plmn[3:] + str(self.number).zfill(15 - len(self.plmn[3:]))

    @property
    def works(self) -> bool:
        """Whether a network can be asked with it."""
        return self.state in (CardState.READY, CardState.UNREADABLE)

    def file(self, command: str) -> list[str]:
        """Answer `AT+CRSM=176,...` for EF_ICCID (12258) and EF_AD (28589): both are read behind any lock (TS 31.102 4.2)."""
        if self.state in (CardState.ABSENT, CardState.BROKEN, CardState.BUSY):
            return [f"+CME ERROR: {ERRORS[self.state]}"]
        if self.state is CardState.UNREADABLE:
            return ["+CME ERROR: 100"]
        if command.startswith("AT+CRSM=176,12258,"):
            digits = self.iccid.ljust(20, "F")
            return [f'+CRSM: 144,0,"{"".join(digits[k + 1] + digits[k] for k in range(0, 20, 2))}"', "OK"]
        if command.startswith("AT+CRSM=176,28589,"):
            return [f'+CRSM: 144,0,"000000{len(self.plmn) - 3:02X}"', "OK"]
        return ["+CRSM: 106,130", "OK"]

    def cpin(self) -> list[str]:
        """Answer `AT+CPIN?`."""
        if self.state in (CardState.ABSENT, CardState.BROKEN, CardState.BUSY):
            return [f"+CME ERROR: {ERRORS[self.state]}"]
        return [f"+CPIN: {CardState.READY if self.works else self.state}", "OK"]

    def cimi(self) -> list[str]:
        """Answer `AT+CIMI`."""
        if self.state is CardState.READY:
            return [self.imsi, "OK"]
        return [f"+CME ERROR: {ERRORS.get(self.state, 100)}"]
