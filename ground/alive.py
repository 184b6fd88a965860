"""Which threads still live, and telling systemd so: a stuck thread is a stuck program (WatchdogSec, sd_notify(3))."""

from __future__ import annotations

import os
import socket
import threading
import time
from weakref import WeakKeyDictionary

PATIENCE_S = 1800.0
"""Longest silence of a thread that works: a modem scans for all operators, is turned off and on and reset in half of it."""
_due: WeakKeyDictionary[threading.Thread, float] = WeakKeyDictionary()


def expect(within_s: float = 0.0) -> None:
    """Have the calling thread promise another word within `within_s` and the patience that everybody has."""
    _due[threading.current_thread()] = time.monotonic() + within_s + PATIENCE_S


def stuck(thread: threading.Thread) -> bool:
    """Return whether a thread broke its promise; one that never made any is not judged."""
    return time.monotonic() > _due.get(thread, time.monotonic())


def tell_systemd() -> None:
    """Say that this program lives; nothing where systemd did not start it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.sendto(b"WATCHDOG=1", "\0" + address[1:] if address.startswith("@") else address)
