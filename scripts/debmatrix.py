"""Try the Debian packages of a hall in clean roots, each action in each: a table. Needs root, mmdebstrap, qemu-user-static.

usage: python -m scripts.debmatrix --roots DIR [--release R]... [--arch A]...
  DIR keeps the clean roots (mmdebstrap, a minute each). A foreign one is Debian's packages unpacked (scripts/debroots.py); what
  is tried in it runs under qemu-user. Packages are those that `python -m scripts.deb` left in build/deb. What an action writes
  is on an overlay and goes with it.

actions: install, run (the program reads a session), update (a version of the fleet beside it runs instead), upgrade and
downgrade (the same package under other versions; it runs then), over a venv (what `sinyal-agent install` wrote goes), remove,
purge (readings stay). A whole update with broker, collector and rollback, on amd64: `python -m tests.debrollouts`.
exit: 0 every cell is ok; 1 one is not; 2 cannot be run here
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ground import pack
from scripts.deb import DEBIAN, OUT, RELEASES
from scripts.debroots import MatrixError, clean_root, over, sh

SESSION = "AT+CESQ\n+CESQ: 99,99,255,255,20,44\nOK\n"
PLACES = "/usr/share/sinyal-agent:/usr/lib/sinyal-agent"
TAKE = """
from pathlib import Path
from agent.host import trial, update, versions
place = trial.Place(versions.FOLDER, Path("/none"))
wheel = update.unpack(Path("/debs/update.pack").read_bytes(), place.folder / "current", versions.running(place.folder))
trial.start(trial.Version("9.8+deb", wheel), place)
"""


def as_version(deb: Path, version: str, into: Path, edits: Mapping[str, tuple[str, str]] | None = None) -> Path:
    """Pack a package under another version; `edits`: a module, a text in it, and what stands there instead."""
    tree, out = into / "tree", into / f"sinyal-agent_{version}_all.deb"
    shutil.rmtree(tree, ignore_errors=True)
    sh("dpkg-deb", "-R", deb, tree)
    modules = tree / "usr/share/sinyal-agent"
    info = next(modules.glob("sinyal-*.dist-info")).rename(modules / f"sinyal-{version}+deb.dist-info")
    for file, said in ((tree / "DEBIAN/control", version), (info / "METADATA", f"{version}+deb")):
        file.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {said}", file.read_text()))
    for name, (old, new) in (edits or {}).items():
        text = (modules / name).read_text()
        if old not in text:
            raise MatrixError(f"{name} has no {old!r}")
        (modules / name).write_text(text.replace(old, new))
    sh("dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, out)
    return out


class Trial:
    """The actions, in their order, in one root."""

    def __init__(self, root: Path, agent: Path, libs: Path | None) -> None:
        (root / "debs").mkdir()
        self._root = root
        self._agent = self._in(agent)
        self._libs = [] if libs is None else [self._in(libs)]
        for name, version in (("newer", "9.9"), ("older", "0.0.1"), ("beside", "9.8")):
            setattr(self, f"_{name}", self._in(as_version(agent, version, root / "debs")))

    def _in(self, deb: Path) -> str:
        place = self._root / "debs" / deb.name
        if place != deb:
            shutil.copy(deb, place)
        return f"/debs/{deb.name}"

    def _apt(self, *words: str) -> None:
        sh("apt-get", "-y", "-q", "--no-install-recommends", "--allow-downgrades", *words, root=self._root)

    def _version(self, want: str) -> None:
        got = sh("dpkg-query", "-W", "-f", "${Version} ${Status}", "sinyal-agent", root=self._root)
        if got != f"{want} install ok installed":
            raise MatrixError(f"dpkg says {got}, not {want}")
        self._runs(want)

    def _runs(self, version: str) -> None:
        """See which version runs, by its man page, in both ways of calling it."""
        for program in ("/usr/bin/sinyal-agent", "/opt/sinyal/current/bin/sinyal-agent"):
            sh(program, "manual", "--into", "/debs/share", root=self._root)
            head = (self._root / "debs/share/man/man1/sinyal-agent.1").read_text().partition("\n")[0]
            if f" {version}+deb" not in head:
                raise MatrixError(f"{program} is {head}, not {version}+deb")

    def install(self) -> None:
        """Install with what it depends on; user and folders are there."""
        self._apt("install", self._agent, *self._libs)
        sh("getent", "passwd", "sinyal", root=self._root)
        if not (self._root / "lib/systemd/system/sinyal-agent.service").exists():
            raise MatrixError("no unit")

    def run(self) -> None:
        """Read a session: every library of the agent's hot path is loaded."""
        (self._root / "debs/session.txt").write_text(SESSION)
        if "-97" not in sh("sinyal-agent", "parse", "/debs/session.txt", root=self._root):
            raise MatrixError("the session was not read")
        sh("sinyal-agent", "run", "--help", root=self._root)
        places = "import sys; sys.path[:0] = ['/usr/share/sinyal-agent', '/usr/lib/sinyal-agent']; "
        sh("python3", "-I", "-c", places + "import agent.run, agent.poll.worker, agent.host.update", root=self._root)

    def update(self) -> None:
        """Put a version of a pack of two packages beside the package, as an update does; nothing restarts here."""
        both = (self._agent, self._beside)  # type: ignore[attr-defined]
        packed = pack.make(*((self._root / path[1:]).read_bytes() for path in both))
        (self._root / "debs/update.pack").write_bytes(packed)
        sh("env", f"PYTHONPATH={PLACES}", "python3", "-P", "-c", TAKE, root=self._root)
        self._runs("9.8")

    def upgrade(self) -> None:
        """Put a newer one over it."""
        self._apt("install", self._newer)  # type: ignore[attr-defined]
        self._version("9.9")

    def downgrade(self) -> None:
        """Put an older one over it."""
        self._apt("install", self._older)  # type: ignore[attr-defined]
        self._version("0.0.1")

    def over_venv(self) -> None:
        """Install where `sinyal-agent install` of a venv was: its unit must not hide the package's."""
        self._apt("purge", "sinyal-agent")
        unit = self._root / "etc/systemd/system/sinyal-agent.service"
        unit.parent.mkdir(parents=True, exist_ok=True)
        unit.write_text("[Service]\nExecStart=/opt/sinyal/current/bin/sinyal-agent run\n")
        (self._root / "etc/sinyal").mkdir(exist_ok=True)
        (self._root / "etc/sinyal/agent.toml").write_text("[agent]\n")
        self._apt("install", self._agent)
        if unit.exists() or not (self._root / "etc/sinyal/agent.toml").exists():
            raise MatrixError("the unit of the venv is still there, or the configuration is gone")

    def remove(self) -> None:
        """Take it off; configuration and readings stay."""
        (self._root / "var/lib/sinyal/spool.db").write_text("readings")
        self._apt("remove", "sinyal-agent")
        programs = ("usr/share/sinyal-agent/agent", "opt/sinyal", "usr/bin/sinyal-agent")
        left = [path for path in programs if (self._root / path).exists()]
        if left or not (self._root / "etc/sinyal/agent.toml").exists():
            raise MatrixError(f"still there: {left}; or the configuration is gone")

    def purge(self) -> None:
        """Take everything off but readings."""
        self._apt("purge", "sinyal-agent", "sinyal-agent-libs")
        if (self._root / "etc/sinyal/agent.toml").exists() or not (self._root / "var/lib/sinyal/spool.db").exists():
            raise MatrixError("the configuration is still there, or the readings are gone")

    @property
    def actions(self) -> list[tuple[str, Callable[[], None]]]:
        """Return them in their order; each stands on the ones before."""
        here = (self.install, self.run, self.update, self.upgrade, self.downgrade, self.over_venv, self.remove, self.purge)
        return [(action.__name__, action) for action in here]


def column(roots: Path, release: str, arch: str) -> tuple[list[str], list[str]]:
    """Try everything in one root; return its cells and what went wrong."""
    machine = next(name for name, debian in DEBIAN.items() if debian == arch)
    agent = next(iter(sorted((OUT / f"bookworm-{machine}").glob("sinyal-agent_*.deb"))), None)
    libs = next(iter(sorted((OUT / f"bookworm-{machine}").glob("sinyal-agent-libs_*.deb"))), None)
    if agent is None or libs is None:
        raise MatrixError(f"build/deb/bookworm-{machine}: is missing; python -m scripts.deb --machine {machine} --agent")
    with over(clean_root(roots, release, arch)) as root:
        return tried(f"{release} {arch}", Trial(root, agent, libs if release == "bookworm" else None).actions)


def tried(where: str, actions: Iterable[tuple[str, Callable[[], None]]]) -> tuple[list[str], list[str]]:
    """Do one action after the other; return a cell for each and what went wrong."""
    cells, faults = [], []
    for name, action in actions:
        began = time.monotonic()
        try:
            action()
            cells.append(f"ok {time.monotonic() - began:.0f} s")
        except (MatrixError, OSError) as error:  # what an action before it left undone may be a file
            cells.append("FAILED")
            faults.append(f"{where} {name}: {error}")
    return cells, faults


def main() -> int:
    """Try all, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roots", type=Path, required=True, metavar="DIR")
    parser.add_argument("--release", action="append", choices=RELEASES)
    parser.add_argument("--arch", action="append", choices=[*DEBIAN.values()])
    args = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        print("debmatrix: needs root and mmdebstrap", file=sys.stderr)
        return 2
    names = ("install", "run", "update", "upgrade", "downgrade", "over_venv", "remove", "purge")
    print(f"{'':16}" + "".join(f"{name:>11}" for name in names))
    faults: list[str] = []
    for release in args.release or RELEASES:
        for arch in args.arch or DEBIAN.values():
            try:
                cells, wrong = column(args.roots, release, arch)
            except MatrixError as error:
                cells, wrong = ["-"] * len(names), [f"{release} {arch}: {error}"]
            print(f"{release:9}{arch:7}" + "".join(f"{cell:>11}" for cell in cells), flush=True)
            faults += wrong
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
