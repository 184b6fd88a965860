"""`sinyal-collector`: the programs of the server. Commands with parts of their own are loaded only when they are asked for."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from collector.config import Config, load
from collector.errors import ConfigError
from collector.line.importer import files_of, import_file
from collector.line.rejected import RejectedFolder
from collector.run import MIB, Collector
from collector.server.program import (
    INCOMPLETE,
    NOTHING,
    OK,
    add_commands,
    add_log_level,
    add_store,
    run,
    store_config,
    timestamp,
)
from collector.sites.sites import read_sites
from collector.store.exporter import export_csv
from collector.store.open import open_store
from collector.store.store import MEASUREMENTS
from ground.ending import INTERRUPTED, on_signal
from ground.paths import add_config
from ground.words import add_lang, ntr

GC_ALLOCATIONS = 100_000

COMMANDS = {
    "sites": ("collector.sites.command", "the register of villages: check, forms, what is missing"),
    "watch": ("collector.watch.command", "judge what is stored and tell who must act"),
    "alerts": ("collector.watch.manage", "list, acknowledge, pause and test alerts"),
    "agreement": ("collector.agreement.command", "remarks, answers, proposals, and the links of villages"),
    "doctor": ("collector.server.doctor", "is this server well, and if not, what to do"),
    "fleet": ("collector.server.fleet", "one line per hall, worst first: last seen, clock, gaps, bytes"),
    "quarantine": ("collector.server.quarantine", "make halls send again what was refused"),
    "settings": ("collector.server.settings", "change intervals, probes or budget of halls from here"),
    "ca": ("collector.enrol.ca_command", "make the certificate authority of this server"),
    "enroll": ("collector.enrol.enroll_command", "make a hall's certificate and its one-file bundle"),
    "revoke": ("collector.enrol.revoke_command", "shut a stolen or lost Pi out, at once"),
    "federate": ("collector.federate.command", "send rollups and verdicts to a province or ministry, or take those of regencies"),
    "install": ("collector.server.install", "set this Debian up as the server"),
    "backup": ("collector.server.backup", "write everything of this server into one file"),
    "restore": ("collector.server.restore", "make a new machine the server that a backup was made on"),
    "compose-init": ("collector.enrol.compose_command", "make secrets and certificates for config/compose.yaml"),
}
ABOUT = """\
The server's end of Sinyal: takes frames from the broker, checks them, stores them, and only then acknowledges them.

  sinyal-collector run --config /etc/sinyal/collector.toml
  sinyal-collector import /media/usb/sinyal-6408012001-20261124T080000Z.jsonl.gz
  sinyal-collector export --start 2026-11-01 --end 2026-12-01 --site 6408012001 -o senyiur.csv
  sinyal-collector sites check config/sites.csv
  sinyal-collector enroll 6408012001 --modem telkomsel=/dev/ttyUSB2
  sinyal-collector fleet
  sinyal-collector alerts list
"""
IMPORT = """\
Reads files that `sinyal-agent export` wrote to a USB stick, through the same checks as frames from the broker.
Importing a file twice stores nothing twice. A file is read whole before anything of it is stored; of one that is damaged or cut
off, only frames whose own check holds are taken. Prints one line per file. A folder stands for all such files in it.

exit: 0 all stored; 1 something was rejected, held, or cut off, or the store is down; 2 bad usage or config; 3 nothing readable
"""
EXPORT = """\
Writes a period of one measurement as CSV: time in UTC, tags, fields. Moments are ISO 8601; without a zone they are UTC.

  sinyal-collector export --start 2026-11-01 --end 2026-11-08 -o november.csv
  sinyal-collector export --start 2026-11-24T08:00+08:00 --end 2026-11-24T09:00+08:00 --measurement event

exit: 0 written; 1 the store is down; 2 bad usage or config; 3 nothing in that period
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    return run(_parser, argv)


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of every command: for man page, completion and reference."""
    return _parser([*COMMANDS])


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="sinyal-collector", description=ABOUT, formatter_class=raw)
    add_log_level(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    config = argparse.ArgumentParser(add_help=False)
    add_config(config)

    about = "Collects until SIGTERM or Ctrl-C. SIGHUP reads sites.csv again. /metrics and /healthz answer on [http]."
    collect = commands.add_parser("run", parents=[config], help="collect until told to stop", description=about)
    collect.set_defaults(do=_run)

    imports = commands.add_parser(
        "import", parents=[config], help="read files from a USB stick", description=IMPORT, formatter_class=raw
    )
    imports.add_argument("files", nargs="+", type=Path, metavar="FILE", help="sinyal-SITE-UTC.jsonl.gz, or the folder")
    imports.set_defaults(do=_import)

    export = commands.add_parser("export", help="write CSV", description=EXPORT, formatter_class=raw)
    export.add_argument("--start", type=timestamp, required=True, metavar="WHEN", help="first moment that is in")
    export.add_argument("--end", type=timestamp, required=True, metavar="WHEN", help="first moment that is out")
    export.add_argument("--site", metavar="CODE", help="only this site; default: all")
    export.add_argument("--measurement", choices=MEASUREMENTS, default="signal", help="default: signal")
    export.add_argument("--output", "-o", type=Path, metavar="FILE", help="default: standard output")
    add_store(export)
    export.set_defaults(do=_export)

    add_commands(commands, COMMANDS, words, whole_parser)
    for command in (collect, imports, export):
        add_lang(command)
    return parser


def _run(args: argparse.Namespace) -> int:
    collector = Collector(load(args.config))
    # Frames hold no cycles: they are freed without the search for cycles, whose rounds over all of them cost a tenth of the line.
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 50, 100)
    stop = threading.Event()
    interrupted = False

    def end(number: int) -> None:
        nonlocal interrupted
        interrupted = number == signal.SIGINT
        stop.set()

    on_signal(end, signal.SIGTERM, signal.SIGINT)
    on_signal(lambda _number: collector.reload_sites(), signal.SIGHUP)
    collector.start()
    while not stop.wait(1.0) and collector.working:
        pass
    collector.stop()
    if not stop.is_set():
        return INCOMPLETE  # the line ended by a fault, which is in the log: let the service manager start us again
    return INTERRUPTED if interrupted else OK


def _import(args: argparse.Namespace) -> int:
    config = load(args.config)
    sites, rejected = read_sites(config.sites.file), _rejected(config)
    store = open_store(config.store)
    results = []
    for path in [file for given in args.files for file in files_of(given)]:
        result = import_file(path, store, sites, rejected, config.ingest.late_after_s)
        results.append(result)
        print(result.told(args.lang), flush=True)
    store.close()
    if not any(result.readable for result in results):
        return NOTHING
    return OK if all(result.complete for result in results) else INCOMPLETE


def _rejected(config: Config) -> RejectedFolder:
    return RejectedFolder(config.rejected.folder, config.rejected.max_files, config.rejected.max_mib * MIB)


def _export(args: argparse.Namespace) -> int:
    store = open_store(store_config(args).store)
    if args.output is None:
        count = export_csv(store, sys.stdout, args.measurement, args.start, args.end, args.site)
    else:
        try:
            with args.output.open("w", encoding="utf-8", newline="") as out:
                count = export_csv(store, out, args.measurement, args.start, args.end, args.site)
        except OSError as error:
            raise ConfigError(f"{args.output}: cannot be written: {error}") from None
    print(ntr("{n} row", "{n} rows", count, args.lang), file=sys.stderr)
    return OK if count else NOTHING


if __name__ == "__main__":
    sys.exit(main())
