"""A program's man page, shell completion and reference, made from its parser: they cannot say anything else than `--help`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

ABOUT = "Writes the man page and the completion for bash below a folder; `install` does it with /usr/local/share."


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and all of its subcommands, depth first; `prog` is the whole command."""
    yield parser
    for action in parser._actions:  # noqa: SLF001 - argparse has no other door to its parts
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in dict.fromkeys(action.choices.values()):
                yield from commands(command)


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options and arguments of a parser, without subcommands and --help."""
    return [action for action in parser._actions if not isinstance(action, argparse._SubParsersAction | argparse._HelpAction)]  # noqa: SLF001


def helped(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """Return the help of an option with its default filled in."""
    return parser._get_formatter()._expand_help(action) if action.help else ""  # noqa: SLF001


def called(action: argparse.Action) -> str:
    """Return an option as it is typed: `--config, -c FILE`."""
    value = action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper())
    value = " ".join(value) if isinstance(value, tuple) else str(value)
    if not action.option_strings:
        return value
    return ", ".join(action.option_strings) + (f" {value}" if action.nargs != 0 else "")


def markdown(parser: argparse.ArgumentParser) -> str:
    """Return the reference of a program."""
    parts = []
    for command in commands(parser):
        level = "#" * min(4, 1 + command.prog.count(" "))
        about = "\n\n".join(filter(None, ((command.description or "").rstrip(), (command.epilog or "").rstrip())))
        parts += [f"{level} {command.prog}", f"```text\n{about}\n```" if about else ""]
        rows = [f"| `{_cell(called(a))}` | {_cell(helped(command, a))} |" for a in options(command)]
        parts.append("\n".join(["| option | |", "|---|---|", *rows]) if rows else "")
    return "\n\n".join(filter(None, parts)) + "\n"


def man(parser: argparse.ArgumentParser, version: str) -> str:
    """Return the man page of a program, in roff."""
    first = (parser.description or "").strip().split("\n")[0]
    parts = [f'.TH {parser.prog.upper()} 1 "" "Sinyal {version}"', ".SH NAME", f"{parser.prog} \\- {_roff(first)}"]
    for command in commands(parser):
        parts += [f".SH {command.prog}" if " " in command.prog else ".SH DESCRIPTION"]
        parts += [f".nf\n{_roff(text.strip())}\n.fi" for text in (command.description, command.epilog) if text]
        for action in options(command):
            parts += [f".TP\n\\fB{_roff(called(action))}\\fR", _roff(helped(command, action)) or "\\&"]
    return "\n".join(parts) + "\n"


def bash(parser: argparse.ArgumentParser) -> str:
    """Return the completion for bash: commands, options, and the values of these; where none fits, names of files."""
    name = re.sub(r"\W", "_", parser.prog)
    cases = []
    for command in sorted(commands(parser), key=lambda each: -each.prog.count(" ")):
        words = [option for action in command._actions for option in action.option_strings]  # noqa: SLF001
        words += [w for a in command._actions if isinstance(a, argparse._SubParsersAction) for w in a.choices]  # noqa: SLF001
        words += [str(word) for action in options(command) if not action.option_strings for word in action.choices or ()]
        path = " ".join(command.prog.split()[1:])
        values = [
            f'{"|".join(action.option_strings)}) words="{" ".join(map(str, action.choices or ()))}" ;;'
            for action in options(command)
            if action.option_strings and action.nargs != 0
        ]
        of_value = f' case "$before" in {" ".join(values)} esac' if values else ""
        cases.append(f'        "{path}{" " if path else ""}"*) words="{" ".join(words)}"{";" if of_value else ""}{of_value} ;;')
    return "\n".join([
        f"# Completion of {parser.prog} for bash; written by `{parser.prog} manual`.",
        f"_{name}() {{",
        '    local words before="${COMP_WORDS[COMP_CWORD-1]}" so_far="${COMP_WORDS[*]:1:COMP_CWORD-1}"',
        '    case "$so_far " in',
        *cases,
        "    esac",
        '    mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")',
        "}",
        f"complete -o default -F _{name} {parser.prog}",
        "",
    ])  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `manual`."""
    parser.description = ABOUT
    parser.add_argument("--into", type=Path, default=Path("/usr/local/share"), metavar="DIR", help="default: %(default)s")


def write(parser: argparse.ArgumentParser, version: str, folder: Path) -> int:
    """Do `manual`; return the exit code."""
    for path, text in (
        (folder / "man" / "man1" / f"{parser.prog}.1", man(parser, version)),
        (folder / "bash-completion" / "completions" / parser.prog, bash(parser)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
