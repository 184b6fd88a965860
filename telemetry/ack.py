"""The collector's answer to frames, published on `sinyal/v1/{site}/ack`.

A frame is named by the CRC-32 of its payload as sent. A CRC that the agent has not in flight is ignored, so an answer to an older
frame can never delete a reading that was not in it. What goes wrong carries the seq range and a reason, for people.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from telemetry.frame import is_installation


@dataclass(frozen=True, slots=True)
class Answer:
    """Why one frame was not stored: its first seq and number of samples (None if unreadable), its CRC-32, the reason."""

    first: int | None
    count: int | None
    crc: int
    reason: str


@dataclass(slots=True)
class Ack:
    """Answers to frames, each by the CRC-32 of its payload; or, with `inst` and `ask`, the answer to an `online` status."""

    ok: list[int] = field(default_factory=list)
    """In the store: delete."""
    bad: list[Answer] = field(default_factory=list)
    """Can never be stored: quarantine."""
    hold: list[Answer] = field(default_factory=list)
    """Keep, try again much later."""
    clock: list[Answer] = field(default_factory=list)
    """From the future by the collector's clock, so not stored: correct the time and send again. Comes with `time_ms`."""
    time_ms: int | None = None
    """UTC of the collector when it wrote this, ms."""
    inst: str | None = None
    """Whom an answer to `online` is for: two installations of one site hear the same topic."""
    ask: int | None = None
    """The number that the question had, so that its round trip can be measured."""
    top: int | None = None
    """The highest seq that is stored of this installation; of a new one, the highest of the site."""
    release: int | None = None
    """Order to send again what is in quarantine; its number, UTC in s, so that it is carried out once. Retained by the broker."""


def frame_id(payload: bytes | bytearray) -> int:
    """CRC-32 of a frame's payload as sent (ISO 3309, as zlib computes it)."""
    return zlib.crc32(payload)


def encode_ack(ack: Ack) -> bytes:
    """Write an answer as JSON; empty lists are left out."""
    message: dict[str, object] = {"v": 1}
    if ack.ok:
        message["ok"] = ack.ok
    for key, answers in (("bad", ack.bad), ("hold", ack.hold), ("clock", ack.clock)):
        if answers:
            message[key] = [[a.first, a.count, a.crc, a.reason] for a in answers]
    named = (("t", ack.time_ms), ("inst", ack.inst), ("ask", ack.ask), ("top", ack.top), ("release", ack.release))
    message |= {key: value for key, value in named if value is not None}
    return orjson.dumps(message)


def _answer(item: object) -> Answer:
    if not isinstance(item, list) or len(item) != 4:
        raise ValueError("ack: an answer must be [first, count, crc, reason]")
    first, count, crc, reason = item
    whole = all(n is None or (type(n) is int and n >= 0) for n in (first, count))
    if not whole or type(crc) is not int or not isinstance(reason, str):
        raise ValueError("ack: first, count and crc must be integers and reason a text")
    return Answer(first, count, crc, reason)


def decode_ack(payload: bytes) -> Ack:
    """Read an answer. Raises ValueError when it is not one of version 1."""
    message = orjson.loads(payload)
    if not isinstance(message, dict) or message.get("v") != 1:
        raise ValueError("ack: not a JSON object of version 1")
    lists = {key: message.get(key, []) for key in ("ok", "bad", "hold", "clock")}
    for key, items in lists.items():
        if not isinstance(items, list):
            raise ValueError(f"ack: {key} must be a list")
    if not all(type(crc) is int for crc in lists["ok"]):
        raise ValueError("ack: ok must hold CRCs as integers")
    bad, hold, clock = ([_answer(item) for item in lists[key]] for key in ("bad", "hold", "clock"))
    inst = message.get("inst")
    if inst is not None and not is_installation(inst):
        raise ValueError("ack: inst must be 8..16 of 0-9 and a-f")
    time_ms, ask, top, release = (_number(message, key) for key in ("t", "ask", "top", "release"))
    return Ack(lists["ok"], bad, hold, clock, time_ms, inst, ask, top, release)


def _number(message: dict[str, Any], key: str) -> int | None:
    number = message.get(key)
    if number is not None and type(number) is not int:
        raise ValueError(f"ack: {key} must be an integer")
    return number
