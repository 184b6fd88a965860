"""What was measured, from the spools' own counters; what is stored, from InfluxDB by query. Never from variables of the run."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.spool.look import connect_to_look, numbers_given
from lab.engines import TOKEN
from telemetry.streams import STREAMS

MEASUREMENTS = tuple(STREAMS)


@dataclass(frozen=True, slots=True)
class Count:
    """One hall: samples measured, distinct ones stored, points beyond one a sample, samples still in the spool, neither.

    Numbers that the spool skipped on purpose, and said so in an event (a torn log), were never given to a sample.
    """

    site: str
    measured: int
    stored: int
    doubled: int
    waiting: int
    lost: int


def measured(spool: Path) -> int:
    """Return the highest number the spool ever gave to a sample (AUTOINCREMENT never gives one twice)."""
    if not spool.exists():
        return 0
    with closing(connect_to_look(spool)) as db:
        return numbers_given(db)


def waiting(spool: Path) -> set[int]:
    """Return the numbers of the samples that wait for an answer, in a spool that another process writes or is about to make."""
    if not spool.exists():
        return set()
    with closing(connect_to_look(spool)) as db:
        made = db.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'spool'").fetchone()
        return {int(seq) for (seq,) in db.execute("SELECT seq FROM spool")} if made else set()


def pending(spool: Path) -> int:
    """Return how many samples wait for an answer."""
    return len(waiting(spool))


def _rows(url: str, database: str, influxql: str) -> list[list[object]]:
    query = urllib.parse.urlencode({"db": database, "q": influxql, "epoch": "ns"})
    ask = urllib.request.Request(f"{url}/query?{query}", headers={"Authorization": f"Token {TOKEN}"})  # noqa: S310 - loopback
    with urllib.request.urlopen(ask, timeout=60) as reply:  # noqa: S310 - a loopback server of this test
        answer = json.load(reply)
    series = [s for result in answer["results"] for s in result.get("series", [])]
    return [row for s in series for row in s["values"]]


def stored_numbers(url: str, database: str, site: str) -> list[int]:
    """Return the seq of every point of a hall, over all measurements."""
    numbers: list[int] = []
    for measurement in MEASUREMENTS:
        rows = _rows(url, database, f"SELECT seq FROM \"{measurement}\" WHERE site = '{site}'")  # noqa: S608
        numbers += [int(str(row[1])) for row in rows]
    return numbers


def _skipped(url: str, database: str, site: str) -> int:
    query = f"SELECT sum(\"count\") FROM event WHERE site = '{site}' AND kind = 'seq_skipped'"  # noqa: S608
    rows = _rows(url, database, query)
    return int(str(rows[0][1])) if rows else 0


def count(url: str, database: str, site: str, spool: Path) -> Count:
    """Compare one hall's spool with the store."""
    numbers = stored_numbers(url, database, site)
    total, distinct = measured(spool) - _skipped(url, database, site), set(numbers)
    here = waiting(spool) - distinct
    return Count(site, total, len(distinct), len(numbers) - len(distinct), len(here), total - len(distinct) - len(here))
