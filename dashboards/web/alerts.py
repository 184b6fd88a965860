"""The alerts of a period, each once over its life, as its newest change left it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from collector.store.store import Row, Store
from dashboards.web.models import AlertItem, Alerts, HallNow
from dashboards.web.state import fields_of, timestamp

log = logging.getLogger(__name__)
DAY_NS = 86_400 * 1_000_000_000


def read_alerts(store: Store, days: int, now_ns: int, end_ns: int) -> Alerts:
    """Read the alerts that changed in the last days. Raises StoreUnavailableError."""
    lives: dict[tuple[str, int], Row] = {}
    last: dict[str, int] = {}
    for row in store.samples("alert", now_ns - days * DAY_NS, end_ns):
        key, since_ms = str(row.get("key", "")), int(row.get("since_ms", 0))
        lives[key, since_ms] = row
        last[key] = since_ms
    # An alert that opened anew has ended before, even where nobody was there to write it.
    rows = [row for (key, since_ms), row in lives.items() if row.get("state") == "resolved" or last[key] == since_ms]
    found = [alert for row in rows if (alert := _alert(row)) is not None]
    found.sort(key=lambda a: (a.state == "resolved", -(a.until or a.since).timestamp()))
    return Alerts(generated=datetime.fromtimestamp(now_ns / 1e9, UTC), days=days, alerts=found)


def concerns(alert: AlertItem, hall: HallNow) -> bool:
    """Return whether an alert is about this hall: its own, or a common one of its kecamatan or of an operator measured here."""
    if alert.site is not None:
        return alert.site == hall.code
    if alert.kecamatan is not None and alert.kecamatan != hall.kecamatan:
        return False
    return alert.operator is None or alert.operator in hall.operators


def _alert(row: Row) -> AlertItem | None:
    times: dict[str, Any] = {"since": datetime.fromtimestamp(int(row.get("since_ms", int(row["time_ns"]) // 10**6)) / 1e3, UTC)}
    if row.get("state") == "resolved":
        times["until"] = timestamp(row)
    try:
        return AlertItem.model_validate({**fields_of(row, AlertItem), **times})
    except ValidationError as error:
        log.warning("event=alert_not_readable key=%r error=%r", row.get("key"), error.errors(include_url=False)[0]["msg"])
        return None
