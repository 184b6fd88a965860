"""Fleet updates of a hall of the Debian package: `python -m tests.debrollouts --base ROOT --debs DIR`. Needs root.

ROOT is a clean root as `python -m scripts.debmatrix --roots DIR` leaves it, DIR what `python -m scripts.deb` left in build/deb;
the hall is an overlay of the root that goes with this. A real Mosquitto and collector, the package installed by apt, its agent as
the package's user. What systemd does (restart, path unit) is a stand-in; the quiet hours and the waits of the packages that are
tried are short. Prints each act and what runs after it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

from collector.server import rings
from ground import pack
from lab.servers import wait_for
from scripts.debmatrix import as_version
from scripts.debroots import over, sh
from tests.rollouts import CONFIG, Regency, Village

QUICK = {
    "agent/host/trial.py": ("CONFIRM_S = 1200.0", "CONFIRM_S = 20.0"),
    "agent/uplink/wanted.py": ("minute // 60 in QUIET_H and minute >= self._begins", "True"),
}
"""Nights and waits are not waited for."""
BAD = {"agent/uplink/publisher.py": ("def _send(self) -> bool:\n", "def _send(self) -> bool:\n        return True\n")}
"""It connects, and never sends a frame."""
SYSTEMCTL = """\
#!/bin/sh
# What the program asks of systemd, without systemd.
case "$*" in
    "restart sinyal-agent.service") kill $(cat /run/sinyal-agent.pid) ;;
    "start sinyal-update.service") setsid /opt/sinyal/previous/bin/sinyal-agent update --watch >>/var/log/update.log 2>&1 & ;;
    *) exit 1 ;;
esac
"""


class Packaged(Village):
    """A hall whose program is a Debian package in a root."""

    def __init__(self, home: Path, site: str, port: int, key: bytes, *, root: Path, first: list[str]) -> None:
        self.root, self._first = root, first
        super().__init__(home, site, port, key)

    def _set_up(self, port: int, key: bytes) -> None:
        self.apt("install", *self._first)
        etc, stand_in = self.root / "etc/sinyal", self.root / "usr/local/bin/systemctl"
        quick = CONFIG.format(site=self.site, data="/var/lib/sinyal", port=port)
        (etc / "agent.toml").write_text(quick)
        (etc / "update.pub").write_bytes(key)
        (etc / "ca.crt").touch()
        stand_in.write_text(SYSTEMCTL)
        stand_in.chmod(0o755)
        (self.home / "data").symlink_to(self.root / "var/lib/sinyal")  # where the wish is looked for

    def apt(self, *words: str) -> None:
        """Run apt-get in the hall."""
        sh("apt-get", "-y", "-q", "--no-install-recommends", "--allow-downgrades", *words, root=self.root)

    def _command(self, *argv: str) -> list[str]:
        user = ["setpriv", "--reuid=sinyal", "--regid=sinyal", "--init-groups"] if argv[0] == "run" else []
        return ["chroot", str(self.root), *user, "/usr/bin/sinyal-agent", *argv]

    def _start(self, *argv: str) -> subprocess.Popen[bytes]:
        agent = super()._start(*argv)
        if argv[0] == "run":
            (self.root / "run/sinyal-agent.pid").write_text(str(agent.pid))
        return agent

    @property
    def runs(self) -> str:
        """Which version is in force, and where it is."""
        home = (self.root / "opt/sinyal/current").readlink()
        info = next((self.root / str(home).lstrip("/") / "share/sinyal-agent").glob("sinyal-*.dist-info"))
        return f"{info.name.removeprefix('sinyal-').removesuffix('.dist-info')} in {home}"

    def restart(self) -> None:
        """Restart the agent, as dpkg has systemd do it."""
        if self._agent is not None:
            self._agent.terminate()


class Acts:
    """What is done with one hall, one after the other; each says what runs after it, and is an error where that is another."""

    def __init__(self, regency: Regency, debs: dict[str, Path]) -> None:
        self._regency, self._debs = regency, debs
        hall = regency.halls[0]
        assert isinstance(hall, Packaged)
        self._hall = hall
        self.wrong = 0

    def _is(self, act: str, want: str) -> None:
        now = self._hall.runs
        self.wrong += now != want
        print(f"{act:<62} {now}" + ("" if now == want else f"  WRONG, not {want}"), flush=True)

    def reports(self, version: str) -> None:
        """Wait until the server has a sample of this version."""
        store = self._regency.collector.store
        wait_for(lambda: any(row.get("agent_version") == version for row in store.latest("device")), f"{version} to report", 120)

    def fleet(self, new: str, old: str, want: str, *, stops: bool = False) -> None:
        """Bring a version by a pack of two packages."""
        content = pack.make(self._debs[old].read_bytes(), self._debs[new].read_bytes())
        address = self._regency.put(f"sinyal-{new}+deb-from-{old}+deb.pack", content)
        self._regency.fleet_update(address)
        end = self._regency.look_until_it_ends()
        self.wrong += end.stopped is not stops
        self._is(f"fleet update {old} -> {new} ({len(content):,} bytes): {'stopped' if end.stopped else 'went through'}", want)

    def apt(self, version: str, want: str, what: str) -> None:
        """Put the package of a version over what is there."""
        self._hall.apt("install", f"/debs/{self._debs[version].name}")
        self._hall.restart()
        self._is(f"apt-get install {version}: {what}", want)
        self.reports(want.partition(" ")[0])

    def all(self) -> None:
        """Do them all."""
        package = "/usr"
        self._is("apt-get install 0.1.0", f"0.1.0+deb in {package}")
        self.fleet("0.2.0", "0.1.0", f"0.1.0+deb in {package}", stops=True)
        self.fleet("0.3.0", "0.1.0", "0.3.0+deb in /opt/sinyal/0.3.0+deb")
        self.fleet("0.4.0", "0.3.0", "0.4.0+deb in /opt/sinyal/0.4.0+deb")
        self.fleet("0.5.0", "0.4.0", "0.4.0+deb in /opt/sinyal/0.4.0+deb", stops=True)
        self.apt("0.3.0", "0.4.0+deb in /opt/sinyal/0.4.0+deb", "what the fleet brought is newer, and stays")
        self.apt("0.6.0", f"0.6.0+deb in {package}", "it is newer, and wins")
        self.apt("0.1.0", f"0.1.0+deb in {package}", "put back by hand")
        self.fleet("0.3.0", "0.1.0", "0.3.0+deb in /opt/sinyal/0.3.0+deb")
        self._hall.end()
        self._hall.apt("purge", "sinyal-agent")
        left = [path for path in ("/opt/sinyal", "/usr/bin/sinyal-agent", "/etc/sinyal/agent.toml") if self._there(path)]
        kept = self._there("/var/lib/sinyal/spool.db")
        self.wrong += bool(left) or not kept
        print(f"{'apt-get purge':<62} left: {left or 'nothing'}; readings: {'there' if kept else 'GONE'}", flush=True)

    def _there(self, path: str) -> bool:
        place = self._hall.root / path.lstrip("/")
        return place.exists() or place.is_symlink()


@contextmanager
def hall(base: Path, debs: Path) -> Iterator[tuple[Path, dict[str, Path], list[str]]]:
    """Yield a root with the packages of all versions in /debs, those packages, and what is installed first."""
    agent, libs = next(debs.glob("sinyal-agent_*.deb")), next(debs.glob("sinyal-agent-libs_*.deb"))
    with over(base) as root:
        place = root / "debs"
        place.mkdir()
        (place / libs.name).write_bytes(libs.read_bytes())
        made = {}
        for version in ("0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0"):
            print(f"packing {version}{', which never sends a frame' if version in ('0.2.0', '0.5.0') else ''}", flush=True)
            made[version] = as_version(agent, version, place, QUICK | (BAD if version in ("0.2.0", "0.5.0") else {}))
        yield root, made, [f"/debs/{made['0.1.0'].name}", f"/debs/{libs.name}"]


def main() -> int:
    """Do all acts; exit 0 when after each of them that version runs that must."""
    parser = argparse.ArgumentParser(prog="python -m tests.debrollouts", description=main.__doc__)
    parser.add_argument("--base", type=Path, required=True, metavar="ROOT")
    parser.add_argument("--debs", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sinyal-debrollout-") as name,
        hall(args.base, args.debs) as (root, debs, first),
        Regency(Path(name), 1, partial(Packaged, root=root, first=first)) as regency,
        mock.patch.object(rings, "SOAK_MS", 5000),  # what a bad version measured comes after it is gone, under its name
    ):
        acts = Acts(regency, debs)
        acts.all()
        return 1 if acts.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
