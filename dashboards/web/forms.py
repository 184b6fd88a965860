"""What the pages that are written on share: reading a form, with files or without, and a day as people tell it."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from fastapi import HTTPException, Request, Response

from dashboards.web.texts import Texts
from ground.wita import wita

BODY_MAX = 16_384
"""The longest text, percent-encoded; of a form with a file, all that is not the file."""
FIELDS_MAX = 20
DRAFTS = 100
MULTIPART = re.compile(r"multipart/form-data; *boundary=\"?([0-9A-Za-z'()+_,./:=?-]{1,70})\"?")
NAME = re.compile(rb'(?i)content-disposition: *form-data; *name="([a-z_]{1,20})"(; *filename="[^"\r\n]*")?[ \t]*(?:\r\n|$)')


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds; `files` are those that are not empty, whatever their names and types say."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)


class Drafts:
    """What was typed and could not be written, for the next page of who typed it: in memory, the newest of many. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Mapping[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, whose: str, fields: Mapping[str, str]) -> None:
        """Keep the fields of a form."""
        with self._lock:
            self._kept[whose] = fields
            while len(self._kept) > DRAFTS:
                self._kept.popitem(last=False)

    def take(self, whose: str) -> Mapping[str, str]:
        """Return what was kept, once; nothing where there is none."""
        with self._lock:
            return self._kept.pop(whose, {})


async def form_of(request: Request, file_max: int = 0) -> Form:
    """Read a form; of a field that is there twice the last. Raises HTTPException for what is too long or no form.

    `file_max`: bytes that a file in it may have; 0 takes none.
    """
    multipart = MULTIPART.fullmatch(request.headers.get("Content-Type", "")) if file_max else None
    body, most = bytearray(), BODY_MAX + (file_max if multipart else 0)
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(413)
    try:
        return _multipart(bytes(body), multipart[1].encode()) if multipart else Form(_plain(body.decode()))
    except ValueError:
        raise HTTPException(400) from None


def _plain(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, max_num_fields=FIELDS_MAX).items()}


def _multipart(body: bytes, boundary: bytes) -> Form:
    """Read what browsers write (RFC 7578). Raises ValueError for anything else."""
    fields, files = dict[str, str](), dict[str, bytes]()
    for name, is_file, content in _parts(body, boundary):
        if not is_file:
            fields[name] = content.decode().replace("\r\n", "\n")
        elif content:
            files[name] = content
    return Form(fields, files)


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bool, bytes]]:
    first, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary, FIELDS_MAX + 1)
    if first or not parts or parts.pop().strip() != b"--":
        raise ValueError("no form, or one that is cut off")
    for part in parts:
        head, gap, content = part.partition(b"\r\n\r\n")
        found = NAME.search(head)
        if not gap or found is None:
            raise ValueError("a part without a name")
        yield found[1].decode(), found[2] is not None, content


def day(at_ms: int, texts: Texts) -> str:
    """Write the day of a moment (ms UTC) in WITA."""
    return texts.day(wita(at_ms).date())


def now_ms(request: Request) -> int:
    """Return the time by which the record is written, ms UTC."""
    return int(request.app.state.clock_ns() // 1_000_000)


def origin_of(request: Request, page: str) -> str:
    """Say from where somebody writes: the page, and the address of who asks."""
    return f"{page} {request.client.host if request.client else ''}".strip()


def private(answer: Response) -> Response:
    """Keep an answer out of every cache."""
    answer.headers["Cache-Control"] = "no-store"
    return answer
