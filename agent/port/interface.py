"""A network interface as the kernel knows it: how much it has moved, and its addresses. No library, as probes load this too."""

from __future__ import annotations

import fcntl
import socket
import struct
from pathlib import Path

NET = Path("/sys/class/net")
SIOCGIFADDR = 0x8915
"""linux/sockios.h: the IPv4 address of an interface."""


def moved(interface: str, net: Path = NET) -> int | None:
    """Return the bytes that an interface received and sent since it appeared; None when it is not there."""
    try:
        return sum(int((net / interface / "statistics" / f"{way}_bytes").read_text(encoding="ascii")) for way in ("rx", "tx"))
    except (OSError, ValueError):
        return None


def addresses(interface: str) -> set[str]:
    """Return the addresses of an interface; empty when it has none or is not there."""
    found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock, SIOCGIFADDR, struct.pack("256s", interface.encode()))
            found.add(socket.inet_ntoa(answer[20:24]))
        except OSError:
            pass
    try:
        lines = Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()
    except OSError:
        lines = []
    rows = [line.split() for line in lines]
    return found | {socket.inet_ntop(socket.AF_INET6, bytes.fromhex(row[0])) for row in rows if row[-1] == interface}
