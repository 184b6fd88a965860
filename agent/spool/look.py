"""Looking at the spool beside the running agent: its file and its tail as one, under the names of the file's tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from agent.spool import file as spoolfile
from agent.spool.tail import read

_OVERLAY = f"""
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE tail (
  seq INTEGER PRIMARY KEY, stream TEXT, modem TEXT, boot INTEGER,
  mono_ms INTEGER, t_ms INTEGER, clock TEXT, body BLOB, crc INTEGER);
CREATE TEMP TABLE gone (seq INTEGER PRIMARY KEY);
CREATE TEMP TABLE last (seq INTEGER NOT NULL);
CREATE TEMP VIEW spool AS
  SELECT {spoolfile.COLUMNS} FROM main.spool WHERE seq NOT IN (SELECT seq FROM gone) UNION ALL
  SELECT {spoolfile.COLUMNS} FROM tail WHERE seq > (SELECT ifnull(max(seq), 0) FROM main.sqlite_sequence WHERE name = 'spool');
"""  # noqa: S608  (own constant)


def connect_to_look(path: Path) -> sqlite3.Connection:
    """Open the spool, to look only. Raises an error of spoolfile.DAMAGE when there is none."""
    kept = read(path)  # before the file: what is committed in between is in both, and shown once
    db = spoolfile.connect_to_read(path)
    try:
        db.executescript(_OVERLAY)
        db.executemany("INSERT INTO temp.tail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", kept.rows)
        db.executemany("INSERT INTO temp.gone VALUES (?)", [(seq,) for seq in kept.gone])
        db.execute("INSERT INTO temp.last VALUES (?)", (kept.last,))
    except BaseException:
        db.close()
        raise
    return db


def numbers_given(db: sqlite3.Connection) -> int:
    """Return the highest number used in a spool that `connect_to_look` opened; 0 when none was or it is not made yet."""
    made = db.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'").fetchone()
    return max(spoolfile.last_seq(db) if made else 0, int(db.execute("SELECT seq FROM temp.last").fetchone()[0]))
