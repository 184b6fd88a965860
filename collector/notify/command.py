"""`sinyal-collector alerts test`: sends a test message to destinations, at once and past the outbox."""

from __future__ import annotations

import argparse
from pathlib import Path

from collector.errors import ConfigError
from collector.notify import config as notify_config
from collector.notify.deliver import now_ms, open_channels
from collector.notify.outbox import Message
from collector.notify.sender import marks, text_for
from ground.paths import ALERTS as CONFIG
from ground.words import add_lang, mark, tr

OK, INCOMPLETE, NOTHING = 0, 1, 3
TITLE, WORKS = mark("Sinyal: test message"), mark("This alert channel works. Nothing needs to be done.")
ABOUT = """\
Sends one test message to each destination of alerts.toml, or to those that you name, now: routes, quiet hours and digests
do not apply. Says for each whether the service took it, and why not. Addresses are never printed.

  sinyal-collector alerts test
  sinyal-collector alerts test telegram-teknisi sms-siaga --alerts config/alerts.toml

exit: 0 all were taken; 1 one was not; 2 bad usage or config; 3 alerts.toml has no destination
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `alerts test`."""
    add_lang(parser)
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("destinations", nargs="*", metavar="DESTINATION", help="names of [destination.NAME]; default: all")
    parser.add_argument("--alerts", type=Path, default=CONFIG, metavar="FILE", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Send, one line per destination; return the exit code. Raises ConfigError."""
    config = notify_config.load(args.alerts)
    known = ", ".join(config.destination) or "none"
    for name in args.destinations:
        if name not in config.destination:
            raise ConfigError(f"{args.alerts.name}: no [destination.{name}]; known here: {known}")
    channels = open_channels(config, args.alerts.name)
    if not channels:
        print(tr("{file}: no destination; add a section [destination.NAME]", args.lang, file=str(args.alerts)))
        return NOTHING
    message, taken = _message(), True
    for name in args.destinations or channels:
        channel = channels[name]
        error = channel.send(text_for(channel, [message]), message.severity, marks([message]))
        if error is None:
            print(tr("{name}: taken by the service", args.lang, name=name), flush=True)
        else:
            print(tr("{name}: NOT taken: {error}", args.lang, name=name, error=error), flush=True)
        taken = taken and error is None
    return OK if taken else INCOMPLETE


def _message() -> Message:
    return Message(
        key="test",
        kind="test",
        rule="test",
        severity="info",
        role="server",
        at_ms=now_ms(),
        title_id=tr(TITLE, "id"),
        title_en=tr(TITLE, "en"),
        text_id=tr(WORKS, "id"),
        text_en=tr(WORKS, "en"),
        short_id=f"{tr(TITLE, 'id')}. {tr(WORKS, 'id')}",
    )
