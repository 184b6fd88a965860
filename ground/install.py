"""Setting a machine up, for server and hall: every change looks first, is noted, and can be left out; told in a few lines.

Below another root (an SD card that is mounted, an image, a test) files are written and nothing is started.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ground.durable import link_durably, write_durably
from ground.ending import INTERRUPTED
from ground.errors import ConfigError, SinyalError
from ground.words import Lang, Phrase, add_lang, phrase, said, tr

COMMAND_S = 1800
"""Longest run of one program: a package manager on a slow line."""
Stage = tuple[str, Callable[[], Phrase]]
"""A stage of an installation: its name, and what does it and returns how it went."""


class StepError(SinyalError):
    """A step failed; the text says which and why."""


@dataclass(slots=True)
class Machine:
    """The system that is set up. `done` collects what was changed, `kept` files of a person, `notes` what one should know."""

    root: Path = Path("/")
    dry: bool = False
    verbose: bool = False
    done: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notes: list[Phrase] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether this is the running system, not one prepared below a folder."""
        return self.root == Path("/")

    def at(self, path: str | Path) -> Path:
        """Return the place of a system path below the root."""
        return self.root / str(path).lstrip("/")

    def account(self, file: str, name: str) -> int | None:
        """Return the number of a user (passwd) or group (group); None when it is not there."""
        try:
            rows = [line.split(":") for line in self.at(f"/etc/{file}").read_text(encoding="utf-8").splitlines()]
        except OSError:
            return None
        return next((int(row[2]) for row in rows if row[0] == name), None)

    def change(self, what: str, work: Callable[[], object]) -> None:
        """Do one change and note it; in a dry run only note it. Raises StepError."""
        if self.verbose or self.dry:
            print(f"    {'(would) ' if self.dry else ''}{what}", flush=True)
        try:
            if not self.dry:
                work()
        except (OSError, shutil.Error, SinyalError) as error:
            raise StepError(f"{what}: {error}") from None
        self.done.append(what)

    def command(self, *argv: str) -> None:
        """Run a program of the system as a change. Raises StepError."""
        self.change(" ".join(argv), lambda: _run(argv))

    def reload(self, *argv: str) -> None:
        """Have the system read what was just written; where it may not (a container), a note says so, and the rest goes on."""
        try:
            self.command(*argv)
        except StepError as error:
            self.notes.append(phrase("{reason}; it takes effect with the next boot", reason=str(error)))

    def owner(self, path: Path, user: str, group: str) -> None:
        """Give a path its owner; without root's rights that is left out."""
        uid = 0 if user == "root" else self.account("passwd", user)
        gid = 0 if group == "root" else self.account("group", group)
        if uid is None or gid is None or self.dry or os.geteuid() != 0:
            return
        state = path.lstat()
        if (state.st_uid, state.st_gid) != (uid, gid):
            self.change(f"{path}: owner {user}:{group}", lambda: os.chown(path, uid, gid))

    def folder(self, path: str | Path, mode: int, user: str = "root", group: str = "root") -> None:
        """Make a folder with mode and owner."""
        place = self.at(path)
        if not place.is_dir():
            self.change(f"{place}/", lambda: place.mkdir(parents=True, exist_ok=True))
        self._mode(place, mode)
        self.owner(place, user, group)

    def file(
        self, path: str | Path, content: bytes, mode: int = 0o644, user: str = "root", group: str = "root", *, once: bool = False
    ) -> bool:
        """Write a file, atomically, when it is not there like that; return whether it was changed. `once`: a person edits it."""
        place = self.at(path)
        if once and place.exists():
            self.kept.append(str(place))
            return False
        changed = not (place.is_file() and place.read_bytes() == content)
        if changed:
            self.change(str(place), lambda: _write(place, content, mode))
        self._mode(place, mode)
        self.owner(place, user, group)
        return changed

    def link(self, path: str | Path, target: Path) -> None:
        """Make or turn a symlink."""
        place = self.at(path)
        if place.is_symlink() and place.readlink() == target:
            return

        def work() -> None:
            place.parent.mkdir(parents=True, exist_ok=True)
            link_durably(place, target)

        self.change(f"{place} -> {target}", work)

    def readable(self, folder: Path) -> None:
        """Let everybody read and pass a folder and all in it: what root installed under a umask of 077 runs for nobody else."""
        closed = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink() and _closed(path)]
        if closed:
            self.change(f"{folder}: readable ({len(closed)} files)", lambda: _open(closed))

    def _mode(self, place: Path, mode: int) -> None:
        if place.exists() and place.stat().st_mode & 0o7777 != mode:
            self.change(f"{place}: mode {mode:o}", lambda: place.chmod(mode))


def add_arguments(parser: argparse.ArgumentParser, about: str, *, village: bool = False) -> None:
    """Set the help and the arguments that every `install` has."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = about
    parser.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help="set up the system below DIR; default: this one"
    )
    parser.add_argument("--dry-run", action="store_true", help="say every step, do none")
    parser.add_argument("--verbose", "-v", action="store_true", help="say every step while it is done")
    add_lang(parser, village=village)


def machine_of(args: argparse.Namespace) -> Machine:
    """Return the machine that the arguments name. Raises ConfigError without root's rights, or where there is no such folder."""
    root = args.root.resolve()
    if root == Path("/") and not args.dry_run and os.geteuid() != 0:
        raise ConfigError("install: needs root; run it with sudo, or look first with --dry-run")
    if not root.is_dir():
        raise ConfigError(f"--root: {root} is not a folder; make it first")
    os.umask(0o022)  # whatever root has: services must read what is written here
    return Machine(root, args.dry_run, args.verbose)


def perform(machine: Machine, stages: Sequence[Stage], lang: Lang) -> bool:
    """Do the stages, telling each in one line; return whether all went well. A step that fails ends it."""
    for number, (name, work) in enumerate(stages, 1):
        head = f"{number}/{len(stages)} {tr(name, lang)}"
        if machine.verbose or machine.dry:
            print(f"{head} …", flush=True)
        try:
            how = said(work(), lang)
        except SinyalError as error:
            text = tr("{head}: FAILED: {reason}", lang, head=head, reason=str(error))
            print(text, tr("After curing it, run the same command again.", lang), sep="\n", file=sys.stderr)
            return False
        except KeyboardInterrupt:
            text = tr("{head}: interrupted. The steps before it are done; the same command does the rest.", lang, head=head)
            print(text, file=sys.stderr)
            raise SystemExit(INTERRUPTED) from None
        print(f"{head}: {how}", flush=True)
    for note in dict.fromkeys(machine.notes):
        print(f"    {said(note, lang)}")
    return True


def as_user(user: str, *argv: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a program as the user of the services. Raises StepError where it cannot be started or does not end."""
    try:
        call = ("setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups", *argv)
        return subprocess.run(call, capture_output=True, text=True, timeout=timeout_s, check=False, cwd="/")
    except (OSError, KeyError, subprocess.TimeoutExpired) as error:
        raise StepError(f"{' '.join(argv[:2])}: {error}") from None


def _closed(path: Path) -> bool:
    return path.stat().st_mode & 0o7777 != _opened(path)


def _open(paths: Sequence[Path]) -> None:
    for path in paths:
        path.chmod(_opened(path))


def _opened(path: Path) -> int:
    mode = path.stat().st_mode & 0o7777
    return mode | (0o055 if path.is_dir() or mode & 0o100 else 0o044)


def _write(place: Path, content: bytes, mode: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    write_durably(place, content, mode)


def _run(argv: tuple[str, ...]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            argv, env=environment, capture_output=True, text=True, timeout=COMMAND_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepError(str(error)) from None
    if done.returncode != 0:
        raise StepError((done.stderr or done.stdout).strip()[-300:] or f"exit code {done.returncode}")


def trial(machine: Machine, program: Path, user: str, lang: Lang) -> Phrase:
    """Try what was installed: the program's own `doctor`, run by the user of the services. Raises StepError for a fault.

    What only needs somebody's attention becomes a note.
    """
    if machine.dry or not machine.live:
        return phrase("left out, as this is not the running system")
    done = as_user(user, str(program), "doctor", "--json", "--lang", lang)
    try:
        rows = json.loads(done.stdout)
    except ValueError:
        said_last = (done.stderr or done.stdout).strip()[-300:]
        raise StepError(f"the user {user} cannot run {program}: {said_last}; sudo chmod -R a+rX {program.parents[1]}") from None
    told = [
        (row["state"], ": ".join((row["name"], row["text"])) + (f" -> {row['cure']}" if "cure" in row else "")) for row in rows
    ]
    machine.notes += [phrase("{note}", note=text) for state, text in told if state == "warning"]
    if faults := [text for state, text in told if state == "fault"]:
        raise StepError("\n    ".join(["", *faults]))
    return phrase("{n} checks, nothing is broken", n=len(rows))
