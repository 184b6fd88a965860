"""A letter of a regency: what it says, numbered, chained to the one before it, packed and signed. Pure.

The first line names form, regency, number and signature (Ed25519, hex); what follows is xz of JSON, so that anybody reads one
with `tail -n +2 FILE | xz -dc | jq`. The signature is of the packed bytes, and their SHA-256 is the letter's digest.
"""

from __future__ import annotations

import hashlib
import lzma
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from collector.errors import CollectorError

VERSION = 1
"""Of the form. A new table or column is no new version: who does not know it leaves it out."""
START = "0" * 64
"""What the first letter has before it."""
MOST_BYTES, MOST_UNPACKED = 4 << 20, 64 << 20
REGENCY = re.compile(r"[0-9]{4}")
_FIRST = re.compile(rb"sinyal-federation ([0-9]{1,3}) ([0-9]{4}) ([0-9]{1,9}) ([0-9a-f]{128})\n")
Column = list[Any]
Table = dict[str, Column]
"""Columns of the same length, by name; None where a row has nothing."""


class LetterRefusedError(CollectorError):
    """A letter is not taken. The text says why, and what cures it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a regency says. `first`, `last`: the days of WITA whose rollups are in it; None where there are none."""

    regency: str
    number: int
    previous: str
    made_ms: int
    program: str
    first: date | None = None
    last: date | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)


def pack(letter: Letter, key: Ed25519PrivateKey) -> bytes:
    """Return the letter as it travels."""
    said = {"v": VERSION, **{name: getattr(letter, name) for name in Letter.__dataclass_fields__}}
    body = lzma.compress(orjson.dumps(said), preset=6)
    return (
        b"sinyal-federation %d %s %d %s\n"
        % (
            VERSION,
            letter.regency.encode(),
            letter.number,
            key.sign(body).hex().encode(),
        )
        + body
    )


def digest(data: bytes) -> str:
    """Return the SHA-256, hex, of what is signed of a letter."""
    return hashlib.sha256(data[data.find(b"\n") + 1 :]).hexdigest()


def address(data: bytes) -> tuple[str, int]:
    """Return whose letter it says to be, and its number. Raises LetterRefusedError."""
    found = _head(data)
    return found[2].decode(), int(found[3])


def unpack(data: bytes, key_of: Callable[[str], Ed25519PublicKey]) -> Letter:
    """Read a letter and check who signed it. Raises LetterRefusedError, and what `key_of` raises for an unknown regency."""
    found = _head(data)
    regency, body = found[2].decode(), data[found.end() :]
    try:
        key_of(regency).verify(bytes.fromhex(found[4].decode()), body)
    except InvalidSignature:
        cure = f"`federate admit {regency}` with the key that it has now"
        raise LetterRefusedError(f"the signature is not that of {regency}; {cure}") from None
    try:
        said = orjson.loads(_unpacked(body))
        letter = Letter(
            regency=str(said["regency"]),
            number=int(said["number"]),
            previous=str(said["previous"]),
            made_ms=int(said["made_ms"]),
            program=str(said["program"]),
            first=_day(said["first"]),
            last=_day(said["last"]),
            tables={str(name): _table(table) for name, table in said["tables"].items()},
        )
    except (lzma.LZMAError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LetterRefusedError(f"the letter cannot be read: {type(error).__name__}: {error}") from None
    if (letter.regency, letter.number) != (regency, int(found[3])):
        raise LetterRefusedError(f"the letter is of {letter.regency}, number {letter.number}; its first line says another")
    return letter


def _head(data: bytes) -> re.Match[bytes]:
    if len(data) > MOST_BYTES:
        raise LetterRefusedError(f"the letter has {len(data)} bytes; at most {MOST_BYTES} are taken")
    found = _FIRST.match(data)
    if found is None:
        raise LetterRefusedError("this is no letter of a regency; `sinyal-collector federate send` makes one")
    if int(found[1]) > VERSION:
        cure = "upgrade sinyal on the node above"
        raise LetterRefusedError(f"the letter has form {int(found[1])}, this end knows {VERSION}; {cure}")
    return found


def _unpacked(body: bytes) -> bytes:
    unpacker = lzma.LZMADecompressor(memlimit=256 << 20)
    text = unpacker.decompress(body, max_length=MOST_UNPACKED)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"it is cut off, or larger than {MOST_UNPACKED} bytes")
    return text


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _table(table: Mapping[str, Column]) -> Table:
    made = {str(name): list(column) for name, column in table.items()}
    if len({len(column) for column in made.values()}) > 1:
        raise ValueError("the columns of a table have different lengths")
    return made
