"""A new version on trial: it is built beside the running one, turned to, and stays only when it reports.

Whatever the moment of a power cut, `current` names a whole version, and what was begun is ended after the next boot.
"""

from __future__ import annotations

import json
import logging
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.host import versions
from agent.host.state import read_state
from agent.host.versions import VersionError
from ground.durable import link_durably, write_durably
from telemetry.release import KEPT, ROLLED_BACK

log = logging.getLogger(__name__)

CONFIRM_S = 1200.0
LOOK_S = 2.0


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

    @property
    def outcome(self) -> Path:
        """Return the file that says what became of the last version; anybody may read it."""
        return self.folder / "outcome.json"


@dataclass(frozen=True, slots=True)
class Version:
    """What an update brings: the wheel, others that it needs by name, the wish that it fulfils, the bytes that it cost."""

    name: str
    wheel: bytes
    others: Mapping[str, bytes] = field(default_factory=dict)
    id: str = ""
    bytes: int = 0


def start(version: Version, place: Place) -> None:
    """Build a version and put it on trial. Raises VersionError; then nothing has changed."""
    old = (place.folder / "current").resolve()
    with tempfile.TemporaryDirectory() as folder:
        files = {f"sinyal-{version.name}-py3-none-any.whl": version.wheel, **version.others}
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        new = versions.build(place.folder, version.name, [Path(folder) / file for file in files], old)
    link_durably(place.folder / "previous", old)
    trial = {"new": version.name, "old": str(old), "id": version.id, "bytes": version.bytes}
    write_durably(place.trial, json.dumps(trial).encode())
    _turn(place, new)
    log.warning("event=update_trial version=%s before=%s", version.name, old.name)


def _turn(place: Place, target: Path) -> None:
    link_durably(place.folder / "current", target)
    call(place.restart)


def watch(place: Place, *, confirm_s: float = CONFIRM_S, wait: Callable[[float], None] = time.sleep) -> bool:
    """Wait for the new version's first acknowledged frame, then keep it, or go back; says whether it was kept.

    The verdict is on the disk before anything follows from it: after a power cut the same is done again to its end.
    """
    try:
        trial = json.loads(place.trial.read_bytes())
        new, old = str(trial["new"]), Path(trial["old"])
    except FileNotFoundError:
        return True  # somebody else settled it
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VersionError(f"{place.trial}: cannot be read ({error}); look at {place.folder}/current and delete it") from None
    if "state" not in trial:
        if (place.folder / "current").resolve() == old:
            _turn(place, place.folder / new)  # the power went before it was turned
        end = time.monotonic() + confirm_s
        while not (kept := reports(place.status, new)) and time.monotonic() < end:
            wait(LOOK_S)
        trial["state"] = KEPT if kept else ROLLED_BACK
        write_durably(place.trial, json.dumps(trial).encode())
    kept = bool(trial["state"] == KEPT)
    if not kept:
        _turn(place, old)
    reason = "" if kept else f"no answer of the server in {confirm_s / 60:.0f} minutes"
    settle(
        place, KEPT if kept else ROLLED_BACK, reason, Version(new, b"", id=str(trial.get("id", "")), bytes=trial.get("bytes", 0))
    )
    place.trial.unlink(missing_ok=True)
    versions.prune(place.folder)
    log.warning("event=update_%s version=%s", trial["state"], new)
    return kept


def settle(place: Place, state: str, reason: str, version: Version) -> None:
    """Leave word of what became of a version."""
    said = {"id": version.id, "version": version.name, "state": state, "reason": reason, "bytes": version.bytes}
    write_durably(place.outcome, json.dumps(said).encode())


def reports(status: Path, version: str) -> bool:
    """Return whether a running agent of this version has had an answer of the collector."""
    state = read_state(status)
    return state is not None and state.get("version") == version and state.get("last_ack_mono_ms") is not None


def call(argv: tuple[str, ...]) -> bool:
    """Run a command of the system, and log where it fails; return whether it did what it should."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        log.error("event=command_failed command=%r reason=%r", " ".join(argv), done.stderr.strip()[-300:])
    return done.returncode == 0
