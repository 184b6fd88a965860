"""What the parts of the set-up share: telling, running programs, apt; standard library only."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTS = Path("/var/lib/apt/lists")
LISTS_FRESH_S = 86400


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
