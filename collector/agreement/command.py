"""`sinyal-collector agreement`: what waits, answers, steps of proposals, links of halls, and whether the file was changed."""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from collector.agreement.agreement import FILE, Agreement
from collector.agreement.entries import (
    Answer,
    Channel,
    Entry,
    Indicator,
    Link,
    Outcome,
    Person,
    Progress,
    Proposal,
    Role,
    Scan,
    Step,
    Target,
)
from collector.agreement.first import first_of_office, told
from collector.agreement.ledger import LedgerError
from collector.agreement.letters import write_letters
from collector.agreement.links import FILE as KEY
from collector.agreement.links import read_key, token
from collector.agreement.papers import check_papers, digest_of
from collector.agreement.people import People
from collector.agreement.rules import OFFICE, RefusedError, next_number, refuse
from collector.agreement.table import read_publication
from collector.agreement.waiting import waiting
from collector.config import load
from collector.errors import ConfigError
from collector.sites.sites import read_sites
from ground.paths import COLLECTOR, STATE
from ground.wita import wita
from ground.words import add_lang, tr

OK, BROKEN, NOTHING = 0, 1, 3
Act = Callable[[argparse.Namespace, Agreement], int]
Command = Callable[[str, str, Act], argparse.ArgumentParser]
ABOUT = """\
What villages, kecamatan and the office said of the needs map, in one file to which everything is only ever added.

  sinyal-collector agreement publish october/peta-kebutuhan.csv         # what can be spoken of from now on
  sinyal-collector agreement propose 6408012001 signal         # a proposal on what was published last
  sinyal-collector agreement list                              # what waits for whom, what is overdue
  sinyal-collector agreement answer 17 stands --reason "measured again in October, the same"
  sinyal-collector agreement progress U-2026-0003 submitted --reference "SIGNAL 2026/114"
  sinyal-collector agreement admin                             # the first who may sign in at /office; `install` makes it
  sinyal-collector agreement target blank_spots 2027 20 --source "Renstra 2025-2029"
  sinyal-collector agreement person budi office                # may sign in at /office
  sinyal-collector agreement link 6408012001                   # the village's own address, for a letter or a QR code
  sinyal-collector agreement links --base https://sinyal.example.go.id --out letters     # those of all villages, to print
  sinyal-collector agreement scan U-2026-0003 signed.pdf       # the signed minutes of `sinyal-dashboards minutes` came back
  sinyal-collector agreement verify                            # was an entry or a paper changed, taken out, put in?

exit: 0 done; 1 the file was tampered with; 2 refused, bad usage or config; 3 nothing waits
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `agreement`."""
    raw = argparse.RawDescriptionHelpFormatter
    parser.description, parser.formatter_class = ABOUT, raw
    files = argparse.ArgumentParser(add_help=False)
    files.add_argument("--config", "-c", type=Path, default=COLLECTOR, metavar="FILE", help="default: %(default)s")
    files.add_argument("--state", type=Path, default=STATE, metavar="DIR", help=f"where {FILE} is; default: %(default)s")
    add_lang(files)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, about: str, act: Act) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[files], help=about, description=f"{about[:1].upper()}{about[1:]}.")
        made.set_defaults(act=act)
        return made

    _add_entries(command)
    _add_access(command)


def _add_entries(command: Command) -> None:
    """Add what is said, answered, proposed, planned."""
    listing = command("list", "what waits, what is due first comes first", _list)
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    command("verify", "check the chain of all entries and the papers, print the newest hash", _verify)
    publish = command("publish", "take a needs map into the record: what can be spoken of from now on", _publish)
    publish.add_argument("table", type=Path, metavar="FILE", help="the CSV that `sinyal-dashboards needs` wrote")
    propose = command("propose", "propose a village, on what was published of it last", _propose)
    propose.add_argument("site", metavar="SITE", help="code of the village, as 6408012001")
    propose.add_argument("channel", type=Channel, choices=[*Channel], metavar="CHANNEL", help=", ".join(Channel))
    propose.add_argument("--operator", action="append", default=[], metavar="NAME", help="whom it asks; default: all")
    propose.add_argument("--text", default="", help="what is asked for, and why")
    answer = command("answer", "answer a remark, with a reason", _answer)
    answer.add_argument("remark", type=int, metavar="NUMBER", help="as `list` prints it")
    answer.add_argument("outcome", type=Outcome, choices=[*Outcome], metavar="OUTCOME", help=", ".join(Outcome))
    answer.add_argument("--reason", required=True, help="what the village reads; 10 letters at least")
    progress = command("progress", "a proposal goes a step further", _progress)
    progress.add_argument("number", metavar="U-YEAR-NNNN", help="of the proposal, as `list` prints it")
    progress.add_argument("to", type=Step, choices=[*Step][1:], metavar="STEP", help=", ".join([*Step][1:]))
    progress.add_argument("--reason", default="", help="needed for `rejected`")
    progress.add_argument("--reference", default="", help="number of the letter, or that the other side gave")
    progress.add_argument("--evidence", default=None, metavar="SHA256", help="of the measurement, for `measured_again`")
    scan = command("scan", "keep the signed minutes of a proposal, as a PDF, JPEG or PNG", _scan)
    scan.add_argument("number", metavar="U-YEAR-NNNN", help="of the proposal, as `list` prints it")
    scan.add_argument("file", type=Path, metavar="FILE", help="the signed minutes, as signed.pdf")
    scan.add_argument("--minutes", type=int, metavar="ENTRY", help="default: the minutes of it that were printed last")
    target = command("target", "set the target of the plan (Renstra) for one indicator and year", _target)
    target.add_argument("indicator", type=Indicator, choices=[*Indicator], metavar="INDICATOR", help=", ".join(Indicator))
    target.add_argument("year", type=int, metavar="YEAR", help="as 2027")
    target.add_argument("value", type=float, metavar="VALUE", help="in the unit of the indicator, as 95")
    target.add_argument("--source", required=True, metavar="TEXT", help="where it stands, as 'Renstra 2025-2029, table 4.2'")


def _add_access(command: Command) -> None:
    """Add who may sign in, and the links of villages."""
    command("admin", "make the first person of the office who can sign in; shows a one-time password, once", _admin)
    person = command("person", "let somebody of office or kecamatan sign in to the page; asks for the password", _person)
    person.add_argument("name", metavar="NAME", help="small letters, as budi")
    person.add_argument("role", type=Role, choices=[*Role], metavar="ROLE", help=", ".join(Role))
    person.add_argument("--kecamatan", default="", metavar="NAME", help="with the role kecamatan")
    person.add_argument("--end", action="store_true", help="that person may sign in no more")
    link = command("link", "give a hall its own address; the one before it ends", _link)
    link.add_argument("site", metavar="SITE", help="code of the village, as 6408012001")
    link.add_argument("--revoke", action="store_true", help="end it, and give no new one")
    links = command("links", "write the addresses of all villages to print, a page a kecamatan; who has none gets one", _links)
    links.add_argument("--out", "-o", type=Path, required=True, metavar="DIR", help="for your eyes only; remove it when printed")
    links.add_argument("--base", type=_base, required=True, metavar="URL", help="of the page, as https://sinyal.example.go.id")


def run(args: argparse.Namespace) -> int:
    """Do `agreement`; return the exit code."""
    sites = read_sites(load(args.config).sites.file)
    with closing(Agreement(args.state / FILE, sites)) as agreement:
        try:
            return int(args.act(args, agreement))
        except LedgerError as error:
            print(error, file=sys.stderr)
            return BROKEN
        except RefusedError as error:
            raise ConfigError(f"agreement: {error}") from None
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc'][1:] or fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise ConfigError(f"agreement: {'; '.join(faults)}") from None


def _list(args: argparse.Namespace, agreement: Agreement) -> int:
    now_ms = _now_ms()
    found = waiting(agreement.state(), agreement.sites)
    for wait in found:
        if args.json:
            due = wita(wait.due_ms).date().isoformat()
            print(json.dumps({"what": wait.what, "site": wait.site, "due": due, "overdue": wait.overdue(now_ms)}))
        else:
            print(f"{wait.text.word(args.lang)}: {wait.when(now_ms).word(args.lang)}")
    if not found:
        print(tr("nothing waits", args.lang), file=sys.stderr)
    return OK if found else NOTHING


def _verify(args: argparse.Namespace, agreement: Agreement) -> int:
    state = agreement.state()
    papers = check_papers(args.state, state)
    print(tr("{n} entries, none changed; the newest has the hash {hash}", args.lang, n=state.n, hash=state.head))
    print(tr("{n} papers, none changed", args.lang, n=papers))
    return OK


def _publish(args: argparse.Namespace, agreement: Agreement) -> int:
    return _add(read_publication(args.table), args, agreement)


def _propose(args: argparse.Namespace, agreement: Agreement) -> int:
    state = agreement.state()
    verdicts = state.newest(args.site)
    if not verdicts or verdicts[0].evidence is None:
        raise RefusedError(f"nothing was published of {args.site}; `agreement publish FILE` first")
    number = next_number(state, wita(_now_ms()).year)
    given = {"channel": args.channel, "operators": tuple(args.operator), "text": args.text}
    proposal = Proposal(number=number, site=args.site, verdicts=verdicts, evidence=verdicts[0].evidence, **given)
    _add(proposal, args, agreement)
    print(number)
    return OK


def _answer(args: argparse.Namespace, agreement: Agreement) -> int:
    return _add(Answer(remark=args.remark, outcome=args.outcome, reason=args.reason), args, agreement)


def _progress(args: argparse.Namespace, agreement: Agreement) -> int:
    given = {"number": args.number, "reason": args.reason, "reference": args.reference, "evidence": args.evidence}
    return _add(Progress(to=args.to, **given), args, agreement)


def _person(args: argparse.Namespace, agreement: Agreement) -> int:
    person = Person(name=args.name, role=args.role, kecamatan=args.kecamatan, active=not args.end)
    refuse(person, OFFICE, agreement.state(), agreement.sites)
    if person.active:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            People(args.state / FILE).set_password(args.name, password)
        except ValueError as error:
            raise RefusedError(str(error)) from None
    return _add(person, args, agreement)


def _admin(args: argparse.Namespace, agreement: Agreement) -> int:
    if not sys.stdout.isatty():
        raise RefusedError("the password is shown on a terminal only, never into a file or a log; run it in one")
    name, password = first_of_office(agreement, People(args.state / FILE), _now_ms())
    print(told(name, password, args.lang))
    return OK


def _link(args: argparse.Namespace, agreement: Agreement) -> int:
    if args.revoke:
        known = agreement.state().links.get(args.site)
        return _add(Link(site=args.site, serial=known.serial if known else 0, revoked=True), args, agreement)
    key = read_key(args.state / KEY)
    print(f"/r/{token(agreement.new_link(args.site, OFFICE, 'server', _now_ms()), key)}")
    return OK


def _links(args: argparse.Namespace, agreement: Agreement) -> int:
    key, known, made = read_key(args.state / KEY), agreement.state().links, []
    for code, site in agreement.sites.items():
        link = known.get(code) or agreement.new_link(code, OFFICE, "server", _now_ms())
        if not link.revoked:  # ended on purpose: only `link` gives a new one
            made.append((site, f"{args.base}/r/{token(link, key)}"))
    pages = write_letters(made, args.out, args.lang)
    print(
        tr("{villages} addresses on {pages} pages in {folder}", args.lang, villages=len(made), pages=pages, folder=str(args.out))
    )
    return OK


def _base(text: str) -> str:
    """Read an address without a path: a village types it from paper."""
    if not re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]+)?/?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not as https://sinyal.example.go.id")
    return text.rstrip("/")


def _scan(args: argparse.Namespace, agreement: Agreement) -> int:
    printed = [n for n, minutes in agreement.state().minutes.items() if minutes.about == args.number]
    if not printed or args.minutes not in {None, *printed}:
        raise RefusedError(
            f"no such minutes of {args.number} were printed; `sinyal-dashboards minutes {args.number}` prints them"
        )
    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise RefusedError(f"{args.file} cannot be read: {error.strerror}") from None
    return _add(Scan(minutes=args.minutes or printed[-1], file=digest_of(content)), args, agreement, content)


def _target(args: argparse.Namespace, agreement: Agreement) -> int:
    given = {"indicator": args.indicator, "year": args.year, "value": args.value, "source": args.source}
    return _add(Target(**given), args, agreement)


def _add(entry: Entry, args: argparse.Namespace, agreement: Agreement, paper: bytes = b"") -> int:
    n = agreement.add(entry, OFFICE, "server", _now_ms(), paper)
    print(tr("written as entry {n}", args.lang, n=n))
    return OK


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
