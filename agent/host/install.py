"""`sinyal-agent install BUNDLE`: makes a Raspberry Pi the hall of its bundle. Each step looks first, so it may be run again.

`--root DIR` does the same below another folder (an SD card that is mounted, an image, a test); nothing is started there then.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent.config import load
from agent.errors import ConfigError
from agent.host import detect, packaged, versions
from agent.host.bundle import Bundle, read_bundle
from agent.host.state import read_state
from agent.host.udev_rules import udev_rules
from agent.modems.registry import FAMILIES
from ground.install import Machine, Stage, machine_of, perform, trial
from ground.install import add_arguments as add_install_arguments
from ground.paths import AGENT, COMMANDS, ETC, PROGRAMS, STATE, UNITS, USER, shipped
from ground.words import Lang, Phrase, mark, phrase, tr

INSTALLED = STATE / "agent.toml.installed"
"""SHA-256 of the agent.toml that the last install wrote: another one was edited by a person, and is kept (as dpkg does)."""
SERVICES = ("sinyal-agent.service", "sinyal-update.service", "sinyal-wanted.path")
PACKAGED = packaged.HOME / "bin/sinyal-agent"
"""Where Debian's package has the program: user, service and rules come with it then."""
FIRST_S = 90.0
"""Longest wait for the first reading: a Pi Zero needs half a minute to start, a modem a poll."""
ABOUT = """\
Sets this Raspberry Pi up as the hall of its bundle: user, certificates, configuration, service, log limits; then tries it.

  sudo sinyal-agent install 6408012001.sinyal             may be run again at any time
  sudo sinyal-agent install 6408012001.sinyal --dry-run   say what would be done, do nothing
  sudo sinyal-agent install 6408012001.sinyal --root /mnt prepare a card that is mounted there

An agent.toml that was edited here is kept; the bundle's is put beside it as agent.toml.new.

exit: 0 installed, and it works; 1 a step failed, or something does not work yet (it is named with its cure); 2 bad usage or
bundle, or this Pi is another site
"""


def refuse_other_site(host: Machine, bundle: Bundle) -> None:
    """Stop where readings of another site may wait: they would be sent under the new name. Raises ConfigError."""
    there = host.at(AGENT)
    if not there.is_file():
        return
    try:
        site = load(there).agent.site
    except ConfigError:
        return  # unreadable: the file of the bundle is put beside it, and the note says so
    if site != bundle.site and host.at(STATE / "spool.db").exists():
        raise ConfigError(
            f"this Pi is {site} and holds its readings, the bundle is of {bundle.site}; save them with "
            "`sinyal-agent export DIR`, then remove /var/lib/sinyal and /etc/sinyal, and install again"
        )


class Installation:
    """The stages, in their order."""

    def __init__(self, host: Machine, bundle: Bundle, lang: Lang) -> None:
        self._host, self._bundle, self._lang = host, bundle, lang
        self._found: list[str] = []
        self._packaged = host.at(PACKAGED).exists()

    def stages(self) -> list[Stage]:
        """Return the stages with their names."""
        return [
            (mark("program"), self._program),
            (mark("modems"), self._modems),
            (mark("configuration"), self._settings),
            (mark("service"), self._service),
            (mark("trial"), self._trial),
        ]

    def _program(self) -> Phrase:
        """Make the user and folders; take the program from the bundle's wheels, or keep the one that runs now."""
        host, bundle = self._host, self._bundle
        if self._packaged:
            if not host.at(PROGRAMS / "current").is_symlink():
                host.link(PROGRAMS / "current", packaged.HOME)
            return phrase("{path}, as the user {user}", path=str(PACKAGED), user=USER)
        _account(host)
        host.folder(ETC, 0o755)
        host.folder(STATE, 0o755, USER, USER)
        host.folder(PROGRAMS, 0o755)
        current, running = host.at(PROGRAMS / "current"), Path(sys.prefix)
        target = host.at(PROGRAMS) / bundle.version
        own = any(name.startswith("sinyal-") for name in bundle.wheels)
        if not own or bundle.version == running.name:
            target = running
        elif not target.is_dir():
            host.change(f"{target}/: program {bundle.version}", lambda: _build(host, bundle))
        if host.live and target.is_relative_to(PROGRAMS):
            host.readable(target)
        for name in ("current", "previous"):
            place = host.at(PROGRAMS / name)
            if not place.is_symlink() or (name == "current" and own and current.resolve() != target.resolve()):
                host.link(PROGRAMS / name, target)
        host.link(COMMANDS / "sinyal-agent", PROGRAMS / "current/bin/sinyal-agent")
        if host.live:
            host.command(str(target / "bin/sinyal-agent"), "manual")
        return phrase("{path}, as the user {user}", path=str(target), user=USER)

    def _modems(self) -> Phrase:
        """Look for the modems where neither bundle nor hall names them; only on the machine that has them."""
        host, bundle = self._host, self._bundle
        if bundle.config.modem:
            return phrase("{n} by the bundle", n=len(bundle.config.modem))
        if host.at(AGENT).is_file():
            return phrase("as {file} has them", file=str(host.at(AGENT)))
        if not host.live or host.dry:
            return phrase("left out, as this is not the running system")
        found = [detect.examine(candidate, Path("/"))[0] for candidate in detect.candidates()]
        answers = [answer for answer in found if answer is not None]
        self._found = [detect.section(number, answer) for number, answer in enumerate(answers, 1)]
        if not answers:
            return phrase("none answered; plug it in, then: sinyal-agent detect | sudo tee -a {file}", file=str(AGENT))
        return phrase("{n} found: {names}", n=len(answers), names=", ".join(answer.identity for answer in answers))

    def _settings(self) -> Phrase:
        """Write certificates and agent.toml; one that a person edited is kept, as dpkg does with conffiles."""
        host, bundle = self._host, self._bundle
        for name, mode, group in (("ca.crt", 0o644, "root"), ("agent.crt", 0o644, "root"), ("agent.key", 0o640, USER)):
            host.file(ETC / name, bundle.files[name], mode, group=group)
        if "update.pub" in bundle.files:
            host.file(ETC / "update.pub", bundle.files["update.pub"])
        if bundle.expires < datetime.now(UTC):
            host.notes.append(phrase("the certificate ended on {day}; have a new bundle made", day=bundle.expires.date()))
        place, record = host.at(AGENT), host.at(INSTALLED)
        content = bundle.files["agent.toml"] + "".join(f"\n{section}\n" for section in self._found).encode()
        digest = hashlib.sha256(content).hexdigest().encode()
        there = hashlib.sha256(place.read_bytes()).hexdigest().encode() if place.is_file() else None
        ours = record.read_bytes().strip() if record.is_file() else None
        if there is None or there in (ours, digest):
            host.file(AGENT, content)
            host.file(INSTALLED, digest + b"\n")
        elif ours != digest:
            host.file(AGENT.with_name("agent.toml.new"), content)
            kept = phrase("{file} was edited here and is kept; the bundle's is agent.toml.new beside it", file=str(place))
            host.notes.append(kept)
        return phrase("hall {site}, certificate until {day}", site=bundle.site, day=bundle.expires.date())

    def _service(self) -> Phrase:
        """Write units, limits of the journal, right to ping, rules for modems; have the system read what changed; start."""
        host = self._host
        changed = {} if self._packaged else {path: host.file(path, text.encode()) for path, text in _texts()}
        if not host.live:
            missing = [u for u in SERVICES if not host.at(UNITS / "multi-user.target.wants" / u).is_symlink()]
            if missing:
                host.command("systemctl", f"--root={host.root}", "enable", *missing)
            return phrase("starts with the next boot")
        for path, argv in (
            ("/etc/systemd/journald.conf.d/60-sinyal.conf", ("systemctl", "restart", "systemd-journald.service")),
            ("/etc/systemd/system.conf.d/60-sinyal.conf", ("systemctl", "daemon-reexec")),
            ("/etc/sysctl.d/60-sinyal.conf", ("sysctl", "--quiet", "--load=/etc/sysctl.d/60-sinyal.conf")),
            ("/etc/udev/rules.d/77-sinyal.rules", ("udevadm", "control", "--reload")),
        ):
            if changed.get(path):
                host.reload(*argv)
        if host.done:
            host.command("systemctl", "daemon-reload")
            host.command("systemctl", "enable", *SERVICES)
            host.command("systemctl", "restart", SERVICES[0], *SERVICES[2:])
        return phrase("sinyal-agent runs, and starts with the machine")

    def _trial(self) -> Phrase:
        """Wait for the first readings, then examine everything as the user of the service."""
        if self._host.live and not self._host.dry:
            wait_for_readings(load(AGENT).agent.status_path, FIRST_S)
        return trial(self._host, PACKAGED if self._packaged else COMMANDS / "sinyal-agent", USER, self._lang)


def wait_for_readings(path: Path, longest_s: float) -> None:
    """Wait until the agent that was just started has heard its modems and the server, or the time is over."""
    end = time.monotonic() + longest_s
    while time.monotonic() < end:
        state = read_state(path)
        if state is not None and state["last"] and state["connected"]:
            return
        time.sleep(0.5)


def _account(host: Machine) -> None:
    host.file("/etc/sysusers.d/sinyal.conf", (shipped() / "systemd/sinyal.sysusers").read_bytes())
    if host.account("passwd", USER) is not None:
        return
    if os.geteuid() != 0 and not host.dry:
        host.notes.append(
            phrase("the user {user} is not made, as this is not run by root; `systemd-sysusers` makes it", user=USER)
        )
    else:
        host.command("systemd-sysusers", f"--root={host.root}", "sinyal.conf")


def _build(host: Machine, bundle: Bundle) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in bundle.wheels]
        for path in paths:
            path.write_bytes(bundle.wheels[path.name])
        versions.build(host.at(PROGRAMS), bundle.version, paths, Path(sys.prefix))


def _texts() -> Iterator[tuple[str, str]]:
    source = shipped() / "systemd"
    for unit in (*SERVICES, "sinyal-wanted.service"):
        yield str(UNITS / unit), (source / unit).read_text(encoding="utf-8")
    yield "/etc/systemd/journald.conf.d/60-sinyal.conf", (source / "sinyal.journald").read_text(encoding="utf-8")
    yield "/etc/systemd/system.conf.d/60-sinyal.conf", (source / "sinyal.watchdog").read_text(encoding="utf-8")
    vendors = [usb.partition(":")[0] for family in FAMILIES for usb in family.usb]
    yield "/etc/udev/rules.d/77-sinyal.rules", udev_rules(vendors)
    yield "/etc/sysctl.d/60-sinyal.conf", (source / "sinyal.sysctl").read_text(encoding="utf-8")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `install`."""
    add_install_arguments(parser, ABOUT, village=True)
    parser.add_argument(
        "bundle", type=Path, metavar="BUNDLE", help="SITE.sinyal, made on the server by `sinyal-collector enroll`"
    )


def run(args: argparse.Namespace) -> int:
    """Do `install`; return the exit code."""
    host = machine_of(args)
    bundle = read_bundle(args.bundle)
    refuse_other_site(host, bundle)
    if not perform(host, Installation(host, bundle, args.lang).stages(), args.lang):
        return 1
    if not host.done:
        print(tr("{site}: nothing was to be done", args.lang, site=bundle.site))
    print(tr("How it is at any time: sinyal-agent status. What is wrong: sinyal-agent doctor", args.lang))
    return 0
