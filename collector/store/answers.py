"""What an answer of InfluxDB to a write means: stored, refused for its data, or a store that is not well. Pure.

Only 204 is a success: a web server in front of the database answers 200 with a page to anything that is posted to it.
Recorded from InfluxDB 1.6.7, 1.12.4 and 2.7.12 (tests/collector/store/answers.toml).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError

REASON_CHARS = 300
MAX_RETRY_AFTER_S = 300.0
_TAGS = re.compile(r"(?s)<(script|style).*?</\1>|<[^>]*>")
_EXPIRED = ("beyond retention policy", "outside retention policy")
_DATA = (400, 413, 422)
_TEXTS = (
    ("no space left", Fault.DISK_FULL),
    ("disk is full", Fault.DISK_FULL),
    ("cache-max-memory-size", Fault.BUSY),
    ("not found", Fault.MISSING),
    ("retention policy not set", Fault.MISSING),
    ("timeout", Fault.BUSY),
)
_CODES = {
    401: Fault.LOGIN_REFUSED,
    403: Fault.NOT_ALLOWED,
    407: Fault.NOT_A_STORE,  # with 511: a proxy that lets nobody through
    429: Fault.BUSY,
    502: Fault.UNREACHABLE,  # with 504: a proxy whose database does not answer
    503: Fault.BUSY,
    504: Fault.UNREACHABLE,
    511: Fault.NOT_A_STORE,
}
MARK = "X-Influxdb-Version"
"""Header of every answer of InfluxDB 1.x and 2.x."""


def check_write(status: int, body: str, headers: Mapping[str, str]) -> bool:
    """Return when a store says that the points are stored, and whether it bears InfluxDB's mark.

    Raises PointsRefusedError or StoreUnavailableError, with the store's own reason.
    """
    if status == 204:
        return MARK in headers
    whole = reason_of(body)
    reason, lower = shorten(whole), whole.lower()
    if any(words in lower for words in _EXPIRED):
        raise PointsRefusedError(reason, expired=True)
    if "field type conflict" in lower:
        raise PointsRefusedError(reason, fault=Fault.TYPE_CONFLICT)
    if "limit exceeded" in lower and ("max-values-per-tag" in lower or "max-series-per-database" in lower):
        raise PointsRefusedError(reason, fault=Fault.SERIES_LIMIT)
    text = f"HTTP {status}: {reason or 'no reason given'}"
    if status in _DATA and not any(word in lower for word, fault in _TEXTS if fault is Fault.DISK_FULL):
        raise PointsRefusedError(text)
    if 300 <= status < 400:
        text = f"HTTP {status}: sends us on to {headers.get('Location', 'somewhere else')}"
    raise StoreUnavailableError(text, fault_of(status, body), retry_after(headers))


def fault_of(status: int, body: str) -> Fault:
    """Return the name of what is wrong with a store that answers so."""
    lower = body.lower()
    if status < 400 or (status in (404, 405) and not _is_influx(body)):
        return Fault.NOT_A_STORE
    found = next((fault for word, fault in _TEXTS if word in lower), Fault.BROKEN)
    return _CODES.get(status, found)


def reason_of(body: str) -> str:
    """Return the reason in the body of an answer: of JSON its error or message, of a web page its words."""
    try:
        message = json.loads(body)
    except json.JSONDecodeError:
        return " ".join(_TAGS.sub(" ", body).split())
    if isinstance(message, dict):
        return str(message.get("error") or message.get("message") or body)
    return body


def shorten(text: str, most: int = REASON_CHARS) -> str:
    """Return a text of at most so many characters; the middle goes, for reasons stand at the end, behind a line they quote."""
    if len(text) <= most:
        return text
    head = most // 4
    return f"{text[:head]} … {text[head + 3 - most :]}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how long the store asks to be left alone, s, bounded; None where it does not tell (RFC 9110, 10.2.3)."""
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text) if text.isdecimal() else (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a zone
        return None
    return min(max(0.0, seconds), MAX_RETRY_AFTER_S)


def _is_influx(body: str) -> bool:
    try:
        message = json.loads(body)
    except json.JSONDecodeError:
        return False
    return isinstance(message, dict) and bool({"error", "code"} & message.keys())
