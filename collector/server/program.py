"""What the programs of the server share: how they log, end, and read a moment from their words."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from collector.config import Config, load
from collector.errors import CollectorError, ConfigError
from ground import manual
from ground.ending import interrupted
from ground.paths import add_config, shipped
from ground.words import LANGUAGES, Lang, add_lang, by_locale, print_anywhere, tr

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name

OK, INCOMPLETE, USAGE, NOTHING = 0, 1, 2, 3


def run(parser: Callable[[Sequence[str]], argparse.ArgumentParser], argv: Sequence[str] | None) -> int:
    """Run a program by its words, or those of the command line; `parser` makes its parser. Return the exit code."""
    print_anywhere()
    words = list(sys.argv[1:] if argv is None else argv)
    whole = parser(words)
    args = whole.parse_args(words)
    command = next((word for word in words if not word.startswith("-") and word != args.log_level), "")
    return perform(args, f"{whole.prog} {command}")


def add_commands(
    commands: Commands, table: Mapping[str, tuple[str, str]], words: Sequence[str], whole: Callable[[], argparse.ArgumentParser]
) -> None:
    """Add `manual`, written from the `whole` parser, and the commands of a table: name, module and help.

    Each brings packages of its own: only those that `words` name are loaded.
    """
    book = commands.add_parser("manual", help="write man page and shell completion")
    manual.add_arguments(book)
    add_lang(book)
    book.set_defaults(do=lambda args: manual.write(whole(), version("sinyal"), args.into))
    for name, (module, text) in table.items():
        command = commands.add_parser(name, help=text)
        if name in words:
            part = import_module(module)
            part.add_arguments(command)
            command.set_defaults(do=part.run)
        if name != "alerts":  # whose own commands have it
            with contextlib.suppress(argparse.ArgumentError):  # what prints for people has it; `publish` means dashboards by it
                add_lang(command)


def perform(args: argparse.Namespace, command: str) -> int:
    """Do `args.do(args)`, the work of `command`; return the exit code, faults told in one line each. Logs by `args.log_level`."""
    logging.basicConfig(stream=sys.stderr, level=args.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    try:
        code = int(args.do(args))
        sys.stdout.flush()
    except ConfigError as error:
        print(error.word(language(args)), file=sys.stderr)
        return USAGE
    except CollectorError as error:
        print(tr("store: {reason}", language(args), reason=error), file=sys.stderr)
        return INCOMPLETE
    except KeyboardInterrupt:
        return interrupted(command, language(args))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left, as `head` does; nothing more to say
        return OK
    return code


def language(args: argparse.Namespace) -> Lang:
    """Return the language of what a command prints; `--lang both` of `publish` means dashboards."""
    given: Lang | None = next((lang for lang in LANGUAGES if lang == getattr(args, "lang", None)), None)
    return given or by_locale()


def add_log_level(parser: argparse.ArgumentParser) -> None:
    """Add --log-level."""
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info", help="default: info")


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add --config and --sqlite, of which one says where the measurements are; `store_config` reads them."""
    which = parser.add_mutually_exclusive_group()
    add_config(which)
    which.add_argument("--sqlite", type=Path, metavar="FILE", help="a store in one file, with the shipped list of villages")


def store_config(args: argparse.Namespace) -> Config:
    """Return the configuration that --config or --sqlite names. Raises ConfigError."""
    if args.sqlite is None:
        return load(args.config)
    if not args.sqlite.is_file():
        raise ConfigError(f"--sqlite {args.sqlite}: no such file; `sinyal-demo seed --days 30 --sqlite {args.sqlite}` makes one")
    return Config.model_validate(
        {
            "broker": {"host": "127.0.0.1", "tls": False},
            "store": {"engine": "sqlite", "path": args.sqlite.resolve()},
            "sites": {"file": shipped() / "sites.csv"},
            "classes": {"file": shipped() / "classes.toml"},
        }
    )


def timestamp(text: str) -> datetime:
    """Read an argument as a moment, UTC unless it says otherwise."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date or time as 2026-11-24 or 2026-11-24T08:00+08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
