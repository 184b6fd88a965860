"""Who numbers the samples (P13): a cloned card, a new card or another Pi is another installation, and says so in every frame.

An id is 8 digits, drawn from a random number that is made with the spool, the hardware, and the folder: each differs in a clone
or in a new card. Digits, because a deflated frame holds them in half the bytes of hex letters.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from bisect import bisect_left
from pathlib import Path

from telemetry.streams import Event

DRAWN = "drawn"
ROOT = Path("/")
BOARD = ("sys/firmware/devicetree/base/serial-number", "etc/machine-id")
CARD = ("cid", "serial")
"""Files of sysfs that name a card or disk (MMC: CID; NVMe, USB: serial number)."""


def hardware(folder: Path, root: Path = ROOT) -> bytes:
    """Return what tells this board, card and folder from others; what cannot be read is left out."""
    place = folder.stat()
    named = [_read(root / file) for file in BOARD]
    disk = root / f"sys/dev/block/{os.major(place.st_dev)}:{os.minor(place.st_dev)}"
    levels = [level for level in (disk.resolve(), *disk.resolve().parents) if level.is_relative_to(root / "sys/devices")]
    named += [_read(level / "device" / file) for level in levels[:3] for file in CARD]
    return b"\0".join([*named, b"%d" % place.st_ino])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError:
        return b""


class Installations:
    """The installations that this spool has been: each numbered the samples after `after_seq`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        there = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'installations'").fetchone()[0]
        rows = db.execute("SELECT after_seq, inst FROM installations ORDER BY n").fetchall() if there else []
        self._after = [after for after, _ in rows]
        self._ids: list[str] = [inst for _, inst in rows]

    @property
    def now(self) -> str | None:
        """The id of this installation; None before the agent has run here."""
        return self._ids[-1] if self._ids else None

    @property
    def after(self) -> int:
        """The highest number that an earlier one gave out; 0 when there was none."""
        return self._after[-1] if self._after else 0

    def of(self, seq: int) -> str | None:
        """Return who numbered a sample; None for those that are older than installations."""
        at = bisect_left(self._after, seq)
        return self._ids[at - 1] if at else None


def enter(db: sqlite3.Connection, newest: int, place: bytes) -> list[Event]:
    """Note that the spool is used here; return an event when this is another place than before. Called by the spool's owner."""
    db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (DRAWN, secrets.randbits(62)))
    drawn = db.execute("SELECT value FROM meta WHERE key = ?", (DRAWN,)).fetchone()[0]
    digest = hashlib.sha256(b"%d\0" % drawn + place).digest()
    inst = f"{int.from_bytes(digest[:8]) % 10**8:08d}"
    before = Installations(db).now
    if inst == before:
        return []
    db.execute("INSERT INTO installations (inst, after_seq) VALUES (?, ?)", (inst, newest))
    if before is None:
        return []
    return [Event(kind="installation", detail=f"card or folder in another place: {inst} from {newest + 1} on, before {before}")]
