"""The collector's answer to frames, published on `sinyal/v1/{site}/ack`.

A frame is named by the CRC-32 of its payload as sent. A CRC that the agent has not in flight is ignored, so an answer to an older
frame can never delete a reading that was not in it. What goes wrong carries the seq range and a reason, for people.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    """Why one frame was not stored: its first seq and number of samples (None if unreadable), its CRC-32, the reason."""

    first: int | None
    count: int | None
    crc: int
    reason: str


@dataclass(slots=True)
class Ack:
    """`ok`: CRC-32 of frames in the store, delete. `bad`: can never be stored, quarantine. `hold`: keep, try again much later."""

    ok: list[int] = field(default_factory=list)
    bad: list[Answer] = field(default_factory=list)
    hold: list[Answer] = field(default_factory=list)
    time_ms: int | None = None
    """UTC of the collector when it wrote this, ms; sent when an agent comes online."""


def frame_id(payload: bytes | bytearray) -> int:
    """CRC-32 of a frame's payload as sent (ISO 3309, as zlib computes it)."""
    return zlib.crc32(payload)


def encode_ack(ack: Ack) -> bytes:
    """Write an answer as JSON; empty lists are left out."""
    message: dict[str, object] = {"v": 1}
    if ack.ok:
        message["ok"] = ack.ok
    for key, answers in (("bad", ack.bad), ("hold", ack.hold)):
        if answers:
            message[key] = [[a.first, a.count, a.crc, a.reason] for a in answers]
    if ack.time_ms is not None:
        message["t"] = ack.time_ms
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
    lists = {key: message.get(key, []) for key in ("ok", "bad", "hold")}
    for key, items in lists.items():
        if not isinstance(items, list):
            raise ValueError(f"ack: {key} must be a list")
    if not all(type(crc) is int for crc in lists["ok"]):
        raise ValueError("ack: ok must hold CRCs as integers")
    bad, hold = ([_answer(item) for item in lists[key]] for key in ("bad", "hold"))
    time_ms = message.get("t")
    if time_ms is not None and type(time_ms) is not int:
        raise ValueError("ack: t must be whole milliseconds")
    return Ack(lists["ok"], bad, hold, time_ms)
