"""`sinyal-collector doctor`: is this server well, and if not, what to do."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from collector.server import checks, hall_checks, machine_checks
from collector.server.subject import Server
from ground import doctor
from ground.doctor import Check, Found, State
from ground.paths import ALERTS, add_config
from ground.words import mark

ABOUT = """\
Looks at everything that this server needs, and says for each fault what to do. It changes nothing.

  sudo sinyal-collector doctor             # as root it also sees rights and backups
  sinyal-collector doctor --json | jq '.[] | select(.state == "fault")'

exit: 0 all is well; 1 something is to be done; 2 bad usage
"""
HERE: list[Check[Server]] = [
    Check(mark("configuration"), checks.configuration),
    Check(mark("clock"), machine_checks.clock),
    Check(mark("backup"), machine_checks.backup),
]
"""What can be looked at whatever the configuration says."""
CONFIGURED: list[Check[Server]] = [
    Check(mark("rights"), machine_checks.rights),
    Check(mark("certificates"), checks.certificates),
    Check(mark("certificates of the halls"), checks.renewals),
    Check(mark("disk"), machine_checks.disk),
    Check(mark("broker"), checks.broker),
    Check(mark("database"), checks.database),
    Check(mark("collector"), checks.program),
    Check(mark("alerts"), checks.watch),
    Check(mark("channels"), checks.channels),
    Check(mark("live page"), checks.page),
    Check(mark("page for phones"), checks.door),
    Check(mark("halls"), hall_checks.silent),
    Check(mark("versions"), hall_checks.versions),
    Check(mark("queues"), hall_checks.queues),
]
"""What needs a configuration that can be read."""


def examine(server: Server) -> list[Found]:
    """Return what all checks find."""
    found = doctor.examine(HERE, server)
    if any(each.check == "configuration" and each.finding.state is State.FAULT for each in found):
        return [*found, Found(CONFIGURED[0].name, doctor.unseen("all else is looked at when the configuration is cured"))]
    return found + doctor.examine(CONFIGURED, server)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `doctor`."""
    doctor.add_arguments(parser, ABOUT)
    add_config(parser)
    parser.add_argument("--note", type=Path, metavar="FILE", help="leave names and states for the live page, print nothing")
    parser.add_argument("--alerts", "-a", type=Path, default=ALERTS, metavar="FILE", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Do `doctor`; return the exit code."""
    found = examine(Server(args.config, args.alerts))
    if args.note is None:
        return doctor.tell(found, args)
    doctor.note(found, args.note, datetime.now(UTC))
    return 0
