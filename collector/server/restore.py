"""`sinyal-collector restore`: a new machine becomes the server that a file of `sinyal-collector backup` was made on."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
import zlib
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from collector.config import ClickHouseSection, Config, Influx1Section, load
from collector.enrol.ca import RESERVED
from collector.enrol.register import Register
from collector.errors import ConfigError, Fault, SinyalError, StoreUnavailableError
from collector.server.backup import (
    BESIDE_SQLITE,
    CLICKHOUSE,
    CONFIG,
    FORMAT,
    INFLUX,
    MANIFEST,
    RETAINED,
    STATE,
    BackupError,
    add_places,
    influxd,
    sqlite_part,
    sum_of,
)
from collector.server.install import SERVICES
from collector.store.clickhouse.engine import ClickHouse
from collector.store.influx1 import Influx1
from collector.store.open import open_store
from collector.store.sqlite import Sqlite
from collector.store.store import Store
from ground.install import Machine
from ground.words import Figure, Lang, add_lang, mark, phrase, said, tr
from telemetry.streams import STREAMS

ABOUT = """\
Puts a backup back. On a new machine: install it as the README says, under the same --host name as the lost one; then

  sudo sinyal-collector restore /media/usb/sinyal-20261124T180000Z.tar.gz

Stops the services, puts back /etc/sinyal, /var/lib/sinyal, the retained settings of the halls and the store, and starts the
services. The file is checked whole before anything is touched. What was at these places is kept beside them as
*.before-restore-UTC. A server that already has halls or readings is left alone, unless --force says that its STORE BE REPLACED.

  sudo sinyal-collector restore FILE --store-only     # only the database was lost; certificates and settings stay as they are

A hall that was revoked after the backup was made must be revoked again.

exit: 0 everything is back; 1 a step failed (printed): cure it, run it again with --force; 2 bad usage, a damaged file, or a
      server at work
"""
STORE_READY_S = 120
"""InfluxDB opens what was put back shard by shard."""
STOPPED = (*SERVICES, "sinyal-fleet.service", "sinyal-backup.service", "mosquitto.service")


@dataclass(slots=True)
class Backup:
    """A backup that is unpacked and whole. `owners`: user, group and mode of each member."""

    stage: Path
    made: str = ""
    host: str = ""
    owners: dict[str, tuple[str, str, int]] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `restore`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("file", type=Path, metavar="FILE", help="what `sinyal-collector backup` wrote")
    parser.add_argument("--store-only", action="store_true", help="put back the store, nothing else")
    parser.add_argument("--force", action="store_true", help="also over a server that has halls or readings")
    add_places(parser)


def run(args: argparse.Namespace) -> int:
    """Do `restore`; return the exit code."""
    root = args.root.resolve()
    if root == Path("/") and os.geteuid() != 0:
        raise ConfigError(phrase("{command}: needs root; put sudo before it", command="restore"))
    (root / STATE).parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=(root / STATE).parent, prefix=".sinyal-restore-") as name:
            backup = unpack(args.file, Path(name))
            _put_back(backup, root, args)
    except ConfigError:
        raise
    except (SinyalError, OSError, sqlite3.Error) as error:
        print(f"restore: {said(error if isinstance(error, SinyalError) else str(error), args.lang)}", file=sys.stderr)
        return 1
    print(tr(DONE, args.lang, host=backup.host, time=str(backup.made)))
    return 0


NEWER = mark("{file}: format {format} is of a newer version; install that version here")
NOT_WHOLE = mark("{file}: not a whole backup ({error}); take another copy, or an older one")
DAMAGED = mark("{file}: damaged at {place}; take another copy, or an older one")
AT_WORK = mark("restore: this server has {n} halls; --force replaces it, --store-only only its store")
STORE_AT_WORK = mark("restore: the store here has readings; --force replaces them by those of the backup")
NOT_BACK = mark("{url}: does not answer {n} s after the restore; see its log")
DONE = mark(
    "this is {host} as of {time}: what was stored after that is gone, what halls have no answer for comes by itself; "
    "revoke again whom you revoked after that"
)


def unpack(file: Path, stage: Path) -> Backup:
    """Unpack into an empty folder and compare every sum. Raises ConfigError when anything is not as it was written."""
    backup = Backup(stage)
    try:
        with tarfile.open(file, mode="r:gz") as tar:
            for member in tar:
                _take(tar, member, backup)
        about = json.loads((stage / MANIFEST).read_text())
        (stage / MANIFEST).unlink()
        if about["format"] != FORMAT:
            raise ConfigError(phrase(NEWER, file=str(file), format=str(about["format"])))
        backup.made, backup.host, sums = about["made"], about["host"], about["files"]
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError) as error:
        raise ConfigError(phrase(NOT_WHOLE, file=str(file), error=str(error))) from None
    found = {str(path.relative_to(stage)): sum_of(path) for path in stage.rglob("*") if path.is_file()}
    if wrong := sorted(name for name in {*sums, *found} if sums.get(name) != found.get(name)):
        raise ConfigError(phrase(DAMAGED, file=str(file), place=wrong[0]))
    return backup


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, backup: Backup) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not (member.isreg() or member.isdir()):
        raise ValueError(f"strange member {member.name!r}")
    place = backup.stage / name
    backup.owners[member.name] = (member.uname, member.gname, member.mode & 0o7777)
    if member.isdir():
        place.mkdir(mode=0o700, parents=True)
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = tar.extractfile(member)
    if source is None:
        raise ValueError(f"{member.name!r} cannot be read")
    with source, place.open("xb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _put_back(backup: Backup, root: Path, args: argparse.Namespace) -> None:
    config = load((root if args.store_only else backup.stage) / CONFIG / "collector.toml")
    in_stage = load(backup.stage / CONFIG / "collector.toml")
    # a relative path leads into what was unpacked, an absolute one to where the store was and will be
    store_file = sqlite_part(in_stage, backup.stage.resolve(), root) if not in_stage.store.engine.startswith("influx") else None
    if not args.force:
        _refuse_at_work(root, config, store_file, with_halls=not args.store_only)
    machine, stamp = Machine(root, verbose=True), f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if machine.live:
        machine.command("systemctl", "stop", *STOPPED)
    _database_back(config, backup.stage / INFLUX, args.rpc, args.lang)
    names = [store_file] if args.store_only else [CONFIG, STATE, RETAINED, store_file]
    for name in names:
        if name and (backup.stage / name).exists():
            _place(backup, root, name, stamp)
            print(tr("/{path} is back", args.lang, path=name))
    if machine.live:
        machine.command("systemctl", "start", "mosquitto.service", *SERVICES)


def _refuse_at_work(root: Path, config: Config, store_file: str | None, *, with_halls: bool) -> None:
    halls = Register(root / CONFIG / "pki").sites() - RESERVED
    if with_halls and halls:
        raise ConfigError(phrase(AT_WORK, n=Figure(len(halls))))
    store: Store
    if store_file is None:
        store = open_store(config.store)
    elif (root / store_file).exists():
        store = Sqlite(root / store_file)
    else:
        return
    with closing(store):
        try:
            filled = any(store.latest(stream) for stream in STREAMS)
        except StoreUnavailableError as error:
            if error.fault is not Fault.MISSING:
                raise
            filled = False  # nothing to lose
        if filled:
            raise ConfigError(phrase(STORE_AT_WORK))


def _database_back(config: Config, folder: Path, rpc: str, lang: Lang) -> None:
    if isinstance(config.store, ClickHouseSection) and folder.with_name(CLICKHOUSE).exists():
        with closing(open_store(config.store)) as made:
            assert isinstance(made, ClickHouse)  # noqa: S101 - for the type checker
            made.copy_in(folder.with_name(CLICKHOUSE))
        print(tr("database {name} is back", lang, name=config.store.database))
    if not isinstance(config.store, Influx1Section) or not list(folder.glob("*.tar.gz")):
        return  # the store is a file, or had nothing in it
    store = open_store(config.store)
    assert isinstance(store, Influx1)  # noqa: S101 - for the type checker
    with closing(store):
        store.drop()
        influxd("restore", "-portable", "-db", config.store.database, "-host", rpc, str(folder))
        end = time.monotonic() + STORE_READY_S
        while not _answers(store):
            if time.monotonic() > end:
                raise BackupError(phrase(NOT_BACK, url=config.store.url, n=STORE_READY_S))
            time.sleep(0.5)
    print(tr("database {name} is back", lang, name=config.store.database))


def _answers(store: Store) -> bool:
    try:
        for stream in STREAMS:
            store.latest(stream)
    except StoreUnavailableError:
        return False
    return True


def _place(backup: Backup, root: Path, name: str, stamp: str) -> None:
    target = root / name
    for end in ("", *BESIDE_SQLITE):  # side files of an old database would be played into the new one
        old = target.with_name(target.name + end)
        if old.exists():
            old.rename(old.with_name(f"{old.name}.{stamp}"))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(backup.stage / name, target)
    for member, (user, group, mode) in backup.owners.items():
        if PurePosixPath(name) in (PurePosixPath(member), *PurePosixPath(member).parents):
            place = root / member
            if os.geteuid() == 0:
                _own(place, user, group)
            place.chmod(mode)


def _own(place: Path, user: str, group: str) -> None:
    with suppress(LookupError):  # not known here: it stays root's
        shutil.chown(place, user=user)
    with suppress(LookupError):
        shutil.chown(place, group=group)
