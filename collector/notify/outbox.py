"""The outbox: messages that must go out, in the file of the watch's own state (`watch.db`).

The engine puts messages in the transaction that commits the state they tell of, so a kill at any instant neither forgets
one nor sends it twice. Delivery reads `pending`, sends, and says `delivered` or `failed`; it uses a connection of its own.

    db = open_db(path)
    outbox = Outbox(db, route)           # route(message) -> [(destination, due_ms), ...], asked once, when it is put
    with transaction(db):                # the engine: state and messages together
        ...save state...
        outbox.put(messages)
    for message, destination in outbox.pending(now_ms):      # delivery
        ...send... ; outbox.delivered(message.id, destination)
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from collector.errors import StoreUnavailableError

BUSY_TIMEOUT_S = 10
Kind = Literal["open", "update", "reminder", "resolve", "digest", "test"]
Role = Literal["village", "field", "network", "server"]
ROLES: tuple[Role, ...] = ("village", "field", "network", "server")
"""Whom a message concerns: village staff, the technician who visits halls, who talks to operators, who keeps the server."""
Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `key` names the alert over its life; texts are Indonesian and English; times in ms UTC."""

    id: int = 0
    """Given by `put`; ids rise in the order in which things happened."""
    key: str
    kind: Kind
    rule: str
    severity: Severity
    site: str | None = None
    kecamatan: str | None = None
    operator: str | None = None
    role: Role
    digest: bool = False
    """Nobody has to act before the next digest."""
    at_ms: int
    title_id: str
    title_en: str
    text_id: str
    text_en: str
    link: str | None = None
    short_id: str = ""
    """Indonesian, at most 160 characters of the GSM 7 bit alphabet: fits one SMS. Empty: make it from the title."""


Route = Callable[[Message], Iterable[tuple[str, int]]]
"""Gives the destinations of a message, each with the moment (ms UTC) from which it may go out."""

_COLUMNS = tuple(f.name for f in dataclasses.fields(Message))
_TABLES = """
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL,
  site TEXT, kecamatan TEXT, operator TEXT, role TEXT NOT NULL, at_ms INTEGER NOT NULL, title_id TEXT NOT NULL,
  title_en TEXT NOT NULL, text_id TEXT NOT NULL, text_en TEXT NOT NULL, link TEXT, short_id TEXT NOT NULL,
  digest INTEGER NOT NULL DEFAULT 0,
  UNIQUE (key, kind, at_ms));
CREATE TABLE IF NOT EXISTS delivery (
  message INTEGER NOT NULL REFERENCES message (id), destination TEXT NOT NULL, due_ms INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0, error TEXT, delivered INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (message, destination)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_open ON delivery (due_ms) WHERE delivered = 0;
"""
# A message that failed holds back the later ones of its alert there, so that an opening never comes after its closing;
# other alerts go on, so that a message which a service refuses does not silence the rest.
_PENDING = f"""
SELECT d.destination, m.{", m.".join(_COLUMNS)} FROM delivery d JOIN message m ON m.id = d.message
WHERE d.delivered = 0 AND d.due_ms <= :now AND (:destination IS NULL OR d.destination = :destination) AND NOT EXISTS (
  SELECT 1 FROM delivery e JOIN message n ON n.id = e.message
  WHERE e.destination = d.destination AND n.key = m.key AND e.message < d.message
  AND e.delivered = 0 AND e.attempts > 0 AND e.due_ms > :now)
ORDER BY m.id, d.destination
"""  # noqa: S608 - names of the dataclass
_INSERT = f"INSERT OR IGNORE INTO message ({', '.join(_COLUMNS[1:])}) VALUES ({', '.join('?' * (len(_COLUMNS) - 1))})"  # noqa: S608 - as above


def open_db(path: Path) -> sqlite3.Connection:
    """Open (or make) the file of the watch. Any thread may use the connection, one at a time. Raises StoreUnavailableError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")  # what was sent must be known after a power cut
        db.executescript(_TABLES)
        if "digest" not in {row[1] for row in db.execute("PRAGMA table_info(message)")}:  # a file of 0.1
            db.execute("ALTER TABLE message ADD COLUMN digest INTEGER NOT NULL DEFAULT 0")
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailableError(f"{path}: {error}") from None
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit all or nothing; inside a transaction that is open already, be part of it."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


class Outbox:
    """Messages and where each must still go."""

    def __init__(self, db: sqlite3.Connection, route: Route) -> None:
        self._db = db
        self._route = route

    def put(self, messages: Iterable[Message]) -> None:
        """Append messages, each with its destinations; the same (key, kind, at_ms) twice is one message."""
        with transaction(self._db):
            for message in messages:
                done = self._db.execute(_INSERT, dataclasses.astuple(message)[1:])
                if done.rowcount:
                    for destination, due_ms in self._route(message):
                        self.add(done.lastrowid or 0, destination, due_ms)

    def add(self, message_id: int, destination: str, due_ms: int) -> None:
        """Send a message to one more destination from that moment on (a second channel); known ones stay as they are."""
        sql = "INSERT OR IGNORE INTO delivery (message, destination, due_ms) VALUES (?, ?, ?)"
        self._db.execute(sql, (message_id, destination, due_ms))

    def pending(self, now_ms: int, destination: str | None = None) -> list[tuple[Message, str]]:
        """Return what is due (there), oldest first; nothing of an alert while an earlier message of it waits for its retry."""
        rows = self._db.execute(_PENDING, {"now": now_ms, "destination": destination})
        return [(Message(**dict(zip(_COLUMNS, cells, strict=True))), destination) for destination, *cells in rows]

    def attempts(self, message_id: int, destination: str) -> int:
        """Return how often sending failed so far."""
        sql = "SELECT attempts FROM delivery WHERE message = ? AND destination = ?"
        row = self._db.execute(sql, (message_id, destination)).fetchone()
        return int(row[0]) if row else 0

    def delivered(self, message_id: int, destination: str) -> None:
        """Say that it arrived: it is never pending again."""
        sql = "UPDATE delivery SET delivered = 1, error = NULL WHERE message = ? AND destination = ?"
        self._db.execute(sql, (message_id, destination))

    def delivered_all(self, message_ids: Iterable[int], destination: str) -> None:
        """Say that messages arrived that went out as one."""
        with transaction(self._db):
            for message_id in message_ids:
                self.delivered(message_id, destination)

    def failed(self, message_id: int, destination: str, error: str, retry_at_ms: int | None) -> None:
        """Say why it did not, and when to try again; None gives this destination up for this message."""
        sql = "UPDATE delivery SET attempts = attempts + 1, error = ?, due_ms = ? WHERE message = ? AND destination = ?"
        self._db.execute(sql, (error, retry_at_ms, message_id, destination))

    def retry_now(self, destination: str, now_ms: int) -> None:
        """Make what failed there due now, so that after a start the oldest goes first."""
        sql = "UPDATE delivery SET due_ms = :now WHERE delivered = 0 AND attempts > 0 AND due_ms > :now AND destination = :name"
        self._db.execute(sql, {"now": now_ms, "name": destination})

    def waiting(self) -> dict[str, int]:
        """Count by destination what is neither delivered nor given up, due or not."""
        sql = "SELECT destination, count(*) FROM delivery WHERE delivered = 0 AND due_ms IS NOT NULL GROUP BY destination"
        return {name: int(count) for name, count in self._db.execute(sql)}

    def failing_since_ms(self) -> int | None:
        """Return the moment (ms UTC) of the oldest message that could not be delivered so far; None where all goes well."""
        sql = """SELECT min(m.at_ms) FROM delivery d JOIN message m ON m.id = d.message
                 WHERE d.delivered = 0 AND d.attempts > 0 AND d.due_ms IS NOT NULL"""
        value = self._db.execute(sql).fetchone()[0]
        return None if value is None else int(value)

    def messages(self, after_id: int = 0) -> Sequence[Message]:
        """Return all messages after an id, in order, delivered or not."""
        sql = f"SELECT {', '.join(_COLUMNS)} FROM message WHERE id > ? ORDER BY id"  # noqa: S608 - names of the dataclass
        return [Message(**dict(zip(_COLUMNS, cells, strict=True))) for cells in self._db.execute(sql, (after_id,))]
