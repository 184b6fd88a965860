"""Who else has a serial port open, from /proc, and what to do about it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ground.words import Phrase, mark, phrase

MODEM_MANAGER = "ModemManager"
CURE_MODEM_MANAGER = mark(
    'tell ModemManager to leave this port alone: udev rule ENV{ID_MM_PORT_IGNORE}="1" '
    "(`sudo sinyal-agent detect --write-udev` writes it); do not remove ModemManager where it carries the uplink"
)
CURE_OTHER = mark("stop that program, or give it another port: two readers steal each other's bytes")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a port open."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


def holders(port: str, proc: Path = Path("/proc")) -> list[Holder]:
    """Return the other processes that have a port open, as far as this user may see them."""
    device = os.path.realpath(port)
    return [h for h in _processes(proc) if h.pid != os.getpid() and _has_open(proc / str(h.pid), device)]


def explain(port: str, *, proc: Path = Path("/proc"), guess: bool = True) -> tuple[Phrase, Phrase] | None:
    """Say who holds a port, and what to do about it; None when nobody can be named.

    `guess`: name ModemManager when it runs, though its open files cannot be read (they belong to root).
    """
    found = holders(port, proc)
    if any(h.name == MODEM_MANAGER for h in found):
        return phrase("held by {programs}", programs=", ".join(map(str, found))), phrase(CURE_MODEM_MANAGER)
    if found:
        return phrase("held by {programs}", programs=", ".join(map(str, found))), phrase(CURE_OTHER)
    running = next((h for h in _processes(proc) if h.name == MODEM_MANAGER), None) if guess else None
    return (phrase("probably held by {program}", program=str(running)), phrase(CURE_MODEM_MANAGER)) if running else None


def _processes(proc: Path) -> list[Holder]:
    found = []
    for folder in proc.glob("[0-9]*"):
        try:
            found.append(Holder(int(folder.name), (folder / "comm").read_text(encoding="utf-8").strip()))
        except (OSError, ValueError):
            continue  # it ended meanwhile
    return sorted(found, key=lambda h: h.pid)


def _has_open(process: Path, device: str) -> bool:
    try:
        return any(_target(fd) == device for fd in (process / "fd").iterdir())
    except OSError:
        return False


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""
