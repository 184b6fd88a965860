"""`sinyal-agent install BUNDLE`: makes a Raspberry Pi the hall of its bundle. Each step looks first, so running it again is safe.

`--root DIR` does the same below another folder (an SD card that is mounted, an image, a test); nothing is started there then.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from agent.config import load
from agent.errors import ConfigError
from agent.host import detect, system_files, versions
from agent.host.bundle import Bundle, read_bundle
from agent.host.system import Host, InstallError
from agent.modems.registry import FAMILIES
from ground.durable import link_durably

USER = "sinyal"
INSTALLED = "/var/lib/sinyal/agent.toml.installed"
"""SHA-256 of the agent.toml that the last install wrote: another one was edited by a person, and is kept (as dpkg does)."""
ABOUT = """\
Sets this Raspberry Pi up as the hall of its bundle: user, certificates, configuration, service, log limits. Run as root.

  sudo sinyal-agent install 6408012001.sinyal             running it again is safe
  sudo sinyal-agent install 6408012001.sinyal --dry-run   say what would be done, do nothing
  sudo sinyal-agent install 6408012001.sinyal --root /mnt prepare a card that is mounted there

An agent.toml that was edited here is kept; the bundle's is put beside it as agent.toml.new.

exit: 0 installed; 1 a step failed (it is named; run it again after curing it); 2 bad usage or bundle, or this Pi is another site
"""


def refuse_other_site(host: Host, bundle: Bundle) -> None:
    """Stop where readings of another site may wait: they would be sent under the new name. Raises ConfigError."""
    there = host.at("/etc/sinyal/agent.toml")
    if not there.is_file():
        return
    try:
        site = load(there).agent.site
    except ConfigError:
        return  # unreadable: the file of the bundle is put beside it, and the note says so
    if site != bundle.site and host.at("/var/lib/sinyal/spool.db").exists():
        raise ConfigError(
            f"this Pi is {site} and holds its readings, the bundle is of {bundle.site}; save them with "
            "`sinyal-agent export DIR`, then remove /var/lib/sinyal and /etc/sinyal, and install again"
        )


def install(bundle: Bundle, host: Host) -> None:
    """Do all steps. Raises InstallError naming the one that failed, ConfigError when this Pi is another site."""
    refuse_other_site(host, bundle)
    if bundle.expires < datetime.now(UTC):
        host.notes.append(f"the certificate ended on {bundle.expires:%Y-%m-%d}; have a new bundle made")
    _account(host)
    host.folder("/etc/sinyal", 0o755, "root", "root")
    host.folder("/var/lib/sinyal", 0o755, USER, USER)
    for name, mode, group in (("ca.crt", 0o644, "root"), ("agent.crt", 0o644, "root"), ("agent.key", 0o640, USER)):
        host.file(f"/etc/sinyal/{name}", bundle.files[name], mode=mode, group=group)
    if "update.pub" in bundle.files:
        host.file("/etc/sinyal/update.pub", bundle.files["update.pub"])
    _settings(host, bundle)
    _program(host, bundle)
    _system(host)
    _start(host)


def _account(host: Host) -> None:
    host.file("/etc/sysusers.d/sinyal.conf", system_files.SYSUSERS.encode())
    if host.account("passwd", USER) is not None:
        return
    if os.geteuid() != 0 and not host.dry:
        host.notes.append(f"user {USER}: not made, as this is not run by root; `systemd-sysusers` makes it there")
    else:
        host.command("systemd-sysusers", f"--root={host.root}", "sinyal.conf")


def _settings(host: Host, bundle: Bundle) -> None:
    """Put agent.toml there; one that a person edited is kept, as dpkg does with conffiles."""
    place, record = host.at("/etc/sinyal/agent.toml"), host.at(INSTALLED)
    content = bundle.files["agent.toml"]
    if not bundle.config.modem:
        content += _detected(host, place)
    digest = hashlib.sha256(content).hexdigest().encode()
    there = hashlib.sha256(place.read_bytes()).hexdigest().encode() if place.is_file() else None
    ours = record.read_bytes().strip() if record.is_file() else None
    if there is None or there in (ours, digest):
        host.file("/etc/sinyal/agent.toml", content)
        host.file(INSTALLED, digest + b"\n")
    elif ours != digest:
        host.file("/etc/sinyal/agent.toml.new", content)
        host.notes.append(f"{place} was edited here and is kept; the bundle's is agent.toml.new beside it")


def _detected(host: Host, place: Path) -> bytes:
    """Look for the modems where neither bundle nor hall names them; only on the machine that has them."""
    if place.is_file() or not host.live or host.dry:
        return b""
    found = [detect.examine(candidate, Path("/"))[0] for candidate in detect.candidates()]
    sections = [detect.section(n, answer) for n, answer in enumerate((a for a in found if a is not None), 1)]
    if not sections:
        host.notes.append("no modem answered; plug it in, then: sinyal-agent detect | sudo tee -a /etc/sinyal/agent.toml")
    return "".join(f"\n{section}\n" for section in sections).encode()


def _program(host: Host, bundle: Bundle) -> None:
    """Take the program from the bundle's wheels, or keep the one that runs now; `current` names it for the service."""
    host.folder("/opt/sinyal", 0o755, "root", "root")
    current, running = host.at("/opt/sinyal/current"), Path(sys.prefix)
    target = host.at("/opt/sinyal") / bundle.version
    own = any(name.startswith("sinyal-") for name in bundle.wheels)
    if not own or bundle.version == running.name:
        target = running
    elif not target.is_dir():
        host.change(f"{target}/: program {bundle.version}", lambda: _build(host, bundle))
    for name in ("current", "previous"):
        place = host.at(f"/opt/sinyal/{name}")
        if not place.is_symlink() or (name == "current" and own and current.resolve() != target.resolve()):
            host.change(f"{place} -> {target}", partial(link_durably, place, target))
    command = host.at("/usr/local/bin/sinyal-agent")
    if not command.is_symlink():
        host.change(str(command), lambda: _link_command(command))


def _build(host: Host, bundle: Bundle) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in bundle.wheels]
        for path in paths:
            path.write_bytes(bundle.wheels[path.name])
        versions.build(host.at("/opt/sinyal"), bundle.version, paths, Path(sys.prefix))


def _link_command(command: Path) -> None:
    command.parent.mkdir(parents=True, exist_ok=True)
    link_durably(command, Path("/opt/sinyal/current/bin/sinyal-agent"))


def _system(host: Host) -> None:
    """Write units, limits of the journal, right to ping, rules for modems; have the running system read what changed."""
    gid = host.account("group", USER)
    vendors = [usb.partition(":")[0] for family in FAMILIES for usb in family.usb]
    changed: dict[str, bool] = {}
    for path, text in _texts(gid, vendors):
        changed[path] = host.file(path, text.encode())
    if not host.live:
        return
    for path, argv in (
        ("/etc/systemd/journald.conf.d/60-sinyal.conf", ("systemctl", "restart", "systemd-journald.service")),
        ("/etc/sysctl.d/60-sinyal.conf", ("sysctl", "--quiet", "--load=/etc/sysctl.d/60-sinyal.conf")),
        ("/etc/udev/rules.d/77-sinyal.rules", ("udevadm", "control", "--reload")),
    ):
        if changed.get(path):
            host.reload(*argv)


def _texts(gid: int | None, vendors: list[str]) -> Iterator[tuple[str, str]]:
    yield "/etc/systemd/system/sinyal-agent.service", system_files.AGENT_UNIT
    yield "/etc/systemd/system/sinyal-update.service", system_files.UPDATE_UNIT
    yield "/etc/systemd/journald.conf.d/60-sinyal.conf", system_files.JOURNALD
    yield "/etc/udev/rules.d/77-sinyal.rules", system_files.udev_rules(vendors)
    if gid is not None:
        yield "/etc/sysctl.d/60-sinyal.conf", system_files.SYSCTL.format(gid=gid)


def _start(host: Host) -> None:
    units = ("sinyal-agent.service", "sinyal-update.service")
    if not host.live:
        missing = [u for u in units if not host.at(f"/etc/systemd/system/multi-user.target.wants/{u}").is_symlink()]
        if missing:
            host.command("systemctl", f"--root={host.root}", "enable", *missing)
    elif host.done:  # something changed
        host.command("systemctl", "daemon-reload")
        host.command("systemctl", "enable", *units)
        host.command("systemctl", "restart", units[0])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `install`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument(
        "bundle", type=Path, metavar="BUNDLE", help="SITE.sinyal, made on the server by `sinyal-collector enroll`"
    )
    parser.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help="set up the system below DIR (default: this one)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")


def run(args: argparse.Namespace) -> int:
    """Do `install`; return the exit code."""
    host = Host(args.root.resolve(), args.dry_run)
    if host.live and not host.dry and os.geteuid() != 0:
        raise ConfigError("install: needs root; run it with sudo")
    if not host.root.is_dir():
        raise ConfigError(f"--root: {host.root} is not a folder")
    bundle = read_bundle(args.bundle)
    code = 0
    try:
        install(bundle, host)
    except InstallError as error:
        print(f"FAILED {error}", file=sys.stderr)
        code = 1
    for line in host.done:
        print(("would do " if host.dry else "done ") + line)
    for line in dict.fromkeys(host.notes):
        print(f"note {line}")
    if code == 0:
        print(
            f"{bundle.site}: installed; ask how it is with: sinyal-agent status" if host.done else f"{bundle.site}: nothing to do"
        )
    return code
