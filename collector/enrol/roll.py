"""Another certificate authority without visiting a hall, in three steps that each wait for all halls (docs/security.md).

start: the next authority is made; halls and broker believe both. switch: the next one signs from now on, the broker shows a
certificate of it, halls renew theirs. finish: the one before is believed no more, and its key is gone.

A step that a power cut ended is done again by the same command: each of its acts is there wholly or not at all.
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
from ground.durable import move_durably, write_durably
from telemetry.identity import Identity, Trust, encode_trust, signed_text


def start(folder: Path) -> None:
    """Make the next authority and have both believed. Raises ConfigError."""
    now = Authority.load(folder)
    if (folder / PREVIOUS).exists() or ((folder / NEXT).exists() and _told(folder, Authority.load(folder / NEXT))):
        raise ConfigError(f"{folder}: the authority is being changed already; see `sinyal-collector ca roll status`")
    if not (folder / NEXT).exists():
        number = re.search(r"\d+$", now.name)
        part = _empty(folder / f"{NEXT}.part")
        Authority.create(part, f"Sinyal CA {int(number.group()) + 1 if number else 2}")
        move_durably(part, folder / NEXT)
    following = Authority.load(folder / NEXT)
    Register(folder).start(following)
    _publish(folder, [now, following], signs=now)


def switch(folder: Path) -> None:
    """Let the next authority sign: broker, collector and signer get certificates of it at once. Raises ConfigError."""
    if _removed(folder / NEXT):
        return
    if not (folder / NEXT).exists():
        raise ConfigError(f"{folder}: there is no next authority; begin with `sinyal-collector ca roll start`")
    now, names = Authority.load(folder / NEXT), server_names_of(folder)
    if not _told(folder, now):
        raise ConfigError(f"{folder}: the halls do not know the next authority; go on with `sinyal-collector ca roll start`")
    if not (folder / PREVIOUS).exists():
        part = _empty(folder / f"{PREVIOUS}.part")
        write_durably(part / "ca.key", (folder / "ca.key").read_bytes(), 0o600)
        write_durably(part / "ca.crt", _pem(Authority.load(folder)), 0o644)
        move_durably(part, folder / PREVIOUS)
    before = Authority.load(folder / PREVIOUS)
    write_durably(folder / "ca.key", (folder / NEXT / "ca.key").read_bytes(), 0o600)
    _publish(folder, [now, before], signs=before)
    make_server_pairs(folder, now, Register(folder), names)
    _remove(folder / NEXT)


def finish(folder: Path) -> None:
    """Believe the authority before no more; its key is deleted. Raises ConfigError."""
    if (folder / NEXT).exists():  # the broker may still show a certificate of the one before
        raise ConfigError(f"{folder}: the switch did not come to its end; first `sinyal-collector ca roll switch` again")
    if _removed(folder / PREVIOUS):
        return
    if not (folder / PREVIOUS).exists():
        raise ConfigError(f"{folder}: no authority is to be given up; see `sinyal-collector ca roll status`")
    now, before = Authority.load(folder), Authority.load(folder / PREVIOUS)
    _publish(folder, [now], signs=now)
    Register(folder).forget(before.name)
    _remove(folder / PREVIOUS)


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
        elif (folder / PREVIOUS).exists() and not (folder / NEXT).exists() and identity.issuer != now.name:
            found[site] = f"has a certificate of {identity.issuer} still"
    return found


STEPS: Mapping[str, Callable[[Path], None]] = {"start": start, "switch": switch, "finish": finish}


def _publish(folder: Path, authorities: Sequence[Authority], signs: Authority) -> None:
    """Write whom all are to believe, the one that signs certificates first: ca.crt for the server, trust.json for the halls."""
    ca = "".join(_pem(authority).decode() for authority in authorities)
    n = (trust_list(folder).n or 0) + 1
    write_durably(folder / "ca.crt", ca.encode(), 0o644)
    write_durably(folder / "trust.json", encode_trust(Trust(n=n, ca=ca, sig=signs.signature(signed_text(n, ca)))), 0o644)


def _told(folder: Path, authority: Authority) -> bool:
    """Whether the list for the halls holds an authority."""
    return _pem(authority).decode() in (trust_list(folder).ca or "")


def _empty(folder: Path) -> Path:
    """Return a new folder in place of what a power cut left of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o751)
    return folder


def _remove(folder: Path) -> None:
    """Remove a folder, at once under its name: half an authority is none."""
    move_durably(folder, folder.with_name(f"{folder.name}.gone"))
    _removed(folder)


def _removed(folder: Path) -> bool:
    """Remove what is left of a folder; return whether its step had only that still to do.

    With a new folder under the name, what was left is of another change, and the step is still to be done.
    """
    gone = folder.with_name(f"{folder.name}.gone")
    found = gone.exists()
    if gone.is_dir():
        shutil.rmtree(gone)
    else:
        gone.unlink(missing_ok=True)
    return found and not folder.exists()


def _pem(authority: Authority) -> bytes:
    return authority.cert.public_bytes(Encoding.PEM)
