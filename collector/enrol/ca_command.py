"""`sinyal-collector ca init`: the certificate authority, and the certificates of the server itself."""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography import x509

from collector.config import load
from collector.enrol.ca import COLLECTOR, Authority, Pair, server_names
from collector.enrol.register import Register
from collector.errors import ConfigError
from ground.durable import write_durably
from ground.paths import add_config
from ground.words import Lang, add_lang, tr

LOCAL_NAMES = ("localhost", "127.0.0.1")
ABOUT = """\
Makes the certificate authority of this installation in the folder [ca] folder, and the certificates of broker and collector.
Run as root on the server. What is there stays as it is; another --host makes a new certificate for the broker only.

  sinyal-collector ca init --host sinyal.example.go.id
  sinyal-collector ca init --host sinyal.example.go.id --host 203.0.113.7

The first name is the one under which the halls reach the server. Copy the folder to a safe place: without ca.key no hall can be
added, without crl.pem stolen Pis come back.

A passphrase for ca.key comes from the environment, never from a command line; then enroll and revoke need it too:

  read -rs SINYAL_CA_PASSPHRASE; export SINYAL_CA_PASSPHRASE
  sudo --preserve-env=SINYAL_CA_PASSPHRASE sinyal-collector ca init --host sinyal.example.go.id

exit: 0 everything is there; 2 bad usage or config
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `ca`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "The certificate authority of this installation."
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    init = commands.add_parser("init", help="make the CA and the server's certificates", description=ABOUT, formatter_class=raw)
    init.add_argument("--host", action="append", required=True, metavar="NAME", help="name or address of the server; repeatable")
    add_config(init)
    add_lang(init)


def run(args: argparse.Namespace) -> int:
    """Do `ca init`; return the exit code."""
    init_ca(load(args.config).ca.folder, args.host, print, args.lang)
    return 0


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
    if _names_of(folder / "broker.crt") != names:
        _put(folder, "broker", authority.server(names), owner="mosquitto")
        made = {"file": str(folder / "broker.crt"), "names": ", ".join(names)}
        say(tr("made {file} for {names}; restart the broker where it runs already", lang, **made))
    if not (folder / "collector.key").exists():
        pair = authority.client(COLLECTOR)
        register.record(COLLECTOR, pair.cert)
        _put(folder, COLLECTOR, pair, owner="sinyal")
        say(tr("made {file}", lang, file=str(folder / "collector.crt")))


def broker_host(folder: Path) -> str:
    """Return the name under which halls reach the server: the first of the broker's certificate. Raises ConfigError."""
    names = _names_of(folder / "broker.crt")
    if not names:
        raise ConfigError(f"{folder / 'broker.crt'}: no such file; make it with `sinyal-collector ca init --host NAME`")
    return names[0]


def _names_of(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        return server_names(x509.load_pem_x509_certificate(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); delete it and run `sinyal-collector ca init --host NAME`") from None


def _put(folder: Path, name: str, pair: Pair, owner: str) -> None:
    key = folder / f"{name}.key"
    write_durably(key, pair.key_pem, 0o600)
    write_durably(folder / f"{name}.crt", pair.cert_pem, 0o644)
    if os.geteuid() == 0 and owner in (user.pw_name for user in pwd.getpwall()):
        shutil.chown(key, owner)  # the only file of the folder that the program must read and others must not
