"""Make everything that `make demo`, `make test` and their sisters need; standard library only, instant when nothing changed.

usage: python3 scripts/setup.py {demo,dev,servers}...
  demo      .venv with what the demo needs
  dev       .venv with everything, for tests and checks
  servers   mosquitto, influxdb, victoria-metrics, chromium and faketime from Debian, for the tests against the real things
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "sinyal.lock"
POLICY = Path("/usr/sbin/policy-rc.d")
LISTS = Path("/var/lib/apt/lists")
LISTS_FRESH_S = 86400
WORDS = ROOT / "locale" / "id" / "LC_MESSAGES" / "sinyal.po"
COVERED_BY = {"demo": ("demo", "dev"), "dev": ("dev",)}
SERVERS = {"mosquitto": "mosquitto", "influxd": "influxdb", "victoria-metrics": "victoria-metrics"}
"""Program to find -> Debian package that brings it."""
TOOLS = {"chromium": "chromium", "faketime": "faketime"}
"""The same for what is no service: a browser for the pages, a wrong clock for TLS."""
LIBRARIES = {"libatomic.so.1": "libatomic1"}
"""The same for libraries: what drives the browser needs this one."""
SBIN = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


class SetupError(Exception):
    """What could not be done and what a person can do about it."""


def say(text: str) -> None:
    """Print one line at once, also when the output is a file."""
    print(f"setup: {text}", flush=True)  # the one place of this script that talks to the user


def run(*argv: str | Path, cwd: Path = ROOT) -> None:
    """Run a program; on failure raise SetupError with the end of what it printed."""
    done = subprocess.run(
        [str(a) for a in argv],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise SetupError(f"`{' '.join(str(a) for a in argv)}` failed ({done.returncode}):\n{tail}")


def works(*argv: str | Path) -> bool:
    """Return whether a program exists and ends with 0."""
    try:
        return subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


# ---------------------------------------------------------------- apt


def root_prefix() -> list[str] | None:
    """Return the words before a command that needs root: none as root, sudo where it asks no password, None where neither."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if works("sudo", "-n", "true") else None


def apt_update(prefix: list[str]) -> None:
    """Fetch the package lists unless they were fetched within a day."""
    newest = max((p.stat().st_mtime for p in LISTS.glob("*_Packages*")), default=0.0)
    stamp = LISTS / "partial"  # touched by every update, even one that found nothing new
    if newest and time.time() - max(newest, stamp.stat().st_mtime if stamp.exists() else 0) < LISTS_FRESH_S:
        return
    say("apt-get update")
    run(*prefix, "apt-get", "-q", "update")


def apt_install(prefix: list[str], package: str) -> None:
    """Install one Debian package without its recommendations. Raises SetupError."""
    say(f"apt-get install {package}")
    options = ("-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")
    run(*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *options, package)


# ---------------------------------------------------------------- Python environment


def stamp_text(extra: str) -> str:
    """Return what identifies an environment: the locked versions, pyproject.toml, the interpreter."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return f"{extra} {digest.hexdigest()}\n"


def stamp_path(extra: str) -> Path:
    """Return the file that says which environment was completed."""
    return VENV / f"sinyal-{extra}.stamp"


def is_current(extra: str) -> bool:
    """Return whether .venv already holds what `extra` needs, in the locked versions."""
    return VENV_PYTHON.exists() and any(
        path.exists() and path.read_text() == stamp_text(name) for name in COVERED_BY[extra] for path in [stamp_path(name)]
    )


def has_ensurepip() -> bool:
    """Return whether `python3 -m venv` can bring pip; Debian keeps that part in python3-venv."""
    return importlib.util.find_spec("ensurepip") is not None


def pip_from_debian(folder: Path) -> Path:
    """Fetch Debian's pip wheel without root. Raises SetupError where apt-get cannot download it."""
    download = ("download", "python3-pip-whl")
    try:
        run("apt-get", "-q", *download, cwd=folder)
    except SetupError:  # this machine has no package lists: fetch them into the same folder, which needs no root
        (folder / "lists" / "partial").mkdir(parents=True)
        private = ("-q", "-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User=")
        run("apt-get", *private, "update", cwd=folder)
        run("apt-get", *private, *download, cwd=folder)
    package = next(folder.glob("python3-pip-whl_*.deb"))
    run("dpkg-deb", "-x", package, folder)
    return next(folder.glob("usr/share/python-wheels/pip-*.whl"))


def venv_without_ensurepip() -> None:
    """Make .venv where python3-venv is missing and cannot be installed: pip comes from Debian's wheel package."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory() as name:
        try:
            wheel = pip_from_debian(Path(name))
        except (SetupError, OSError, StopIteration) as error:
            cure = f"Run: sudo apt-get install {version}-venv (or python3-venv), then the same make command again."
            raise SetupError(
                f"{version} has no ensurepip, and neither root nor `apt-get download` can bring it.\n{cure}\n({error})"
            ) from error
        say("python3-venv is missing: taking pip from Debian's python3-pip-whl")
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
        run(VENV_PYTHON, wheel / "pip", "install", "--quiet", "--no-index", "--no-deps", wheel)


def make_venv() -> None:
    """Make .venv with this interpreter and pip in it, whatever parts of Python Debian left out."""
    say(f"making .venv with Python {sys.version.split()[0]}")
    prefix = root_prefix()
    if not has_ensurepip() and prefix is not None and shutil.which("apt-get"):
        try:
            apt_update(prefix)
            apt_install(prefix, f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
        except SetupError as error:
            say(f"could not install python3-venv: {error}")
    importlib.invalidate_caches()
    if has_ensurepip():
        run(sys.executable, "-m", "venv", "--clear", VENV)
    else:
        venv_without_ensurepip()


def venv_is_usable() -> bool:
    """Return whether .venv exists, has pip, and is of the interpreter that runs this script."""
    same = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
    return works(VENV_PYTHON, "-c", same)


def set_up_python(extra: str) -> None:
    """Bring .venv to the locked versions of an extra of pyproject.toml; does nothing when the stamp fits."""
    if is_current(extra):
        return
    if not venv_is_usable():
        make_venv()
    say(f"installing the packages for '{extra}' (versions from requirements/{LOCK.name}); a few minutes on a Raspberry Pi")
    pip = (VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--prefer-binary")
    run(*pip, "--constraint", LOCK, "--editable", f"{ROOT}[{extra}]")
    stamp_path(extra).write_text(stamp_text(extra))


def compile_words() -> None:
    """Compile the catalogue of words where it changed since."""
    compiled = WORDS.with_suffix(".mo")
    if not compiled.exists() or compiled.stat().st_mtime_ns <= WORDS.stat().st_mtime_ns:
        run(VENV_PYTHON, ROOT / "scripts" / "words.py", "--compile")


# ---------------------------------------------------------------- servers


def missing_servers() -> dict[str, str]:
    """Return program or library -> package of what this machine lacks."""
    programs = {program: package for program, package in (SERVERS | TOOLS).items() if not shutil.which(program, path=SBIN)}
    return programs | {library: package for library, package in LIBRARIES.items() if not loads(library)}


def loads(library: str) -> bool:
    """Return whether a shared library is there."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def forbid_starts(prefix: list[str]) -> bool:
    """Keep Debian from starting what it installs; False when the machine has a policy of its own, which stays as it is."""
    if POLICY.exists():
        return False
    run(*prefix, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}")
    return True


def install_servers(prefix: list[str], packages: list[str]) -> dict[str, str]:
    """Install server packages one by one, started neither now nor at boot; return package -> why it could not be installed."""
    failed: dict[str, str] = {}
    apt_update(prefix)
    ours = forbid_starts(prefix)
    try:
        for package in packages:
            if not works("apt-cache", "show", package):
                failed[package] = "this system's package archive has no such package"
                continue
            try:
                apt_install(prefix, package)
            except SetupError as error:
                failed[package] = str(error)
    finally:
        if ours:
            run(*prefix, "rm", "-f", POLICY)
    services = [p for p in packages if p not in failed and p in SERVERS.values()]
    if services and Path("/run/systemd/system").is_dir():
        run(*prefix, "systemctl", "disable", "--now", "--quiet", *services)
    if services:
        say(f"installed for the tests, left stopped and disabled: {', '.join(services)}")
    return failed


def set_up_servers() -> None:
    """Bring the real servers where this machine allows it, and say plainly which tests are skipped where it does not."""
    missing = missing_servers()
    if not missing:
        return
    why: dict[str, str] = {}
    prefix = root_prefix()
    if not shutil.which("apt-get"):
        why = dict.fromkeys(missing.values(), "this system has no apt-get")
    elif prefix is None:
        why = dict.fromkeys(missing.values(), "needs root; as root: apt-get install " + " ".join(missing.values()))
    else:
        try:
            why = install_servers(prefix, list(missing.values()))
        except SetupError as error:
            why = dict.fromkeys(missing.values(), str(error))
    for program, package in missing_servers().items():
        reason = why.get(package, "not found after installing")
        say(f"NOT INSTALLED: {package}. Tests that need a real {program} are skipped ({reason})")


# ---------------------------------------------------------------- main


def main(wanted: list[str]) -> int:
    """Do what was asked for, in order; 0, 1 with the reason, or 2 for a wrong word."""
    if not wanted or not set(wanted) <= {"demo", "dev", "servers"}:
        print(__doc__)
        return 2
    try:
        for what in wanted:
            if what == "servers":
                set_up_servers()
            else:
                set_up_python(what)
                compile_words()
    except SetupError as error:
        say(f"FAILED: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
