"""`sinyal-agent detect`: find modems, say which port answers AT and who holds it, print the config section to paste."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from agent.modems.family import Family
from agent.modems.registry import FAMILIES
from agent.poll.session import Session
from agent.port import usb
from agent.port.link import Link, LinkBusy, LinkError
from ground.durable import write_durably
from ground.words import Lang, Said, add_lang, mark, ntr, phrase, said, tr

RULES = Path("etc/udev/rules.d/78-sinyal-ports.rules")
RULE = (
    'SUBSYSTEM=="tty", ENV{{ID_VENDOR_ID}}=="{vid}", ENV{{ID_MODEL_ID}}=="{pid}", ENV{{ID_USB_INTERFACE_NUM}}=="{interface}", '
    'ENV{{ID_MM_PORT_IGNORE}}="1"'
)
"""Keeps ModemManager from one port; it goes on with the others of the modem, and so with an uplink that it carries."""
WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One USB device that may be a modem, its ports with the likeliest AT port first."""

    name: str
    vid_pid: str
    family: Family | None
    ports: tuple[usb.UsbPort, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A port that answered AT: its path for the config, what the modem says of itself, and its family."""

    path: str
    identity: str
    family: str
    rule: str = ""
    """The udev rule for the port, for a USB modem."""


def candidates(root: Path = usb.ROOT, *, everything: bool = False) -> list[Candidate]:
    """Return the USB devices worth asking: known USB ids, and unknown devices with several ttys, as only modems have.

    `everything` adds unknown devices with one tty; opening those may reset them (Arduino boards restart on DTR).
    """
    found = []
    for _, group in groupby(usb.ports(root), key=lambda port: port.device):
        ports = list(group)
        family, interface = known_as(ports[0].vid_pid)
        if family or len(ports) > 1 or everything:
            likely = sorted(ports, key=lambda p: not _is_at(p, interface))
            found.append(Candidate(ports[0].product or ports[0].vid_pid, ports[0].vid_pid, family, tuple(likely)))
    return found


def known_as(vid_pid: str) -> tuple[Family | None, str]:
    """Return family and AT interface of a USB id; the exact id wins over `vid:*`; (None, "") when no family knows it."""
    vid = vid_pid.partition(":")[0]
    for wanted in (vid_pid, f"{vid}:*"):
        for family in FAMILIES:
            if wanted in family.usb:
                return family, family.usb[wanted]
    return None, ""


def _is_at(port: usb.UsbPort, interface: str) -> bool:
    if len(interface) == 2 and interface.isalnum():
        return port.interface == interface
    # Huawei: not a number but the protocol of a vendor-specific interface marks the AT port.
    return port.kind.split("/")[-1] in ("02", "12")


def ask(port: str, *, baud: int = 115200) -> Answer:
    """Open a port and ask who is there. Raises LinkError: busy, gone, or not an AT port."""
    with Link(port, baud=baud) as link:
        session = Session(link, timeout_s=WAIT_S)
        session.prepare()
        return Answer(port, session.identity, session.family.name if session.family else "generic")


def examine(candidate: Candidate, root: Path) -> tuple[Answer | None, list[Said]]:
    """Ask the ports of a device in turn. Returns the first answer and a remark for each port that gave none."""
    remarks: list[Said] = []
    for port in candidate.ports:
        try:
            answer = ask(str(root / "dev" / port.tty))
        except LinkBusy as error:
            rule = phrase("rule for {file}, then replug: {rule}", file=str(root / RULES), rule=rule_of(port))
            return None, [*remarks, error, rule]
        except LinkError as error:
            where = {"interface": port.interface, "port": port.tty}
            remarks.append(phrase("interface {interface} ({port}): {error}", **where, error=error))
        else:
            return Answer(port.link, answer.identity, answer.family, rule_of(port)), remarks
    return None, remarks


def rule_of(port: usb.UsbPort) -> str:
    """Return the udev rule that keeps ModemManager from a port."""
    vid, pid = port.vid_pid.split(":")
    return RULE.format(vid=vid, pid=pid, interface=port.interface)


def likely_rules(root: Path) -> list[str]:
    """Return the rules for the likeliest AT port of every known modem here, also of one that is busy."""
    return [rule_of(candidate.ports[0]) for candidate in candidates(root) if candidate.family]


def write_rules(root: Path, rules: Sequence[str], lang: Lang) -> int:
    """Write the rules file. Returns 0, or 2 with the reason on standard error."""
    path = root / RULES
    text = "".join(f"{line}\n" for line in ("# Written by `sinyal-agent detect --write-udev`.", *rules))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, text.encode())
    except OSError as error:
        told = tr("{file} cannot be written ({error}); run it with sudo", lang, file=str(path), error=str(error.strerror))
        print(told, file=sys.stderr)
        return 2
    told = ntr("{n} port", "{n} ports", len(rules), lang)
    then = tr("now `sudo udevadm control --reload`, then replug the modems or restart", lang)
    print(f"{path}: {told}; {then}", file=sys.stderr)
    return 0


def section(number: int, answer: Answer) -> str:
    """Return the [[modem]] section for a port that answered."""
    lines = [f"# {answer.identity}", "[[modem]]", f'name = "{answer.family}-{number}"', f'port = "{answer.path}"']
    return "\n".join([*lines, f'family = "{answer.family}"'])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-agent detect`."""
    add_lang(parser, village=True)
    parser.description = "Find modems on this machine and print the [[modem]] sections for agent.toml. Restarts nothing."
    parser.epilog = (
        "examples:\n  sinyal-agent detect\n  sudo sinyal-agent detect --write-udev     keep ModemManager from the AT ports\n"
        "  sinyal-agent detect --port /dev/serial0     a HAT on the UART\n"
        "  sinyal-agent detect >> /etc/sinyal/agent.toml\n\n"
        "exit status: 0 a modem answered, 2 the rules cannot be written, 3 no modem answered (reasons on stderr)"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", action="append", default=[], metavar="P", help="ask this port too (UART or socket://host:port)")
    parser.add_argument("--baud", type=int, default=115200, help="speed for --port, bit/s (default 115200)")
    parser.add_argument("--all", action="store_true", help="ask unknown devices with one port too (restarts some boards)")
    parser.add_argument("--write-udev", action="store_true", help=f"write /{RULES} for the AT ports found")
    parser.add_argument("--root", type=Path, default=usb.ROOT, metavar="DIR", help="where sys and dev are (default /)")


NOTHING = mark("no modem answered; is it plugged in and powered? `lsusb` shows USB devices, --port asks a UART")


def detect_main(args: argparse.Namespace) -> int:
    """Run `sinyal-agent detect`. Returns 0 when a modem answered, 2 when the rules cannot be written, else 3."""
    answers = list(_answers(args))
    print("\n\n".join(section(n, answer) for n, answer in enumerate(answers, 1)), end="\n" if answers else "")
    if not answers:
        print(tr(NOTHING, args.lang), file=sys.stderr)
    if args.write_udev:
        rules = dict.fromkeys([*(answer.rule for answer in answers if answer.rule), *likely_rules(args.root)])
        if write_rules(args.root, list(rules), args.lang):
            return 2
    return 0 if answers else 3


def _answers(args: argparse.Namespace) -> Iterator[Answer]:
    for candidate in candidates(args.root, everything=args.all):
        ports = ntr("{n} port", "{n} ports", len(candidate.ports), args.lang)
        print(f"{candidate.name} ({candidate.vid_pid}), {ports}", file=sys.stderr)
        answer, remarks = examine(candidate, args.root)
        for remark in remarks:
            print(f"  {said(remark, args.lang)}", file=sys.stderr)
        if answer:
            yield answer
    for port in args.port:
        try:
            yield ask(port, baud=args.baud)
        except LinkError as error:
            print(error.word(args.lang), file=sys.stderr)
