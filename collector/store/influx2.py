"""InfluxDB 2.x and 3.x: `/api/v2/write` with influxdb-client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import requests
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError

from collector.errors import Fault, StoreUnavailableError
from collector.store.answers import check_write
from collector.store.influx import Influx

NANOSECONDS = cast("WritePrecision", WritePrecision.NS)  # the library declares its constants as plain texts
WRITE_TIMEOUT_MS = 30_000


class Influx2(Influx):
    """A bucket; it must exist, and the token must be allowed to write and to read it."""

    def __init__(self, url: str, org: str, bucket: str, token: str) -> None:
        self._bucket = bucket
        self._org = org
        self._client = InfluxDBClient(url=url, token=token, org=org, timeout=WRITE_TIMEOUT_MS)
        self._writer = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]  # no annotations in the library
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Token {token}"
        super().__init__(session, url, bucket)

    def _post(self, batch: Sequence[bytes], policy: str | None = None) -> bool:
        bucket = self._bucket if policy is None else f"{self._bucket}/{policy}"  # the name that InfluxQL finds as db and policy
        body = b"\n".join(batch)
        try:
            # Not WriteApi: it takes any 2xx as stored, and a web page has 200.
            _, status, headers = self._writer.post_write_with_http_info(  # type: ignore[no-untyped-call]
                self._org, bucket, body, precision=NANOSECONDS
            )
            return check_write(status, "a success of something that is not InfluxDB", headers)
        except ApiException as error:
            if not error.status:  # the library's way to tell a fault of TLS
                raise StoreUnavailableError(" ".join(str(error.reason).split()), Fault.UNTRUSTED) from None
            return check_write(error.status or 500, str(error.body or error.reason), error.headers or {})
        except (HTTPError, OSError) as error:
            raise StoreUnavailableError(str(error)) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()  # type: ignore[no-untyped-call]  # the library's close() has no annotations
        self._session.close()
