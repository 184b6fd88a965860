"""Words of contract v1 that need no more than their definition; registration and technology have theirs in meaning.py."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a cell of the `cell` stream is to the modem."""

    NEIGHBOUR = "neighbour"
    SCC = "scc"


class Clock(StrEnum):
    """How the time of a sample was found."""

    NTP = "ntp"
    NETWORK = "network"
    REBASED = "rebased"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class ProbeKind(StrEnum):
    """What a probe did."""

    PING = "ping"
    DNS = "dns"
    DOWNLOAD = "download"


class ScanStatus(StrEnum):
    """What a found operator is to the SIM (TS 27.007 7.3 `<stat>` of +COPS=?)."""

    AVAILABLE = "available"
    CURRENT = "current"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class BandsSource(StrEnum):
    """Where the bands of a modem are from: read from it, or the table by model."""

    READ = "read"
    TABLE = "table"


class Proof(StrEnum):
    """Why the instrument is believed to hear, strongest first."""

    HEARD = "heard"
    """It received a cell, of whichever operator."""
    SCAN = "scan"
    """Its scan found one."""
    OTHER_MODEM = "other_modem"
    """Another modem of the hall hears."""
    RECOVERY_TRIED = "recovery_tried"
    """It never heard, but radio off and on and a reset were tried and changed nothing."""


class ClockState(StrEnum):
    """Whether the agent trusts its clock, and why."""

    NTP = "ntp"
    NETWORK = "network"
    RTC = "rtc"
    """By the board's clock chip, until somebody better says it."""
    UNTRUSTED = "untrusted"


class PreEol(StrEnum):
    """How many of the reserved blocks of an eMMC are used up: less than 80 %, 80 %, 90 %."""

    NORMAL = "normal"
    WARNING = "warning"
    URGENT = "urgent"
