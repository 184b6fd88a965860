"""What the watch remembers, in `watch.db`: halls, alerts, acknowledgements, maintenance, points that the store must still get."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from collector.notify.outbox import open_db
from collector.store.store import Point

_TABLES = """
CREATE TABLE IF NOT EXISTS hall (site TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert (key TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS day (
  site TEXT, kind TEXT, day INTEGER, mask INTEGER NOT NULL, PRIMARY KEY (site, kind, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ack (key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS maintenance (scope TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS point (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, tags BLOB NOT NULL, fields BLOB NOT NULL);
"""
NS_PER_MS = 1_000_000


@dataclass(slots=True)
class ModemState:
    """What a modem last said of its serving cell."""

    operator: str | None = None
    band: int | None = None
    cell_id: int | None = None


@dataclass(slots=True)
class Hall:
    """What is known of a hall now. Times in ms UTC; 0 means never."""

    site: str
    last_ms: int = 0
    """Time of its newest sample with a trusted time."""
    arrived_ms: int = 0
    """When anything of it arrived, of whatever age."""
    wrong_ms: int = 0
    """When a sample from the future arrived."""
    clock_ok: bool | None = None
    over_budget: bool = False
    """Its data budget is (nearly) spent, so it sends once an hour."""
    cursors: dict[str, int] = field(default_factory=dict)
    """By modem ("" is the device): ns of the newest sample judged."""
    ahead: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By modem: first and last seq of the samples from the future, which must not count when that time has come."""
    modems: dict[str, ModemState] = field(default_factory=dict)


@dataclass(slots=True)
class Alert:
    """One alert, from its first bad moment to its closing. `level_s` is bad less good time, or what is left to its closing."""

    key: str
    rule: str
    site: str | None = None
    kecamatan: str | None = None
    modem: str | None = None
    operator: str | None = None
    band: int | None = None
    cell_id: int | None = None
    detail: str = ""
    """A number or date for the text, or what was found as a message of the catalogue."""
    level_s: float = 0.0
    firing: bool = False
    bad: bool = False
    since_ms: int = 0
    until_ms: int = 0
    """Last moment that was judged bad."""
    told_ms: int | None = None
    """When its opening was told; None while it was not."""
    cover: str | None = None
    """Key of the common cause that speaks for it."""
    scope: str = ""
    """Of a common cause: what its halls share."""
    count: int = 1
    acked: bool = False

    def feed(self, verdict: bool | None, dt_s: float, at_ms: int, for_s: float, clear_s: float) -> None:
        """Take in one judgement for `dt_s` seconds up to `at_ms`; None says that nothing is known, and changes nothing.

        dt_s = 0 says that nothing is known of the time before: bad time from before it adds up to nothing.
        """
        if verdict is None:
            return
        if not dt_s and not self.firing:
            self.level_s = 0.0
        self.bad = verdict
        self.until_ms = at_ms if verdict else self.until_ms
        if self.firing:
            self.level_s = min(clear_s, self.level_s + dt_s) if verdict else self.level_s - dt_s
            self.firing = verdict or self.level_s > 0
        elif verdict:
            if self.level_s <= 0:
                self.since_ms = at_ms
            self.level_s += dt_s
            self.firing = self.level_s >= for_s
            self.level_s = clear_s if self.firing else self.level_s
        else:
            self.level_s -= dt_s
        self.level_s = max(0.0, self.level_s)

    @property
    def over(self) -> bool:
        """Return whether nothing is left of it."""
        return not self.firing and not self.bad and self.level_s <= 0


class WatchDb:
    """The file. Everything that changes in one tick of the watch goes in by one transaction of the caller."""

    def __init__(self, path: Path) -> None:
        self.db: sqlite3.Connection = open_db(path)
        self.db.executescript(_TABLES)

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    def halls(self) -> dict[str, Hall]:
        """Read all halls."""
        return {site: _hall(orjson.loads(data)) for site, data in self.db.execute("SELECT site, data FROM hall")}

    def alerts(self) -> dict[str, Alert]:
        """Read all alerts that are not over, told or not."""
        rows = self.db.execute("SELECT key, data FROM alert ORDER BY key")
        return {key: Alert(**orjson.loads(data)) for key, data in rows}

    def days(self) -> Iterable[tuple[str, str, int, int]]:
        """Read the half-hours seen: (site, kind, day, mask)."""
        return self.db.execute("SELECT site, kind, day, mask FROM day")

    def meta(self) -> dict[str, int]:
        """Read the numbers of the engine by name."""
        return dict(self.db.execute("SELECT name, value FROM meta"))

    def save(self, halls: Iterable[Hall], alerts: Iterable[Alert], gone: Iterable[str], meta: dict[str, int]) -> None:
        """Write what changed; `gone` are keys of alerts that are over."""
        self.db.executemany("INSERT OR REPLACE INTO hall VALUES (?, ?)", ((h.site, orjson.dumps(h)) for h in halls))
        self.db.executemany("INSERT OR REPLACE INTO alert VALUES (?, ?)", ((a.key, orjson.dumps(a)) for a in alerts))
        self.db.executemany("DELETE FROM alert WHERE key = ?", ((key,) for key in gone))
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())

    def save_days(self, rows: Iterable[tuple[str, str, int, int]], forget_before: int) -> None:
        """Write half-hours seen, and forget days that are too old to teach anything."""
        self.db.executemany("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?)", rows)
        self.db.execute("DELETE FROM day WHERE day < ?", (forget_before,))

    def acknowledge(self, key: str, at_ms: int) -> None:
        """Note that somebody deals with an alert; the watch takes it up at its next tick."""
        self.db.execute("INSERT OR REPLACE INTO ack VALUES (?, ?)", (key, at_ms))

    def take_acks(self) -> list[str]:
        """Return the keys that were acknowledged, and clear the list (part of the caller's transaction)."""
        keys = [row[0] for row in self.db.execute("SELECT key FROM ack")]
        self.db.execute("DELETE FROM ack")
        return keys

    def maintain(self, scope: str, until_ms: int) -> None:
        """Open no alert for a site or kecamatan until that moment; a moment that has passed ends it."""
        self.db.execute("INSERT OR REPLACE INTO maintenance VALUES (?, ?)", (scope, until_ms))

    def maintained(self, now_ms: int) -> dict[str, int]:
        """Return sites and kecamatan under maintenance, with the moment of its end."""
        return dict(self.db.execute("SELECT scope, until_ms FROM maintenance WHERE until_ms > ?", (now_ms,)))

    def put_point(self, at_ms: int, tags: dict[str, str], fields: dict[str, str | int]) -> None:
        """Queue a point of the measurement `alert` for the store."""
        row = (at_ms, orjson.dumps(tags), orjson.dumps(fields))
        self.db.execute("INSERT INTO point (at_ms, tags, fields) VALUES (?, ?, ?)", row)

    def points(self) -> list[tuple[int, Point]]:
        """Return the queued points with their numbers; the number in the ns keeps points of one moment apart."""
        rows = self.db.execute("SELECT id, at_ms, tags, fields FROM point ORDER BY id")
        return [
            (i, Point("alert", orjson.loads(tags), orjson.loads(fields), at_ms * NS_PER_MS + i % NS_PER_MS))
            for i, at_ms, tags, fields in rows
        ]

    def drop_points(self, ids: Sequence[int]) -> None:
        """Forget points that are in the store."""
        self.db.executemany("DELETE FROM point WHERE id = ?", ((i,) for i in ids))


def _hall(data: dict[str, object]) -> Hall:
    if "thrifty" in data:  # as it was called before
        data["over_budget"] = data.pop("thrifty")
    hall = Hall(**data)  # type: ignore[arg-type]  # written by this module, field by field
    hall.modems = {name: ModemState(**modem) for name, modem in hall.modems.items()}  # type: ignore[arg-type]  # a dict from JSON
    hall.ahead = {name: (first, last) for name, (first, last) in hall.ahead.items()}
    return hall
