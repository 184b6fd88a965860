"""What a message of a hall holds: a frame, a question, a status. Pure."""

from __future__ import annotations

import orjson

from collector.line.inbox import Received
from collector.sites.sites import Site
from collector.store.store import Point, Row
from telemetry.ack import Ack
from telemetry.frame import Frame, FrameError, Value, decode, is_installation

MOST_UP_S = 2**31


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
    values: dict[str, Value] = {
        name: text[:64] for name in ("state", "boot", "agent") if isinstance(text := message.get(name), str)
    }
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
    up_s = message.get("up_s")
    if type(up_s) is int and 0 <= up_s < MOST_UP_S:
        values["up_s"] = up_s
    return Point("site_status", tags, values, at_ms * 1_000_000)


def outlived(status: Point, newest: Row) -> bool:
    """Say whether an `offline` is of a connection that the hall left before: its will, from a broker where it stayed half open.

    `newest`: what is known of the hall. Agents of an earlier version do not tell when their connection was opened.
    """
    said = status.values
    if said.get("state") != "offline" or newest.get("state") != "online" or not {"up_s", "boot"} <= said.keys() & newest.keys():
        return False
    return said["boot"] != newest["boot"] or int(said["up_s"]) < int(newest["up_s"])
