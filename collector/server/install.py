"""`sinyal-collector install`: a complete server on Debian: Mosquitto, InfluxDB, certificates, services, the door to phones.

Running it again changes nothing that is right already, and never a file that a person edits. With --root everything is written
below another folder and no program is started: an image can be prepared so, and the tests look at it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from contextlib import closing
from pathlib import Path

import requests

from collector.agreement.agreement import FILE as AGREEMENT
from collector.agreement.agreement import Agreement
from collector.agreement.first import first_of_office, has_office, told
from collector.agreement.people import People
from collector.config import load
from collector.enrol.ca import Authority
from collector.enrol.server_pairs import init_ca
from collector.server.broker_size import drop_in, sized
from collector.server.subject import ask
from collector.sites.sites import read_sites
from ground.install import Machine, Stage, machine_of, perform, trial
from ground.install import add_arguments as add_install_arguments
from ground.paths import ALERTS, COLLECTOR, COMMANDS, ETC, NGINX, PKI, PROGRAMS, STATE, UNITS, USER, shipped
from ground.words import Lang, Phrase, mark, phrase, tr

ABOUT = """\
Makes this machine a Sinyal server: Mosquitto and InfluxDB from Debian, user and folders, certificates, systemd services; then
tries it. Run as root on Debian 12 or newer, from the venv that shall run the services (/opt/sinyal). May be run again at any
time: after an upgrade it brings broker rules and services up to date, and leaves collector.toml, sites.csv and the other files
that you edit as they are.

  sudo /opt/sinyal/bin/sinyal-collector install --host sinyal.example.go.id
  sudo sinyal-collector install --host sinyal.example.go.id --public sinyal.example.go.id   # the live page for everybody
  sinyal-collector install --host sinyal.example.go.id --dry-run         # only says what it would do
  sinyal-collector install --host sinyal.example.go.id --root /tmp/look  # writes below a folder, starts nothing

--host is the name under which halls reach this server: TCP port 8883 must be open to them, and nothing else. With --public nginx
shows the live page under that name with TLS, limits and a short cache: TCP ports 443 and 80 must be open then.

exit: 0 done, and it works; 1 a step failed, or something does not work yet (it is named with its cure); 2 bad usage
"""
PACKAGES = {"mosquitto": "mosquitto", "influxd": "influxdb"}
"""Program -> package of Debian."""
PACKAGED = Path("/usr")
"""Where the program runs from Debian's package; user and services come with it then."""
SERVICES = (
    "sinyal-collector.service",
    "sinyal-watch.service",
    "sinyal-dashboards.service",
    "sinyal-fleet.timer",
    "sinyal-doctor.timer",
    "sinyal-backup.timer",
    "sinyal-archive.timer",
    "sinyal-renew.timer",
    "sinyal-rollout.timer",
    "sinyal-federate.timer",
    "sinyal-federation.service",
)
UNIT_FILES = (
    *SERVICES,
    *("sinyal-fleet.service", "sinyal-doctor.service", "sinyal-backup.service", "sinyal-archive.service", "sinyal-renew.service"),
    "sinyal-rollout.service",
    "sinyal-federate.service",
)
EDITED = ("sites.csv", "classes.toml", "alerts.toml", "needs.toml", "kutim_context.csv", "letterhead.toml")
"""Files that a person edits; they are put there once."""
START_S = 90.0
SYSCTL = "/etc/sysctl.d/60-sinyal-server.conf"
HELD = "/var/www/sinyal"
"""Where certbot puts its proof."""


class Installation:
    """The stages, in their order."""

    def __init__(self, machine: Machine, hosts: list[str], public: str | None, lang: Lang) -> None:
        self._machine, self._hosts, self._public, self._lang = machine, hosts, public, lang
        self._touched: set[str] = set()

    def stages(self) -> list[Stage]:
        """Return the stages with their names."""
        stages = [
            (mark("packages"), self._packages),
            (mark("configuration"), self._configuration),
            (mark("certificates"), self._certificates),
            (mark("services"), self._services),
            (mark("trial"), self._trial),
        ]
        return stages if self._public is None else [*stages[:4], (mark("live page"), self._door), stages[4]]

    def _file(self, path: str | Path, content: bytes, mode: int = 0o644, user: str = "root", group: str = "root") -> None:
        if self._machine.file(path, content, mode, user, group):
            self._touched.add(str(path))

    def _packages(self) -> Phrase:
        machine = self._machine
        wanted = PACKAGES | ({"nginx": "nginx"} if self._public else {})
        names = ", ".join(wanted.values())
        missing = [package for name, package in wanted.items() if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")]
        if missing and machine.live:
            machine.command("apt-get", "update")
            machine.command("apt-get", "install", "--yes", "--no-install-recommends", *missing)
        if machine.live and machine.account("passwd", USER) is None:
            machine.command(
                *("useradd", "--system", "--user-group", "--home-dir", str(STATE)),
                *("--no-create-home", "--shell", "/usr/sbin/nologin", USER),
            )
        prefix = Path(sys.prefix)
        if prefix == PACKAGED:
            return phrase("{names}; the user {user}; the programs in {path}", names=names, user=USER, path=str(PACKAGED / "bin"))
        if machine.live and prefix.is_relative_to(PROGRAMS):
            machine.readable(prefix)
        for name in ("sinyal-collector", "sinyal-dashboards"):
            if (prefix / "bin" / name).exists():
                machine.link(COMMANDS / name, prefix / "bin" / name)
                if machine.live:
                    machine.command(str(prefix / "bin" / name), "manual")
        return phrase("{names}; the user {user}; the programs in {path}", names=names, user=USER, path=str(COMMANDS))

    def _configuration(self) -> Phrase:
        machine, source, before = self._machine, shipped(), len(self._machine.done)
        machine.folder(ETC, 0o751, group=USER)  # the broker's user passes through to pki, and reads nothing here
        machine.folder(STATE, 0o750, USER, USER)
        text = (source / "collector.example.toml").read_text(encoding="utf-8")
        # A service may write below /var/lib/sinyal only.
        text = text.replace('# folder = "rejected" ', f'folder = "{STATE}/rejected" ', 1)
        machine.file(COLLECTOR, text.encode(), 0o640, group=USER, once=True)
        for name in EDITED:
            machine.file(ETC / name, (source / name).read_bytes(), once=True)
        if machine.kept:
            return phrase("{n} files in {path} are kept as you edited them", n=len(machine.kept), path=str(ETC))
        return phrase("{n} files are new in {path}", n=len(machine.done) - before, path=str(ETC))

    def _certificates(self) -> Phrase:
        machine = self._machine

        def say(text: str) -> None:
            machine.change(text, lambda: None)
            self._touched.add(str(PKI))

        if not machine.dry:
            init_ca(machine.at(PKI), self._hosts, say, self._lang)
        return phrase("for {names}; keep a copy of {path} in a safe place", names=", ".join(self._hosts), path=str(PKI))

    def _services(self) -> Phrase:
        machine, source = self._machine, shipped()
        register = machine.at(ETC / "sites.csv")
        halls = len(read_sites(register if register.exists() else source / "sites.csv"))
        self._file("/etc/mosquitto/conf.d/sinyal.conf", sized((source / "mosquitto.conf").read_text("utf-8"), halls).encode())
        if files := drop_in(halls):
            self._file("/etc/systemd/system/mosquitto.service.d/sinyal.conf", files.encode())
        # Mosquitto warns of a list that is not wholly its own user's, and says that later versions refuse it.
        self._file("/etc/mosquitto/sinyal.acl", (source / "mosquitto.acl").read_bytes(), 0o600, "mosquitto", "mosquitto")
        self._file("/etc/systemd/system/influxdb.service.d/sinyal.conf", (source / "systemd/influxdb.drop-in").read_bytes())
        self._file(SYSCTL, (source / "systemd/sinyal-server.sysctl").read_bytes())
        for name in () if Path(sys.prefix) == PACKAGED else UNIT_FILES:
            text = (source / "systemd" / name).read_text(encoding="utf-8").replace("/opt/sinyal/bin/", f"{sys.prefix}/bin/")
            self._file(UNITS / name, text.encode())
        if not machine.live:
            return phrase("start with the next boot, after: systemctl enable --now {names}", names=" ".join(SERVICES))
        machine.command("systemctl", "daemon-reload")
        if SYSCTL in self._touched:
            machine.reload("sysctl", "--quiet", f"--load={SYSCTL}")
        machine.command("systemctl", "enable", *PACKAGES.values(), *SERVICES)
        # A broker or database that runs well is not disturbed; our own services take the new program.
        for name, places in (
            ("mosquitto", ("/etc/mosquitto", "/etc/systemd/system/mosquitto", str(PKI))),
            ("influxdb", ("/etc/systemd/system/influxdb",)),
        ):
            touched = any(path.startswith(places) for path in self._touched)
            machine.command("systemctl", "restart" if touched else "start", name)
        machine.command("systemctl", "restart", *SERVICES)
        return phrase("mosquitto, influxdb, {names}", names=", ".join(name.partition(".")[0] for name in SERVICES))

    def _door(self) -> Phrase:
        """Show the live page to everybody: nginx with TLS, limits and a cache in front."""
        machine, name = self._machine, self._public or ""
        trusted = machine.at(f"/etc/letsencrypt/live/{name}")
        if trusted.is_dir():
            cert, key = f"/etc/letsencrypt/live/{name}/fullchain.pem", f"/etc/letsencrypt/live/{name}/privkey.pem"
        else:
            cert, key = str(ETC / "public" / f"{name}.crt"), str(ETC / "public" / f"{name}.key")
            machine.folder(ETC / "public", 0o700)
            if not machine.dry and not machine.at(cert).exists():
                pair = Authority.load(machine.at(PKI)).server([name])
                machine.file(cert, pair.cert_pem)
                machine.file(key, pair.key_pem, 0o600)
            how = f"sudo apt-get install certbot; sudo certbot certonly --webroot -w {HELD} -d {name}"
            note = phrase("phones warn of the certificate until it is a public one: {how}; then this command again", how=how)
            machine.notes.append(note)
        text = (shipped() / "nginx.conf").read_text(encoding="utf-8")
        for place, value in (("@NAME@", name), ("@CERT@", cert), ("@KEY@", key)):
            text = text.replace(place, value)
        machine.folder(HELD, 0o755)
        self._file(NGINX, text.encode())
        machine.link("/etc/nginx/sites-enabled/sinyal", NGINX)
        if machine.live:
            machine.command("nginx", "-t")
            machine.command("systemctl", "enable", "nginx")
            machine.command("systemctl", "restart", "nginx")
        return phrase("https://{name}/ for everybody; open TCP ports 443 and 80", name=name)

    def _trial(self) -> Phrase:
        """Wait until the collector works, then examine everything as the user of the services."""
        if self._machine.live and not self._machine.dry:
            wait_until_works(START_S)
        place = PACKAGED / "bin" if Path(sys.prefix) == PACKAGED else COMMANDS
        return trial(self._machine, place / "sinyal-collector", USER, self._lang)


def wait_until_works(longest_s: float) -> None:
    """Wait until the collector that was just started says that all its parts work, or the time is over. Raises ConfigError."""
    http = load(COLLECTOR).http
    end = time.monotonic() + longest_s
    while time.monotonic() < end:
        try:
            if ask(f"http://{http.host}:{http.port}/healthz").status_code == 200:
                return
        except requests.RequestException:
            pass  # it starts
        time.sleep(0.5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `install`."""
    add_install_arguments(parser, ABOUT)
    parser.add_argument(
        "--host", action="append", required=True, metavar="NAME", help="name or address of the server; repeatable"
    )
    parser.add_argument("--public", metavar="NAME", help="show the live page to everybody under this name, with TLS by nginx")


def run(args: argparse.Namespace) -> int:
    """Do `install`; return the exit code."""
    machine = machine_of(args)
    if not perform(machine, Installation(machine, args.host, args.public, args.lang).stages(), args.lang):
        return 1
    sites, alerts = str(machine.at(ETC / "sites.csv")), str(machine.at(ALERTS))
    print(tr("Next: open TCP port 8883 to the halls; look at {sites} and {alerts};", args.lang, sites=sites, alerts=alerts))
    print(tr("then for each hall: sudo sinyal-collector enroll SITE", args.lang))
    if machine.live and not machine.dry:
        _first_of_office(args.lang)
    return 0


def _first_of_office(lang: Lang) -> None:
    """Make the first who can sign in to the office's page, where there is nobody yet; a password goes to a terminal only."""
    with closing(Agreement(STATE / AGREEMENT, read_sites(ETC / "sites.csv"))) as agreement:
        if has_office(agreement.state()):
            return
        if sys.stdout.isatty():
            print(told(*first_of_office(agreement, People(STATE / AGREEMENT), time.time_ns() // 1_000_000), lang))
        else:
            print(tr("then in a terminal: sudo sinyal-collector agreement admin (the first who can sign in at /office)", lang))
