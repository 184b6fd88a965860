"""Versions of the program side by side: /opt/sinyal/VERSION is a venv of its own, `current` and `previous` are symlinks.

The mechanism of Capistrano, Nix and ostree: the old version is never touched, and going over or back is one atomic rename.
A new version is built from the running one: its dependencies are copied, only the signed wheels are put on top. So a metered
SIM carries 200 kB and not 20 MB, no package index is asked, and nothing runs that was not here or signed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from agent.errors import AgentError
from ground.paths import PROGRAMS

FOLDER = PROGRAMS
VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,3}[a-z0-9.+]{0,20}")
BUILD_S = 600
"""A Pi Zero copies and compiles for some minutes."""


class VersionError(AgentError):
    """A version could not be built or switched; what ran before still runs."""


def build(folder: Path, version: str, wheels: Sequence[Path], donor: Path) -> Path:
    """Make the venv of a version from wheels and the packages of the venv `donor`; return its path. Raises VersionError."""
    if not VERSION.fullmatch(version):
        raise VersionError(f"{version[:40]!r} is not a version")
    target = folder / version
    kept = {(folder / name).resolve() for name in ("current", "previous")} | {Path(sys.prefix).resolve()}
    if target.resolve() in kept:
        raise VersionError(f"{target}: is in use; nothing to build")
    shutil.rmtree(target, ignore_errors=True)  # left by an attempt that was cut off
    try:
        _run(sys.executable, "-P", "-m", "venv", "--without-pip", str(target))
        shutil.copytree(_packages(donor), _packages(target), dirs_exist_ok=True, symlinks=True)
        pip = (sys.executable, "-P", "-m", "pip", "--python", str(target / "bin" / "python"), "--disable-pip-version-check")
        _run(*pip, "install", "--quiet", "--no-index", "--no-deps", "--force-reinstall", *map(str, wheels))
        _run(*pip, "check")
        complete(target)
        _run(str(target / "bin" / "sinyal-agent"), "--help")
    except (OSError, shutil.Error, VersionError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise VersionError(f"{version}: could not be built, the version before runs on: {error}") from None
    return target


def complete(target: Path) -> None:
    """See that all is there that the agent of a version needs; `pip check` looks at no extra. Raises VersionError naming it."""
    here = {d.metadata["Name"].lower().replace("_", "-"): d for d in distributions(path=[str(_packages(target))])}
    todo, seen, lacks = [("sinyal", "agent")], set[str](), set[str]()
    while todo:
        name, extra = todo.pop()
        for wanted in map(Requirement, here[name].requires or ()):
            other = wanted.name.lower().replace("_", "-")
            if other in seen or not (wanted.marker is None or wanted.marker.evaluate({"extra": extra})):
                continue
            seen.add(other)
            has = here[other].version if other in here else None
            if has is None or not wanted.specifier.contains(has, prereleases=True):
                lacks.add(f"{wanted.name}{wanted.specifier} ({'not here' if has is None else f'{has} is here'})")
            else:
                todo.append((other, ""))
    if lacks:
        names = ", ".join(sorted(lacks))
        raise VersionError(f"it needs {names}; give signed wheels of them too: sinyal-agent update FILE --with OTHER.whl")


def newer(version: str, than: str) -> bool:
    """Return whether a version is a later one (PEP 440: 1.0rc1 before 1.0 before 1.0.post1); any is later than what is none."""
    try:
        new = Version(version)
    except InvalidVersion:
        return False
    try:
        return new > Version(than)
    except InvalidVersion:
        return True


def prune(folder: Path) -> None:
    """Delete versions that neither `current` nor `previous` names."""
    kept = {(folder / name).resolve() for name in ("current", "previous")}
    for path in folder.iterdir():
        if VERSION.fullmatch(path.name) and path.is_dir() and not path.is_symlink() and path.resolve() not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _packages(venv: Path) -> Path:
    found = sorted(venv.glob("lib/python3.*/site-packages"))
    if not found:
        raise VersionError(f"{venv}: is not a venv")
    return found[-1]


def installed(venv: Path, place: str) -> bytes | None:
    """Return a file of the sinyal that a venv runs, by its place in a wheel without the version; None where it is not."""
    packages = _packages(venv)
    info = next(iter(packages.glob("sinyal-*.dist-info")), packages)
    head, _, rest = place.partition("/")
    path = {"dist-info": info / rest, "data": venv / rest.removeprefix("data/")}.get(head, packages / place)
    try:
        return path.read_bytes()
    except OSError:
        return None


def _run(*argv: str) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_S, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise VersionError(f"`{' '.join(argv[:4])} …` took longer than {BUILD_S} s") from None
    if done.returncode != 0:
        raise VersionError((done.stderr or done.stdout).strip()[-500:] or f"exit code {done.returncode}")
