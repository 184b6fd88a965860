"""What the pages that are written on share: reading a form, and a day as people tell it."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import HTTPException, Request

from dashboards.web.texts import Texts
from ground.wita import wita

BODY_MAX = 16_384
"""The longest text, percent-encoded."""


async def fields_of(request: Request) -> dict[str, str]:
    """Read a form; of a field that is there twice the last. Raises HTTPException for what is too long or no form."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            raise HTTPException(413)
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=20).items()}
    except ValueError:
        raise HTTPException(400) from None


def day(at_ms: int, texts: Texts) -> str:
    """Write the day of a moment (ms UTC) in WITA."""
    return texts.day(wita(at_ms).date())
