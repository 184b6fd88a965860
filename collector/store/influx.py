"""What all generations of InfluxDB share: points as lines, and reading back with InfluxQL over `/query`."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from typing import Any

import orjson
import requests

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.answers import fault_of, reason_of, retry_after, shorten
from collector.store.lines import POINT_TAGS, lines, point_line
from collector.store.store import KEPT_LONG, MEASUREMENTS, Placed, Point, Row, SeqDay, check_by_point, rows_of
from telemetry.streams import STREAMS

QUERY_TIMEOUT_S = 60
CHUNK_ROWS = 10_000
PIECE_BYTES = 1 << 20
"""Of an answer, read at once: a line is put together from its pieces, which costs the square of their number."""
LONG = "rollup"
"""Retention policy (in 2.x: the bucket DATABASE/rollup) of what is kept when the samples go."""
ASK_AGAIN_S = 600.0
COPIED_AT_ONCE = 2000
LATEST_SPAN = "400d"
HOUR_NS = 3600 * 1_000_000_000
DAY_NS = 24 * HOUR_NS
SLICE_NS = {"signal": HOUR_NS, "signal_1d": 31 * DAY_NS, "signal_1m": 366 * DAY_NS}
SITE_SLICES = 24
NEWEST_OF_EACH = 'GROUP BY "site", "modem" ORDER BY time DESC LIMIT 1'
ALWAYS = {
    **dict.fromkeys(STREAMS, '"seq"'),
    "signal_1h": '"samples"',
    "signal_1d": '"samples"',
    "signal_1m": '"samples"',
    "touched": '"hour"',
    "event": '"kind"',
}
"""A field that every row has, of the measurements that grow. Events have a kind: those of the server have no number."""

log = logging.getLogger(__name__)


class Influx(ABC):
    """One database of one server; see Store for what each method does. How lines get there is the generation's own."""

    def __init__(self, session: requests.Session, url: str, database: str) -> None:
        self._session = session
        session.headers["Accept-Encoding"] = "identity"  # to pack a year costs the database more than the wire takes
        self._url = f"{url.rstrip('/')}/query"
        self._database = database
        self._long, self._asked_until = False, 0.0

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        """Write frames in one request; see Store.write."""
        if not self._post([*("\n".join(lines(*placed)).encode() for placed in batch), *map(_line, also)]):
            self.check()  # a success without InfluxDB's mark may be anybody's, who must show that it keeps what it takes

    def write_points(self, points: Sequence[Point]) -> None:
        """Write other points in one request, what is kept long in one more; see Store.write_points."""
        kept = [_line(point) for point in points if point.measurement in KEPT_LONG]
        if kept and self._keeps_long(make=True):
            self._post(kept, LONG)
            with suppress_expired():  # the copy beside the samples, for dashboards: gone with them
                self._post(kept)
            points = [point for point in points if point.measurement not in KEPT_LONG]
        if points:
            self._post([_line(point) for point in points])

    @abstractmethod
    def _post(self, batch: Sequence[bytes], policy: str | None = None) -> bool:
        """Send lines into the default retention policy or another; confirmed when it returns. Raises as Store.write.

        Returns whether it was InfluxDB that confirmed, by its mark.
        """

    def _make_long(self) -> bool:
        """Make the policy LONG and say whether it is there now. Raises StoreUnavailableError."""
        return False

    def _keeps_long(self, *, make: bool) -> bool:
        """Whether rollups have a policy of their own, because the samples are not kept for ever; it is made where it can be."""
        if time.monotonic() < self._asked_until:
            return self._long
        found = self._policies()
        bounded = any(row.get("default") and row.get("duration", "0s") != "0s" for row in found.values())
        self._long = LONG in found
        if self._long or make:
            self._asked_until = time.monotonic() + ASK_AGAIN_S
        if bounded and make and not self._long and self._make_long():
            self._copy_long()
            self._long = True
        return self._long

    def _policies(self) -> dict[str, Row]:
        """Return the retention policies by name; none where there is no database yet, or a server that knows no policies."""
        question = {"q": f'SHOW RETENTION POLICIES ON "{self._database}"'}
        try:
            return {str(row["name"]): row for row in self._answers(question, "")}
        except StoreUnavailableError as error:
            if error.fault not in (Fault.MISSING, Fault.NOT_ALLOWED, Fault.BROKEN):
                raise
            return {}  # the next question says more

    def _copy_long(self) -> None:
        """Copy the rollups that there are into their new policy."""
        for measurement in KEPT_LONG:
            rows = self.samples(measurement, 0, time.time_ns() + DAY_NS)
            while some := list(islice(rows, COPIED_AT_ONCE)):
                self._post([_line(_point_of(measurement, row)) for row in some], LONG)
        log.warning("event=rollups_kept_long policy=%s database=%s", LONG, self._database)

    def check(self) -> None:
        """Write a point and read it back; see Store.check."""
        check_by_point(self)

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Yield the rows of a period in the order of time.

        InfluxDB merges many series into one order of time painfully slowly, so it gives them series by series, a slice of the
        period at a time, and the order is made here.
        """
        step_ns = SLICE_NS.get(measurement, DAY_NS) * (1 if site is None else SITE_SLICES)
        if end_ns - start_ns > step_ns:
            start_ns, end_ns = self._span(measurement, start_ns, end_ns, site)
        what = "*" if names is None else ", ".join(f'"{name}"' for name in names if name not in POINT_TAGS)
        for first_ns in range(start_ns, end_ns, step_ns):
            where = f"{_period(first_ns, min(end_ns, first_ns + step_ns))}{_only(site)}"
            rows = self._rows(f"{self._select(what, [measurement], where)} GROUP BY *", measurement)
            yield from sorted(rows, key=lambda row: int(row["time_ns"]))

    def _span(self, measurement: str, start_ns: int, end_ns: int, site: str | None) -> tuple[int, int]:
        """Narrow a period to where there are rows."""
        question = self._select(ALWAYS.get(measurement, "*"), [measurement], _period(start_ns, end_ns) + _only(site))
        ends = [f"{question} ORDER BY time {order} LIMIT 1" for order in ("ASC", "DESC")]
        found = [[int(row["time_ns"]) for row in self._rows(end, measurement)] for end in ends]
        times = [time_ns for one in found for time_ns in one]  # either may be empty: rows come and go between two questions
        return (min(times), max(times) + 1) if times else (0, 0)

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Return the newest row of each site and modem, over all its operators, bands and technologies."""
        until = "now()" if before_ns is None else str(int(before_ns))
        where = f"time > {until} - {LATEST_SPAN}{_only(site)}" + ("" if before_ns is None else f" AND time < {until}")
        if measurement in ALWAYS:
            return self._latest_in_two(measurement, site, where)
        return list(self._rows(f"{self._select('*', [measurement], where)} {NEWEST_OF_EACH}", measurement))

    def _latest_in_two(self, measurement: str, site: str | None, where: str) -> list[Row]:
        """First ask when it was, from one field: many times faster. Most are of one hour, so there are few hours to read."""
        last = self._select(f"last({ALWAYS[measurement]})", [measurement], where) + ' GROUP BY "site", "modem"'
        times = {(row.get("site"), row.get("modem")): int(row["time_ns"]) for row in self._rows(last, "")}
        found: dict[tuple[object, object], Row] = {}
        for _, same_hour in groupby(sorted(times.values()), key=lambda time_ns: time_ns // HOUR_NS):
            moments = list(same_hour)
            newest = f"{self._select('*', [measurement], _period(moments[0], moments[-1] + 1) + _only(site))} {NEWEST_OF_EACH}"
            for row in self._rows(newest, measurement):
                key = row.get("site"), row.get("modem")
                if key in times and int(row["time_ns"]) >= times[key]:  # newer: it came between the two questions
                    found[key] = row
        return list(found.values())

    def seqs(self, site: str) -> list[int]:
        """Return the seq of every sample of a site, sorted."""
        return sorted(int(row["seq"]) for row in self._rows(self._select('"seq"', STREAMS, f"time > 0{_only(site)}"), ""))

    def seq_days(self, start_ns: int, end_ns: int, site: str | None = None, below: int | None = None) -> list[SeqDay]:
        """Count the numbers of samples by day; a number is in one stream only, so the streams are added up."""
        what = 'count(distinct("seq")) AS samples, min("seq") AS first, max("seq") AS last'
        where = f"time >= {int(start_ns)} AND time < {int(end_ns)}{_only(site)}"
        where += "" if below is None else f' AND "seq" < {int(below)}'
        days: dict[tuple[str, str, int], SeqDay] = {}
        for row in self._rows(self._select(what, STREAMS, where) + ' GROUP BY "site", "inst", time(1d) fill(none)', ""):
            numbers = (int(row[name]) for name in ("time_ns", "samples", "first", "last"))
            found = SeqDay(str(row["site"]), str(row.get("inst", "")), *numbers)
            day = days.get(found[:3])
            days[found[:3]] = found if day is None else _together(day, found)
        return list(days.values())

    def command(self, text: str) -> None:
        """Send a statement that changes something (create a database). Raises StoreUnavailableError."""
        for _ in self._answers({"q": text}, ""):
            pass  # read to its end: the status line comes before the work is done, and hanging up then cancels it

    def _select(self, what: str, measurements: Iterable[str], where: str) -> str:
        names = ", ".join(self._origin(measurement) for measurement in measurements)
        return f"SELECT {what} FROM {names} WHERE {where}"  # noqa: S608 - names from our list, texts quoted by _text

    def _origin(self, measurement: str) -> str:
        long = measurement in KEPT_LONG and self._keeps_long(make=False)
        return f'"{LONG}".{_name(measurement)}' if long else _name(measurement)

    def _ask(self, params: Mapping[str, str]) -> requests.Response:
        try:
            reply = self._session.post(self._url, params=params, timeout=QUERY_TIMEOUT_S, stream=True, allow_redirects=False)
            if reply.status_code != 200:
                text = f"{self._url}: HTTP {reply.status_code}: {shorten(reason_of(reply.text))}"
                raise StoreUnavailableError(text, fault_of(reply.status_code, reply.text), retry_after(reply.headers))
        except requests.RequestException as error:
            raise no_answer(self._url, error) from None
        return reply

    def _rows(self, question: str, measurement: str) -> Iterator[Row]:
        params = {"db": self._database, "q": question, "epoch": "ns", "chunked": "true", "chunk_size": str(CHUNK_ROWS)}
        return self._answers(params, measurement)

    def _answers(self, params: Mapping[str, str], measurement: str) -> Iterator[Row]:
        more = True
        with self._ask(params) as reply:
            try:
                for line in reply.iter_lines(PIECE_BYTES):
                    chunk = orjson.loads(line)
                    yield from _chunk_rows(chunk, measurement)
                    more = _goes_on(chunk)
            except (requests.RequestException, orjson.JSONDecodeError) as error:
                fault = Fault.NOT_A_STORE if isinstance(error, orjson.JSONDecodeError) else Fault.UNREACHABLE
                raise StoreUnavailableError(f"{self._url}: answer cannot be read: {error}", fault) from None
        if more:
            raise StoreUnavailableError(f"{self._url}: the answer was cut off")


def no_answer(url: str, error: Exception) -> StoreUnavailableError:
    """Return the fault of a request that got no answer, by what a library said of it."""
    untrusted = isinstance(error, requests.exceptions.SSLError)
    return StoreUnavailableError(f"{url}: {error}", Fault.UNTRUSTED if untrusted else Fault.UNREACHABLE)


@contextmanager
def suppress_expired() -> Iterator[None]:
    """Let a refusal pass whose only reason is that the points are older than the store keeps."""
    try:
        yield
    except PointsRefusedError as error:
        if not error.expired:
            raise


def _point_of(measurement: str, row: Row) -> Point:
    tags = {name: str(row[name]) for name in POINT_TAGS if name in row}
    values = {name: value for name, value in row.items() if name not in tags and name != "time_ns"}
    return Point(measurement, tags, values, int(row["time_ns"]))


def _line(point: Point) -> bytes:
    return point_line(point.measurement, point.tags, point.values, point.time_ns).encode()


def _chunk_rows(chunk: object, measurement: str) -> Iterator[Row]:
    if not isinstance(chunk, dict) or not ("results" in chunk or "error" in chunk):
        raise StoreUnavailableError("the answer to a query is not InfluxDB's", Fault.NOT_A_STORE)
    for result in [chunk, *chunk.get("results", [])]:
        if "error" in result:
            reason = shorten(str(result["error"]))
            raise StoreUnavailableError(f"query refused: {reason}", fault_of(400, reason))
        for series in result.get("series", []):
            columns = ["time_ns" if name == "time" else name for name in series["columns"]]
            tags = series.get("tags", {})
            table = ([*cells, *tags.values()] for cells in series["values"])
            yield from rows_of(measurement, [*columns, *tags], table)


def _goes_on(chunk: Mapping[str, Any]) -> bool:
    """Whether a part of an answer says that more follows."""
    results = chunk.get("results", [])
    return any(part.get("partial") for result in results for part in (result, *result.get("series", [])))


def _together(a: SeqDay, b: SeqDay) -> SeqDay:
    return SeqDay(a.site, a.inst, a.day_ns, a.samples + b.samples, min(a.first, b.first), max(a.last, b.last))


def _period(start_ns: int, end_ns: int) -> str:
    return f"time >= {int(start_ns)} AND time < {int(end_ns)}"


def _only(site: str | None) -> str:
    return "" if site is None else f' AND "site" = {_text(site)}'


def _name(measurement: str) -> str:
    if measurement not in MEASUREMENTS:
        raise ValueError(f"{measurement!r} is not a measurement; known are {', '.join(MEASUREMENTS)}")
    return f'"{measurement}"'


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
