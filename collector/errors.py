"""The errors of the collector that somebody may want to catch."""

from __future__ import annotations

from enum import StrEnum

from ground.errors import ConfigError, SinyalError
from ground.words import mark, phrase

__all__ = ["CURES", "CollectorError", "ConfigError", "Fault", "PointsRefusedError", "SinyalError", "StoreUnavailableError"]


class CollectorError(SinyalError):
    """Base of what the collector raises on purpose."""


class Fault(StrEnum):
    """What can be wrong with a store; the same word in log, /healthz, fleet, page, watch and doctor."""

    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    NOT_A_STORE = "not_a_store"
    LOGIN_REFUSED = "login_refused"
    NOT_ALLOWED = "not_allowed"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    HIDDEN = "hidden"
    TYPE_CONFLICT = "type_conflict"
    SERIES_LIMIT = "series_limit"
    DISK_FULL = "disk_full"
    BUSY = "busy"
    BROKEN = "broken"


CURES: dict[Fault, str] = {
    Fault.UNREACHABLE: mark("start the database, or correct the address under [store]"),
    Fault.UNTRUSTED: mark("renew the certificate of the database, by a CA that this machine trusts; check the clocks of both"),
    Fault.NOT_A_STORE: mark("correct [store] url: the database's own address without a path, such as http://127.0.0.1:8086"),
    Fault.LOGIN_REFUSED: mark("correct user and password, or the token, of [store]"),
    Fault.NOT_ALLOWED: mark("let the user or token of [store] read and write there (docs/stores.md)"),
    Fault.MISSING: mark("make the database or bucket, or correct its name under [store] (docs/stores.md)"),
    Fault.UNREADABLE: mark("let the user or token of [store] read what it writes (docs/stores.md)"),
    Fault.HIDDEN: mark("copy what the other retention policy holds into the default one (docs/stores.md, One policy)"),
    Fault.TYPE_CONFLICT: mark("something else wrote other types: drop that measurement, or give Sinyal a database of its own"),
    Fault.SERIES_LIMIT: mark("raise max-values-per-tag and max-series-per-database of InfluxDB, or drop the series nobody needs"),
    Fault.DISK_FULL: mark(
        "make room on the disk of the database; restart InfluxDB twice while sinyal-collector is stopped (docs/stores.md)"
    ),
    Fault.BUSY: mark("nothing if it passes; else give the database more memory or a faster disk"),
    Fault.BROKEN: mark("read the database's own log"),
}


class StoreUnavailableError(CollectorError):
    """The store takes or gives nothing now; the same points may go in later.

    `fault` names why, `reason` is the store's own text, `retry_after_s` how long the store asked to be left alone, s.
    """

    def __init__(self, reason: str, fault: Fault = Fault.UNREACHABLE, retry_after_s: float | None = None) -> None:
        super().__init__(phrase("{reason} (fault: {fault}; cure: {cure})", reason=reason, fault=fault, cure=phrase(CURES[fault])))
        self.reason = reason
        self.fault = fault
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[type[StoreUnavailableError], tuple[str, Fault, float | None]]:
        """Let it pass from a process to another as it is."""
        return type(self), (self.reason, self.fault, self.retry_after_s)

    @property
    def cure(self) -> str:
        """What a person can do about it."""
        return CURES[self.fault]


class PointsRefusedError(CollectorError):
    """The store did not take at least one of these points. The text is the store's own reason.

    `expired`: it keeps nothing so old. `fault`: the cause lies in the store, not in the points.
    """

    def __init__(self, reason: str, *, expired: bool = False, fault: Fault | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expired = expired
        self.fault = fault
