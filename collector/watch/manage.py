"""`sinyal-collector alerts list | ack | maintenance | test`: what a person does about alerts."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from collector.config import StoreSection
from collector.config import load as load_collector
from collector.errors import ConfigError, StoreUnavailableError
from collector.notify import command as test_command
from collector.sites.sites import Site, read_sites
from collector.store.open import open_store
from collector.store.store import Point
from collector.watch.config import load
from collector.watch.db import WatchDb
from collector.watch.state import Incident
from ground.edited import same
from ground.paths import ALERTS, COLLECTOR
from ground.wita import wita
from ground.words import add_lang, mark, ntr, timestamp, tr

OK, NOTHING = 0, 3
STATES = {"open": mark("open"), "acknowledged": mark("acknowledged"), "maintenance": mark("maintenance")}
HOUR_MS = 3_600_000
log = logging.getLogger(__name__)
ABOUT = """\
Shows and handles the alerts of `sinyal-collector watch`, also while it runs.

  sinyal-collector alerts list
  sinyal-collector alerts ack hall_dark/6408012001       # somebody deals with it: shown on the page and in Grafana
  sinyal-collector alerts maintenance 6408012001 --hours 4
  sinyal-collector alerts maintenance "Muara Wahau" --hours 6
  sinyal-collector alerts test                           # a test message to every destination

exit: 0 done; 2 bad usage or config; 3 no alert is open
"""
LIST = """\
Prints the open alerts, the oldest first: key, whether somebody deals with it, since when (WITA), halls concerned; then what is
under maintenance, and until when.

exit: 0 printed; 2 bad usage or config; 3 no alert is open
"""
ACK = """\
Notes that somebody deals with an alert; the watch writes it to the store at its next tick. The closing is still told.

exit: 0 noted; 2 no such open alert, or bad config
"""
MAINTENANCE = """\
Opens no alert for a hall or a whole kecamatan for some hours: work on the grid, a modem being changed. What is open stays
open and is closed as usual. --hours 0 ends it.

exit: 0 noted; 2 no such hall or kecamatan, or bad config
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `alerts`."""
    raw = argparse.RawDescriptionHelpFormatter
    parser.description, parser.formatter_class = ABOUT, raw
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    files = argparse.ArgumentParser(add_help=False)
    files.add_argument("--alerts", "-a", type=Path, default=ALERTS, metavar="FILE", help="default: %(default)s")
    add_lang(files)

    listing = commands.add_parser("list", parents=[files], help="what is open", description=LIST, formatter_class=raw)
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(act=_list)

    ack = commands.add_parser("ack", parents=[files], help="somebody deals with it", description=ACK, formatter_class=raw)
    ack.add_argument("key", metavar="KEY", help="as `alerts list` prints it")
    ack.add_argument("--ticket", default="", metavar="NUMBER", help="number of the operator's ticket, told with the alert")
    ack.set_defaults(act=_ack)

    work = commands.add_parser(
        "maintenance", parents=[files], help="no alerts for some hours", description=MAINTENANCE, formatter_class=raw
    )
    work.add_argument("scope", metavar="SITE|KECAMATAN", help="village code or name of a kecamatan")
    work.add_argument("--hours", type=_hours, required=True, metavar="N", help="0 to 720")
    work.add_argument("--config", "-c", type=Path, default=COLLECTOR, metavar="FILE", help="default: %(default)s")
    work.set_defaults(act=_maintenance)

    test = commands.add_parser("test", help="send a test message")
    test_command.add_arguments(test)
    test.set_defaults(act=test_command.run)


def run(args: argparse.Namespace) -> int:
    """Do it; return the exit code. Raises ConfigError or StoreUnavailableError."""
    return int(args.act(args))


def _list(args: argparse.Namespace) -> int:
    if not load(args.alerts).engine.state.exists():
        return NOTHING  # not made here: a file of root's would keep the service out
    db = _open(args.alerts)
    told = sorted(_told(db).values(), key=lambda incident: incident.since_ms)
    for incident in told:
        state = "acknowledged" if incident.acked else "open"
        halls = incident.sites
        about = {"key": incident.key, "state": state, "since_ms": incident.since_ms, "count": len(halls), "halls": halls}
        if args.json:
            print(json.dumps(about | {"ticket": incident.ticket}))
        else:
            since = timestamp(wita(incident.since_ms), args.lang)
            count = ntr("{n} village office", "{n} village offices", len(halls), args.lang)
            ticket = tr("ticket {ticket}", args.lang, ticket=incident.ticket) if incident.ticket else ""
            print(f"{incident.key:44} {tr(STATES[state], args.lang):14} {since:32} {count}  {ticket}".rstrip())
    for scope, until_ms in db.maintained(_now_ms()).items():
        about = {"key": scope, "state": "maintenance", "until_ms": until_ms}
        until = tr("until {time}", args.lang, time=wita(until_ms))
        print(json.dumps(about) if args.json else f"{scope:44} {tr(STATES['maintenance'], args.lang):14} {until}")
    return OK if told else NOTHING


def _ack(args: argparse.Namespace) -> int:
    db = _open(args.alerts)
    told = _told(db)
    if args.key not in told:
        close = difflib.get_close_matches(args.key, told, n=1)
        raise ConfigError(f"{args.key}: no such open alert; {f'did you mean {close[0]!r}?' if close else 'see `alerts list`'}")
    db.acknowledge(args.key, _now_ms(), args.ticket)
    print(tr("{key}: marked as acknowledged", args.lang, key=args.key))
    return OK


def _maintenance(args: argparse.Namespace) -> int:
    config = load_collector(args.config)
    sites = read_sites(config.sites.file)
    known = [*sites, *sorted({site.kecamatan for site in sites.values()})]
    scope = next((name for name in known if same(name) == same(args.scope)), None)
    if scope is None:
        close = difflib.get_close_matches(args.scope, known, n=1)
        cure = f"did you mean {close[0]!r}?" if close else "see sites.csv"
        raise ConfigError(f"{args.scope}: neither a hall nor a kecamatan; {cure}")
    until_ms = _now_ms() + round(args.hours * HOUR_MS)
    _open(args.alerts).maintain(scope, until_ms)
    if args.hours:
        halls = [site for site in sites.values() if scope in (site.code, site.kecamatan)]
        _tell_boards(config.store, halls, until_ms)
        print(tr("{scope}: no alerts until {time}", args.lang, scope=scope, time=wita(until_ms)))
    else:
        print(tr("{scope}: maintenance ended", args.lang, scope=scope))
    return OK


def _tell_boards(section: StoreSection, halls: Sequence[Site], until_ms: int) -> None:
    """Mark the work in the charts; where the store is away there is no mark, and the work is known all the same."""
    now_ns = _now_ms() * 1_000_000
    tags = [{"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa} for site in halls]
    try:
        with contextlib.closing(open_store(section)) as store:
            store.write_points(
                [Point("maintenance", each, {"title": "maintenance", "until_ms": until_ms}, now_ns) for each in tags]
            )
    except StoreUnavailableError as error:
        log.warning("event=maintenance_not_marked reason=%s", error)


def _open(alerts: Path) -> WatchDb:
    state = load(alerts).engine.state
    if not state.exists():
        raise ConfigError(f"engine.state: {state} is not there; start `sinyal-collector watch` first")
    return WatchDb(state)


def _told(db: WatchDb) -> dict[str, Incident]:
    return {key: incident for key, incident in db.state().incidents.items() if incident.told_ms}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 720:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours from 0 to 720")
    return hours
