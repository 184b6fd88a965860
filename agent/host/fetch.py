"""Fetching a file of an update over a bad link: what came stays on the card, and the next try goes on behind it (RFC 9110 14)."""

from __future__ import annotations

import hashlib
import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from agent.errors import ConfigError

MAX_BYTES = 50_000_000
FETCH_S = 60.0
CHUNK_BYTES = 16_384
TRIES = 8
"""In a row without one new byte; each that brings some begins anew."""
GONE = (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE)
"""The file is there no more: what came of it is of no use. Any other refusal may be cured, and the next try goes on."""
LATER = (http.HTTPStatus.REQUEST_TIMEOUT, http.HTTPStatus.TOO_EARLY, http.HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals that only ask for patience, as those of 500 and above do."""
WAIT_S = (2.0, 5.0, 15.0, 30.0, 60.0)


class UnreachableError(ConfigError):
    """A file cannot be had now; the link or the server may be better later."""


def fetch(source: str, ca: Path, keep: Path | None = None, wait: Callable[[float], None] = time.sleep) -> bytes:
    """Read a file or an address on the server, at most 50 MB. Raises ConfigError.

    `keep` is a folder for what came so far: without it an address is asked once, and a link that breaks is an error.
    """
    try:
        if not source.startswith(("http://", "https://")):
            return _bounded(source, Path(source).read_bytes())
        context = _trust(ca) if source.startswith("https://") else None
        if keep is None:
            with urllib.request.urlopen(source, timeout=FETCH_S, context=context) as reply:  # noqa: S310  (scheme is checked)
                return _bounded(source, reply.read(MAX_BYTES + 1))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UnreachableError(f"{source}: cannot be read ({error})") from None
    part = keep / f"fetch-{hashlib.sha256(source.encode()).hexdigest()[:16]}.part"
    tries = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _go_on(source, context, part)
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in LATER:
                if error.code in GONE:
                    part.unlink(missing_ok=True)
                raise UnreachableError(f"{source}: cannot be read ({error})") from None
            reason = str(error)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = str(error)
        except ConfigError:
            part.unlink(missing_ok=True)  # too large: nothing to go on with
            raise
        else:
            content = part.read_bytes()
            part.unlink()
            return content
        now = part.stat().st_size if part.exists() else 0
        tries = 0 if now > before else tries + 1
        if tries >= TRIES:
            raise UnreachableError(f"{source}: cannot be read ({reason}); {now} bytes are kept, the same command goes on there")
        wait(WAIT_S[min(tries, len(WAIT_S) - 1)])


def _trust(ca: Path) -> ssl.SSLContext:
    """Believe the authorities that everybody believes, and the office's own: a web server may have a certificate of either."""
    context = ssl.create_default_context()
    context.load_verify_locations(ca)
    return context


def _go_on(source: str, context: ssl.SSLContext | None, part: Path) -> None:
    """Ask for what is lacking and put it behind what is there. Raises OSError where the link breaks, HTTPError for a refusal."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(source, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310  (checked)
    try:
        with urllib.request.urlopen(request, timeout=FETCH_S, context=context) as reply:  # noqa: S310  (scheme is checked)
            goes_on = re.match(rf"bytes {have}-", reply.headers.get("Content-Range", "")) is not None
            with part.open("ab" if goes_on else "wb") as file:  # a server without ranges sends all again
                _take(source, reply, file)
            length = reply.headers.get("Content-Length")
            got = part.stat().st_size - (have if goes_on else 0)
            if length is not None and got < int(length):
                raise ConnectionError(f"the link broke after {got} of {length} bytes")
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        whole = re.fullmatch(r"bytes \*/(\d+)", error.headers.get("Content-Range", ""))
        if whole is None or int(whole[1]) != have:
            part.unlink()
            raise ConnectionError("what was kept is of another file; begun anew") from None


def _take(source: str, reply: IO[bytes], file: IO[bytes]) -> None:
    while chunk := reply.read(CHUNK_BYTES):
        file.write(chunk)
        if file.tell() > MAX_BYTES:
            _bounded(source, b"", file.tell())


def _bounded(source: str, content: bytes, size: int = 0) -> bytes:
    if max(len(content), size) > MAX_BYTES:
        raise ConfigError(f"{source}: has more than {MAX_BYTES // 1_000_000} MB; that is no version of sinyal")
    return content
