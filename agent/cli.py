"""`sinyal-agent`: the program on the Pi of a hall."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.errors import ConfigError, SinyalError
from ground.ending import interrupted
from ground.paths import AGENT as DEFAULT_CONFIG
from ground.words import add_lang, print_anywhere

EXAMPLES = """examples:
  sinyal-agent detect                                  find the modems, print the config section to paste
  sinyal-agent run --config /etc/sinyal/agent.toml     measure and send until stopped
  sinyal-agent aim                                     a live meter while you turn the antenna
  sinyal-agent status                                  is this hall measured, connected, up to date?
  sinyal-agent export /media/usb                       readings to a stick, for a hall without any link
  sudo sinyal-agent install 6408012001.sinyal          set a fresh Raspberry Pi up from its bundle
  sinyal-agent parse session.txt                       read a saved modem session, print one JSON object
"""
# name -> (module, adds options, runs, needs the config, help)
COMMANDS: dict[str, tuple[str, str | None, str, bool, str]] = {
    "run": ("agent.run", None, "run", True, "measure and send until stopped"),
    "status": ("agent.host.status", None, "status_main", True, "say in plain words how this hall is doing"),
    "doctor": ("agent.host.doctor", "add_arguments", "run", False, "look at everything here, say what to do"),
    "export": ("agent.host.export", "add_export_arguments", "export_main", True, "write waiting readings to a USB stick"),
    "quarantine": (
        "agent.host.export",
        "add_quarantine_arguments",
        "quarantine_main",
        True,
        "readings that the collector refused",
    ),
    "parse": ("agent.parse", "add_arguments", "parse_main", False, "read a saved modem session"),
    "detect": ("agent.host.detect", "add_arguments", "detect_main", False, "find modems and their ports"),
    "capture": ("agent.host.capture", "add_arguments", "capture_main", False, "ask a modem everything, for a new family"),
    "aim": ("agent.aim.command", "add_arguments", "run", False, "live meter for turning the antenna"),
    "install": ("agent.host.install", "add_arguments", "run", False, "set this Raspberry Pi up from its bundle"),
    "manual": ("ground.manual", "add_arguments", "write", False, "write man page and shell completion"),
    "update": ("agent.host.update", "add_arguments", "run", False, "put a signed version in, and the old one back if it fails"),
}


ALL = "*"


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of every command: for man page, completion and reference."""
    return _parser(ALL)


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    """Make the parser; only the wanted command's module is loaded, as the others cost memory on the Pi."""
    parser = argparse.ArgumentParser(
        prog="sinyal-agent",
        description="Measures LTE/5G signal of a hall's modems and sends it; nothing is lost.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, options, _, needs_config, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if needs_config:
            command.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"config file (default: {DEFAULT_CONFIG})")
        if name == "run":
            command.add_argument(
                "--log-level", default="info", choices=("debug", "info", "warning"), help="what to print to stderr"
            )
        if options is not None and wanted in (name, ALL):
            getattr(importlib.import_module(module), options)(command)
        with contextlib.suppress(argparse.ArgumentError):  # what prints for people has it already
            add_lang(command, village=True)
    return parser


def _execute(args: argparse.Namespace) -> int:
    module, _, function, needs_config, _ = COMMANDS[args.command]
    if args.command == "run":
        return _measure(args, module, function)
    call: Callable[..., int] = getattr(importlib.import_module(module), function)
    if args.command == "manual":
        return call(whole_parser(), importlib.import_module("importlib.metadata").version("sinyal"), args.into)
    if not needs_config:
        return call(args)
    # Imported here: pydantic costs half a second on a Pi Zero; parse and detect do without.
    return call(importlib.import_module("agent.config").load(args.config), args)


def _measure(args: argparse.Namespace, module: str, function: str) -> int:
    """Run the agent, loaded while another process judges its configuration: each takes a second on a Pi."""
    loading = threading.Thread(target=importlib.import_module, args=(module,))
    loading.start()
    try:
        config = importlib.import_module("agent.judged").load(args.config)
    finally:
        loading.join()
    call: Callable[..., int] = getattr(importlib.import_module(module), function)
    logging.getLogger().setLevel(args.log_level.upper())
    try:
        return call(config)
    except ConfigError as error:
        raise ConfigError(f"{args.config.name}: {error}") from None


def _perform(args: argparse.Namespace) -> int:
    try:
        return _execute(args)
    except SinyalError as error:
        print(error.word(args.lang), file=sys.stderr)
        return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code: 0 done, 1 something is wrong here, 2 bad usage or config, 3 nothing readable."""
    print_anywhere()
    arguments = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        args = _parser(next((a for a in arguments if a in COMMANDS), None)).parse_args(arguments)
        try:
            return _perform(args)
        except KeyboardInterrupt:
            return interrupted(f"sinyal-agent {args.command}", args.lang)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing more to say
        return 0


if __name__ == "__main__":
    sys.exit(main())
