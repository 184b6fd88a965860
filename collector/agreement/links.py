"""The link of a hall: who holds it speaks for that village. Signed, so that no code can be guessed; revocable, by its serial."""

from __future__ import annotations

import base64
import hmac
import secrets
from pathlib import Path

from collector.agreement.entries import Link
from collector.agreement.ledger import belong_to_folder
from collector.agreement.rules import Actor
from collector.agreement.state import State
from ground.durable import write_durably

FILE = "links.key"
KEY_BYTES, MAC_BYTES = 32, 15
"""120 bits: nobody guesses it, and it is 24 characters on paper."""


def read_key(path: Path) -> bytes:
    """Return the secret that signs links, made when it is not there. Whoever has it can speak for every village."""
    if not path.exists():
        write_durably(path, secrets.token_bytes(KEY_BYTES), mode=0o600)
        belong_to_folder(path)
    return path.read_bytes()


def token(link: Link, key: bytes) -> str:
    """Return what stands at the end of a hall's address: code, serial, signature."""
    return f"{link.site}-{link.serial}-{_mac(link.site, link.serial, key)}"


def signed(text: str, key: bytes) -> bool:
    """Whether a text is a link that we once gave: cheap, and asked before anything is read for it."""
    site, _, rest = text.partition("-")
    serial, _, mac = rest.partition("-")
    if not (serial.isascii() and serial.isdecimal() and len(serial) < 10 and mac.isascii()):
        return False
    return hmac.compare_digest(mac.lower(), _mac(site, int(serial), key))


def holder(text: str, state: State, key: bytes) -> Actor | None:
    """Return who holds a link; None where it is not one of ours, or is revoked or replaced."""
    if not signed(text, key):
        return None
    site, serial, _ = text.split("-", 2)
    link = state.links.get(site)
    if link is None or link.revoked or serial != str(link.serial):
        return None
    return Actor(f"link {site}-{serial}", site=site)


def _mac(site: str, serial: int, key: bytes) -> str:
    digest = hmac.digest(key, f"sinyal link {site} {serial}".encode(), "sha256")
    return base64.b32encode(digest[:MAC_BYTES]).decode().lower()
