"""AT text, pure: bytes of a live port to replies (`digest`), a terminal session to replies (`split_session`), lines to fields.

Nothing here reads a port or a clock. Shapes accepted: `modems.md` section 1 as tests/agent/at/test_digest.py lists them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.at.foreign import Sieve, is_gap, without_sentences
from agent.at.reply import Reply

REGISTRATION = ("C5GREG", "CEREG", "CGREG", "CREG")
"""Replies that are also unsolicited; in the order in which we believe them (TS 27.007 7.2, 10.1.20, 10.1.22, 10.1.47)."""

STATS = frozenset((*range(12), 90))
"""States of registration, `<stat>` (TS 27.007 7.2, 10.1.20, 10.1.22, 10.1.47); 90 is Nordic's UICC failure."""

_FINAL = re.compile(r"OK|ERROR|NO CARRIER|ABORTED|COMMAND NOT SUPPORT(?:ED)?|\+CM[ES] ERROR\b.*", re.IGNORECASE)
_COMMAND = re.compile(r"AT(?:$|[-+^#!$%*&(;].*|(?:[EVQIZHXLMOS]\d*)+(?:[-+;&^#!=?].*)?$)", re.IGNORECASE)
_PREFIX = re.compile(r"[+^#!$%*]([A-Z][A-Z0-9_]*) ?:", re.IGNORECASE)
_NAME = re.compile(r"[+^#!$%*]?([A-Z][A-Z0-9_]*)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST = 4096
"""Characters kept of a line: the longest answer seen (flat !LTEINFO?) is shorter, and int() takes no more than 4300 digits."""
_URC_WORDS = re.compile(
    r"RDY|RING|SMS (?:DONE|READY)|PB DONE|CALL READY|APP RDY|NORMAL POWER DOWN|POWERED DOWN|\+?SIM READY", re.IGNORECASE
)
_URC_NAMES = (
    frozenset(
        (
            *REGISTRATION,
            "CPIN",
            "QUSIM",
            "QIND",
            "QURC",
            "QNETDEVSTATUS",
            "CGEV",
            "CRING",
            "CIEV",
            "CMTI",
            "CMT",
            "CBM",
            "CDS",
            "CLIP",
            "CDSI",
            "CUSD",
            "CTZV",
        )
    )
    | frozenset(
        (
            "CTZE",
            "NITZ",
            "RSSI",
            "HCSQ",
            "DSFLOWRPT",
            "NWTIME",
            "EONS",
            "XLEMA",
            "MODE",
            "SRVST",
            "SIMST",
            "STIN",
            "ANLEVEL",
            "NDISSTAT",
        )
    )
    | frozenset(
        ("CERSSI", "BOOT", "PSUTTZ", "SIMCARD", "UUPSDD", "UUPSDA", "UREG", "CSCON", "CEDRXP", "QSIMSTAT", "EARFCN", "TIME")
    )
)


@dataclass(frozen=True, slots=True)
class Digest:
    """What `digest` found: at most one finished reply, unsolicited lines, and how many bytes are used up."""

    reply: Reply | None
    urcs: tuple[str, ...]
    consumed: int


def digest(buffer: bytes, in_flight: str) -> Digest:
    """Take one finished reply (or, with nothing in flight, unsolicited lines) from the front of a port's bytes.

    `in_flight` is the command sent, without CR (`AT+CSQ;+CEREG?` may be chained), or "" when none is. While a command is in
    flight nothing is consumed before its final result stands on a line of its own, so any split of the bytes gives the same
    replies. Echo in any form is dropped. Bytes of an unfinished line are never consumed; the caller bounds the buffer, and on
    a timeout drops it. Never raises.
    Use: `buffer += chunk; d = digest(buffer, sent); del buffer[:d.consumed]`, again while `d.consumed` is not 0.
    """
    lines: list[str] = []
    sieve = Sieve()
    end = foreign = 0
    gap = False
    for newline in re.finditer(rb"[\r\n]+", buffer):
        line = _clean(buffer[end : newline.start()].decode(errors="replace"))
        end = newline.end()
        final = _FINAL.fullmatch(line) is not None
        if line and sieve.catches(line, gap=gap, final=final):
            foreign += 1
        elif in_flight and final:
            replies, urcs = _separate(in_flight, lines)
            return Digest(Reply(in_flight, tuple(replies), line, foreign), tuple(urcs), end)
        elif line and not _is_echo(line, in_flight):
            lines.append(line)
        gap = is_gap(newline.group().decode())
    if in_flight:
        return Digest(None, (), 0)
    return Digest(None, tuple(line for line in lines if not _FINAL.fullmatch(line)), end)


def _clean(text: str) -> str:
    return without_sentences(_CONTROL.sub("", text[:_LONGEST])).strip()


def _is_echo(line: str, command: str) -> bool:
    """Return whether a line is the command sent (any case, doubled, glued to older bytes) or another command's echo."""
    return bool(_COMMAND.fullmatch(line)) or (bool(command) and line.upper().endswith(command.strip().upper()))


def parts(command: str) -> list[str]:
    """Split a chained command at `;` outside quotes, without the leading AT: `AT+A;+B?` gives `+A`, `+B?`."""
    body = command.strip()[2:] if command.strip()[:2].upper() == "AT" else command.strip()
    return [part.strip() for part in re.findall(r'(?:"[^"]*"|[^;"])+', body) if part.strip()]


def name_of(line: str) -> str:
    """Return the upper-case name of a reply line's prefix (`+csq: 1` gives `CSQ`), "" where there is none."""
    match = _PREFIX.match(line)
    return match.group(1).upper() if match else ""


def _asked(command: str) -> set[str]:
    """Return the names whose reply lines are expected; a registration command answers only when read with `?`."""
    names = set()
    for part in parts(command):
        match = _NAME.match(part)
        if match and (match.group(1).upper() not in REGISTRATION or part.endswith("?")):
            names.add(match.group(1).upper())
    return names


def is_read_form(fields: Sequence[str]) -> bool:
    """Return whether a registration line is the answer to a read (`n,stat,...`) and not unsolicited (`stat,...`)."""
    return len(fields) > 1 and re.fullmatch(r"\d{1,3}", fields[1]) is not None and int(fields[1]) in STATS


def _registration_fields(line: str) -> list[str]:
    """Split with the quotes kept: a quoted second value is a location, never a state."""
    return [field.strip() for field in line.partition(":")[2].split(",")]


def _separate(command: str, lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part reply lines from unsolicited ones, knowing what was asked."""
    asked = _asked(command)
    read = {name_of(line) for line in lines if is_read_form(_registration_fields(line))}
    replies: list[str] = []
    urcs: list[str] = []
    for line in lines:
        (urcs if _is_urc(line, asked, read) else replies).append(line)
    return replies, urcs


def _is_urc(line: str, asked: set[str], read: set[str]) -> bool:
    name = name_of(line)
    if not name:
        return _URC_WORDS.fullmatch(line) is not None
    if name not in asked:
        return name in _URC_NAMES
    if name not in REGISTRATION:
        return False
    fields = _registration_fields(line)
    # one value alone is a degenerate answer (`+C5GREG: 0`), unless the full answer came too
    return not is_read_form(fields) and (len(fields) > 1 or name in read)


def split_session(text: str) -> list[Reply]:
    """Split a raw terminal session into replies in order; unsolicited lines become replies without command and final.

    Lines that begin with AT are commands. After a final result further lines belong to commands that were not shown: their
    command is taken from their prefix (`+CEREG: ...` gives `AT+CEREG?`). A flat one-line form (`output: !GSTATUS: ... OK`)
    keeps its blanks. Never raises.
    """
    replies: list[Reply] = []
    command, foreign = "", 0
    lines: list[str] = []
    sieve = Sieve()
    for raw, gap in _lines_of(text):
        line = re.sub(r"^output: *", "", _clean(raw))
        flat = re.fullmatch(r"([!^#+$%*]\w+:.*) (OK|ERROR)", line) if raw.lstrip().startswith("output:") else None
        line = flat.group(1) if flat else line
        final = _FINAL.fullmatch(line) is not None
        if line and sieve.catches(line, gap=gap, final=final):
            foreign += 1
        elif _COMMAND.fullmatch(line):
            if not _repeats(line, command, lines):
                replies += _closed(command, lines, "", foreign)
            command, lines, foreign = line, [], 0
        elif final:
            replies += _closed(command, lines, line, foreign)
            command, lines, foreign = "", [], 0
        elif line and not (command and _is_echo(line, command)):
            lines.append(line)
        if flat:
            replies += _closed(command, lines, flat.group(2), foreign)
            command, lines, foreign = "", [], 0
    return [*replies, *_closed(command, lines, "", foreign)]


def _lines_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a text, each with whether a blank line stands before it."""
    parts = [*re.split(r"([\r\n]+)", text), ""]
    gap = False
    for line, separator in zip(parts[0::2], parts[1::2], strict=True):
        yield line, gap
        gap = is_gap(separator)


def _repeats(line: str, command: str, lines: Sequence[str]) -> bool:
    """Return whether a command line is only the second echo of the one before."""
    return not lines and line.rstrip(";").upper() == command.rstrip(";").upper()


def _closed(command: str, lines: Sequence[str], final: str, foreign: int) -> list[Reply]:
    if not command and final:
        command = next((f"AT{line[0]}{name}?" for line in lines if (name := name_of(line))), "")
    if not command and not final:
        return [Reply("", (line,), "") for line in lines]
    answer, urcs = _separate(command, lines)
    return [*(Reply("", (line,), "") for line in urcs), Reply(command, tuple(answer), final, foreign)]


def all_lines(replies: Iterable[Reply]) -> list[str]:
    """Return the lines of all replies in order."""
    return [line for reply in replies for line in reply.lines]
