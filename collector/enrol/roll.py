"""Another certificate authority without visiting a hall, in three steps that each wait for all halls (docs/security.md).

start: the next authority is made; halls and broker believe both. switch: the next one signs from now on, the broker shows a
certificate of it, halls renew theirs. finish: the one before is believed no more, and its key is gone.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from collector.enrol.ca import NEXT, PREVIOUS, Authority
from collector.enrol.register import Register
from collector.enrol.renewal import trust_list
from collector.enrol.server_pairs import make_server_pairs, server_names_of
from collector.errors import ConfigError
from ground.durable import write_durably
from telemetry.identity import Identity, Trust, encode_trust, signed_text


def start(folder: Path) -> None:
    """Make the next authority and have both believed. Raises ConfigError."""
    if (folder / NEXT).exists() or (folder / PREVIOUS).exists():
        raise ConfigError(f"{folder}: the authority is being changed already; see `sinyal-collector ca roll status`")
    now = Authority.load(folder)
    number = re.search(r"\d+$", now.name)
    following = Authority.create(folder / NEXT, f"Sinyal CA {int(number.group()) + 1 if number else 2}")
    Register(folder).start(following)
    _publish(folder, [now, following], signs=now)


def switch(folder: Path) -> None:
    """Let the next authority sign: broker, collector and signer get certificates of it at once. Raises ConfigError."""
    if not (folder / NEXT).exists():
        raise ConfigError(f"{folder}: there is no next authority; begin with `sinyal-collector ca roll start`")
    before, now = Authority.load(folder), Authority.load(folder / NEXT)
    names = server_names_of(folder)
    (folder / PREVIOUS).mkdir(mode=0o751, exist_ok=True)
    for name in ("ca.key", "ca.crt"):
        shutil.copy2(folder / name, folder / PREVIOUS / name)
    write_durably(folder / PREVIOUS / "ca.crt", _pem(before), 0o644)
    write_durably(folder / "ca.key", (folder / NEXT / "ca.key").read_bytes(), 0o600)
    _publish(folder, [now, before], signs=before)
    shutil.rmtree(folder / NEXT)
    make_server_pairs(folder, now, Register(folder), names)


def finish(folder: Path) -> None:
    """Believe the authority before no more; its key is deleted. Raises ConfigError."""
    if not (folder / PREVIOUS).exists():
        raise ConfigError(f"{folder}: no authority is to be given up; see `sinyal-collector ca roll status`")
    now, before = Authority.load(folder), Authority.load(folder / PREVIOUS)
    _publish(folder, [now], signs=now)
    Register(folder).forget(before.name)
    shutil.rmtree(folder / PREVIOUS)


def behind(folder: Path, identities: Mapping[str, Identity], sites: Iterable[str]) -> dict[str, str]:
    """Return the halls that are not ready for the next step, each with the reason."""
    listed, now = trust_list(folder).n or 0, Authority.load(folder)
    found = {}
    for site in sites:
        identity = identities.get(site)
        if identity is None:
            found[site] = "has not said what it believes: away, or of an older version"
        elif identity.trusts < listed:
            found[site] = f"believes list {identity.trusts}, not yet {listed}"
        elif (folder / PREVIOUS).exists() and identity.issuer != now.name:
            found[site] = f"has a certificate of {identity.issuer} still"
    return found


STEPS: Mapping[str, Callable[[Path], None]] = {"start": start, "switch": switch, "finish": finish}


def _publish(folder: Path, authorities: Sequence[Authority], signs: Authority) -> None:
    """Write whom all are to believe, the one that signs certificates first: ca.crt for the server, trust.json for the halls."""
    ca = "".join(_pem(authority).decode() for authority in authorities)
    n = (trust_list(folder).n or 0) + 1
    write_durably(folder / "ca.crt", ca.encode(), 0o644)
    write_durably(folder / "trust.json", encode_trust(Trust(n=n, ca=ca, sig=signs.signature(signed_text(n, ca)))), 0o644)


def _pem(authority: Authority) -> bytes:
    return authority.cert.public_bytes(Encoding.PEM)
