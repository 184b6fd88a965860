"""`sinyal-demo modem`: one simulated modem on a pty, healthy or sick, until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from demo.modem import Fault, SimulatedModem
from demo.radio import PROFILES, Radio
from demo.replies import IDENTITY, Answers, family_answers, session_answers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-demo modem`."""
    parser.description = "One simulated modem on a pty. Point any program that speaks AT at --link. Runs until Ctrl-C."
    parser.epilog = (
        "examples:\n  sinyal-demo modem --family quectel --link /tmp/modem\n"
        "  sinyal-demo modem --family simcom --profile weak --link /tmp/modem --fault hang --after 60\n"
        "  sinyal-demo modem --session tests/captures/NAME/session.txt --link /tmp/modem"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--session", type=Path, metavar="FILE", help="answer as in this terminal session")
    source.add_argument("--family", choices=sorted(IDENTITY), help="answer live in the dialect of this family")
    parser.add_argument("--link", type=Path, required=True, metavar="PATH", help="symlink to make for the pty")
    parser.add_argument("--fault", type=Fault, choices=list(Fault), metavar="NAME", help=f"be sick: {', '.join(Fault)}")
    parser.add_argument("--after", type=float, default=0.0, metavar="S", help="seconds of health before the fault (default 0)")
    parser.add_argument("--for", type=float, dest="for_s", metavar="S", help="seconds until the fault ends (default never)")
    parser.add_argument("--cme", type=int, default=10, metavar="N", help="code of the fault cme_error (default 10, no SIM)")
    parser.add_argument("--profile", choices=PROFILES, default="fair", help="how good the place is (default fair)")
    parser.add_argument("--plmn", default="51010", help="network code (default 51010)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same radio and same losses (default 1)")


def modem_main(args: argparse.Namespace) -> int:
    """Run one simulated modem until a signal. Returns 0 after SIGTERM, 130 after Ctrl-C, 2 for a bad session file or link."""
    try:
        answers = _answers(args)
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())  # before anybody can know of us
        with SimulatedModem(answers, args.link, seed=args.seed, cme=args.cme) as modem:
            print(f"modem at {args.link} -> {modem.device}", flush=True)
            _be_sick(modem, args, ended)
            ended.wait()
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError) as error:
        print(f"sinyal-demo modem: {error}", file=sys.stderr)
        return 2
    return 0


def _answers(args: argparse.Namespace) -> Answers:
    if args.session:
        try:
            return session_answers(args.session.read_text(encoding="utf-8", errors="replace"))
        except ValueError as error:
            raise ValueError(f"{args.session}: {error}") from None
    return family_answers(args.family, Radio(seed=args.seed, profile=args.profile, plmn=args.plmn))


def _be_sick(modem: SimulatedModem, args: argparse.Namespace, ended: threading.Event) -> None:
    if args.fault and not ended.wait(args.after):
        modem.fault = args.fault
        if args.for_s is not None and not ended.wait(args.for_s):
            modem.fault = None


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(prog="sinyal-demo modem")
    add_arguments(_parser)
    sys.exit(modem_main(_parser.parse_args()))
