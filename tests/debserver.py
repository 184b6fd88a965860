"""Try the Debian package of the server in clean roots of amd64; prints a table. Needs root.

usage: python -m tests.debserver --roots DIR [--release R]...
  DIR holds the clean roots that `python -m scripts.debmatrix --roots DIR` makes; packages are those of `python -m scripts.deb`.

actions: install (Mosquitto and InfluxDB come with it), run (both programs, and every library of page and map), upgrade and
downgrade (the same package under other versions; what a person edited stays), over a venv (the units of `sinyal-collector
install` go, those of a hall on the same machine stay), remove, purge (readings stay).
exit: 0 every cell is ok; 1 one is not; 2 cannot be run here
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

from collector.server.install import UNIT_FILES
from scripts.deb import OUT, RELEASES
from scripts.debmatrix import tried
from scripts.debroots import MatrixError, clean_root, over, sh
from scripts.platforms import ROOT

EDITED = "etc/sinyal/alerts.toml"
LIBRARIES = "import collector.cli, collector.line.pipeline, dashboards.cli, dashboards.web.serve, dashboards.needs.pdf"


class Server:
    """The actions, in their order, in one root."""

    def __init__(self, root: Path, package: Path) -> None:
        self._root = root
        (root / "debs").mkdir()
        self._package = shutil.copy(package, root / "debs")
        self._version = re.sub(r".*_(.*)_.*", r"\1", package.name)

    def _apt(self, *words: str) -> None:
        sh("apt-get", "-y", "-q", "--no-install-recommends", "--allow-downgrades", *words, root=self._root)

    def _as(self, version: str) -> str:
        """Pack it anew under another version; not compressed, as that takes minutes."""
        tree, name = self._root / "debs/tree", f"/debs/sinyal-server_{version}.deb"
        shutil.rmtree(tree, ignore_errors=True)
        sh("dpkg-deb", "-R", self._package, tree)
        control = tree / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
        sh("dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, f"{self._root}{name}")
        return name

    def _is(self, version: str) -> None:
        got = sh("dpkg-query", "-W", "-f", "${Version} ${Status}", "sinyal-server", root=self._root)
        if got != f"{version} install ok installed":
            raise MatrixError(f"dpkg says {got}, not {version}")

    def install(self) -> None:
        """Install with what it depends on; user, units and configuration are there."""
        sh("apt-get", "update", "-q", root=self._root)
        self._apt("install", f"/debs/{Path(self._package).name}", "procps")  # /bin/kill, which every real Debian has
        sh("getent", "passwd", "sinyal", root=self._root)
        for wanted in (EDITED, "etc/sinyal/collector.toml", "lib/systemd/system/sinyal-collector.service", "usr/sbin/mosquitto"):
            if not (self._root / wanted).exists():
                raise MatrixError(f"no /{wanted}")
        units = sorted(path.name for path in (self._root / "lib/systemd/system").glob("sinyal-*.*"))
        sh("systemd-analyze", "verify", *(f"/lib/systemd/system/{name}" for name in units), root=self._root)

    def run(self) -> None:
        """Start both programs, and load their libraries."""
        for program in ("sinyal-collector", "sinyal-dashboards"):
            sh(program, "--help", root=self._root)
        path = "import sys; sys.path[:0] = ['/usr/lib/sinyal-server']; "
        sh("python3", "-I", "-c", path + LIBRARIES, root=self._root)

    def upgrade(self) -> None:
        """Put a newer one over it: what a person edited stays."""
        edited = self._root / EDITED
        edited.write_text(edited.read_text() + "# ours\n")
        self._apt("install", self._as("9.9"))
        self._is("9.9")
        if not edited.read_text().endswith("# ours\n"):
            raise MatrixError(f"/{EDITED} was overwritten")

    def downgrade(self) -> None:
        """Put the first one back."""
        self._apt("install", f"/debs/{Path(self._package).name}")
        self._is(self._version)
        self.run()

    def over_venv(self) -> None:
        """Install where a venv's units are: they would hide the package's."""
        self._apt("purge", "sinyal-server")
        folder, ours = self._root / "etc/systemd/system", [name for name in UNIT_FILES if name.startswith("sinyal-")]
        for name in (*ours, "sinyal-agent.service"):
            text = (ROOT / "config/systemd" / name).read_text()
            (folder / name).write_text(text.replace("/opt/sinyal/bin/", "/opt/sinyal/0.1.0/bin/"))
        self._apt("install", f"/debs/{Path(self._package).name}")
        left = {path.name for path in folder.glob("sinyal-*")}
        if left != {"sinyal-agent.service"}:
            raise MatrixError(f"in /etc/systemd/system are {sorted(left)}")

    def remove(self) -> None:
        """Take it off; configuration and readings stay."""
        (self._root / "var/lib/sinyal/readings").write_text("readings")
        self._apt("remove", "sinyal-server")
        left = [name for name in ("usr/bin/sinyal-collector", "usr/lib/sinyal-server/collector") if (self._root / name).exists()]
        if left or not (self._root / EDITED).exists():
            raise MatrixError(f"still there: {left}; or the configuration is gone")

    def purge(self) -> None:
        """Take everything off but readings."""
        self._apt("purge", "sinyal-server")
        if (self._root / EDITED).exists() or not (self._root / "var/lib/sinyal/readings").exists():
            raise MatrixError("the configuration is still there, or the readings are gone")


ACTIONS = ("install", "run", "upgrade", "downgrade", "over_venv", "remove", "purge")


def row(roots: Path, release: str) -> tuple[list[str], list[str]]:
    """Try everything in one root; return its cells and what went wrong."""
    package = next(iter(sorted((OUT / f"{release}-amd64").glob("sinyal-server_*.deb"))), None)
    if package is None:
        raise MatrixError(
            f"build/deb/{release}-amd64: no sinyal-server; python -m scripts.deb --release {release} --machine amd64"
        )
    with over(clean_root(roots, release, "amd64")) as root:
        server = Server(root, package)
        return tried(release, [(name, getattr(server, name)) for name in ACTIONS])


def main() -> int:
    """Try all, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roots", type=Path, required=True, metavar="DIR")
    parser.add_argument("--release", action="append", choices=RELEASES)
    args = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        print("debserver: needs root and mmdebstrap", file=sys.stderr)
        return 2
    print(f"{'':16}" + "".join(f"{name:>11}" for name in ACTIONS))
    faults: list[str] = []
    for release in args.release or RELEASES:
        try:
            cells, wrong = row(args.roots, release)
        except MatrixError as error:
            cells, wrong = ["-"] * len(ACTIONS), [f"{release}: {error}"]
        print(f"{release:9}{'amd64':7}" + "".join(f"{cell:>11}" for cell in cells), flush=True)
        faults += wrong
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
