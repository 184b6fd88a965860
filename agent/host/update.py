"""`sinyal-agent update`: a signed wheel or pack becomes the running version, and stays only when it reports.

1. The Ed25519 signature of the file is checked against /etc/sinyal/update.pub, which came with the bundle. The version is read
   from inside the wheel, so that an old signed wheel cannot be passed off as a new one.
2. /opt/sinyal/VERSION is built beside the running version (`agent/host/versions.py`).
3. `trial.json` is on the disk, then `previous` and `current` are turned and the agent is restarted.
4. The version before (sinyal-update.service) waits for the first frame of the new one that the collector acknowledges. None in
   20 minutes: `current` is turned back and the agent restarted. A power cut in the middle starts the wait again with the boot.
5. outcome.json says what became of it; the running agent reports that. `--wanted` does it all for a version that the server wants
   (`agent/uplink/wanted.py`), started by sinyal-wanted.path.

A pack of two wheels, and signing, on a machine of the office that is not the server:
  python -m ground.pack sinyal-0.1.0-py3-none-any.whl sinyal-0.2.0-py3-none-any.whl
  openssl genpkey -algorithm ed25519 -out update.key;  openssl pkey -in update.key -pubout -out update.pub     (once)
  openssl pkeyutl -sign -rawin -inkey update.key -in sinyal-0.2.0-py3-none-any.whl -out sinyal-0.2.0-py3-none-any.whl.sig
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from agent.config import load
from agent.errors import ConfigError, SinyalError
from agent.host import versions
from agent.host.fetch import UnreachableError, fetch
from agent.host.trial import CONFIRM_S, LOOK_S, Place, Version, call, ended, settle, start, watch
from agent.uplink.wanted import FILE
from ground import pack
from ground.paths import ETC
from ground.signed import verify, version_of
from ground.words import Lang, add_lang, mark, tr
from telemetry.release import KEPT, MAX_BYTES, REFUSED, Release, decode_release, same

log = logging.getLogger(__name__)

SIGNATURE_BYTES = 64

ABOUT = """\
Takes a new version from a signed wheel, and keeps it only when it reports to the server within 20 minutes. Run as root.

  sudo sinyal-agent update /media/usb/sinyal-0.2.0-py3-none-any.whl
  sudo sinyal-agent update https://sinyal.example.go.id/sinyal-0.2.0-py3-none-any.whl

The signature is expected beside the file, as FILE.sig or URL.sig. A pack (sinyal-NEW-from-OLD.pack) holds what changed alone.
What came over a link that breaks is kept: the same command goes on there. Ctrl-C ends the waiting here, not the update.

exit: 0 the new version runs and reports, or ran already; 1 it did not, the version before runs again; 2 bad usage,
signature or file; 4 the server's files cannot be reached now (--wanted)
"""


class RunsAlreadyError(ConfigError):
    """A pack makes the version that runs."""


def unpack(content: bytes, current: Path, running: str) -> bytes:
    """Return the wheel that a signed file is, or that a pack makes of the version that runs. Raises ConfigError."""
    if content[:2] == b"PK":
        return content
    try:
        found = pack.read(content)
        if found.version == running:
            raise RunsAlreadyError(found.version)
        if found.base != running:
            raise ConfigError(f"the pack makes {found.version} of {found.base}, here runs {running}; {pack.INSTEAD}")
        return pack.wheel_of(found, lambda name: versions.installed(current.resolve(), name))
    except pack.PackError as error:
        raise ConfigError(str(error)) from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `update`."""
    add_lang(parser, village=True)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("wheel", nargs="?", metavar="FILE|URL", help="wheel or pack of sinyal, with its signature beside it")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="FILE|URL", help="signed wheel it needs")
    parser.add_argument("--watch", action="store_true", help="end a trial that is on (sinyal-update.service does this)")
    parser.add_argument("--wanted", action="store_true", help="what the server wants here (sinyal-wanted.service does this)")
    parser.add_argument("--config", type=Path, default=ETC / "agent.toml", metavar="FILE", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Do `update`; return the exit code."""
    agent = load(args.config).agent
    place = Place(versions.FOLDER, agent.status_path)
    if args.watch:
        return 0 if watch(place) else 1
    if not (place.folder / "current").is_symlink():
        raise ConfigError(f"{place.folder}/current: is missing; `sinyal-agent install` makes it")
    if args.wanted:
        return take_wanted(place, agent.data_dir / FILE, args.config.parent)
    if args.wheel is None:
        raise ConfigError("update: name a wheel, or --watch")
    if place.trial.exists():
        raise ConfigError(f"{place.trial}: another update is on trial; wait for its end (`systemctl status sinyal-update`)")
    try:
        version = prepare(place, args.wheel, args.others, etc=args.config.parent)
    except RunsAlreadyError as error:
        print(tr("{version} runs already", args.lang, version=str(error)))
        return 0
    return _try(version, place, args.lang)


def prepare(place: Place, source: str, others: Sequence[str], wish: str = "", *, etc: Path) -> Version:
    """Fetch and check a version and what it needs. Raises RunsAlreadyError, UnreachableError, ConfigError."""
    spent = [0]

    def signed(source: str) -> bytes:
        content, signature = (fetch(name, etc / "ca.crt", place.folder) for name in (source, f"{source}.sig"))
        spent[0] += len(content) + len(signature)
        verify(content, signature[:SIGNATURE_BYTES], etc / "update.pub")
        return content

    running = versions.running(place.folder)
    wheel = unpack(signed(source), place.folder / "current", running)
    name = version_of(wheel)
    if name == running:
        raise RunsAlreadyError(running)
    if not versions.newer(name, running):
        raise ConfigError(f"{name} is older than {running}, which runs; give a newer version")
    more = {other.rsplit("/", 1)[-1]: signed(other) for other in others}
    return Version(name, wheel, more, wish, spent[0])


def take_wanted(place: Place, file: Path, etc: Path) -> int:
    """Take the version that the agent asks for, whose file is believed no more than a stranger's; return the exit code."""
    release = _wish(file)
    if release is None:
        return 2
    if place.trial.exists() or ended(place, release):
        return 0  # sinyal-update.service is about to end it; or it was asked for again while it was tried
    wanted = Version(release.version, b"", id=release.id)
    try:
        version = prepare(place, release.files[0], release.files[1:], release.id, etc=etc)
        if not same(version.name, release.version):
            raise ConfigError(f"{release.files[0]}: makes {version.name}, wanted was {release.version}")
        start(version, place)
    except UnreachableError as error:
        log.warning("event=update_unreachable version=%s reason=%r", release.version, str(error))
        return 4  # the agent asks again
    except RunsAlreadyError:
        settle(place, KEPT, "it ran already", wanted)
        return 0
    except SinyalError as error:
        log.error("event=update_refused version=%s reason=%r", release.version, str(error))  # noqa: TRY400  (one line says it)
        settle(place, REFUSED, str(error), wanted)
        return 1
    return 0 if call(place.watch) or watch(place) else 1


def _wish(file: Path) -> Release | None:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as opened:
            return decode_release(opened.read(MAX_BYTES + 1))
    except (OSError, ValueError) as error:
        log.error("event=wish_unreadable file=%s reason=%r", file, str(error))  # noqa: TRY400  (one line says it)
        return None


TRIAL = mark("{version} is on trial; waiting up to {n} minutes for the server's answer")


def _try(version: Version, place: Place, lang: Lang) -> int:
    try:
        start(version, place)
        print(tr(TRIAL, lang, version=version.name, n=CONFIRM_S // 60), flush=True)
        if not call(place.watch):
            watch(place)
        while place.trial.exists():
            time.sleep(LOOK_S)
    except SinyalError as error:
        print(error.word(lang), file=sys.stderr)
        return 1
    now = versions.running(place.folder)
    if now == version.name:
        print(tr("{version}: kept", lang, version=version.name))
    else:
        print(tr("{version}: did not report; {now} runs again", lang, version=version.name, now=now))
    return 0 if now == version.name else 1
