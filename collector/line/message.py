"""What a message of a hall holds: a frame, a question, a status. Pure."""

from __future__ import annotations

import orjson

from collector.line.inbox import Received
from collector.sites.sites import Site
from collector.store.store import Point
from telemetry.ack import Ack
from telemetry.frame import Frame, FrameError, decode, is_installation


def frame_of(message: Received, site: str, stream: str) -> Frame:
    """Return the frame of a message. Raises FrameError, also where it came on another hall's or stream's topic."""
    frame = decode(message.payload)
    if (frame.site, frame.stream) != (site, stream):
        raise FrameError("topic", f"frame says {frame.site}/{frame.stream} but came on {site}/{stream}")
    return frame


def question_of(payload: bytes) -> Ack | None:
    """Return the beginning of the answer to an `online` status that asks something; None for any other."""
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or message.get("state") != "online":
        return None
    inst, ask = message.get("inst"), message.get("ask")
    if not is_installation(inst) or type(ask) is not int:
        return None
    return Ack(inst=inst, ask=ask)


def status_point(site: Site, payload: bytes, at_ms: int) -> Point | None:
    """Make the point of a status message (online, offline); None when it is not one."""
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or message.get("state") not in ("online", "offline"):
        return None
    texts = {name: text[:64] for name in ("state", "boot", "agent") if isinstance(text := message.get(name), str)}
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
    return Point("site_status", tags, dict(texts), at_ms * 1_000_000)
