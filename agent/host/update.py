"""`sinyal-agent update`: a signed wheel or pack becomes the running version, and stays only when it reports.

1. The Ed25519 signature of the file is checked against /etc/sinyal/update.pub, which came with the bundle. The version is read
   from inside the wheel, so that an old signed wheel cannot be passed off as a new one.
2. /opt/sinyal/VERSION is built beside the running version (`agent/host/versions.py`).
3. `trial.json` is on the disk, then `previous` and `current` are turned and the agent is restarted.
4. The version before (sinyal-update.service) waits for the first frame of the new one that the collector acknowledges. None in
   20 minutes: `current` is turned back and the agent restarted. A power cut in the middle starts the wait again with the boot.

A pack of two wheels, and signing, on a machine of the office that is not the server:
  python -m ground.pack sinyal-0.1.0-py3-none-any.whl sinyal-0.2.0-py3-none-any.whl
  openssl genpkey -algorithm ed25519 -out update.key;  openssl pkey -in update.key -pubout -out update.pub     (once)
  openssl pkeyutl -sign -rawin -inkey update.key -in sinyal-0.2.0-py3-none-any.whl -out sinyal-0.2.0-py3-none-any.whl.sig
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from io import BytesIO
from pathlib import Path

from agent.config import load
from agent.errors import ConfigError, SinyalError
from agent.host import versions
from agent.host.fetch import fetch
from agent.host.install import PACKAGED
from agent.host.state import read_state
from agent.host.versions import VersionError
from ground import pack
from ground.durable import link_durably, write_durably
from ground.paths import ETC
from ground.words import Lang, add_lang, mark, tr

log = logging.getLogger(__name__)

CONFIRM_S = 1200.0
LOOK_S = 2.0
SIGNATURE_BYTES = 64

ABOUT = """\
Takes a new version from a signed wheel, and keeps it only when it reports to the server within 20 minutes. Run as root.

  sudo sinyal-agent update /media/usb/sinyal-0.2.0-py3-none-any.whl
  sudo sinyal-agent update https://sinyal.example.go.id/sinyal-0.2.0-py3-none-any.whl

The signature is expected beside the file, as FILE.sig or URL.sig. A pack (sinyal-NEW-from-OLD.pack) holds what changed alone.
What came over a link that breaks is kept: the same command goes on there. Ctrl-C ends the waiting here, not the update.

exit: 0 the new version runs and reports, or ran already; 1 it did not, the version before runs again; 2 bad usage,
signature or file
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where versions live, how the agent is restarted and the watcher started, and where the agent says how it does."""

    folder: Path
    status: Path
    restart: tuple[str, ...] = ("systemctl", "restart", "sinyal-agent.service")
    watch: tuple[str, ...] = ("systemctl", "start", "sinyal-update.service")

    @property
    def trial(self) -> Path:
        """Return the file that names a trial while it lasts."""
        return self.folder / "trial.json"


class RunsAlreadyError(ConfigError):
    """A pack makes the version that runs."""


def verify(wheel: bytes, signature: bytes, key_file: Path) -> None:
    """Check the signature of a wheel. Raises ConfigError when it is not by the office's key, or there is no key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  (10 MB that nothing else on the Pi needs)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(key_file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{key_file}: no public key for updates ({error}); it comes with the bundle as update.pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{key_file}: is not an Ed25519 key; make it with `openssl genpkey -algorithm ed25519`")
    try:
        key.verify(signature, wheel)
    except InvalidSignature:
        raise ConfigError("the file is not signed with the office's key, or was changed since; nothing was installed") from None


def version_of(wheel: bytes) -> str:
    """Read the version from a wheel of sinyal. Raises ConfigError when it is no such wheel."""
    try:
        with zipfile.ZipFile(BytesIO(wheel)) as archive:
            name = next(n for n in archive.namelist() if re.fullmatch(r"sinyal-[^/]+\.dist-info/METADATA", n))
            with archive.open(name) as file:
                head = BytesHeaderParser().parsebytes(file.read(65_536))
    except (zipfile.BadZipFile, StopIteration, OSError, RuntimeError):
        raise ConfigError("this is no wheel of sinyal") from None
    return str(head.get("Version", ""))


def unpack(content: bytes, current: Path) -> bytes:
    """Return the wheel that a signed file is, or that a pack makes of the version that runs. Raises ConfigError."""
    if content[:2] == b"PK":
        return content
    try:
        found = pack.read(content)
        running = current.resolve().name
        if found.version == running:
            raise RunsAlreadyError(found.version)
        if found.base != running:
            raise ConfigError(f"the pack makes {found.version} of {found.base}, here runs {running}; give the whole wheel")
        return pack.wheel_of(found, lambda name: versions.installed(current.resolve(), name))
    except pack.PackError as error:
        raise ConfigError(str(error)) from None


def start(wheel: bytes, version: str, name: str, place: Place, others: Mapping[str, bytes] | None = None) -> None:
    """Build a version (with other wheels that it needs) and put it on trial. Raises VersionError; then nothing has changed."""
    current = place.folder / "current"
    old = current.resolve()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / file for file in (name, *(others or {}))]
        for file, content in zip(files, (wheel, *(others or {}).values()), strict=True):
            file.write_bytes(content)
        new = versions.build(place.folder, version, files, old)
    write_durably(place.trial, json.dumps({"new": version, "old": str(old)}).encode())
    link_durably(place.folder / "previous", old)
    link_durably(current, new)
    log.warning("event=update_trial version=%s before=%s", version, old.name)
    _call(place.restart)


def watch(place: Place, *, confirm_s: float = CONFIRM_S, wait: Callable[[float], None] = time.sleep) -> bool:
    """Wait for the new version's first acknowledged frame, then keep it, or go back; says whether it was kept."""
    try:
        trial = json.loads(place.trial.read_bytes())
        new, old = str(trial["new"]), Path(trial["old"])
    except FileNotFoundError:
        return True  # somebody else settled it
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VersionError(f"{place.trial}: cannot be read ({error}); look at {place.folder}/current and delete it") from None
    end = time.monotonic() + confirm_s
    while not reports(place.status, new):
        if time.monotonic() >= end:
            log.error("event=update_rolled_back version=%s back_to=%s", new, old.name)
            link_durably(place.folder / "current", old)
            place.trial.unlink(missing_ok=True)
            _call(place.restart)
            return False
        wait(LOOK_S)
    place.trial.unlink(missing_ok=True)
    versions.prune(place.folder)
    log.warning("event=update_kept version=%s", new)
    return True


def reports(status: Path, version: str) -> bool:
    """Return whether a running agent of this version has had an answer of the collector."""
    state = read_state(status)
    return state is not None and state.get("version") == version and state.get("last_ack_mono_ms") is not None


def _call(argv: tuple[str, ...]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        log.error("event=command_failed command=%r reason=%r", " ".join(argv), done.stderr.strip()[-300:])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `update`."""
    add_lang(parser, village=True)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("wheel", nargs="?", metavar="FILE|URL", help="wheel or pack of sinyal, with its signature beside it")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="FILE|URL", help="signed wheel it needs")
    parser.add_argument("--watch", action="store_true", help="end a trial that is on (sinyal-update.service does this)")
    parser.add_argument("--config", type=Path, default=ETC / "agent.toml", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Do `update`; return the exit code."""
    place = Place(versions.FOLDER, load(args.config).agent.status_path)
    if args.watch:
        return 0 if watch(place) else 1
    if args.wheel is None:
        raise ConfigError("update: name a wheel, or --watch")
    if place.trial.exists():
        raise ConfigError(f"{place.trial}: another update is on trial; wait for its end (`systemctl status sinyal-update`)")
    if PACKAGED.exists():
        raise ConfigError("update: this program is a Debian package; sudo apt-get install ./sinyal-agent_VERSION_all.deb")
    if not (place.folder / "current").is_symlink():
        raise ConfigError(f"{place.folder}/current: is missing; `sinyal-agent install` makes it")
    running = (place.folder / "current").resolve().name
    try:
        wheel = unpack(_signed(args.wheel, place.folder), place.folder / "current")
        version = version_of(wheel)
    except RunsAlreadyError:
        version = running  # the pack was made of the version before: it does not fit any more, and need not
    if version == running:
        print(tr("{version} runs already", args.lang, version=version))
        return 0
    if not versions.newer(version, running):
        raise ConfigError(f"{version} is older than {running}, which runs; give a newer version")
    others = {source.rsplit("/", 1)[-1]: _signed(source, place.folder) for source in args.others}
    return _try(wheel, version, others, place, args.lang)


def _signed(source: str, keep: Path) -> bytes:
    """Fetch a file and its signature, and check it. Raises ConfigError."""
    content, signature = fetch(source, ETC / "ca.crt", keep), fetch(f"{source}.sig", ETC / "ca.crt", keep)
    verify(content, signature[:SIGNATURE_BYTES], ETC / "update.pub")
    return content


TRIAL = mark("{version} is on trial; waiting up to {n} minutes for the server's answer")


def _try(wheel: bytes, version: str, others: Mapping[str, bytes], place: Place, lang: Lang) -> int:
    try:
        start(wheel, version, f"sinyal-{version}-py3-none-any.whl", place, others)
        _call(place.watch)
        print(tr(TRIAL, lang, version=version, n=CONFIRM_S // 60), flush=True)
        kept = watch(place)
    except SinyalError as error:
        print(error.word(lang), file=sys.stderr)
        return 1
    now = (place.folder / "current").resolve().name
    kept = kept and now == version
    if kept:
        print(tr("{version}: kept", lang, version=version))
    else:
        print(tr("{version}: did not report; {now} runs again", lang, version=version, now=now))
    return 0 if kept else 1
