"""What the `doctor` of both programs shares: checks as one list each, findings with a cure, and how they are shown.

A check is a function from the thing that is examined to findings. Adding one is one entry in the list of its program.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from ground.durable import write_durably
from ground.errors import SinyalError
from ground.words import Lang, Phrase, Said, add_lang, mark, phrase, said, tr

T = TypeVar("T")
WIDTH = 100
NOTE_AGE = timedelta(hours=2)


class State(StrEnum):
    """What a check found, the worst last."""

    OK = "ok"
    UNKNOWN = "unknown"
    """It could not be looked at, mostly because of another fault or without root's rights."""
    WARNING = "warning"
    FAULT = "fault"


STATES = {State.OK: mark("ok"), State.UNKNOWN: mark("unknown"), State.WARNING: mark("attention"), State.FAULT: mark("FAULT")}
RANK = {state: number for number, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do about it."""

    state: State
    text: Phrase
    cure: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """One check: its name as a person reads it, and the function that looks."""

    name: str
    look: Callable[[T], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with the name of its check."""

    check: str
    finding: Finding


def fine(text: str, /, **values: Said) -> Finding:
    """Return that all is well."""
    return Finding(State.OK, phrase(text, **values))


def unseen(text: str, /, **values: Said) -> Finding:
    """Return that it could not be looked at."""
    return Finding(State.UNKNOWN, phrase(text, **values))


def wanting(text: str, cure: str, /, **values: Said) -> Finding:
    """Return something that somebody should see to; text and cure take the same values."""
    return Finding(State.WARNING, phrase(text, **values), phrase(cure, **values))


def broken(text: str, cure: str, /, **values: Said) -> Finding:
    """Return something that does not work; text and cure take the same values."""
    return Finding(State.FAULT, phrase(text, **values), phrase(cure, **values))


def examine(checks: Sequence[Check[T]], subject: T) -> list[Found]:
    """Return what all checks find, in their order. A check that fails is a finding itself, and stops no other."""
    found = []
    for check in checks:
        try:
            found += [Found(check.name, finding) for finding in check.look(subject)]
        except SinyalError as error:
            text, _, cure = str(error).partition("; ")
            finding = Finding(State.FAULT, phrase("{reason}", reason=text), phrase("{cure}", cure=cure) if cure else None)
            found.append(Found(check.name, finding))
        except OSError as error:
            cure = mark("run it as root; if it stays, see the log: sudo journalctl -b -n 50")
            found.append(Found(check.name, broken("{reason}", cure, reason=str(error))))
    return found


def worst(found: Iterable[Found]) -> State:
    """Return the worst state; OK for nothing."""
    return max((each.finding.state for each in found), key=RANK.__getitem__, default=State.OK)


def lines(found: Iterable[Found], lang: Lang, *, only_faults: bool = False) -> list[str]:
    """Return the findings for a person, the cure below each."""
    shown = [each for each in found if not only_faults or RANK[each.finding.state] >= RANK[State.WARNING]]
    names = {each.check: tr(each.check, lang) for each in shown}
    states = {state: tr(text, lang) for state, text in STATES.items()}
    wide, state_wide = max(map(len, names.values()), default=0), max(map(len, states.values()))
    told = []
    for each in shown:
        start = f"{states[each.finding.state]:{state_wide}}  {names[each.check]:{wide}}  "
        told += _wrapped(start, said(each.finding.text, lang))
        if each.finding.cure is not None:
            told += _wrapped(" " * len(start) + "-> ", said(each.finding.cure, lang))
    return told


def as_json(found: Iterable[Found], lang: Lang) -> str:
    """Return the findings for a program."""
    rows = [
        {
            "check": each.check,
            "name": tr(each.check, lang),
            "state": each.finding.state.value,
            "text": said(each.finding.text, lang),
        }
        | ({} if each.finding.cure is None else {"cure": said(each.finding.cure, lang)})
        for each in found
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1)


def note(found: Sequence[Found], path: Path, now: datetime) -> None:
    """Leave names and states for the live page; texts and paths are for who keeps the server. Raises OSError."""
    states = {name: worst(each for each in found if each.check == name).value for name in dict.fromkeys(f.check for f in found)}
    write_durably(path, json.dumps({"at": now.isoformat(), "checks": states}).encode())


def noted(path: Path, now: datetime) -> dict[str, State]:
    """Return what `note` left, by the name of the check; nothing where it is older than two hours, or not there."""
    try:
        left = json.loads(path.read_bytes())
        if now - datetime.fromisoformat(left["at"]) < NOTE_AGE:
            return {str(name): State(state) for name, state in left["checks"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return {}


def add_arguments(parser: argparse.ArgumentParser, about: str, *, village: bool = False) -> None:
    """Set the help and the arguments of a `doctor`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = about
    parser.add_argument("--json", action="store_true", help="a list of objects: check, state, text, cure")
    add_lang(parser, village=village)


def tell(found: Sequence[Found], args: argparse.Namespace) -> int:
    """Print the findings; return the exit code: 0 nothing to do, 1 a fault or something to see to."""
    print(as_json(found, args.lang) if args.json else "\n".join(lines(found, args.lang)))
    return 1 if RANK[worst(found)] >= RANK[State.WARNING] else 0


def _wrapped(start: str, text: str) -> list[str]:
    rows = [
        row
        for part in text.splitlines()
        for row in textwrap.wrap(part, max(30, WIDTH - len(start)), break_long_words=False, break_on_hyphens=False)
    ]
    return [(start if number == 0 else " " * len(start)) + row for number, row in enumerate(rows or [""])]
