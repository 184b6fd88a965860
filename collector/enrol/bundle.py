"""The bundle of a hall: one file `SITE.sinyal` with all that its Pi needs; `sinyal-agent install SITE.sinyal` does the rest.

A gzip tar with these members and no others, no folders, no links: bundle.json first, then agent.toml, ca.crt, agent.crt,
agent.key (0600), README.txt, and perhaps update.pub and *.whl. bundle.json: v (1), site, created, expires (of the certificate),
sinyal_version, sha256 (of each other member by name). The file is a secret: it holds the key.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from collector.enrol.ca import Pair
from collector.errors import ConfigError
from ground.paths import ETC
from ground.words import LANGUAGES, mark, tr

BUNDLE_VERSION = 1
FOLDER = str(ETC)  # where `sinyal-agent install` puts the files of the bundle

AGENT_TOML = """\
# {site}: {desa}, {kecamatan}. Written by `sinyal-collector enroll`; every other option is in agent.example.toml.

[agent]
site = "{site}"

[broker]
host = {host}
port = {port}
ca = "{folder}/ca.crt"
cert = "{folder}/agent.crt"
key = "{folder}/agent.key"
"""
MODEM_TOML = """
[[modem]]
name = {name}
port = {port}
"""
README = mark(
    "Sinyal installation bundle for {site} ({desa}, {kecamatan})\n\n"
    "This file is SECRET: it holds the device's key. Do not send it through a chat group; delete it from the stick once "
    "installed.\n\n"
    "1. Copy {site}.sinyal to the Raspberry Pi (Raspberry Pi OS, 64 bit) in the hall.\n"
    "2. Run:  sudo sinyal-agent install {site}.sinyal\n"
    "3. Check:  sinyal-agent status\n\n"
    "If the Pi or this file is lost or stolen, tell the office at once: one command shuts it out.\n"
)


def readme(site: str, desa: str, kecamatan: str) -> str:
    """Return what lies in the bundle for a person: Indonesian, then English."""
    return "\n----\n\n".join(tr(README, lang, site=site, desa=desa, kecamatan=kecamatan) for lang in LANGUAGES)


def agent_toml(site: str, desa: str, kecamatan: str, host: str, port: int, modems: Mapping[str, str]) -> str:
    """Write the agent's configuration: who it is, where it reports, its modems by name with their ports."""
    head = AGENT_TOML.format(site=site, desa=desa, kecamatan=kecamatan, host=_text(host), port=port, folder=FOLDER)
    return head + "".join(MODEM_TOML.format(name=_text(name), port=_text(path)) for name, path in modems.items())


def make_bundle(
    *, site: str, version: str, toml: str, readme: str, ca_pem: bytes, pair: Pair, extras: Mapping[str, bytes]
) -> bytes:
    """Return the bundle as it will lie in its file."""
    members = {"agent.toml": toml.encode(), "ca.crt": ca_pem, "agent.crt": pair.cert_pem, "agent.key": pair.key_pem}
    members["README.txt"] = readme.encode()
    members |= extras
    about = {
        "v": BUNDLE_VERSION,
        "site": site,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "expires": pair.cert.not_valid_after_utc.isoformat(timespec="seconds"),
        "sinyal_version": version,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
    }
    return _pack({"bundle.json": json.dumps(about, indent=1).encode(), **members})


def write_secret(out: Path, content: bytes) -> None:
    """Write a file that holds a key (mode 0600). Raises ConfigError when it already exists or cannot be written."""
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{out}: already exists; delete it, or give another name with --out") from None
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _pack(members: Mapping[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600 if name == "agent.key" else 0o644
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(plain.getvalue())


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # a TOML basic string is written as a JSON string
