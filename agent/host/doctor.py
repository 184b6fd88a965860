"""`sinyal-agent doctor`: is this hall well, and if not, what to do. In plain words, Indonesian first."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.host import checks
from agent.host.checks import Hall
from agent.host.sensors import sensors
from ground import doctor
from ground.doctor import Check, Found, State
from ground.paths import AGENT
from ground.words import Lang, mark

ABOUT = """\
Looks at everything that this hall needs, and says for each fault what to do. It changes nothing and stops nothing.

  sinyal-agent doctor              # one handshake with the server: some 6 kB
  sinyal-agent doctor --lang en

exit: 0 all is well; 1 something is to be done; 2 bad usage
"""
HERE: list[Check[Hall]] = [
    Check(mark("configuration"), checks.configuration),
    Check(mark("power supply"), checks.supply),
]
"""What can be looked at whatever the configuration says."""
CONFIGURED: list[Check[Hall]] = [
    Check(mark("modem"), checks.modems),
    Check(mark("measuring"), checks.measured),
    Check(mark("certificate"), checks.certificate),
    Check(mark("queues"), checks.queue),
    Check(mark("sensors"), sensors),
    Check(mark("card"), checks.card),
    Check(mark("clock"), checks.clock),
    Check(mark("data plan"), checks.budget),
    Check(mark("program"), checks.program),
]
"""What needs a configuration that can be read."""
FAR = [Check(mark("server"), checks.server)]
"""What costs bytes of the SIM."""


def examine(hall: Hall, *, far: bool) -> list[Found]:
    """Return what the checks find; `far`: also those that use the network."""
    found = doctor.examine(HERE, hall)
    if any(each.finding.state is State.FAULT for each in found if each.check == "configuration") and "config" not in vars(hall):
        return [*found, Found("modem", doctor.unseen("all else is looked at when the configuration is cured"))]
    return found + doctor.examine([*CONFIGURED, *(FAR if far else [])], hall)


def faults(file: Path, lang: Lang) -> list[str]:
    """Return what `status` adds to its answer: what is wrong here and its cure, without using the network."""
    return doctor.lines(examine(Hall(file), far=False), lang, only_faults=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `doctor`."""
    doctor.add_arguments(parser, ABOUT, village=True)
    parser.add_argument("--config", type=Path, default=AGENT, metavar="FILE", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Do `doctor`; return the exit code."""
    return doctor.tell(examine(Hall(args.config), far=True), args)
