"""Readings on a USB stick: `export` for a hall without any link, `quarantine` for what the collector refused.

A file holds one frame per line as plain JSON with a check of its own (telemetry/stick.py), gzipped. Rows stay in the spool:
importing twice changes nothing.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import orjson

from agent.config import Config
from agent.errors import AgentError
from agent.spool import clock as clocks
from agent.spool import file as spoolfile
from agent.spool.installation import Installations
from agent.spool.look import connect_to_look, numbers_given
from agent.spool.rebase import settle
from agent.spool.sent import note_exported
from agent.spool.spool import Spool
from ground.reasons import meaning
from ground.words import Figure, Lang, add_lang, mark, phrase, tr
from telemetry.frame import Sample, encode_json, pack
from telemetry.stick import seal

FRAME_SAMPLES = 500
WRITTEN = mark("{file}: {n} measurements. They stay here too; on the server: sinyal-collector import {name}")
NOT_WRITTEN = mark("{folder}: cannot be written ({error}); is the stick mounted, writable and not full?")
NOT_READ = mark("{path}: cannot be read ({error}); run this as the agent's user, or restart the agent")
UNTIMED = mark("{n} measurements have no time yet and are not in it; add --now with the time of your watch")


class ExportError(AgentError):
    """The export cannot be made; the text says why and what to do."""


def parse_time(text: str) -> int:
    """Read an ISO time with zone (2026-03-01T08:15+08:00, or ...Z), as UTC ms. Raises argparse.ArgumentTypeError."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time with zone; write it like 2026-03-01T08:15+08:00")
    utc_ms = int(when.timestamp() * 1000)
    if not clocks.sane(utc_ms):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be now; check the year")
    return utc_ms


def frames(db: sqlite3.Connection, site: str, table: str) -> Iterator[tuple[bytes, int]]:
    """Yield (frame as JSON, samples in it) for all samples of a table whose time is final, series by series, oldest first."""
    names = db.execute(f"SELECT DISTINCT stream, modem FROM {table} WHERE t_ms IS NOT NULL ORDER BY 1, 2").fetchall()  # noqa: S608
    query = f"SELECT {spoolfile.COLUMNS} FROM {table} WHERE t_ms IS NOT NULL AND stream = ? AND modem IS ? ORDER BY seq"  # noqa: S608
    installations = Installations(db)
    for stream, modem in names:
        rows = db.execute(query, (stream, modem))
        while batch := rows.fetchmany(FRAME_SAMPLES):
            whole = [row for *row, crc in batch if crc == spoolfile.row_crc(*row)]
            for inst, numbered in groupby(whole, key=lambda row: installations.of(row[0])):
                samples = [Sample(row[0], row[5], row[6], orjson.loads(row[7])) for row in numbered]
                yield encode_json(pack(site, stream, modem, samples, inst)), len(samples)


def _timed(db: sqlite3.Connection, table: str) -> int:
    """Return how many samples of a table have a final time."""
    return int(db.execute(f"SELECT count(*) FROM {table} WHERE t_ms IS NOT NULL").fetchone()[0])  # noqa: S608  (own constant)


def write(db: sqlite3.Connection, site: str, tables: tuple[str, ...], folder: Path, utc_ms: int) -> tuple[Path, int]:
    """Write the samples of the tables to `sinyal-<site>-<UTC>.jsonl.gz`; return path and number of samples.

    The file appears under its name only when it is complete and on the stick. Raises ExportError.
    """
    name = f"sinyal-{site}-{datetime.fromtimestamp(utc_ms / 1000, UTC):%Y%m%dT%H%M%SZ}.jsonl.gz"
    part, count = folder / f".{name}.part", 0
    try:
        with part.open("wb") as raw:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb") as file:
                total = sum(_timed(db, table) for table in tables)
                for table in tables:
                    for line, samples in frames(db, site, table):
                        count += samples
                        file.write(seal(line, count, total) + b"\n")
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(folder / name)
    except OSError as error:
        raise ExportError(phrase(NOT_WRITTEN, folder=str(folder), error=str(error))) from None
    return folder / name, count


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the spool beside the running agent. Raises ExportError when there is none or it cannot be read."""
    if not path.is_file():
        raise ExportError(phrase("{path}: no spool here; has the agent run, and is [agent] data_dir right?", path=str(path)))
    db = connect_to_look(path)
    try:
        yield db
    except spoolfile.DAMAGE as error:
        raise ExportError(phrase(NOT_READ, path=str(path), error=str(error))) from None
    finally:
        db.close()


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    add_lang(parser, village=True)
    parser.add_argument("folder", type=Path, help="folder on the stick, for example /media/usb")
    parser.add_argument("--all", action="store_true", help="include readings that the collector refused")
    parser.add_argument("--now", type=parse_time, metavar="ISO", help="the time now, for a Pi that never had it")


def export_main(config: Config, args: argparse.Namespace) -> int:
    """Write what waits to a folder. Raises ExportError or SpoolError."""
    if not args.folder.is_dir():
        raise ExportError(phrase("{folder}: no such folder; mount the stick first", folder=str(args.folder)))
    path = config.agent.spool_path
    if args.now is not None and path.is_file():
        offset_ms = args.now - clocks.monotonic_ms()  # before the spool, which may have to be waited for
        spool = Spool(path, clocks.boot_id(), owner=False)
        settle(spool, offset_ms, "person")
        spool.close()
    tables = ("spool", "quarantine") if args.all else ("spool",)
    with _reading(path) as db:
        file, count = write(db, config.agent.site, tables, args.folder, args.now or clocks.wall_ms())
        newest = numbers_given(db)
        untimed = db.execute("SELECT count(*) FROM spool WHERE t_ms IS NULL").fetchone()[0]
    note_exported(path, newest)
    print(tr(WRITTEN, args.lang, file=str(file), n=Figure(count), name=file.name))
    if untimed:
        print(tr(UNTIMED, args.lang, n=Figure(untimed)), file=sys.stderr)
    return 0


def add_quarantine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `quarantine`."""
    add_lang(parser, village=True)
    parser.add_argument("action", choices=("list", "export", "resend"), help="show, write to a folder, or send again")
    parser.add_argument("folder", type=Path, nargs="?", help="for export: folder on the stick")


def quarantine_main(config: Config, args: argparse.Namespace) -> int:
    """Show, export or resend what the collector refused. Raises ExportError or SpoolError."""
    with _reading(config.agent.spool_path) as db:
        if args.action == "list":
            _list(db, args.lang)
        elif args.action == "export":
            if args.folder is None or not args.folder.is_dir():
                raise ExportError(phrase("quarantine export needs an existing folder, for example /media/usb"))
            file, count = write(db, config.agent.site, ("quarantine",), args.folder, clocks.wall_ms())
            print(tr("{file}: {n} measurements", args.lang, file=str(file), n=Figure(count)))
    if args.action == "resend":
        spool = Spool(config.agent.spool_path, clocks.boot_id(), owner=False)
        print(tr("{n} measurements go out again", args.lang, n=Figure(spool.release())))
        spool.close()
    return 0


def _list(db: sqlite3.Connection, lang: Lang) -> None:
    query = "SELECT reason, stream, modem, count(*), min(seq), max(seq) FROM quarantine GROUP BY 1, 2, 3 ORDER BY 5"
    rows = db.execute(query).fetchall()
    for reason, stream, modem, count, first, last in rows:
        print(f"{count:>8}  {stream}{'/' + modem if modem else ''}  seq {first}..{last}  {meaning(reason, lang)}")
    if not rows:
        print(tr("nothing in quarantine", lang))
