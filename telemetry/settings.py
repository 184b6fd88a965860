"""Desired settings (server to hall, retained on `config`) and what the hall says of them (retained on `reported`).

Desired: `{"v":1, "id":"…", "settings":{"sampling":{"interval_s":60}}}`; they replace all earlier ones, and what is not named has
the value of the hall's own file. An empty payload takes all back. The hall judges values; only the keys below can be named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

VERSION = 1
MAX_BYTES = 4096
MAX_REASON = 300
KEYS: dict[str, tuple[str, ...]] = {
    "sampling": ("interval_s", "device_interval_s", "frame_interval_s"),
    "budget": ("bytes_month",),
    "probe": (
        "interval_s",
        "ping_hosts",
        "ping_count",
        "dns_server",
        "dns_names",
        "download_interval_s",
        "download_max_bytes",
    ),
}
"""What can be set from the server: intervals, probes, budget. No path, no command, no address that is fetched."""
_ID = re.compile(r"[A-Za-z0-9-]{0,64}")

Settings = dict[str, dict[str, Any]]


class State(StrEnum):
    """How desired settings fared at a hall."""

    FILE = "file"
    TRIAL = "trial"
    APPLIED = "applied"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Desired:
    """Settings that the server wants; `id` names them in the answer. No settings: the hall's own file rules."""

    id: str = ""
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reported:
    """What a hall says: how the settings named `id` fared, why, and what is in force."""

    id: str
    state: State
    settings: Settings
    reason: str = ""


def check_names(settings: object) -> Settings:
    """Return settings whose every key may be set from the server. Raises ValueError naming the first that may not."""
    if not isinstance(settings, dict):
        raise ValueError("settings: must be an object of sections, as {'sampling': {'interval_s': 60}}")
    for section, values in settings.items():
        if section not in KEYS or not isinstance(values, dict):
            raise ValueError(f"{str(section)[:40]}: not a section that can be set from the server ({', '.join(KEYS)})")
        for key, value in values.items():
            if key not in KEYS[section]:
                raise ValueError(f"{section}.{key[:40]}: cannot be set from the server; can be: {', '.join(KEYS[section])}")
            if not all(isinstance(item, (bool, int, float, str)) for item in (value if isinstance(value, list) else [value])):
                raise ValueError(f"{section}.{key}: must be a number, a text, or a list of texts")
    return settings


def encode_desired(desired: Desired) -> bytes:
    """Return the payload. Raises ValueError for a key that cannot be set or when it is too long."""
    payload = orjson.dumps({"v": VERSION, "id": desired.id, "settings": check_names(desired.settings)})
    if len(payload) > MAX_BYTES:
        raise ValueError(f"settings: {len(payload)} bytes, at most {MAX_BYTES} fit")
    return payload


def decode_desired(payload: bytes) -> Desired:
    """Read desired settings; an empty payload means none. Raises ValueError with a reason for the other end."""
    if not payload:
        return Desired()
    data = _object(payload)
    if data.get("v") != VERSION:
        raise ValueError(f"v: this agent speaks {VERSION} (got {str(data.get('v'))[:20]}); upgrade the older end")
    name = data.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ValueError("id: must be 1..64 of A-Z a-z 0-9 -")
    return Desired(name, check_names(data.get("settings")))


def encode_reported(reported: Reported) -> bytes:
    """Return the payload of an answer."""
    body = {"v": VERSION, "id": reported.id, "state": reported.state, "settings": reported.settings}
    if reported.reason:
        body["reason"] = reported.reason[:MAX_REASON]
    return orjson.dumps(body)


def decode_reported(payload: bytes) -> Reported:
    """Read a hall's answer. Raises ValueError when it is none."""
    data = _object(payload)
    try:
        settings = data["settings"] if isinstance(data["settings"], dict) else {}
        return Reported(str(data["id"]), State(data["state"]), settings, str(data.get("reason", "")))
    except KeyError as error:
        raise ValueError(f"reported: {error} is missing") from None


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_BYTES:
        raise ValueError(f"settings: {len(payload)} bytes, at most {MAX_BYTES} are read")
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise ValueError("settings: not JSON") from None
    if not isinstance(data, dict):
        raise ValueError("settings: must be a JSON object")
    return data
