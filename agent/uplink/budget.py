"""What each SIM has moved this month, by the kernel's counters of its network interface, and what may still be spent.

Order of saving: at four fifths of `sim_bytes_month` probes stop; at all of it the readings go hourly in large frames, while a
change of class or registration still goes at once; measuring never stops. The connection's own budget is in uplink/meter.py.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.port.interface import NET, addresses, moved
from ground.durable import write_durably

if TYPE_CHECKING:
    from agent.config import ModemSection

log = logging.getLogger(__name__)

PROBE_SHARE = 0.8
KEEP_EVERY_BYTES = 1_000_000
"""What a power cut may lose of the account between two regular writes."""


@dataclass(slots=True)
class Account:
    """One modem's bytes: counter as last seen, bytes of the month, bytes not written to the card yet."""

    seen: int = 0
    used: int = 0
    fresh: int = 0


class SimBudget:
    """Bytes of every modem that has an interface, by UTC month, kept over reboots. Bytes without a trusted clock count later."""

    def __init__(self, modems: Sequence[ModemSection], path: Path, boot_id: str, *, net: Path = NET) -> None:
        """Take up the account from the card; a damaged one starts anew, and says so in the log."""
        self._modems = {modem.name: modem for modem in modems if modem.interface is not None}
        self._path, self._boot, self._net = path, boot_id, net
        self._month: str | None = None
        self._accounts = {name: Account() for name in self._modems}
        self._load()

    def _load(self) -> None:
        try:
            data = orjson.loads(self._path.read_bytes())
            self._month = data["month"]
            for name, account in data["modems"].items():
                if name in self._accounts:
                    seen = int(account["seen"]) if data["boot"] == self._boot else 0  # counters begin anew with the boot
                    self._accounts[name] = Account(seen, int(account["used"]))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("event=budget_unreadable file=%s reason=%r", self._path, str(error))

    def read(self, utc_ms: int | None) -> None:
        """Account what moved since the last reading. `utc_ms` is None while the time is not trusted."""
        month = None if utc_ms is None else datetime.fromtimestamp(utc_ms / 1000, UTC).strftime("%Y-%m")
        if month is not None and month != self._month:
            self._turn(month)
        for name, account in self._accounts.items():
            counter = moved(str(self._modems[name].interface), self._net)
            if counter is None:
                continue
            account.fresh += counter - account.seen if counter >= account.seen else counter  # less: unplugged and back
            account.seen = counter
        if any(account.fresh >= KEEP_EVERY_BYTES for account in self._accounts.values()):
            self.keep()

    def _turn(self, month: str) -> None:
        known = self._month is not None
        self._month = month
        if known:  # what moved before the first known month counts in it; else it belongs to the month that ended
            for account in self._accounts.values():
                account.used = account.fresh = 0
        self.keep()

    def keep(self) -> None:
        """Write the account to the card; a card that refuses is logged, and tried again with the next call."""
        for account in self._accounts.values():
            account.used, account.fresh = account.used + account.fresh, 0
        if not self._accounts:
            return
        state = {"boot": self._boot, "month": self._month, "modems": {n: asdict(a) for n, a in self._accounts.items()}}
        try:
            write_durably(self._path, orjson.dumps(state))
        except OSError as error:
            log.warning("event=budget_not_written reason=%r", str(error))

    def used(self, modem: str) -> int | None:
        """Return the bytes of a modem this UTC month; None without interface, or while the month is not known."""
        account = self._accounts.get(modem)
        return None if account is None or self._month is None else account.used + account.fresh

    def may_probe(self, modem: str, cost: int) -> bool:
        """Return whether a probe of about `cost` bytes fits below four fifths of the SIM's month."""
        section = self._modems.get(modem)
        if section is None:
            return False
        if section.sim_bytes_month is None:
            return True
        used = self.used(modem)
        return used is not None and used + cost <= section.sim_bytes_month * PROBE_SHARE

    def spent(self, address: str) -> bool:
        """Return whether the SIM whose interface has this local address has used up its month."""
        over = [m for n, m in self._modems.items() if m.sim_bytes_month is not None and (self.used(n) or 0) >= m.sim_bytes_month]
        return any(address in addresses(str(modem.interface)) for modem in over)
