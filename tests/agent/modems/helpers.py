"""A terminal session to the object that `sinyal-agent parse` prints."""

from __future__ import annotations

from typing import Any

from agent.parse import as_json, read_session


def read(command: str, *lines: str) -> dict[str, Any]:
    """Read one command and its reply lines, as a live port prints them: echo, CR CR LF, OK."""
    text = f"{command}\r\r\n" + "".join(f"\r\n{line}\r\n" for line in lines) + "\r\nOK\r\n"
    reading, family = read_session(text)
    return as_json(text, reading, family)


def picked(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Take from a result the keys that are wanted; an absent one is None."""
    return {key: found.get(key) for key in wanted}
