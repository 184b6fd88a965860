"""`sinyal-collector install`: a complete server on Debian: Mosquitto, InfluxDB, certificates, services. Says what it does.

Running it again changes nothing that is right already, and never a file that a person edits. With --root everything is written
below another folder and no program is started: an image can be prepared so, and the tests look at it.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from collector.enrol.ca_command import init_ca
from collector.errors import CollectorError, ConfigError
from ground.durable import write_durably
from ground.paths import shipped

ABOUT = """\
Makes this machine a Sinyal server: Mosquitto and InfluxDB from Debian, user and folders, certificates, systemd services.
Run as root on Debian 12 or newer, from the venv that shall run the services (/opt/sinyal). Prints every step. May be run again
at any time: after an upgrade it brings broker rules and services up to date, and leaves collector.toml, sites.csv and the other
files that you edit as they are.

  sudo /opt/sinyal/bin/sinyal-collector install --host sinyal.example.go.id
  sinyal-collector install --host sinyal.example.go.id --dry-run         # only says what it would do
  sinyal-collector install --host sinyal.example.go.id --root /tmp/look  # writes below a folder, starts nothing

--host is the name under which halls reach this server (TCP port 8883 must be open to them, and nothing else).

exit: 0 done; 1 a step failed, run it again after curing it; 2 bad usage
"""
PACKAGES = ("mosquitto", "influxdb")
SERVICES = (
    "sinyal-collector.service",
    "sinyal-watch.service",
    "sinyal-dashboards.service",
    "sinyal-fleet.timer",
    "sinyal-backup.timer",
)
UNITS = (*SERVICES, "sinyal-fleet.service", "sinyal-backup.service")
EDITED = ("sites.csv", "classes.toml", "alerts.toml", "needs.toml", "kutim_context.csv")
"""Files that a person edits; they are put there once."""
INFLUX_DROP_IN = """\
# Sinyal: Debian's InfluxDB listens to the whole network and has no password; only programs of this machine may reach it.
[Service]
Environment=INFLUXDB_HTTP_BIND_ADDRESS=127.0.0.1:8086
Environment=INFLUXDB_BIND_ADDRESS=127.0.0.1:8088
Environment=INFLUXDB_REPORTING_DISABLED=true
Environment=INFLUXDB_HTTP_LOG_ENABLED=false
Environment=INFLUXDB_DATA_QUERY_LOG_ENABLED=false
"""


class StepFailedError(CollectorError):
    """A program that the installation needs ended badly; the text names it and its last words."""


@dataclass(slots=True)
class Steps:
    """Does the steps of an installation, or only tells them. `changed` collects the files that were written."""

    root: Path = Path("/")
    dry: bool = False
    changed: set[Path] = field(default_factory=set)

    def at(self, path: str) -> Path:
        """Return the place of a path below the root."""
        return self.root / path.lstrip("/")

    def folder(self, path: str, mode: int, user: str = "root", group: str = "root") -> None:
        """Make a folder with its rights."""
        place = self.at(path)
        if place.is_dir() and place.stat().st_mode & 0o7777 == mode:
            return
        self._say("made", path)
        if not self.dry:
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(mode)
            self._own(place, user, group)

    def file(
        self, path: str, content: bytes, mode: int = 0o644, user: str = "root", group: str = "root", *, once: bool = False
    ) -> None:
        """Write a file where it differs; `once`: not when there is one already."""
        place = self.at(path)
        if place.exists() and (once or place.read_bytes() == content):
            self._say("kept", path)
            return
        self._say("wrote", path)
        self.changed.add(Path(path))
        if not self.dry:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_durably(place, content, mode)
            self._own(place, user, group)

    def command(self, *argv: str) -> None:
        """Run a program; with another root, none. Raises StepFailedError."""
        live = self.root == Path("/")
        self._say("ran" if live else "left out, for another root:", " ".join(argv))
        if self.dry or not live:
            return
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise StepFailedError(f"{argv[0]}: {error}") from None
        if done.returncode != 0:
            raise StepFailedError(f"{' '.join(argv)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")

    def _say(self, what: str, of: str) -> None:
        print(f"{'(would) ' if self.dry else ''}{what} {of}")

    def _own(self, place: Path, user: str, group: str) -> None:
        if self.root == Path("/"):
            shutil.chown(place, user, group)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `install`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument(
        "--host", action="append", required=True, metavar="NAME", help="name or address of the server; repeatable"
    )
    parser.add_argument("--dry-run", action="store_true", help="say every step, do none")
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="write below DIR, start nothing; default: /")


def run(args: argparse.Namespace) -> int:
    """Do `install`; return the exit code."""
    root = args.root.resolve()
    if root == Path("/") and not args.dry_run and os.geteuid() != 0:
        raise ConfigError("install: needs root; put sudo before it, or look first with --dry-run")
    steps = Steps(root, args.dry_run)
    try:
        _system(steps)
        _configuration(steps)
        _certificates(steps, args.host)
        _broker(steps)
        _services(steps)
    except (StepFailedError, OSError) as error:
        print(f"install: {error}", file=sys.stderr)
        return 1
    print(
        f"next: look at {steps.at('/etc/sinyal/collector.toml')} and sites.csv; open TCP 8883 to the halls; "
        "copy /etc/sinyal/pki to a safe place; sinyal-collector enroll SITE"
    )
    return 0


def _system(steps: Steps) -> None:
    if missing := [name for name in PACKAGES if not shutil.which(_program(name), path="/usr/sbin:/usr/bin:/sbin:/bin")]:
        steps.command("apt-get", "update")
        steps.command("apt-get", "install", "--yes", "--no-install-recommends", *missing)
    if "sinyal" not in (user.pw_name for user in pwd.getpwall()):
        steps.command(
            *("useradd", "--system", "--user-group", "--home-dir", "/var/lib/sinyal"),
            *("--no-create-home", "--shell", "/usr/sbin/nologin", "sinyal"),
        )


def _program(package: str) -> str:
    return {"influxdb": "influxd"}.get(package, package)


def _configuration(steps: Steps) -> None:
    source = shipped()
    steps.folder("/etc/sinyal", 0o751, group="sinyal")  # the broker's user passes through to pki, and reads nothing here
    steps.folder("/var/lib/sinyal", 0o750, "sinyal", "sinyal")
    text = (source / "collector.example.toml").read_text(encoding="utf-8")
    # A service may write below /var/lib/sinyal only.
    text = text.replace('# folder = "rejected" ', 'folder = "/var/lib/sinyal/rejected" ', 1)
    steps.file("/etc/sinyal/collector.toml", text.encode(), 0o640, group="sinyal", once=True)
    for name in EDITED:
        steps.file(f"/etc/sinyal/{name}", (source / name).read_bytes(), 0o644, once=True)


def _certificates(steps: Steps, hosts: list[str]) -> None:
    if steps.dry:
        print(f"(would) make what is missing in /etc/sinyal/pki for {', '.join(hosts)}")
        return

    def say(text: str) -> None:
        print(text)
        steps.changed.add(Path("/etc/sinyal/pki"))

    init_ca(steps.at("/etc/sinyal/pki"), hosts, say)


def _broker(steps: Steps) -> None:
    source = shipped()
    steps.file("/etc/mosquitto/conf.d/sinyal.conf", (source / "mosquitto.conf").read_bytes())
    steps.file("/etc/mosquitto/sinyal.acl", (source / "mosquitto.acl").read_bytes(), 0o640, "root", "mosquitto")


def _services(steps: Steps) -> None:
    source = shipped() / "systemd"
    steps.file("/etc/systemd/system/influxdb.service.d/sinyal.conf", INFLUX_DROP_IN.encode())
    for name in UNITS:
        text = (source / name).read_text(encoding="utf-8").replace("/opt/sinyal/bin/", f"{sys.prefix}/bin/")
        steps.file(f"/etc/systemd/system/{name}", text.encode())
    steps.command("systemctl", "daemon-reload")
    steps.command("systemctl", "enable", *PACKAGES, *SERVICES)
    # A broker or database that runs well is not disturbed; our own services take the new program.
    steps.command("systemctl", "restart" if _touched(steps, "/etc/mosquitto", "/etc/sinyal/pki") else "start", "mosquitto")
    steps.command("systemctl", "restart" if _touched(steps, "/etc/systemd/system/influxdb.service.d") else "start", "influxdb")
    steps.command("systemctl", "restart", *SERVICES)


def _touched(steps: Steps, *folders: str) -> bool:
    return any(Path(folder) in (path, *path.parents) for folder in folders for path in steps.changed)
