"""The watch's file, `watch.db`: state, schedules, acknowledgements, maintenance, points that the store must still get, outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from collector.notify.outbox import open_db, transaction
from collector.store.store import Point
from collector.watch.schedule import Schedule
from collector.watch.state import NS_PER_MS, Hall, Incident, Modem, Sign, State
from collector.watch.tick import AlertPoint

_TABLES = """
CREATE TABLE IF NOT EXISTS hall (site TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sign (key TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incident (key TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS day (
  site TEXT, kind TEXT, day INTEGER, mask INTEGER NOT NULL, PRIMARY KEY (site, kind, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ack (key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, ticket TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS maintenance (scope TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS point (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, tags BLOB NOT NULL, fields BLOB NOT NULL);
"""


class WatchDb:
    """The file. Everything that changes in one look goes in by `save`, in one transaction of the caller."""

    def __init__(self, path: Path) -> None:
        self.db = open_db(path)
        self.db.executescript(_TABLES)
        self._written: dict[str, dict[str, bytes]] = {"sign": {}, "incident": {}}
        self._take_over()

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    def state(self) -> State:
        """Read everything."""
        halls = {site: _hall(orjson.loads(data)) for site, data in self.db.execute("SELECT site, data FROM hall")}
        signs = {key: Sign(**orjson.loads(data)) for key, data in self._kept("sign")}
        incidents = {key: _incident(orjson.loads(data)) for key, data in self._kept("incident")}
        return State(halls, signs, incidents, dict(self.db.execute("SELECT name, value FROM meta")))

    def schedule(self, learn_days: int, min_days: int) -> Schedule:
        """Read the half-hours seen."""
        return Schedule(learn_days, min_days, self.db.execute("SELECT site, kind, day, mask FROM day"))

    def save(self, state: State, schedule: Schedule, points: Iterable[AlertPoint]) -> None:
        """Write what changed since the last time (part of the caller's transaction); `saved` follows when it is committed."""
        halls = [(site, orjson.dumps(state.halls[site])) for site in state.changed_halls if site in state.halls]
        self.db.executemany("INSERT OR REPLACE INTO hall VALUES (?, ?)", halls)
        gone = [(site,) for site in {row[0] for row in self.db.execute("SELECT site FROM hall")} - state.halls.keys()]
        self.db.executemany("DELETE FROM hall WHERE site = ?", gone)
        for table, things in (("sign", state.signs), ("incident", state.incidents)):
            self._replace(table, {key: orjson.dumps(thing, default=sorted) for key, thing in things.items()})
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", state.meta.items())
        self.db.executemany("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?)", schedule.changed())
        self.db.execute("DELETE FROM day WHERE day < ?", (state.meta.get("oldest_day", 0),))
        rows = ((p.at_ms, orjson.dumps(p.tags), orjson.dumps(p.fields)) for p in points)
        self.db.executemany("INSERT INTO point (at_ms, tags, fields) VALUES (?, ?, ?)", rows)
        self.db.execute("DELETE FROM ack")

    def acknowledge(self, key: str, at_ms: int, ticket: str = "") -> None:
        """Note that somebody deals with an incident; the watch takes it up at its next look."""
        self.db.execute("INSERT OR REPLACE INTO ack VALUES (?, ?, ?)", (key, at_ms, ticket))

    def acks(self) -> dict[str, str]:
        """Return the incidents that were acknowledged since the last look, with the number of the operator's ticket."""
        return dict(self.db.execute("SELECT key, ticket FROM ack"))

    def maintain(self, scope: str, until_ms: int) -> None:
        """Open nothing for a site or kecamatan until that moment; a moment that has passed ends it."""
        self.db.execute("INSERT OR REPLACE INTO maintenance VALUES (?, ?)", (scope, until_ms))

    def maintained(self, now_ms: int) -> dict[str, int]:
        """Return sites and kecamatan under maintenance, with the moment of its end."""
        return dict(self.db.execute("SELECT scope, until_ms FROM maintenance WHERE until_ms > ?", (now_ms,)))

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

    def _kept(self, table: str) -> list[tuple[str, bytes]]:
        rows = self.db.execute(f"SELECT key, data FROM {table}").fetchall()  # noqa: S608 - a table of this module
        self._written[table] = dict(rows)
        return rows

    def _replace(self, table: str, things: dict[str, bytes]) -> None:
        """Write the things that differ from what the file has, and delete the others."""
        known = self._written[table]
        new = [(key, data) for key, data in things.items() if known.get(key) != data]
        self.db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", new)  # noqa: S608 - a table of this module
        self.db.executemany(f"DELETE FROM {table} WHERE key = ?", ((key,) for key in known.keys() - things.keys()))  # noqa: S608
        self._written[table] = things

    def _take_over(self) -> None:
        """Read what the last release left: alerts that were told become incidents, so that their end is told too."""
        if not self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alert'").fetchone():
            return
        columns = {row[1] for row in self.db.execute("PRAGMA table_info(ack)")}
        with transaction(self.db):
            if "ticket" not in columns:
                self.db.execute("ALTER TABLE ack ADD COLUMN ticket TEXT NOT NULL DEFAULT ''")
            for key, data in self.db.execute("SELECT key, data FROM alert").fetchall():
                old = orjson.loads(data)
                if old["told_ms"] is None or old["site"] is None:
                    continue
                sign = Sign(
                    key, old["rule"], old["site"], old["modem"], None, 1800.0, True, True, old["since_ms"], old["until_ms"], key
                )
                halls = {old["site"]: old["since_ms"]}
                incident = Incident(
                    key, "supply", old["rule"], old["operator"], None, {key}, halls, old["since_ms"], old["since_ms"]
                )
                incident.told_ms, incident.told_halls, incident.told_cause = old["told_ms"], 1, old["rule"]
                self.db.execute("INSERT OR IGNORE INTO sign VALUES (?, ?)", (key, orjson.dumps(sign)))
                self.db.execute("INSERT OR IGNORE INTO incident VALUES (?, ?)", (key, orjson.dumps(incident, default=sorted)))
            self.db.execute("DELETE FROM hall")  # its halls are learnt anew from the store
            self.db.execute("DELETE FROM meta")
            self.db.execute("DROP TABLE alert")


def _hall(data: dict[str, Any]) -> Hall:
    hall = Hall(**data)
    hall.modems = {name: Modem(**modem) for name, modem in data["modems"].items()}
    hall.spells = [(start, end) for start, end in hall.spells]
    hall.ahead = {name: (first, last) for name, (first, last) in hall.ahead.items()}
    return hall


def _incident(data: dict[str, Any]) -> Incident:
    incident = Incident(**data)
    incident.members = set(incident.members)
    return incident
