""".venv with the locked versions, whatever parts of Python Debian left out; standard library only."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from scripts.setup_base import ROOT, SetupError, apt_install, apt_update, root_prefix, run, say, works
from scripts.setup_cures import cure

VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "sinyal.lock"
WHEELHOUSE = ROOT / "wheelhouse"
BUILDING = ("setuptools>=68",)
"""What pip needs beside the locked packages to install this folder itself, as pyproject.toml says."""
WORDS = ROOT / "locale" / "id" / "LC_MESSAGES" / "sinyal.po"
COVERED_BY = {"demo": ("demo", "dev"), "dev": ("dev",)}


def stamp_text(extra: str) -> str:
    """Return what identifies an environment: the locked versions, pyproject.toml, the interpreter, where this folder is."""
    digest = hashlib.sha256(f"{sys.version}\n{ROOT}".encode())
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
    pip("install", "--prefer-binary", *from_wheelhouse(), "--constraint", LOCK, "--editable", f"{ROOT}[{extra}]")
    stamp_path(extra).write_text(stamp_text(extra))
    say(f'the programs are in .venv/bin; to call them by name: export PATH="{VENV}/bin:$PATH"')


def from_wheelhouse() -> tuple[str | Path, ...]:
    """Return the words that make pip take everything from wheelhouse/ where that folder is there."""
    return ("--no-index", "--find-links", WHEELHOUSE) if WHEELHOUSE.is_dir() else ()


def pip(command: str, *words: str | Path) -> None:
    """Run pip of .venv; what it prints is shown only when it fails, with what can be done about it as last. Raises SetupError."""
    try:
        run(VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", command, "--quiet", *words)
    except SetupError as error:
        raise SetupError(f"{error}\n{cure(str(error), ROOT, WHEELHOUSE)}") from None


def fill_wheelhouse() -> None:
    """Fetch everything into wheelhouse/ for a machine without network. Raises SetupError."""
    if not venv_is_usable():
        make_venv()
    say(f"filling {WHEELHOUSE} for Python {sys.version_info.major}.{sys.version_info.minor} on {os.uname().machine}")
    pip("download", "--prefer-binary", "--dest", WHEELHOUSE, "--constraint", LOCK, *BUILDING, f"{ROOT}[dev]")
    for own in WHEELHOUSE.glob("sinyal-*"):
        own.unlink()  # Sinyal itself is installed from its folder
    say("copy the folder wheelhouse/ beside the Makefile of the other machine; make finds it there")


def compile_words() -> None:
    """Compile the catalogue of words where it changed since."""
    compiled = WORDS.with_suffix(".mo")
    if not compiled.exists() or compiled.stat().st_mtime_ns <= WORDS.stat().st_mtime_ns:
        run(VENV_PYTHON, ROOT / "scripts" / "words.py", "--compile")
