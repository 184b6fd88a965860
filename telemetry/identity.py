"""Certificates through the line: what a hall has and asks for (retained on `identity`), and what it is given (on `trust`).

Identity: `{"v":1, "serial":"4f…", "issuer":"Sinyal CA", "ends_ms":…, "trusts":2, "csr":"-----BEGIN…"}`; `csr` while it wants a
certificate. Trust: `{"v":1, "cert":"-----BEGIN…"}`, `{"v":1, "n":3, "ca":"-----BEGIN…", "sig":"30…"}` or both: a certificate for
the hall's key, and the authorities to believe, the one that signs first, with the number of that list, signed by one of before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import orjson

VERSION = 1
MAX_BYTES = 16_384
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a hall has: number and issuer of its certificate, when that ends, and which list of authorities it believes."""

    serial: str
    issuer: str
    ends_ms: int
    trusts: int = 0
    csr: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """What a hall is given."""

    cert: str | None = None
    n: int | None = None
    ca: str | None = None
    sig: str | None = None


def signed_text(n: int, ca: str) -> bytes:
    """Return what the signature of a list of authorities covers."""
    return f"sinyal trust 1\n{n}\n{ca}".encode()


def encode_identity(identity: Identity) -> bytes:
    """Return the payload for the topic `identity`."""
    return _encode(asdict(identity))


def decode_identity(payload: bytes) -> Identity:
    """Read what a hall says of itself. Raises ValueError."""
    return _decode(Identity, payload, {"serial": str, "issuer": str, "ends_ms": int}, {"trusts": int, "csr": str})


def encode_trust(trust: Trust) -> bytes:
    """Return the payload for the topic `trust`."""
    return _encode(asdict(trust))


def decode_trust(payload: bytes) -> Trust:
    """Read what a hall is given; an empty payload is nothing. Raises ValueError."""
    if not payload:
        return Trust()
    return _decode(Trust, payload, {}, {"cert": str, "n": int, "ca": str, "sig": str})


def _encode(values: dict[str, Any]) -> bytes:
    return orjson.dumps({"v": VERSION} | {name: value for name, value in values.items() if value is not None})


def _decode(kind: type[T], payload: bytes, needed: dict[str, type], optional: dict[str, type]) -> T:
    if len(payload) > MAX_BYTES:
        raise ValueError(f"{len(payload)} bytes, at most {MAX_BYTES} are read")
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise ValueError("not JSON") from None
    if not isinstance(data, dict) or data.get("v") != VERSION:
        raise ValueError(f"not of version {VERSION}; upgrade the older end")
    found = {name: data[name] for name in (*needed, *optional) if data.get(name) is not None}
    for name, value in found.items():
        if not isinstance(value, {**needed, **optional}[name]) or isinstance(value, bool):
            raise ValueError(f"{name}: of a wrong type")
    if missing := set(needed) - set(found):
        raise ValueError(f"{min(missing)}: is missing")
    return kind(**found)
