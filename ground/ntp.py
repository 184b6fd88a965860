"""Whether the system clock is held right by NTP, as the kernel tells it."""

from __future__ import annotations

import ctypes
from pathlib import Path

STA_UNSYNC = 0x0040
TIME_ERROR = 5


class _Timex(ctypes.Structure):
    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


def ntp_synced() -> bool:
    """Whether the kernel or systemd-timesyncd holds the system clock synchronised (adjtimex(2))."""
    if Path("/run/systemd/timesync/synchronized").exists():
        return True
    state = _Timex()
    try:
        result = ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        return False
    return 0 <= result < TIME_ERROR and not state.status & STA_UNSYNC
