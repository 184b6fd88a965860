"""Check that every locked package installs without a compiler, on each Python and machine that Sinyal is for; prints a table.

usage: .venv/bin/python scripts/platforms.py [EXTRA...]      (default: agent hilink collector dashboards demo dev)

For each machine and Python, pip is asked for wheels alone of exactly the locked versions; nothing is installed. A package that
is pure Python needs no wheel: it installs from source without a compiler. A cell is `ok`, or tells how many need a compiler
there; their names follow. exit: 0 as it should be; 1 one needs a compiler unexpectedly.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("agent", "hilink", "collector", "dashboards", "demo", "dev")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
GLIBC = range(17, 37)
"""Wheels for glibc 2.17 to 2.36, which is Debian 12's."""
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "armv7": "armv7l"}
BUILT = {"armv7": {"cffi", "pycryptodomex"}}
"""What a hall's Pi of 32 bit gets from elsewhere: Raspberry Pi OS has wheels of its own (piwheels), else a compiler builds it."""
HALL = ("agent", "hilink")
ONLY_64_BIT = "armv7: a hall needs cffi, with hilink pycryptodomex, from piwheels or gcc; server, demo and tests are for 64 bit"
NO_WHEEL = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")


def locked(environment: Mapping[str, str]) -> dict[str, str]:
    """Return name -> version of the lock, as it holds in this environment."""
    found: dict[str, str] = {}
    for line in (ROOT / "requirements" / "sinyal.lock").read_text(encoding="utf-8").splitlines():
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


def wheels_for(machine: str, python: str) -> list[str]:
    """Return the words that have pip take wheels alone, of a machine and Python."""
    arch = MACHINES[machine]
    tags = [f"manylinux_2_{minor}_{arch}" for minor in GLIBC] + [f"manylinux2014_{arch}", f"linux_{arch}"]
    if arch == "x86_64":
        tags += ["manylinux2010_x86_64", "manylinux1_x86_64", "manylinux_2_5_x86_64", "manylinux_2_12_x86_64"]
    platforms = [word for tag in tags for word in ("--platform", tag)]
    return ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", python, *platforms]


def without_wheel(packages: Iterable[str], machine: str, python: str) -> set[str]:
    """Return which of these `name==version` have no wheel for a machine and Python."""
    left, lacking = set(packages), set[str]()
    with tempfile.TemporaryDirectory() as target:
        while left:
            pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--dry-run", "--ignore-requires-python")
            argv = [*pip, "--quiet", "--target", target, *wheels_for(machine, python), *sorted(left)]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            name = NO_WHEEL.search(done.stderr)
            if name is None:
                raise SystemExit(f"platforms: pip failed for {machine}, Python {python}:\n{done.stderr[-1500:]}")
            gone = {one for one in left if canonicalize_name(one.split("==")[0]) == canonicalize_name(name[1])}
            lacking |= gone
            left -= gone
    return {one.split("==")[0] for one in lacking}


def pure(name: str) -> bool:
    """Whether a package, as it is installed here, has nothing that is compiled."""
    return "Root-Is-Purelib: true" in (distribution(name).read_text("WHEEL") or "")


def main(extras: list[str]) -> int:
    """Print the table; return the exit code."""
    extras = extras or list(EXTRAS)
    unexpected = 0
    lacks: dict[str, None] = {}
    from_source: dict[str, None] = {}
    print(f"{'':16}" + "".join(f"{extra:>12}" for extra in extras))
    for machine in MACHINES:
        for python in PYTHONS:
            environment = environment_of(machine, python)
            versions = locked(environment)
            of = {extra: needed(extra, environment) & versions.keys() for extra in extras}
            missing = without_wheel((f"{name}=={versions[name]}" for name in set().union(*of.values())), machine, python)
            missing -= (source := {name for name in missing if pure(name)})
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
