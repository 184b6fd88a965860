"""Check that every locked package installs without a compiler, on each Python and machine that Sinyal is for; prints a table.

usage: .venv/bin/python scripts/platforms.py [EXTRA...]      (default: agent hilink collector dashboards demo dev)

uv (in a temporary folder) is asked once which files the index has of exactly the locked versions; each machine and Python is
looked up in that answer. A package that is pure Python needs no wheel: it installs from source without a compiler. A cell is
`ok`, or tells how many need a compiler there; their names follow.
exit: 0 as it should be; 1 one needs a compiler unexpectedly, or the index does not answer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "sinyal.lock"
EXTRAS = ("agent", "hilink", "collector", "dashboards", "demo", "dev")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
GLIBC = range(17, 37)
"""Wheels for glibc 2.17 to 2.36, which is Debian 12's."""
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "armv7": "armv7l"}
BUILT = {"armv7": {"cffi", "pycryptodomex"}}
"""What a hall's Pi of 32 bit gets from elsewhere: Raspberry Pi OS has wheels of its own (piwheels), else a compiler builds it."""
HALL = ("agent", "hilink")
ONLY_64_BIT = "armv7: a hall needs cffi, with hilink pycryptodomex, from piwheels or gcc; server, demo and tests are for 64 bit"


def locked(environment: Mapping[str, str]) -> dict[str, str]:
    """Return name -> version of the lock, as it holds in this environment."""
    found: dict[str, str] = {}
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate(dict(environment)):
            found[canonicalize_name(wanted.name)] = str(wanted.specifier).removeprefix("==")
    return found


def needed(extra: str, environment: Mapping[str, str]) -> set[str]:
    """Return the names of all packages that an extra brings in this environment, as the packages installed here say."""
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [Requirement(f"sinyal[{extra}]")]
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        found.add(name)
        for text in distribution(name).requires or []:
            more = Requirement(text)
            if more.marker is None or any(more.marker.evaluate({**environment, "extra": e}) for e in ("", *wanted.extras)):
                todo.append(more)
    return found - {"sinyal"}


def environment_of(machine: str, python: str) -> dict[str, str]:
    """Return what markers of requirements ask about a machine and Python."""
    found = {"python_version": python, "python_full_version": f"{python}.0", "platform_machine": MACHINES[machine]}
    found |= {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    return found | {"implementation_name": "cpython", "platform_python_implementation": "CPython"}


def platforms(machine: str) -> list[str]:
    """Return the platform tags of wheels that run on a machine with Debian 12."""
    arch = MACHINES[machine]
    tags = [f"manylinux_2_{minor}_{arch}" for minor in reversed(GLIBC)] + [f"manylinux2014_{arch}", f"linux_{arch}"]
    if arch == "x86_64":
        tags += ["manylinux2010_x86_64", "manylinux1_x86_64", "manylinux_2_5_x86_64", "manylinux_2_12_x86_64"]
    return tags


def wheels_for(machine: str, python: str) -> list[str]:
    """Return the words that have pip take wheels alone, of a machine and Python."""
    words = [word for tag in platforms(machine) for word in ("--platform", tag)]
    return ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", python, *words]


def files_of_lock() -> dict[tuple[str, str], tuple[set[Tag], bool]]:
    """Return (name, version) of the lock -> tags of all its wheels in the index, and is its source there? Raises SystemExit."""
    with tempfile.TemporaryDirectory() as tools:
        answer = Path(tools) / "pylock.toml"
        compiled = ("--universal", "--no-deps", "--python-version", PYTHONS[0], "--format", "pylock.toml", "-o", str(answer))
        for argv in (
            [sys.executable, "-m", "venv", tools],
            [f"{tools}/bin/pip", "--disable-pip-version-check", "install", "--quiet", "uv"],
            [f"{tools}/bin/uv", "pip", "compile", "--quiet", *compiled, str(LOCK)],
        ):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SystemExit(f"platforms: {' '.join(argv[:3])} failed; is the package index reached?\n{done.stderr[-1500:]}")
        found: dict[tuple[str, str], tuple[set[Tag], bool]] = {}
        for package in tomllib.loads(answer.read_text(encoding="utf-8"))["packages"]:
            names = [unquote(wheel["url"].rsplit("/", 1)[1]) for wheel in package.get("wheels", [])]
            tags = {tag for name in names for tag in parse_wheel_filename(name)[3]}
            found[canonicalize_name(package["name"]), package["version"]] = tags, "sdist" in package
    return found


def runs(machine: str, python: str) -> set[Tag]:
    """Return the tags of all wheels that install on a machine and Python."""
    version, cp = tuple(map(int, python.split("."))), f"cp{python.replace('.', '')}"
    return {*cpython_tags(version, [cp], platforms(machine)), *compatible_tags(version, cp, platforms(machine))}


def pure(name: str) -> bool:
    """Whether a package, as it is installed here, has nothing that is compiled."""
    return "Root-Is-Purelib: true" in (distribution(name).read_text("WHEEL") or "")


def main(extras: list[str]) -> int:
    """Print the table; return the exit code."""
    extras = extras or list(EXTRAS)
    unexpected = 0
    lacks: dict[str, None] = {}
    from_source: dict[str, None] = {}
    files = files_of_lock()
    print(f"{'':16}" + "".join(f"{extra:>12}" for extra in extras))
    for machine in MACHINES:
        for python in PYTHONS:
            environment = environment_of(machine, python)
            versions = locked(environment)
            of = {extra: needed(extra, environment) & versions.keys() for extra in extras}
            fit = runs(machine, python)
            missing = {name for name in set().union(*of.values()) if not files[name, versions[name]][0] & fit}
            missing -= (source := {name for name in missing if pure(name) and files[name, versions[name]][1]})
            from_source |= dict.fromkeys(sorted(source))
            cells = [f"{len(of[extra] & missing)} lacking" if of[extra] & missing else "ok" for extra in extras]
            print(f"{machine:7}{python:9}" + "".join(f"{cell:>12}" for cell in cells), flush=True)
            for extra in extras:
                if gone := of[extra] & missing:
                    lacks[f"  {machine} {extra}: {', '.join(sorted(gone))}"] = None
                    unexpected += machine not in BUILT or (extra in HALL and not gone <= BUILT[machine])
    if from_source:
        print(f"from source, without a compiler (pure Python): {', '.join(from_source)}")
    print("\n".join(["with a compiler:", *lacks, ONLY_64_BIT] if lacks else []))
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
