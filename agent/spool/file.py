"""The spool's file: its tables, opening it after whatever happened to the card, and what can be saved from a damaged one."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from agent.spool.high_water import BLOCK, HighWaterMark
from agent.spool.tail import Kept, read
from ground.durable import move_durably
from telemetry.frame import is_installation
from telemetry.streams import Event

log = logging.getLogger(__name__)

MAX_SEQ = 2**53
COLUMNS = "seq, stream, modem, boot, mono_ms, t_ms, clock, body, crc"
INSERT = f"INSERT INTO spool ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (own constant)
RESERVE_BYTES = 2_000_000
"""A file of zeros beside the spool: on a full disk it makes room for the transaction that thins."""
KEEP_ASIDE = 3
PAGE_BYTES = 512
"""A commit writes whole pages; a sample of 300 bytes should not cost four kilobytes of the card."""

DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises; the second when SQLite quotes a damaged name in its message."""

_TABLES = """
CREATE TABLE IF NOT EXISTS spool (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, modem TEXT, boot INTEGER NOT NULL,
  mono_ms INTEGER NOT NULL, t_ms INTEGER, clock TEXT NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (
  seq INTEGER PRIMARY KEY, stream TEXT NOT NULL, modem TEXT, boot INTEGER NOT NULL,
  mono_ms INTEGER NOT NULL, t_ms INTEGER, clock TEXT NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS boots (
  n INTEGER PRIMARY KEY AUTOINCREMENT, boot_id TEXT NOT NULL UNIQUE, offset_ms INTEGER, source TEXT, last_ms INTEGER);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS installations (
  n INTEGER PRIMARY KEY AUTOINCREMENT, inst TEXT NOT NULL, after_seq INTEGER NOT NULL);
"""

_PLACEHOLDERS = """
INSERT INTO boots (n, boot_id) SELECT DISTINCT boot, 'lost-' || boot FROM spool WHERE boot NOT IN (SELECT n FROM boots)
"""
"""A boot that samples name and nobody knows any more keeps its number: theirs must not be dated by another one's clock."""
BESIDE = ("-wal", "-shm")
READY = ".ready"
_TOP = "SELECT max(seq) FROM (SELECT max(seq) AS seq FROM spool UNION ALL SELECT max(seq) FROM quarantine)"


def row_crc(*row: object) -> int:
    """CRC-32 over all columns of a row, its number and time included."""
    return zlib.crc32("\x1f".join(map(str, row)).encode())


def connect(path: Path) -> sqlite3.Connection:
    """Open the file with the settings that P2 and P9 need. Does not look inside."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=32)
    db.text_factory = lambda raw: raw.decode(errors="replace")  # damaged text must reach the CRC check, not raise
    db.create_function("row_crc", 8, row_crc, deterministic=True)
    db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = OFF")  # nothing secret here; overwriting freed pages wears the card
    db.execute("PRAGMA cache_size = -512")  # KiB: the spool is written once and read once
    db.execute("PRAGMA wal_autocheckpoint = 1000")
    return db


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the file alone, to look only; `agent.spool.look` shows the tail with it."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=10)
    db.text_factory = lambda raw: raw.decode(errors="replace")
    return db


def last_seq(db: sqlite3.Connection) -> int:
    """Return the highest number used in this file; 0 when none was."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spool'").fetchone()
    return int(row[0]) if row else 0


def note_seq(db: sqlite3.Connection, seq: int) -> None:
    """Keep a check of the highest number beside it: a flipped bit there would give numbers out twice."""
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('seq_check', ?)", (zlib.crc32(b"%d" % seq),))


def raise_seq(db: sqlite3.Connection, seq: int) -> None:
    """Let the next sample get the number after this one."""
    db.execute("DELETE FROM sqlite_sequence WHERE name = 'spool'")
    db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('spool', ?)", (seq,))
    note_seq(db, seq)


def take_in(db: sqlite3.Connection, kept: Kept) -> bool:
    """Put into the file what only its tail has; return whether numbers may be missing in between. Part of a transaction."""
    last = last_seq(db)
    new = [row for row in kept.rows if row[0] > last]
    db.executemany(INSERT.replace("INSERT", "INSERT OR IGNORE", 1), new)
    if kept.last > last:
        raise_seq(db, kept.last)
    db.executemany("DELETE FROM spool WHERE seq = ?", [(seq,) for seq in kept.gone])
    return kept.start > last or (kept.torn and (kept.last >= last or not kept.last))


def open_spool(path: Path, high_water: HighWaterMark) -> tuple[sqlite3.Connection, list[Event]]:
    """Open the spool for writing; set a damaged one aside. Raises sqlite3.Error or OSError when the card refuses."""
    _put_in_place(path)
    log_frames = wal_frames(path)
    try:
        db = connect(path)
    except DAMAGE as error:
        if _refused(error):
            raise
        return replace_spool(path, high_water, str(error))
    try:
        replayed = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
        fault = _fault(db)
        if fault is None:
            db.executescript(_TABLES)
            make_reserve(path)
            db.execute("BEGIN IMMEDIATE")
            torn = take_in(db, read(path)) or log_frames > max(0, replayed)
            notices = _check_numbers(db, high_water, torn=torn)
            db.execute("COMMIT")
            return db, notices
    except DAMAGE as error:
        if _refused(error):
            raise
        fault = str(error)
    db.close()
    return replace_spool(path, high_water, fault)


def _refused(error: Exception) -> bool:
    """Tell a card that cannot be written (locked, read-only, gone) from a file that is damaged."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_PERM,
    )


def _fault(db: sqlite3.Connection) -> str | None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        return str(found)
    tables = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    wanted = {s.split("EXISTS ")[1].split()[0]: s for s in _TABLES.split(";") if "EXISTS" in s}
    for name, sql in wanted.items():
        if name in tables and tables[name].split() != sql.replace("IF NOT EXISTS ", "").split():
            return f"table {name} is not as this version makes it"
    return None


def _check_numbers(db: sqlite3.Connection, high_water: HighWaterMark, *, torn: bool) -> list[Event]:
    """Start above the high-water mark when the last numbers may be missing from the file (torn log, flipped bit, no file)."""
    used = last_seq(db)
    top = min(MAX_SEQ, db.execute(_TOP).fetchone()[0] or 0)
    check = db.execute("SELECT value FROM meta WHERE key = 'seq_check'").fetchone()
    new = used == 0 and check is None and high_water.ceiling == 0
    whole = check is not None and check[0] == zlib.crc32(b"%d" % used) and top <= used
    if (new or whole) and not torn:
        high_water.reserve(used)
        return []
    start = max(high_water.ceiling, top, used if whole else 0) if high_water.ceiling else max(top, used if whole else 0) + BLOCK
    raise_seq(db, start)
    detail = "the end of the spool's log was damaged" if torn else "the spool was missing or its counter damaged"
    return [Event(kind="seq_skipped", detail=f"{detail}; numbers go on at {start + 1}", count=max(0, start - used))]


def wal_frames(path: Path) -> int:
    """Count the frames of the write-ahead log that belong to its present generation, whole or torn.

    SQLite silently ends the log at the first frame whose checksum is wrong. More frames here than it replays means that
    commits were lost: a power cut in the middle of one, or a damaged card.
    """
    try:
        data = path.with_name(path.name + "-wal").read_bytes()
    except FileNotFoundError:
        return 0
    if len(data) <= 32:
        return 1 << 30 if data else 0
    page = struct.unpack(">I", data[8:12])[0]
    if page not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
        return 1 << 30
    salts = data[16:24]
    frames = [data[at + 8 : at + 16] == salts for at in range(32, len(data) - 23, page + 24)]
    return sum(frames) if any(frames) else 1 << 30


def replace_spool(path: Path, high_water: HighWaterMark, reason: str) -> tuple[sqlite3.Connection, list[Event]]:
    """Set a damaged file aside, make a new one that starts above the high-water mark, and save what is provably whole.

    The new one is whole on the card before the damaged one loses its name: a power cut in between leaves all to be done again.
    """
    aside, fresh = path.with_name(f"{path.name}.damaged-{time.time_ns() // 1_000_000}"), path.with_name(path.name + ".fresh")
    log.error("event=spool_set_aside file=%s reason=%r", aside.name, reason)
    for suffix in ("", *BESIDE):
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
    db = connect(fresh)
    db.executescript(_TABLES)
    db.execute("BEGIN IMMEDIATE")
    saved = _save(db, path) + _save_tail(db, path)
    db.execute(_PLACEHOLDERS)
    top = db.execute(_TOP).fetchone()[0] or 0
    raise_seq(db, max(top, high_water.ceiling))
    db.execute("COMMIT")
    db.close()  # folds its log into the file
    for suffix in ("", "-wal"):
        if (source := path.with_name(path.name + suffix)).exists():
            try:
                os.link(source, aside.with_name(aside.name + suffix))
            except PermissionError:  # FAT has no second names
                shutil.copyfile(source, aside.with_name(aside.name + suffix))
    move_durably(fresh, path.with_name(path.name + READY))
    _put_in_place(path)
    db = connect(path)
    _prune(path)
    detail = f"damaged spool set aside as {aside.name}: {reason}"[:180]
    return db, [Event(kind="spool_set_aside", detail=detail, count=saved)]


def _put_in_place(path: Path) -> None:
    """Give the new file its name, also after a power cut in between; the log of the damaged one must not be taken for its."""
    ready = path.with_name(path.name + READY)
    if ready.exists():
        for suffix in BESIDE:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        move_durably(ready, path)


def _save(db: sqlite3.Connection, aside: Path) -> int:
    """Copy the rows whose CRC holds. Rows without a time need their boot, all need who numbered them: these come first."""
    try:
        old = connect_to_read(aside)
    except DAMAGE:
        return 0
    for boot in _readable(old, "SELECT n, boot_id, offset_ms, source, last_ms FROM boots ORDER BY n"):
        if isinstance(boot[0], int) and isinstance(boot[1], str):
            db.execute("INSERT OR IGNORE INTO boots (n, boot_id, offset_ms, source, last_ms) VALUES (?, ?, ?, ?, ?)", boot)
    for after, inst in _readable(old, "SELECT after_seq, inst FROM installations ORDER BY n"):
        if isinstance(after, int) and is_installation(inst):
            db.execute("INSERT INTO installations (inst, after_seq) VALUES (?, ?)", (inst, after))
    for (drawn,) in _readable(old, "SELECT value FROM meta WHERE key = 'drawn'"):
        if isinstance(drawn, int):
            db.execute("INSERT INTO meta VALUES ('drawn', ?)", (drawn,))
    saved = 0
    for order in ("ASC", "DESC"):  # from both ends: reading stops at the first page that is broken
        for *row, crc in _readable(old, f"SELECT {COLUMNS} FROM spool ORDER BY seq {order}"):  # noqa: S608  (own constant)
            if crc == row_crc(*row) and isinstance(row[0], int) and 0 < row[0] < MAX_SEQ:
                saved += db.execute(INSERT.replace("INSERT", "INSERT OR IGNORE", 1), (*row, crc)).rowcount
    old.close()
    return saved


def _save_tail(db: sqlite3.Connection, path: Path) -> int:
    whole = [row for row in read(path).rows if row[-1] == row_crc(*row[:-1])]
    return db.executemany(INSERT.replace("INSERT", "INSERT OR IGNORE", 1), whole).rowcount


def _readable(db: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    try:
        yield from db.execute(query)
    except DAMAGE as error:
        log.warning("event=salvage_stopped reason=%r", str(error))


def _prune(path: Path) -> None:
    """Keep the newest few files that were set aside, so that a dying card does not fill itself."""
    aside = sorted(p for p in path.parent.glob(f"{path.name}.damaged-*") if not p.name.endswith(BESIDE))
    for old in aside[:-KEEP_ASIDE]:
        old.unlink(missing_ok=True)
        for suffix in BESIDE:
            old.with_name(old.name + suffix).unlink(missing_ok=True)


def make_reserve(path: Path) -> None:
    """Hold some room for the moment the disk is full. Without room now there is none to hold."""
    reserve = path.with_name(path.name + ".reserve")
    try:
        with reserve.open("ab") as file:
            if file.tell() < RESERVE_BYTES:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
    except OSError as error:
        log.warning("event=no_reserve reason=%r", str(error))


def release_reserve(path: Path) -> None:
    """Give that room back to the disk."""
    path.with_name(path.name + ".reserve").unlink(missing_ok=True)
