"""InfluxDB 1.x: `/write` with line protocol. Debian's own package is enough."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import requests

from collector.errors import Fault, StoreUnavailableError
from collector.store.answers import check_write
from collector.store.influx import LONG, Influx, no_answer

WRITE_TIMEOUT_S = 30
POLICY = "sinyal"
_NO_POLICY = re.compile(r"retention policy not found: ?\"?([\w.-]*)")
log = logging.getLogger(__name__)


class Influx1(Influx):
    """A database of an InfluxDB 1.x server; what is missing of it is made, what is there stays as its owner made it."""

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

    def check(self) -> None:
        """Write a point and read it back, and see that no other policy hides readings; see Store.check.

        Readings out of sight would make whole hours look thin, and the rollups of late readings would say so for ever.
        """
        super().check()
        policies = self._policies()
        for name in [name for name, row in policies.items() if not row.get("default") and name != LONG]:
            last = f'SELECT "seq" FROM "{name}"."signal" ORDER BY time DESC LIMIT 1'  # noqa: S608 - a name that the server gave
            for newest in self._rows(last, ""):
                here = f'SELECT "seq" FROM "signal" WHERE time = {int(newest["time_ns"])}'  # noqa: S608 - a number
                if not any(row["seq"] == newest["seq"] for row in self._rows(here, "")):
                    raise StoreUnavailableError(f'readings are in the policy "{name}", which is not the default', Fault.HIDDEN)

    def _post(self, batch: Sequence[bytes], policy: str | None = None) -> bool:
        data = b"\n".join(batch)
        try:
            return self._send(data, policy)
        except StoreUnavailableError as error:
            if not self._make_missing(error):
                raise
            return self._send(data, policy)

    def _make_long(self) -> bool:
        what = f'RETENTION POLICY "{LONG}" ON "{self._database}" DURATION INF REPLICATION 1'
        try:
            self.command(f"CREATE {what}")
        except StoreUnavailableError as error:
            log.error("event=rollups_not_kept_long reason=%r cure='as an admin of InfluxDB: CREATE %s'", error.reason, what)  # noqa: TRY400
            return False
        return True

    def _send(self, data: bytes, policy: str | None) -> bool:
        params = {"db": self._database, "precision": "ns"} | ({} if policy is None else {"rp": policy})
        try:
            reply = self._session.post(self._write_url, params=params, data=data, timeout=WRITE_TIMEOUT_S, allow_redirects=False)
            body = "" if reply.status_code == 204 else reply.text
        except requests.RequestException as error:
            raise no_answer(self._write_url, error) from None
        return check_write(reply.status_code, body, reply.headers)

    def _make_missing(self, error: StoreUnavailableError) -> bool:
        """Make the database or its default policy where the store says that it has none; say whether to try again.

        Only then: an existing one keeps what its owner gave it, and a user without the rights of an admin needs none.
        """
        policy = _NO_POLICY.search(error.reason)
        if policy is not None:
            name = policy[1] or POLICY
            what = f'RETENTION POLICY "{name}" ON "{self._database}" DURATION {self._duration} REPLICATION 1 DEFAULT'
        elif "database not found" in error.reason:
            what = f'DATABASE "{self._database}" WITH DURATION {self._duration} NAME "{POLICY}"'
        else:
            return False
        try:
            self.command(f"CREATE {what}")
        except StoreUnavailableError as refusal:
            raise StoreUnavailableError(f"{error.reason}; making it failed: {refusal.reason}", error.fault) from None
        log.warning("event=store_made what=%r reason=%r", what, error.reason)
        return True

    def drop(self) -> None:
        """Remove the database with all that is in it; the next write makes an empty one. Raises StoreUnavailableError."""
        self.command(f'DROP DATABASE "{self._database}"')
        self._asked_until = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
