"""Forms with files as browsers write them, and the bucket of who writes too often."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from fastapi import HTTPException, Request
from hypothesis import given
from hypothesis import strategies as st

from dashboards.web.forms import BODY_MAX, Form, form_of
from dashboards.web.limits import KNOWN, Limit

TEXT = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\na\r\nb\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="x.jpg"\r\nContent-Type: text/html\r\n\r\n\xff\r\n--\0\r\n'
EMPTY = b'--b\r\nContent-Disposition: form-data; name="scan"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n'
END = b"--b--\r\n"


def read(body: bytes, file_max: int = 100, kind: str = "multipart/form-data; boundary=b") -> Form:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return asyncio.run(form_of(Request(scope, receive), file_max))


def test_texts_and_files_come_as_they_were_sent() -> None:
    form = read(TEXT + FILE + EMPTY + END)
    assert (form.fields, form.files) == ({"text": "a\nb"}, {"photo": b"\xff\r\n--\0"})
    assert read(b"text=a%20b", kind="application/x-www-form-urlencoded").fields == {"text": "a b"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (TEXT, 400),
        (b"", 400),
        (b"x" + TEXT + END, 400),
        (TEXT.replace(b'name="text"', b"") + END, 400),
        (TEXT * 30 + END, 400),
        (b"x" * (BODY_MAX + 101), 413),
    ],
    ids=range(6),
)
def test_anything_else_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        read(body)
    assert refused.value.status_code == status


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    with contextlib.suppress(HTTPException):
        read(body)


def test_who_writes_too_often_waits_and_no_other_does() -> None:
    now = [1_000 * 10**9]
    limit = Limit(3, 2.0, lambda: now[0])
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 2.0]
    assert limit.take("b") == 0
    now[0] += 2 * 10**9
    assert [limit.take("a") for _ in range(2)] == [0, 2.0]
    now[0] -= 3600 * 10**9
    limit.take("a")
    now[0] += 6 * 10**9
    assert limit.take("a") == 0, "a clock that was set back keeps nobody out"
    for number in range(KNOWN + 5):
        limit.take(str(number))
    assert len(limit._full_at) == KNOWN
