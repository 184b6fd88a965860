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
import zipfile
from collections.abc import Iterable, Sequence
from importlib.metadata import distributions
from importlib.util import cache_from_source
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from agent.errors import AgentError
from ground.paths import PROGRAMS

FOLDER = PROGRAMS
VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,3}[a-z0-9.+]{0,20}")
BUILD_S = 600
"""A Pi Zero copies and compiles for some minutes."""
PACKAGE = "share/sinyal-agent"
"""Where Debian's package has the modules, below /usr; a version beside it has them at the same place below its folder."""
DEBIAN = ["/usr/share/sinyal-agent", "/usr/lib/sinyal-agent", "/usr/lib/python3/dist-packages"]
PROGRAM = """\
#!{python}
import sys

from {module} import {call}

sys.exit({call}())
"""


class VersionError(AgentError):
    """A version could not be built or switched; what ran before still runs."""


def build(folder: Path, version: str, wheels: Sequence[Path], donor: Path) -> Path:
    """Make a version from wheels and the packages of `donor`, wholly on the disk; return its folder. Raises VersionError."""
    if not VERSION.fullmatch(version):
        raise VersionError(f"{version[:40]!r} is not a version")
    target = folder / version
    kept = {(folder / name).resolve() for name in ("current", "previous")} | {Path(sys.prefix).resolve()}
    if target.resolve() in kept:
        raise VersionError(f"{target}: is in use; nothing to build")
    shutil.rmtree(target, ignore_errors=True)  # left by an attempt that was cut off
    try:
        _lay_out(target, donor)
        for wheel in wheels:
            _install(wheel, target)
        complete(target)
        program = str(target / "bin" / "sinyal-agent")
        _run(_python(target), "-m", "compileall", "-q", str(packages(target)))
        _run(program, "--help")
        _run("sync", "-f", str(target))  # `current` is not to name what a power cut leaves empty
    except (OSError, shutil.Error, zipfile.BadZipFile, VersionError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise VersionError(f"{version}: could not be built, the version before runs on: {error}") from None
    return target


def _lay_out(target: Path, donor: Path) -> None:
    """Make an empty version with the dependencies of `donor`: a venv, or a folder beside Debian's package that uses its own."""
    if (donor / PACKAGE).is_dir():
        (target / "bin").mkdir(parents=True)
        shutil.copy2(donor / "bin" / "sinyal-agent", target / "bin" / "sinyal-agent")
        shutil.copytree(donor / PACKAGE, target / PACKAGE, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        _run(sys.executable, "-P", "-m", "venv", "--without-pip", str(target))
        shutil.copytree(packages(donor), packages(target), dirs_exist_ok=True, symlinks=True)


def _install(wheel: Path, target: Path) -> None:
    """Put a wheel in place of an earlier version of the same package, with its programs. Raises OSError, BadZipFile."""
    into = packages(target)
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        _remove(into, _plain(wheel.name.partition("-")[0]), {name.partition("/")[0] for name in names})
        for name in names:
            place = (into / _place(name, into, target)).resolve()
            if not place.is_relative_to(target.resolve()):
                raise VersionError(f"{wheel.name}: {name[:80]!r} lies outside")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(name))
            if place.suffix == ".py":  # what was compiled of the one before counts as current by size and second alone
                Path(cache_from_source(str(place))).unlink(missing_ok=True)
    if into != target / PACKAGE:
        for dist in distributions(path=[str(into)]):
            for entry in dist.entry_points.select(group="console_scripts", name="sinyal-agent"):
                program = target / "bin" / entry.name
                program.write_text(PROGRAM.format(python=_python(target), module=entry.module, call=entry.attr), encoding="utf-8")
                program.chmod(0o755)


def _place(name: str, into: Path, target: Path) -> Path:
    """Return where a file of a wheel belongs: NAME.data/data counts from the prefix, the other parts of .data lie beside code."""
    head, _, rest = name.partition("/")
    kind, _, inner = rest.partition("/")
    if not head.endswith(".data"):
        return into / name
    return target / inner if kind == "data" else into / inner


def _remove(into: Path, package: str, folders: Iterable[str]) -> None:
    """Delete what a package had, that no module of before stays beside the new ones."""
    for dist in [dist for dist in distributions(path=[str(into)]) if _plain(dist.metadata["Name"]) == package]:
        for file in dist.files or ():
            if (into / str(file)).resolve().is_relative_to(into.resolve()):
                (into / str(file)).unlink(missing_ok=True)
    old = [info.name for info in into.glob("*.dist-info") if _plain(info.name.partition("-")[0]) == package]
    for folder in {*folders, *old}:
        shutil.rmtree(into / folder, ignore_errors=True)


def complete(target: Path) -> None:
    """See that all is there that the agent of a version needs, extras too. Raises VersionError naming what lacks."""
    own = packages(target)
    here = {_plain(d.metadata["Name"]): d for d in distributions(path=[str(own)])}
    debian = {} if own != target / PACKAGE else {_plain(d.metadata["Name"]): d for d in distributions(path=DEBIAN)}
    todo, seen, lacks = [("sinyal", "agent")], set[str](), set[str]()
    while todo:
        name, extra = todo.pop()
        for wanted in map(Requirement, (here.get(name) or debian[name]).requires or ()):
            other = _plain(wanted.name)
            if other in seen or not (wanted.marker is None or wanted.marker.evaluate({"extra": extra})):
                continue
            seen.add(other)
            if other in debian and other not in here:
                continue  # Debian keeps its own versions, and what they need
            has = here[other].version if other in here else None
            if has is None or not wanted.specifier.contains(has, prereleases=True):
                lacks.add(f"{wanted.name}{wanted.specifier} ({'not here' if has is None else f'{has} is here'})")
            else:
                todo.append((other, ""))
    if lacks:
        names = ", ".join(sorted(lacks))
        raise VersionError(f"it needs {names}; give signed wheels of them too: sinyal-agent update FILE --with OTHER.whl")


def running(folder: Path) -> str:
    """Return the version that `current` names; its folder's name where it does not say."""
    return version_in((folder / "current").resolve())


def version_in(home: Path) -> str:
    """Return which version a folder holds; the folder's name where it does not say. Raises VersionError."""
    found = next((d.version for d in distributions(path=[str(packages(home))]) if d.metadata["Name"] == "sinyal"), None)
    return home.name if found is None else str(found)


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


def packages(version: Path) -> Path:
    """Return the folder of a version's modules: site-packages of a venv, or as Debian's package has them. Raises VersionError."""
    if (version / PACKAGE).is_dir():
        return version / PACKAGE
    found = sorted(version.glob("lib/python3.*/site-packages"))
    if not found:
        raise VersionError(f"{version}: is not a version of this program")
    return found[-1]


def installed(version: Path, place: str) -> bytes | None:
    """Return a file of the sinyal of a version, by its place in a wheel without the number; None where it is not."""
    own = packages(version)
    info = next(iter(own.glob("sinyal-*.dist-info")), own)
    head, _, rest = place.partition("/")
    path = {"dist-info": info / rest, "data": version / rest.removeprefix("data/")}.get(head, own / place)
    try:
        return path.read_bytes()
    except OSError:
        return None


def _python(version: Path) -> str:
    return "/usr/bin/python3" if (version / PACKAGE).is_dir() else str(version / "bin" / "python")


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _run(*argv: str) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_S, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise VersionError(f"`{' '.join(argv[:4])} …` took longer than {BUILD_S} s") from None
    if done.returncode != 0:
        raise VersionError((done.stderr or done.stdout).strip()[-500:] or f"exit code {done.returncode}")
