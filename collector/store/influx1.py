"""InfluxDB 1.x: `/write` with line protocol. Debian's own package is enough."""

from __future__ import annotations

from collections.abc import Sequence

import requests

from collector.errors import PointsRefusedError, StoreUnavailableError
from collector.store.influx import REFUSED, Influx

WRITE_TIMEOUT_S = 30


class Influx1(Influx):
    """A database of an InfluxDB 1.x server; made, with its retention, when it is not there."""

    def __init__(
        self, url: str, database: str, *, username: str | None = None, password: str | None = None, retention_days: int = 0
    ) -> None:
        self._write_url = f"{url.rstrip('/')}/write"
        self._duration = f"{retention_days}d" if retention_days else "INF"
        session = requests.Session()
        session.trust_env = False  # a proxy of the user's session has no place between collector and store
        if username is not None:
            session.auth = (username, password or "")
        super().__init__(session, url, database)
        self._created = False

    def _post(self, batch: Sequence[str]) -> None:
        if not self._created:
            self._create()
        params = {"db": self._database, "precision": "ns"}
        try:
            reply = self._session.post(self._write_url, params=params, data="\n".join(batch).encode(), timeout=WRITE_TIMEOUT_S)
        except requests.RequestException as error:
            raise StoreUnavailableError(f"{self._write_url}: {error}") from None
        if reply.status_code in REFUSED:
            raise PointsRefusedError(reply.text[:300].strip())
        if reply.status_code == 404:
            self._created = False  # the database was dropped: made again before the next try
        if reply.status_code != 204:
            raise StoreUnavailableError(f"{self._write_url}: HTTP {reply.status_code}: {reply.text[:200].strip()}")

    def _create(self) -> None:
        # Only where it is missing, with rights for it: an existing database keeps the retention its owner gave it.
        self.command(f'CREATE DATABASE "{self._database}" WITH DURATION {self._duration} NAME "sinyal"')
        self._created = True

    def drop(self) -> None:
        """Remove the database with all that is in it; the next write makes an empty one. Raises StoreUnavailableError."""
        self.command(f'DROP DATABASE "{self._database}"')
        self._created = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
