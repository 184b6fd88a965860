"""InfluxDB 2.x and 3.x, and what speaks like them (VictoriaMetrics): `/api/v2/write` with influxdb-client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import requests
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from collector.errors import PointsRefusedError, StoreUnavailableError
from collector.lines import lines, point_line
from collector.store.influxql import InfluxQl
from collector.store.store import Placed, Point, Row, SeqDay

NANOSECONDS = cast("WritePrecision", WritePrecision.NS)  # the library declares its constants as plain texts
WRITE_TIMEOUT_MS = 30_000
REFUSED = (400, 413, 422)


class Influx2:
    """A bucket; it must exist, and the token must be allowed to write it (and to read it, for the dashboards)."""

    def __init__(self, url: str, org: str, bucket: str, token: str) -> None:
        self._bucket = bucket
        self._org = org
        self._client = InfluxDBClient(url=url, token=token, org=org, timeout=WRITE_TIMEOUT_MS)
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Token {token}"
        self._reader = InfluxQl(self._session, url, bucket)

    def write(self, batch: Sequence[Placed], also: Sequence[Point] = ()) -> None:
        """Write frames in one request; see Store.write."""
        self._post([*(line for placed in batch for line in lines(placed.frame, placed.site)), *map(_line, also)])

    def write_points(self, points: Sequence[Point]) -> None:
        """Write other points in one request; see Store.write_points."""
        self._post([_line(point) for point in points])

    def _post(self, batch: Sequence[str]) -> None:
        try:
            self._writer.write(self._bucket, self._org, "\n".join(batch).encode(), write_precision=NANOSECONDS)
        except ApiException as error:
            text = f"HTTP {error.status}: {str(error.body or error.reason)[:300]}"
            if error.status in REFUSED:
                raise PointsRefusedError(text) from None
            raise StoreUnavailableError(text) from None
        except (HTTPError, OSError) as error:
            raise StoreUnavailableError(str(error)) from None

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

    def close(self) -> None:
        """Close the connections."""
        self._client.close()  # type: ignore[no-untyped-call]  # the library's close() has no annotations
        self._session.close()


def _line(point: Point) -> str:
    return point_line(point.measurement, point.tags, point.values, point.time_ns)
