"""`sinyal-demo`: the whole line on one machine, one simulated modem, or a store full of history."""

from __future__ import annotations

import argparse
import json
import logging
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType

from rich.live import Live

from demo import count
from demo.count import Count
from demo.halls import HALLS, Hall
from demo.incidents import Script
from demo.line import DemoLine
from demo.modem_command import add_arguments, modem_main
from demo.program import LineError
from demo.table import screen, statuses, summary
from ground.words import Lang, add_lang, print_anywhere, tr

EXIT_OK, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 130
DEFAULT_HALLS = 6
UNATTENDED_S = 60.0
LINE_EVERY_S = 5.0
DRAIN_S = 120.0
DRAIN_NAMES = 3
STEP_S = 0.25
COME_UP_S = 60.0
"""Longest wait for the first sample of every hall, from which on the seconds count."""
TABLE_EVERY_S = 1.0
PROGRAMS_TEXT = """
What runs: an MQTT broker, the collector with its SQLite store, the live page, and for each hall an agent that reads
simulated modems over serial ports. Meanwhile a hall loses power, a modem hangs, the broker dies. At the end the spools of
the agents are compared with the store.

examples:
  sinyal-demo                                   a live table until Ctrl-C; without a terminal 60 s of log lines
  sinyal-demo run --halls 12 --seconds 30 --json
  sinyal-demo modem --family quectel --link /tmp/modem
  sinyal-demo look                              a month of all villages: live page, needs map, dashboards
  sinyal-demo seed --days 7 --halls 141 --sqlite month.db
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What `run` was asked for. seconds None: until Ctrl-C."""

    halls: int
    seconds: float | None
    as_json: bool
    live: bool
    lang: Lang


class Ending:
    """Ctrl-C or SIGTERM asks for the end with the summary; a second one, or a terminal that was closed, ends at once."""

    def __init__(self) -> None:
        self._asked = False
        self._heard, self._told = os.pipe()  # an Event would wait for ever where its lock is just held

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal. Raises KeyboardInterrupt when the end is to be at once."""
        if self._asked or number == signal.SIGHUP:
            raise KeyboardInterrupt
        self._asked = True
        os.write(self._told, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait that long; True as soon as the end was asked for."""
        return bool(select.select([self._heard], [], [], seconds)[0])


def _whole(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"must be an integer, {low} to {high} (got {text})")
        return int(text)

    return number


OWN = {
    "seed": ("demo.seed", "fill a store with a plausible history"),
    "look": ("demo.look", "a month of all villages: live page, needs map, dashboards"),
}
"""Programs with parts of their own, which cost half a second: loaded only when they are asked for."""


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of every program: for the reference."""
    return _parser([*OWN])


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="sinyal-demo", description=__doc__, epilog=PROGRAMS_TEXT, formatter_class=raw)
    programs = parser.add_subparsers(dest="program", required=True)
    run = programs.add_parser(
        "run",
        help="the whole line (what happens without a word too)",
        description="The whole line on this machine, with simulated halls and incidents.",
        epilog=PROGRAMS_TEXT,
        formatter_class=raw,
    )
    run.add_argument(
        "--halls", type=_whole(1, len(HALLS)), default=DEFAULT_HALLS, metavar="N", help=f"1 to {len(HALLS)} (default 6)"
    )
    run.add_argument("--seconds", type=_whole(1, 86400), metavar="S", help="end by itself S seconds after every hall measures")
    run.add_argument("--json", action="store_true", help="log to stderr, one JSON line with the counts to stdout")
    add_arguments(programs.add_parser("modem", help="one simulated modem on a pty"))
    for name, (module, text) in OWN.items():
        program = programs.add_parser(name, help=text)
        if name in words:
            part = import_module(module)
            part.add_arguments(program)
            program.set_defaults(do=part.run)
    for name in ("run", "modem", *(["look"] if "look" in words else [])):
        add_lang(programs.choices[name], otherwise="en")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program. 0: everything measured is stored, once; 1: it is not; 2: wrong usage; 130: ended by force."""
    print_anywhere()
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "run")
    args = _parser(words[:1]).parse_args(words)
    if args.program == "modem":
        return modem_main(args)
    logging.basicConfig(level=logging.WARNING)
    if args.program in OWN:
        return int(args.do(args))
    live = sys.stdout.isatty() and not args.json and os.environ.get("TERM") != "dumb"
    seconds = args.seconds or (None if live else UNATTENDED_S)
    try:
        return run(Options(args.halls, seconds, args.json, live, args.lang))
    except LineError as error:
        print(f"sinyal-demo: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def run(options: Options) -> int:
    """Start everything, let things go wrong, stop measuring, wait until nothing is on the way, and count."""
    ending = Ending()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ending.handle)
    out = sys.stderr if options.as_json else sys.stdout

    def say(text: str) -> None:
        print(text, file=out, flush=True)

    folder, lang = _new_folder(), options.lang
    say(tr("starting {n} halls …", lang, n=options.halls))
    try:
        with DemoLine(folder, HALLS[: options.halls]) as line:
            if not options.as_json:
                line.start_page()
                say(tr("live page: {url}", lang, url=line.page.url))
            _watch(line, options, ending, say)
            say(tr("end: no more measuring; what is on the cards goes to the collector", lang))
            counted = line.drain(DRAIN_S, lambda left: say(_left(left, lang)))
            left = line.waiting()
            refused = sum(count.refused(spool) for spool in line.spools.values())
    except LineError:
        if any(folder.iterdir()):
            text = tr("logs and data are in {folder}", lang, folder=str(folder))
            print(f"sinyal-demo: {text}", file=sys.stderr)
        else:
            folder.rmdir()
        raise
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        raise
    if counted.complete:
        shutil.rmtree(folder)
    else:
        for hall, waiting in left.items():
            name = f"{hall.desa} ({hall.code})"
            text = tr("{n} still wait on the card of {hall}", lang, n=waiting, hall=name)
            print(f"sinyal-demo: {text}", file=sys.stderr)
        text = tr("refused by the collector: {n}; logs and data are in {folder}", lang, n=refused, folder=str(folder))
        print(f"sinyal-demo: {text}", file=sys.stderr)
    _report(counted, options)
    return EXIT_OK if counted.complete else EXIT_FAILED


def _new_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="sinyal-demo-"))
    except OSError as error:
        raise LineError(f"no folder for the demo can be made ({error}); set TMPDIR to one that you may write") from None


def _left(left: Mapping[Hall, int], lang: Lang) -> str:
    """Return how much waits, and where most of it is."""
    if not left:
        return tr("every card is empty; counting", lang)
    most = sorted(left, key=lambda hall: -left[hall])[:DRAIN_NAMES]
    names = ", ".join(f"{hall.desa} {left[hall]}" for hall in most) + (", …" if len(left) > len(most) else "")
    return tr("waiting on cards: {n} ({names})", lang, n=sum(left.values()), names=names)


def _watch(line: DemoLine, options: Options, ending: Ending, say: Callable[[str], None]) -> None:
    script, news = Script(line), []
    began, shown, going = time.monotonic(), 0.0, False
    with _live(options.live) as live:
        while not ending.wait(STEP_S):
            now = time.monotonic()
            if not going and (line.measuring() or now - began > COME_UP_S):
                going, began = True, now  # on a busy machine a hall takes a while until it has anything to lose
            elapsed = now - began if going else 0.0
            if options.seconds is not None and elapsed >= options.seconds:
                return
            line.check()
            happened = [f"{elapsed:4.0f} s  {text.word(options.lang)}" for text in script.step(elapsed)]
            news += happened
            if live is None:
                for text in happened:
                    say(text)
            if now - shown < (LINE_EVERY_S if live is None else TABLE_EVERY_S):
                continue
            shown = now
            if live is None:
                say(summary(line, statuses(line, time.time()), elapsed, options.lang))
            else:
                live.update(screen(line, news, elapsed, live.console.height, options.lang), refresh=True)


def _live(live: bool) -> Live | nullcontext[None]:
    return Live(auto_refresh=False) if live else nullcontext()


def _report(counted: Count, options: Options) -> None:
    if options.as_json:
        print(json.dumps(counted.as_dict(), separators=(",", ":")), flush=True)
        return
    print(
        tr(
            "measured {measured}, stored {stored}, lost {lost}, duplicated {duplicated}",
            options.lang,
            measured=counted.measured,
            stored=counted.stored,
            lost=counted.lost,
            duplicated=counted.duplicated,
        ),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
