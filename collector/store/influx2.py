"""InfluxDB 2.x and 3.x, and what speaks like them (VictoriaMetrics): `/api/v2/write` with influxdb-client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import requests
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from collector.errors import PointsRefusedError, StoreUnavailableError
from collector.store.influx import REFUSED, Influx

NANOSECONDS = cast("WritePrecision", WritePrecision.NS)  # the library declares its constants as plain texts
WRITE_TIMEOUT_MS = 30_000


class Influx2(Influx):
    """A bucket; it must exist, and the token must be allowed to write it (and to read it, for the dashboards)."""

    def __init__(self, url: str, org: str, bucket: str, token: str) -> None:
        self._bucket = bucket
        self._org = org
        self._client = InfluxDBClient(url=url, token=token, org=org, timeout=WRITE_TIMEOUT_MS)
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Token {token}"
        super().__init__(session, url, bucket)

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

    def close(self) -> None:
        """Close the connections."""
        self._client.close()  # type: ignore[no-untyped-call]  # the library's close() has no annotations
        self._session.close()
