"""InfluxDB 1.x: `/write` with line protocol. Debian's own package is enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import requests

from collector.errors import PointsRefusedError, StoreUnavailableError
from collector.lines import lines, point_line
from collector.store.influxql import InfluxQl
from collector.store.store import Placed, Point, Row, SeqDay

WRITE_TIMEOUT_S = 30
REFUSED = (400, 413, 422)


class Influx1:
    """A database of an InfluxDB 1.x server; made, with its retention, when it is not there."""

    def __init__(
        self, url: str, database: str, *, username: str | None = None, password: str | None = None, retention_days: int = 0
    ) -> None:
        self._url = f"{url.rstrip('/')}/write"
        self._database = database
        self._duration = f"{retention_days}d" if retention_days else "INF"
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the user's session has no place between collector and store
        if username is not None:
            self._session.auth = (username, password or "")
        self._reader = InfluxQl(self._session, url, database)
        self._created = False

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        """Write frames in one request; see Store.write."""
        self._post([*(line for placed in batch for line in lines(placed.frame, placed.site)), *map(_line, also)])

    def write_points(self, points: Sequence[Point]) -> None:
        """Write other points in one request; see Store.write_points."""
        self._post([_line(point) for point in points])

    def _post(self, batch: Sequence[str]) -> None:
        if not self._created:
            self._create()
        params = {"db": self._database, "precision": "ns"}
        try:
            reply = self._session.post(self._url, params=params, data="\n".join(batch).encode(), timeout=WRITE_TIMEOUT_S)
        except requests.RequestException as error:
            raise StoreUnavailableError(f"{self._url}: {error}") from None
        if reply.status_code in REFUSED:
            raise PointsRefusedError(reply.text[:300].strip())
        if reply.status_code == 404:
            self._created = False  # the database was dropped: made again before the next try
        if reply.status_code != 204:
            raise StoreUnavailableError(f"{self._url}: HTTP {reply.status_code}: {reply.text[:200].strip()}")

    def _create(self) -> None:
        # Only where it is missing, with rights for it: an existing database keeps the retention its owner gave it.
        self._reader.command(f'CREATE DATABASE "{self._database}" WITH DURATION {self._duration} NAME "sinyal"')
        self._created = True

    def samples(
        self, measurement: str, start_ns: int, end_ns: int, site: str | None = None, names: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Read a period; see Store.samples."""
        return self._reader.samples(measurement, start_ns, end_ns, site, names)

    def latest(self, measurement: str, site: str | None = None, before_ns: int | None = None) -> list[Row]:
        """Read the newest rows; see Store.latest."""
        return self._reader.latest(measurement, site, before_ns)

    def seqs(self, site: str) -> list[int]:
        """Read the numbers of a site's samples; see Store.seqs."""
        return self._reader.seqs(site)

    def seq_days(self, start_ns: int, end_ns: int, site: str | None = None) -> list[SeqDay]:
        """Count numbers of samples by day; see Store.seq_days."""
        return self._reader.seq_days(start_ns, end_ns, site)

    def drop(self) -> None:
        """Remove the database with all that is in it; the next write makes an empty one. Raises StoreUnavailableError."""
        self._reader.command(f'DROP DATABASE "{self._database}"')
        self._created = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _line(point: Point) -> str:
    return point_line(point.measurement, point.tags, point.values, point.time_ns)
