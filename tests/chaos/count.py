"""What was measured, from the spools' own counters; what is stored, from InfluxDB by query. Never from variables of the run."""

from __future__ import annotations

import json
import sqlite3
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

MEASUREMENTS = ("signal", "cell", "probe", "device", "event")


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers of one hall: samples measured, distinct samples stored, points beyond one a sample."""

    site: str
    measured: int
    stored: int
    doubled: int

    @property
    def lost(self) -> int:
        """Samples that were measured and are not in the store."""
        return self.measured - self.stored


def measured(spool: Path) -> int:
    """Give the highest number the spool ever gave to a sample (AUTOINCREMENT never gives one twice)."""
    with sqlite3.connect(f"file:{spool}?mode=ro", uri=True) as db:
        row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spool'").fetchone()
    return int(row[0]) if row else 0


def pending(spool: Path) -> int:
    """Give the number of samples that wait for an answer."""
    with sqlite3.connect(f"file:{spool}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM spool").fetchone()[0])


def _rows(url: str, database: str, influxql: str) -> list[list[object]]:
    query = urllib.parse.urlencode({"db": database, "q": influxql, "epoch": "ns"})
    with urllib.request.urlopen(f"{url}/query?{query}", timeout=60) as reply:  # noqa: S310 - a loopback server of this test
        answer = json.load(reply)
    series = [s for result in answer["results"] for s in result.get("series", [])]
    return [row for s in series for row in s["values"]]


def stored_numbers(url: str, database: str, site: str) -> list[int]:
    """Give the seq of every point of a hall, over all measurements."""
    numbers: list[int] = []
    for measurement in MEASUREMENTS:
        rows = _rows(url, database, f"SELECT seq FROM \"{measurement}\" WHERE site = '{site}'")  # noqa: S608
        numbers += [int(str(row[1])) for row in rows]
    return numbers


def count(url: str, database: str, site: str, spool: Path) -> Count:
    """Compare one hall's spool with the store."""
    numbers = stored_numbers(url, database, site)
    return Count(site, measured(spool), len(set(numbers)), len(numbers) - len(set(numbers)))
