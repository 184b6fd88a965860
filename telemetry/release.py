"""A version that a hall is to take (server to hall, retained on `release`): where it lies, and how many bytes that costs.

`{"v":1, "id":"20261128T0400-0.2.0", "version":"0.2.0", "files":["https://…/sinyal-0.2.0-from-0.1.0.pack"], "bytes":57012}`. The
first file makes the version, the others are wheels that it needs; each has its signature beside it as ADDRESS.sig, which the hall
checks with its own key: an address that is not the office's can waste bytes, never bring a program. Empty: nothing to take.
What became of it the hall says in the stream `event`: `update_kept`, `update_rolled_back`, `update_refused`, `update_waits`.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

import orjson

VERSION = 1
MAX_BYTES = 4096
MOST_FILES = 8
QUIET_H = range(5)
"""Hours of WITA in which halls take a version: nobody looks at the page, and what goes wrong is seen in the morning."""
KEPT, ROLLED_BACK, REFUSED, WAITS = "kept", "rolled_back", "refused", "waits"
_WORD = re.compile(r"[A-Za-z0-9.+-]{1,64}")
_ADDRESS = re.compile(r"https?://[!-~]{1,500}")


@dataclass(frozen=True, slots=True)
class Release:
    """A version to take; `id` names this asking for it, so that it can be asked for again."""

    id: str
    version: str
    files: tuple[str, ...]
    bytes: int


def same(version: str, other: str) -> bool:
    """Return whether two versions are one, in whatever way they were installed (PEP 440: +deb)."""
    return version.partition("+")[0] == other.partition("+")[0]


def event_of(release: Release, reason: str) -> str:
    """Return the detail of an event that says what became of a release."""
    return f"{release.version} {release.id}" + (f": {reason}" if reason else "")


def id_of(detail: str) -> str:
    """Return the id of the release of which an event speaks."""
    return detail.partition(":")[0].partition(" ")[2]


def encode_release(release: Release | None) -> bytes:
    """Return the payload; nothing for none. Raises ValueError for what a hall would refuse."""
    payload = b"" if release is None else orjson.dumps({"v": VERSION} | asdict(release))
    decode_release(payload)
    return payload


def decode_release(payload: bytes) -> Release | None:
    """Read a payload; None: nothing to take. Raises ValueError."""
    if not payload:
        return None
    if len(payload) > MAX_BYTES:
        raise ValueError(f"release: {len(payload)} bytes, at most {MAX_BYTES} are read")
    try:
        data = orjson.loads(payload)
        found = Release(data["id"], data["version"], tuple(data["files"]), data["bytes"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"release: cannot be read ({error!r})") from None
    if data.get("v") != VERSION:
        raise ValueError(f"release: v: this agent speaks {VERSION}; upgrade the older end")
    if not all(isinstance(word, str) and _WORD.fullmatch(word) for word in (found.id, found.version)):
        raise ValueError("release: id and version must be 1..64 of A-Z a-z 0-9 . + -")
    good = all(isinstance(file, str) and _ADDRESS.fullmatch(file) for file in found.files)
    if not good or not 1 <= len(found.files) <= MOST_FILES:
        raise ValueError(f"release: files must be 1..{MOST_FILES} addresses of http or https")
    if isinstance(found.bytes, bool) or not isinstance(found.bytes, int) or found.bytes < 0:
        raise ValueError("release: bytes must be a count")
    return found
