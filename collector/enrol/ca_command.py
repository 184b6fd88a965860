"""`sinyal-collector ca init`: the certificate authority, and the certificates of the server itself."""

from __future__ import annotations

import argparse

from collector.config import load
from collector.enrol import renew_command
from collector.enrol.server_pairs import init_ca
from ground.paths import add_config
from ground.words import add_lang

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
    init.set_defaults(do=_init)
    renew_command.add_commands(commands)


def run(args: argparse.Namespace) -> int:
    """Do `ca init`, `ca renew` or `ca roll`; return the exit code."""
    return int(args.do(args))


def _init(args: argparse.Namespace) -> int:
    init_ca(load(args.config).ca.folder, args.host, print, args.lang)
    return 0
