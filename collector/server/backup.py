"""`sinyal-collector backup`: one file with all that a lost server needs to come back; `restore` reads it."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from collector.config import ClickHouseSection, Config, Influx1Section, Influx2Section, SqliteSection, load
from collector.errors import CollectorError, ConfigError
from collector.store.clickhouse.engine import ClickHouse
from collector.store.open import open_store
from ground.words import Figure, Lang, add_lang, mark, phrase, said, tr

ABOUT = """\
Writes one file with everything that this server would need to come back on another machine: /etc/sinyal (the CA, the list of
revoked certificates, sites, rules), /var/lib/sinyal (alerts, rejected payloads), the broker's retained settings of the halls,
and the store, each as a whole, while all of it runs. Run as root.

  sudo sinyal-collector backup                                # into /var/backups/sinyal; of these, the newest 7 stay
  sudo sinyal-collector backup --out /media/usb/sinyal.tar.gz

THE FILE HOLDS EVERY KEY OF THE SERVER: who has it can admit and impersonate halls. It is readable for root only; keep copies in
another house, locked or encrypted (gpg --symmetric sinyal.tar.gz). sinyal-backup.timer writes one every night.

exit: 0 written; 1 not written (the reason is printed; older files stay as they are); 2 bad usage or config
"""
FOLDER, PATTERN, KEEP = "var/backups/sinyal", "sinyal-*.tar.gz", 7
"""A week of nights: a fault that is found on Monday did not yet reach the file of Friday."""
CONFIG, STATE, RETAINED = "etc/sinyal", "var/lib/sinyal", "var/lib/mosquitto/mosquitto.db"
INFLUX, CLICKHOUSE, MANIFEST = "influxdb", "clickhouse", "MANIFEST.json"
FORMAT = 1
RPC = "127.0.0.1:8088"
"""Where Debian's InfluxDB answers to `influxd backup`."""
SAVE_S = 5
SQLITE_MAGIC = b"SQLite format 3\0"
BESIDE_SQLITE = ("-wal", "-shm", "-journal")


NOT_SAVED = mark("{file}: not written by the broker now; settings given in the last five minutes may be missing")


class BackupError(CollectorError):
    """The backup could not be written or read back. The text says what failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `backup`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("--out", "-o", type=Path, metavar="FILE", help="default: /var/backups/sinyal/sinyal-UTC.tar.gz")
    parser.add_argument("--without-store", action="store_true", help="leave the store out; for one with a backup of its own")
    add_places(parser)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Set the arguments that `backup` and `restore` share."""
    parser.add_argument("--rpc", default=RPC, metavar="HOST:PORT", help="of `influxd backup`; default: %(default)s")
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="the server is below DIR; default: /")


def run(args: argparse.Namespace) -> int:
    """Do `backup`; return the exit code."""
    root = args.root.resolve()
    if root == Path("/") and os.geteuid() != 0:
        raise ConfigError(phrase("{command}: needs root; put sudo before it", command="backup"))
    config = load(root / CONFIG / "collector.toml")
    now = datetime.now(UTC)
    out = args.out or root / FOLDER / f"sinyal-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    try:
        if args.out is None:
            out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Beside the file: a folder for temporary files may be small, or memory.
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".sinyal-backup-") as name:
            stage = Path(name)
            _save_retained(root, args.lang)
            for part in parts(root, config):
                copy(root / part, stage / part)
            if not args.without_store:
                _copy_database(config, stage / INFLUX, args.rpc)
            _write(stage, root, out, now)
    except ConfigError:
        raise
    except (CollectorError, OSError, sqlite3.Error) as error:
        print(f"backup: {said(error if isinstance(error, CollectorError) else str(error), args.lang)}", file=sys.stderr)
        return 1
    if args.out is None:
        for old in sorted(out.parent.glob(PATTERN))[:-KEEP]:
            old.unlink()
    print(tr("{file}: {n} bytes; it holds every key of this server", args.lang, file=str(out), n=Figure(out.stat().st_size)))
    return 0


def parts(root: Path, config: Config) -> list[str]:
    """Name what is copied as files, relative to the root. Raises ConfigError."""
    store = sqlite_part(config, root)
    return [CONFIG, STATE, RETAINED, *([store] if store and not store.startswith((f"{CONFIG}/", f"{STATE}/")) else [])]


def sqlite_part(config: Config, *roots: Path) -> str | None:
    """Return the path of a store that is one file, relative to the first root that holds it, or None. Raises ConfigError."""
    if not isinstance(config.store, SqliteSection):
        return None
    path = config.store.path.resolve()
    for root in roots:
        if path.is_relative_to(root):
            return str(path.relative_to(root))
    raise ConfigError(f"store.path: {config.store.path} is not below {roots[-1]}; move the store there")


def _save_retained(root: Path, lang: Lang) -> None:
    """Have the broker write its file now; it does so by itself every five minutes. Only on the machine that it runs on."""
    if root != Path("/"):
        return
    began, file = time.time(), root / RETAINED
    subprocess.run(["systemctl", "kill", "--signal=SIGUSR1", "mosquitto.service"], capture_output=True, check=False)
    while not (file.exists() and file.stat().st_mtime >= began):
        if time.time() > began + SAVE_S:
            print(tr(NOT_SAVED, lang, file=str(file)), file=sys.stderr)
            return
        time.sleep(0.1)


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder; a database file as of one moment. What is not there is left out."""
    if source.is_dir():
        target.mkdir(parents=True)
        for path in source.iterdir():
            copy(path, target / path.name)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(source, target)


def _copy_file(source: Path, target: Path) -> None:
    main = next((source.with_name(source.name.removesuffix(end)) for end in BESIDE_SQLITE if source.name.endswith(end)), None)
    if main is not None and main.exists():
        return  # what is in a side file is in the copy of its database
    try:
        with source.open("rb") as file:
            magic = file.read(len(SQLITE_MAGIC))
        if magic != SQLITE_MAGIC:
            shutil.copyfile(source, target)
            return
    except FileNotFoundError:
        return  # rejected payloads come and go
    # Opened for writing so that SQLite leaves its side files as it found them; nothing is written.
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as live, closing(sqlite3.connect(target)) as dead:
        live.backup(dead)
        dead.execute("PRAGMA journal_mode=DELETE")  # one file, without side files


def _copy_database(config: Config, folder: Path, rpc: str) -> None:
    if isinstance(config.store, Influx2Section):
        raise ConfigError("store.engine: influx2 has a backup of its own (`influx backup`); use it, and --without-store here")
    if isinstance(config.store, ClickHouseSection):
        with closing(open_store(config.store)) as store:
            assert isinstance(store, ClickHouse)  # noqa: S101 - for the type checker
            store.copy_out(folder.with_name(CLICKHOUSE))
    if isinstance(config.store, Influx1Section):
        with closing(open_store(config.store)) as store:
            store.check()  # makes the database where there is none yet: influxd does not back up a missing one
        influxd("backup", "-portable", "-database", config.store.database, "-host", rpc, str(folder))


def influxd(*argv: str) -> None:
    """Run a command of influxd. Raises BackupError with its last words."""
    try:
        done = subprocess.run(["influxd", *argv], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise BackupError(phrase("influxd: {error}; run this on the machine of the store", error=str(error))) from None
    if done.returncode != 0:
        raise BackupError(f"influxd {' '.join(argv)}: {(done.stdout + done.stderr).strip()[-500:]}")


def _write(stage: Path, root: Path, out: Path, now: datetime) -> None:
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as tar:
                sums = {}
                for path in _below(stage):
                    member = str(path.relative_to(stage))
                    if path.is_dir():
                        tar.addfile(_owned(tar, root, path, member))
                        continue
                    sums[member] = sum_of(path)
                    with path.open("rb") as content:
                        tar.addfile(_owned(tar, root, path, member), content)
                about = {"format": FORMAT, "made": now.isoformat(timespec="seconds"), "host": socket.gethostname(), "files": sums}
                (stage / MANIFEST).write_text(json.dumps(about, indent=1))
                tar.add(stage / MANIFEST, MANIFEST)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(out)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _owned(tar: tarfile.TarFile, root: Path, path: Path, member: str) -> tarfile.TarInfo:
    """Describe a copy: its own size, but rights and owner of what it was made from."""
    info = tar.gettarinfo(path, member)
    with contextlib.suppress(FileNotFoundError):
        was = tar.gettarinfo((root / member).resolve(), member)
        info.mode, info.uname, info.gname = was.mode, was.uname, was.gname
    return info


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir():
            yield from _below(path)


def sum_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
