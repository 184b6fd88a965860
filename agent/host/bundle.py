"""Reads the bundle of a hall (`SITE.sinyal`, made by `sinyal-collector enroll`): a gzip tar of known names, checked before use.

Nothing is unpacked by name or path: the members are read into memory, bounded, and each must have the SHA-256 that
bundle.json gives. Who can change the bundle can change bundle.json too; what guards it is the way it travels (it holds the key).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import ssl
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.config import Config, load
from agent.errors import ConfigError
from telemetry.topics import is_site_id

VERSION = 1
MAX_BYTES = 100_000_000
MAX_TEXT_BYTES = 65_536
NEEDED = frozenset({"agent.toml", "ca.crt", "agent.crt", "agent.key"})
OPTIONAL = frozenset({"README.txt", "update.pub"})
WHEEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,150}\.whl")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked bundle: whose it is, its files by name, and its agent.toml as read."""

    site: str
    version: str
    expires: datetime
    files: dict[str, bytes]
    config: Config

    @property
    def wheels(self) -> dict[str, bytes]:
        """Return the programs in it by file name; often none."""
        return {name: content for name, content in self.files.items() if name.endswith(".whl")}


def read_bundle(path: Path) -> Bundle:
    """Read and check a bundle. Raises ConfigError naming file, fault and cure."""
    try:
        with gzip.open(path) as packed:
            plain = packed.read(MAX_BYTES + 1)
        members = _members(plain)
        about = _about(members.pop("bundle.json", b""))
        _check(members, about["sha256"])
        with tempfile.TemporaryDirectory() as folder:
            config = _config(Path(folder), members)
        expires = datetime.fromisoformat(about["expires"])
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy the bundle here and give its path") from None
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise ConfigError(f"{path}: is no bundle or was cut off ({error}); copy it again") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; have a new one made with `sinyal-collector enroll`") from None
    if config.agent.site != about["site"]:
        raise ConfigError(
            f"{path}: agent.toml is of site {config.agent.site}, the bundle of {about['site']}; have a new one made"
        )
    return Bundle(about["site"], about["sinyal_version"], expires.replace(tzinfo=expires.tzinfo or UTC), members, config)


def _members(plain: bytes) -> dict[str, bytes]:
    if len(plain) > MAX_BYTES:
        raise ValueError(f"holds more than {MAX_BYTES // 1_000_000} MB")
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
        for member in tar:
            wheel = WHEEL.fullmatch(member.name) is not None
            if not member.isreg() or not (wheel or member.name in NEEDED | OPTIONAL | {"bundle.json"}):
                raise ValueError(f"holds {member.name[:80]!r}, which does not belong there")
            if member.name in found:
                raise ValueError(f"holds {member.name} twice")
            if not wheel and member.size > MAX_TEXT_BYTES:
                raise ValueError(f"{member.name} is too large")
            file = tar.extractfile(member)
            found[member.name] = b"" if file is None else file.read()
    return found


def _about(text: bytes) -> dict[str, Any]:
    try:
        about = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("bundle.json is missing or unreadable") from None
    if not isinstance(about, dict) or about.get("v") != VERSION:
        raise ValueError(f"bundle.json: this agent reads version {VERSION}; upgrade the older end")
    texts = (about.get("site"), about.get("sinyal_version"), about.get("expires"))
    if not all(isinstance(text, str) for text in texts) or not isinstance(about.get("sha256"), dict):
        raise ValueError("bundle.json is not complete")
    if not is_site_id(about["site"]):
        raise ValueError("bundle.json: site is not a site's name")
    return about


def _check(members: dict[str, bytes], digests: dict[str, Any]) -> None:
    if missing := NEEDED - set(members):
        raise ValueError(f"lacks {', '.join(sorted(missing))}")
    if set(digests) != set(members):
        raise ValueError("bundle.json names other members than there are")
    for name, content in members.items():
        if hashlib.sha256(content).hexdigest() != digests[name]:
            raise ValueError(f"{name} was changed after the bundle was made")


def _config(folder: Path, members: dict[str, bytes]) -> Config:
    """Read agent.toml as the agent will, and see that certificate and key belong together."""
    for name in NEEDED:
        path = folder / name
        path.touch(0o600)
        path.write_bytes(members[name])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(folder / "ca.crt")
        context.load_cert_chain(folder / "agent.crt", folder / "agent.key")
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"ca.crt, agent.crt or agent.key: not certificates and the key of the second ({error})") from None
    try:
        return load(folder / "agent.toml")
    except ConfigError as error:
        raise ValueError(str(error)) from None
