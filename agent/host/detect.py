"""`sinyal-agent detect`: find modems, say which port answers AT and who holds it, print the config section to paste."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from agent.modems.family import Family
from agent.modems.registry import FAMILIES
from agent.poll.session import Session
from agent.port import usb
from agent.port.link import Link, LinkBusy, LinkError

RULE = (
    'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vid}", ATTR{{idProduct}}=="{pid}", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
    "  # in /etc/udev/rules.d/77-sinyal.rules, then replug"
)
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


def examine(candidate: Candidate, root: Path) -> tuple[Answer | None, list[str]]:
    """Ask the ports of a device in turn. Returns the first answer and a remark for each port that gave none."""
    remarks: list[str] = []
    for port in candidate.ports:
        try:
            answer = ask(str(root / "dev" / port.tty))
        except LinkBusy as error:
            vid, pid = candidate.vid_pid.split(":")
            return None, [*remarks, str(error), RULE.format(vid=vid, pid=pid)]
        except LinkError as error:
            remarks.append(f"interface {port.interface} ({port.tty}): {error}")
        else:
            return Answer(port.link, answer.identity, answer.family), remarks
    return None, remarks


def section(number: int, answer: Answer) -> str:
    """Return the [[modem]] section for a port that answered."""
    lines = [f"# {answer.identity}", "[[modem]]", f'name = "{answer.family}-{number}"', f'port = "{answer.path}"']
    return "\n".join([*lines, f'family = "{answer.family}"'])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-agent detect`."""
    parser.description = "Find modems on this machine and print the [[modem]] sections for agent.toml. Restarts nothing."
    parser.epilog = (
        "examples:\n  sinyal-agent detect\n  sinyal-agent detect --port /dev/serial0     a HAT on the UART\n"
        "  sinyal-agent detect >> /etc/sinyal/agent.toml\n\nexit status: 0 a modem answered, 3 none did (reasons on stderr)"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", action="append", default=[], metavar="P", help="ask this port too (UART or socket://host:port)")
    parser.add_argument("--baud", type=int, default=115200, help="speed for --port, bit/s (default 115200)")
    parser.add_argument("--all", action="store_true", help="ask unknown devices with one port too (restarts some boards)")
    parser.add_argument("--root", type=Path, default=usb.ROOT, metavar="DIR", help="where sys and dev are (default /)")


def detect_main(args: argparse.Namespace) -> int:
    """Run `sinyal-agent detect`. Returns 0 when a modem answered, else 3."""
    answers = list(_answers(args))
    print("\n\n".join(section(n, answer) for n, answer in enumerate(answers, 1)), end="\n" if answers else "")
    if not answers:
        print("no modem answered; is it plugged in and powered? `lsusb` shows USB devices, --port asks a UART", file=sys.stderr)
    return 0 if answers else 3


def _answers(args: argparse.Namespace) -> Iterator[Answer]:
    for candidate in candidates(args.root, everything=args.all):
        print(f"{candidate.name} ({candidate.vid_pid}), {len(candidate.ports)} ports", file=sys.stderr)
        answer, remarks = examine(candidate, args.root)
        for remark in remarks:
            print(f"  {remark}", file=sys.stderr)
        if answer:
            yield answer
    for port in args.port:
        try:
            yield ask(port, baud=args.baud)
        except LinkError as error:
            print(error, file=sys.stderr)
