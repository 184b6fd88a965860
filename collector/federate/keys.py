"""Who may say what, and who may read what: the regency's own key, the keys that a node above admitted, and its readers.

A key of its own, not one of the regency's CA: that signs for halls and is changed by itself, and a node above must trust nothing
of it but that a letter is the regency's. What is kept here is in every backup, as all below /var/lib/sinyal.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from collector.agreement.ledger import belong_to_folder
from collector.errors import ConfigError
from collector.federate.letter import REGENCY, LetterRefusedError
from ground.durable import write_durably

KEY, REGENCIES, READERS = "key.pem", "regencies.json", "readers.json"


@dataclass(frozen=True, slots=True)
class Regency:
    """A regency that was admitted: how the node above calls it, and its public key (hex)."""

    name: str
    key: str


def own_key(folder: Path) -> Ed25519PrivateKey:
    """Return this regency's key; it is made where there is none."""
    path = folder / KEY
    if path.exists():
        return Ed25519PrivateKey.from_private_bytes(_raw(path))
    key = Ed25519PrivateKey.generate()
    _write(path, key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex().encode() + b"\n")
    return key


def public(key: Ed25519PrivateKey) -> str:
    """Return the public part, hex: what the node above is told."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def admit(folder: Path, code: str, name: str, key: str) -> None:
    """Believe letters of a regency that this key signed, from now on; another key of it counts no more. Raises ConfigError."""
    if not REGENCY.fullmatch(code):
        raise ConfigError(f"{code}: is no regency; it has the first 4 digits of its villages' codes, as 6408")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    except ValueError:
        raise ConfigError(f"{key}: is no key; give what `sinyal-collector federate key` prints at the regency") from None
    known = {other: {"name": one.name, "key": one.key} for other, one in regencies(folder).items()}
    _write(folder / REGENCIES, orjson.dumps(known | {code: {"name": name, "key": key}}, option=orjson.OPT_INDENT_2))


def regencies(folder: Path) -> dict[str, Regency]:
    """Return the regencies that were admitted, by code."""
    path = folder / REGENCIES
    return {code: Regency(**one) for code, one in orjson.loads(path.read_bytes()).items()} if path.exists() else {}


def key_of(folder: Path, code: str) -> Ed25519PublicKey:
    """Return the key of a regency. Raises LetterRefusedError where it was not admitted."""
    known = regencies(folder).get(code)
    if known is None:
        raise LetterRefusedError(f"{code} is not admitted here; `sinyal-collector federate admit {code} KEY --name NAME` does it")
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(known.key))


def add_reader(folder: Path, name: str, scope: str) -> str:
    """Let somebody read the regencies whose codes begin with `scope` ('' is all); return the secret, which is kept as a hash."""
    token = secrets.token_hex(32)
    known = _readers(folder) | {name: {"scope": scope, "sha256": hashlib.sha256(token.encode()).hexdigest()}}
    _write(folder / READERS, orjson.dumps(known, option=orjson.OPT_INDENT_2))
    return token


def scope_of(folder: Path, token: str) -> str | None:
    """Return what the holder of a secret may read; None: nothing."""
    given = hashlib.sha256(token.encode()).hexdigest()
    return next((one["scope"] for one in _readers(folder).values() if secrets.compare_digest(one["sha256"], given)), None)


def scope_in(folder: Path, authorization: str) -> str | None:
    """Return what the sender of this header may read: the secret is its bearer token, or the password of any name."""
    kind, _, given = authorization.partition(" ")
    if kind == "Basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except ValueError:
            return None
    return scope_of(folder, given)


def _readers(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / READERS
    return dict(orjson.loads(path.read_bytes())) if path.exists() else {}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    belong_to_folder(path.parent)
    write_durably(path, content, 0o600)
    belong_to_folder(path)


def _raw(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); run this as root or as the user sinyal") from None
