"""`sinyal-collector federate`: send what a regency says, or take what regencies say and show it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from collector.config import Config, load
from collector.errors import ConfigError
from collector.federate import keys
from collector.federate.letter import LetterRefusedError
from collector.federate.receive import ROOT, listen
from collector.federate.send import FOLDER, NotSentError, send, write_letters
from collector.federate.table import Tables
from collector.federate.take import Node
from collector.store.open import open_store
from ground.ending import on_signal
from ground.paths import COLLECTOR, STATE
from ground.words import Figure, add_lang, tr

OK, WAITS = 0, 1
ABOUT = """\
A regency keeps its own server and its own truth. Daily and hourly rollups, published verdicts with grade and hash, proposals and
the register of halls go up to a province or ministry, in signed letters; no reading, and nothing of a SIM. A node above is the
same program, with a [federation] section that names no regency.

at the regency, with [federation] regency and above in collector.toml:
  sinyal-collector federate key                    # its public key, for the node above; the private one is made here and stays
  sinyal-collector federate send                   # what changed; sinyal-federate.timer does it every hour

at the node above:
  sinyal-collector federate admit 6408 KEY --name "Kutai Timur"
  sinyal-collector federate receive                # listens behind nginx, at /federation/
  sinyal-collector federate receive *.letter       # letters that came on a stick
  sinyal-collector federate reader kaltim 64       # a secret for who may read the regencies of a province
  sinyal-collector federate table --month 2026-11  # CSV: a row a regency, worst served first; --halls: a row a hall and operator

exit: 0 done; 1 letters wait (the reason is printed), a letter was refused, or the store is down; 2 bad usage or config
"""
Command = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `federate`."""
    parser.description, parser.formatter_class = ABOUT, argparse.RawDescriptionHelpFormatter
    files, config = argparse.ArgumentParser(add_help=False), argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", "-c", type=Path, default=COLLECTOR, metavar="FILE", help="default: %(default)s")
    files.add_argument("--state", type=Path, default=STATE, metavar="DIR", help=f"where {FOLDER}/ is; default: %(default)s")
    add_lang(files)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, about: str, act: Callable[[argparse.Namespace], int], *, configured: bool = True
    ) -> argparse.ArgumentParser:
        parents = [config, files] if configured else [files]
        made = commands.add_parser(name, parents=parents, help=about, description=f"{about[:1].upper()}{about[1:]}.")
        made.set_defaults(act=act)
        return made

    command("key", "print this regency's public key; it is made where there is none", _key, configured=False)
    command("send", "write what changed as letters, and bring the node above all that it has not", _send)
    admit = command("admit", "believe the letters of a regency from now on", _admit, configured=False)
    admit.add_argument("regency", metavar="CODE", help="as 6408")
    admit.add_argument("key", metavar="KEY", help="what `federate key` printed there")
    admit.add_argument("--name", required=True, metavar="NAME", help="as it stands in the table")
    receive = command("receive", "take letters: from the network, or the files that are named", _receive)
    receive.add_argument("files", nargs="*", type=Path, metavar="FILE", help="letters, in any order")
    reader = command("reader", "give somebody a secret for the table of some regencies", _reader, configured=False)
    reader.add_argument("name", metavar="NAME", help="whose secret it is, as kaltim")
    reader.add_argument("scope", metavar="SCOPE", help="how their codes begin, as 64 or 6408; `all` is all of them")
    table = command("table", "print the table of a month as CSV", _table)
    table.add_argument("--month", metavar="MONTH", help="as 2026-11; default: this one")
    table.add_argument("--halls", action="store_true", help="a row a hall and operator")
    table.add_argument("--scope", default="", metavar="CODE", help="only regencies whose codes begin so")


def run(args: argparse.Namespace) -> int:
    """Do a subcommand of `federate`; return the exit code."""
    return int(args.act(args))


def _key(args: argparse.Namespace) -> int:
    print(keys.public(keys.own_key(args.state / FOLDER)))
    return OK


def _send(args: argparse.Namespace) -> int:
    config = load(args.config)
    if config.federation.above is None:
        raise ConfigError(f"{args.config}: federation.above: is missing; it names the node above, as https://NAME/federation")
    if config.federation.regency:
        with closing(open_store(config.store)) as store:
            write_letters(config, args.state, store, time.time_ns())
    try:
        for code, sent in send(config, args.state).items():
            print(tr("{code}: {n} letters, {bytes} bytes", args.lang, code=code, n=Figure(sent.letters), bytes=Figure(sent.size)))
    except NotSentError as error:
        print(tr("letters wait: {reason}", args.lang, reason=error), file=sys.stderr)
        return WAITS
    return OK


def _admit(args: argparse.Namespace) -> int:
    keys.admit(args.state / FOLDER, args.regency, args.name, args.key)
    return OK


def _reader(args: argparse.Namespace) -> int:
    print(keys.add_reader(args.state / FOLDER, args.name, "" if args.scope == "all" else args.scope))
    return OK


def node(config: Config, state_folder: Path) -> tuple[Node, Tables]:
    """Return what takes letters and what shows them; the register is kept where this server has no halls of its own."""
    store, folder = open_store(config.store), state_folder / FOLDER
    register = None if config.federation.regency else config.sites.file
    return Node(folder, store, register, hours=config.federation.hours), Tables(store, folder)


def _receive(args: argparse.Namespace) -> int:
    config = load(args.config)
    taker, tables = node(config, args.state)
    if args.files:
        return _take(taker, args)
    server = listen(config.federation.host, config.federation.port, taker, tables)
    ended = threading.Event()
    on_signal(lambda _number: ended.set(), signal.SIGTERM, signal.SIGINT)
    threading.Thread(target=server.serve_forever, name="federation", daemon=True).start()
    print(f"http://{config.federation.host}:{server.server_port}{ROOT.rstrip('/')}", flush=True)
    ended.wait()
    server.shutdown()
    return OK


def _take(taker: Node, args: argparse.Namespace) -> int:
    code = OK
    for path in sorted(args.files):
        try:
            taken = taker.take(path.read_bytes())
            text = tr("was here already", args.lang) if taken.again else tr("{n} rows taken", args.lang, n=Figure(taken.rows))
        except (LetterRefusedError, OSError) as error:
            code, text = WAITS, str(error)
        print(f"{path}: {text}", flush=True)
    return code


def _table(args: argparse.Namespace) -> int:
    _, tables = node(load(args.config), args.state)
    print(tables.csv(args.month, args.scope, halls=args.halls), end="")
    return OK
