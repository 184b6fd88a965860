"""The system that `sinyal-agent install` sets up: every change looks first, is noted, and can be left out (dry run)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import AgentError, SinyalError
from ground.durable import write_durably


class InstallError(AgentError):
    """A step failed; the text says which and why."""


@dataclass(slots=True)
class Host:
    """The system that is set up. `done` collects what was changed, `notes` what a person should know."""

    root: Path
    dry: bool
    done: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Return whether this is the running system, not one prepared below a folder."""
        return self.root == Path("/")

    def at(self, path: str) -> Path:
        """Return the place of a system path below the root."""
        return self.root / path.lstrip("/")

    def account(self, file: str, name: str) -> int | None:
        """Return the number of a user (passwd) or group (group); None when it is not there."""
        try:
            rows = [line.split(":") for line in self.at(f"/etc/{file}").read_text(encoding="utf-8").splitlines()]
        except OSError:
            return None
        return next((int(row[2]) for row in rows if row[0] == name), None)

    def change(self, what: str, work: Callable[[], object]) -> None:
        """Do one change and note it; in a dry run only note it. Raises InstallError."""
        try:
            if not self.dry:
                work()
        except (OSError, shutil.Error, SinyalError) as error:
            raise InstallError(f"{what}: {error}") from None
        self.done.append(what)

    def command(self, *argv: str) -> None:
        """Run a program of the system as a change."""
        self.change(" ".join(argv), lambda: _run(argv))

    def reload(self, *argv: str) -> None:
        """Have the running system read a file now; where it cannot, that is noted, as the next boot does it."""
        try:
            self.command(*argv)
        except InstallError as error:
            self.notes.append(f"{error}; it takes effect with the next boot")

    def owner(self, path: Path, user: str, group: str) -> None:
        """Give a path its owner; without root's rights that is left out and noted."""
        uid = 0 if user == "root" else self.account("passwd", user)
        gid = 0 if group == "root" else self.account("group", group)
        if uid is None or gid is None or self.dry:
            return
        state = path.lstat()
        if (state.st_uid, state.st_gid) == (uid, gid):
            return
        if os.geteuid() != 0:
            self.notes.append(f"{path}: owner not set, as this is not run by root")
            return
        self.change(f"{path}: owner {user}:{group}", lambda: os.chown(path, uid, gid))

    def folder(self, path: str, mode: int, user: str, group: str) -> None:
        """Make a folder with mode and owner."""
        place = self.at(path)
        if not place.is_dir():
            self.change(f"{place}/", lambda: place.mkdir(parents=True, exist_ok=True))
        self._mode(place, mode)
        self.owner(place, user, group)

    def file(self, path: str, content: bytes, *, mode: int = 0o644, group: str = "root") -> bool:
        """Write a file as root's, atomically, when it is not there like that; says whether it was changed."""
        place = self.at(path)
        if place.is_file() and place.read_bytes() == content:
            changed = False
        else:
            changed = True
            self.change(str(place), lambda: _write(place, content, mode))
        self._mode(place, mode)
        self.owner(place, "root", group)
        return changed

    def _mode(self, place: Path, mode: int) -> None:
        if place.exists() and place.stat().st_mode & 0o7777 != mode:
            self.change(f"{place}: mode {mode:o}", lambda: place.chmod(mode))


def _write(place: Path, content: bytes, mode: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    write_durably(place, content, mode)


def _run(argv: tuple[str, ...]) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(str(error)) from None
    if done.returncode != 0:
        raise InstallError(done.stderr.strip()[-300:] or f"exit code {done.returncode}")
