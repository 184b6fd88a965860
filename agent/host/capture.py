"""`sinyal-agent capture`: ask a modem everything we could read, and write a capture folder with identities masked."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent import parse
from agent.at.mask import mask
from agent.at.reply import Command, Reply
from agent.commands.cpin import cme_code
from agent.modems.family import Family
from agent.modems.registry import FAMILIES
from agent.poll.session import IDENTITY, Session
from agent.port.link import Link, LinkError, LinkTimeout
from ground.words import add_lang, mark, tr

COMMON = ("AT+CPIN?", "AT+CSQ", "AT+CESQ", "AT+CREG?", "AT+CGREG?", "AT+CEREG?", "AT+C5GREG?", "AT+COPS=3,2", "AT+COPS?")
README = """# {title}

- Captured {day} with `sinyal-agent capture`, family `{family}`, {asked} commands asked, {late} without a final result.
- Edited: IMEI, IMSI, ICCID, phone numbers and IP addresses replaced by zeros of the same length; unsolicited lines left out.
- Refused by the modem, and not in the session: {refused}.
{gone}- `expected.json` is what the parser reads today. Check it against what you know (another tool, the operator, the place)
  before you trust it, take out what you cannot vouch for, and write here what you checked.
"""


def commands(family: Family) -> list[Command]:
    """Return what to ask: what every modem knows, and the family's queries; the generic family stands for "unknown": all."""
    families = FAMILIES if family.name == "generic" else (family,)
    listed = [*map(Command, COMMON), *(command for one in families for command in one.poll)]
    return list({command.text.upper(): command for command in reversed(listed)}.values())[::-1]


def test_forms(listed: Sequence[Command]) -> list[Command]:
    """Return the test commands (`AT+CESQ=?`), which tell the ranges of a firmware. Not that of +COPS: it scans for minutes."""
    names = (match.group(1) for command in listed for match in re.finditer(r"(?:AT|;)([+^#!%$*][A-Z0-9_]+)", command.text))
    return [Command(f"AT{name}=?") for name in dict.fromkeys(names) if name != "+COPS"]


@dataclass(slots=True)
class Taken:
    """What a modem gave: its replies, the commands without a final result, and why no more was asked, if so."""

    replies: list[Reply] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    gone: LinkError | None = None


def ask_all(session: Session, family: Family) -> Taken:
    """Ask everything. What was taken is kept when the modem goes away or stops answering."""
    taken = Taken()
    queries = commands(family)
    for command in [*map(Command, IDENTITY), *queries, *test_forms(queries)]:
        try:
            try:
                taken.replies.append(session.link.ask(command.text, max(command.timeout_s, 5.0), command.after))
            except LinkTimeout:
                taken.late.append(command.text)
                session.alive()
        except LinkError as error:
            taken.gone = error
            break
    return taken


def refused(reply: Reply) -> bool:
    """Return whether a modem does not know a vendor's command (TS 27.007 9.2: 3, 4, 58, 100); what every modem knows is kept."""
    unknown = reply.final.upper() in ("ERROR", "COMMAND NOT SUPPORT") or cme_code(reply.final) in (3, 4, 58, 100)
    return unknown and not reply.lines and reply.command not in (*COMMON, *IDENTITY)


def session_text(replies: Sequence[Reply]) -> str:
    """Return the replies as a terminal session, identities masked."""
    blocks = ([reply.command, *(mask(line) for line in reply.lines), reply.final] for reply in replies)
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-agent capture`."""
    add_lang(parser, village=True)
    parser.description = "Ask an attached modem everything its family knows and write session.txt, expected.json and README.md."
    parser.epilog = (
        "examples:\n  sinyal-agent capture --port /dev/ttyUSB2 --out tests/captures/quectel_ec25_mine\n"
        "  sinyal-agent capture --port socket://127.0.0.1:7000 --out /tmp/c --family simcom\n\n"
        "Stop the agent first: two readers steal each other's bytes. Only queries and the agent's usual settings are sent.\n"
        "exit status: 0 written, 1 written as far as the modem answered, 2 bad usage, 3 the modem does not answer"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", required=True, metavar="P", help="AT port; `sinyal-agent detect` finds it")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write; must not hold a capture yet")
    parser.add_argument("--family", choices=[family.name for family in FAMILIES], help="default: by the modem's own answers")
    parser.add_argument("--baud", type=int, default=115200, help="speed of a UART, bit/s (default 115200)")


DONE = mark("{folder}: {n} replies, family {family}; look through session.txt before you share it")


def capture_main(args: argparse.Namespace) -> int:
    """Run `sinyal-agent capture`. Returns 0, 1 modem went away, 2 folder taken or unwritable, 3 modem silent."""
    if (args.out / "session.txt").exists():
        print(f"--out {args.out}: holds a capture already; give another folder", file=sys.stderr)
        return 2
    try:
        with Link(args.port, baud=args.baud) as link:
            session = Session(link, args.family)
            session.prepare()
            family = session.family
            if family is None:
                return 3
            taken = ask_all(session, family)
    except LinkError as error:
        print(error.word(args.lang), file=sys.stderr)
        return 3
    try:
        _write(args.out, session.identity, family, taken)
    except OSError as error:
        print(f"--out {args.out}: {error}", file=sys.stderr)
        return 2
    print(tr(DONE, args.lang, folder=str(args.out), n=len(taken.replies), family=family.name))
    if taken.gone:
        print(tr("kept until here: {why}", args.lang, why=taken.gone), file=sys.stderr)
    return 1 if taken.gone else 0


def _write(out: Path, title: str, family: Family, taken: Taken) -> None:
    replies, late = taken.replies, taken.late
    out.mkdir(parents=True, exist_ok=True)
    # A refused command would make the session look like that vendor's.
    session = session_text([reply for reply in replies if not refused(reply)])
    (out / "session.txt").write_text(session, encoding="utf-8")
    values = json.dumps(parse.as_json(session, *parse.read_session(session, family.name)), indent=2, ensure_ascii=False)
    (out / "expected.json").write_text(values + "\n", encoding="utf-8")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    facts = {"day": day, "family": family.name, "asked": len(replies) + len(late), "late": len(late)}
    unknown = ", ".join(f"`{reply.command}`" for reply in replies if refused(reply)) or "nothing"
    gone = "- Not all was asked: the modem went away or stopped answering.\n" if taken.gone else ""
    text = README.format(title=title or "Unknown modem", refused=unknown, gone=gone, **facts)
    (out / "README.md").write_text(text, encoding="utf-8")
