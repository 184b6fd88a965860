"""The CA folder as the server needs it: the authority, and the certificates of broker, collector and signer."""

from __future__ import annotations

import datetime as dt
import os
import pwd
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography import x509

from collector.enrol.ca import COLLECTOR, SIGNER, Authority, Pair, server_names
from collector.enrol.register import Register
from collector.errors import ConfigError
from ground.durable import write_durably
from ground.words import Lang, tr

PROGRAMS = ((COLLECTOR, "sinyal"), (SIGNER, "root"))
"""Programs of the server that speak with the broker, and whose key it is."""
SOON = dt.timedelta(days=365)
"""A certificate of the server that ends within this is made anew."""
LOCAL_NAMES = ("localhost", "127.0.0.1")


def init_ca(folder: Path, hosts: Sequence[str], say: Callable[[str], None], lang: Lang) -> None:
    """Make what is missing in the CA folder. Raises ConfigError."""
    try:
        folder.mkdir(mode=0o751, parents=True, exist_ok=True)  # the broker's user must reach its own files in it
        folder.chmod(0o751)
    except OSError as error:
        raise ConfigError(f"ca.folder: {folder} cannot be made: {error}; run this as root") from None
    register = Register(folder)
    if (folder / "ca.key").exists() or (folder / "ca.crt").exists():
        authority = Authority.load(folder)
    else:
        authority = Authority.create(folder)
        register.start(authority)
        say(tr("made {file}: keep a copy of this folder in a safe place", lang, file=str(folder / "ca.key")))
    names = list(dict.fromkeys([*hosts, *LOCAL_NAMES]))
    found = _read(folder / "broker.crt")
    if found is None or server_names(found) != names or _ends_soon(found):
        _put(folder, "broker", authority.server(names), owner="mosquitto")
        made = {"file": str(folder / "broker.crt"), "names": ", ".join(names)}
        say(tr("made {file} for {names}; restart the broker where it runs already", lang, **made))
    for name, owner in PROGRAMS:
        found = _read(folder / f"{name}.crt") if (folder / f"{name}.key").exists() else None
        if found is None or _ends_soon(found):
            _program(folder, authority, register, name, owner)
            say(tr("made {file}", lang, file=str(folder / f"{name}.crt")))


def make_server_pairs(folder: Path, authority: Authority, register: Register, names: Sequence[str]) -> None:
    """Make certificates of an authority for the broker and the programs of the server, in place of what is there."""
    _put(folder, "broker", authority.server(names), owner="mosquitto")
    for name, owner in PROGRAMS:
        _program(folder, authority, register, name, owner)


def _program(folder: Path, authority: Authority, register: Register, name: str, owner: str) -> None:
    pair = authority.client(name)
    register.record(name, pair.cert)
    _put(folder, name, pair, owner=owner)


def server_names_of(folder: Path) -> list[str]:
    """Return the names of the broker's certificate, the first is what halls connect to. Raises ConfigError."""
    found = _read(folder / "broker.crt")
    if found is None:
        raise ConfigError(f"{folder / 'broker.crt'}: no such file; make it with `sinyal-collector ca init --host NAME`")
    return server_names(found)


def broker_host(folder: Path) -> str:
    """Return the name under which halls reach the server. Raises ConfigError."""
    return server_names_of(folder)[0]


def _read(path: Path) -> x509.Certificate | None:
    if not path.exists():
        return None
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); delete it and run `sinyal-collector ca init --host NAME`") from None


def _ends_soon(cert: x509.Certificate) -> bool:
    return cert.not_valid_after_utc - dt.datetime.now(dt.UTC) < SOON


def _put(folder: Path, name: str, pair: Pair, owner: str) -> None:
    key = folder / f"{name}.key"
    write_durably(key, pair.key_pem, 0o600)
    write_durably(folder / f"{name}.crt", pair.cert_pem, 0o644)
    if os.geteuid() == 0 and owner in (user.pw_name for user in pwd.getpwall()):
        shutil.chown(key, owner)  # the only file of the folder that the program must read and others must not
