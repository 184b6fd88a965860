"""`sinyal-collector fleet`: every hall on one line, the worst first; the same numbers as measurement `fleet`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from collector.enrol.ends import hall_ends, own_ends, soon
from collector.errors import ConfigError
from collector.server import update_command
from collector.server.program import add_store, store_config
from collector.server.rollout import progress, read_rollout
from collector.sites.sites import Site, read_sites
from collector.store.accounts import Losses, losses
from collector.store.health import ask_faults, telling
from collector.store.ledger import DAY_NS, Accounts, Ledger
from collector.store.open import open_store
from collector.store.store import Point, Row, Store
from ground.paths import ROLLOUT
from ground.wita import WITA
from ground.words import Lang, add_lang, mark, tr
from telemetry.frame import AHEAD_MS, Value
from telemetry.streams import ClockState

RECENT_DAYS = 30
QUIET_MS = 3_600_000
"""A hall that says nothing for an hour has missed its frames twelve times, and the slow ones of a spent budget once."""
ABOUT = """\
Shows every hall that has ever reported, the worst first: when it was last seen (WITA), its clock and version, samples waiting on
its card, lost and missing samples by their numbers, late samples and rejected frames of 30 days, bytes of this month, power.

missing  numbers between the first and the last that are not in the store
lost     those of them, at least, that nothing explains: not on their way or waiting, thinned out on a full card, quarantined, or
         skipped, as the hall itself says; and all of a card that was replaced. A damaged spool leaves up to 1000 numbers out to
         be safe; they count as lost here
cards    installations (a card in a device) that reported for the hall; 2 AT ONCE: copies or two devices use its certificate now,
         their readings are kept apart (tag `inst`)

Below it: certificates of halls and of this server that end within half a year, and the version on its way to the halls.

  sinyal-collector fleet
  sinyal-collector fleet --json | jq '.[] | select(.lost > 0)'
  sinyal-collector fleet update --help  # bring a version to the halls, ring by ring
  sinyal-collector fleet --write        # for the timer: into the store, measurements fleet and fleet_1d

exit: 0 shown or written; 1 the store is down; 2 bad usage or config; 3 no hall has ever reported
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """The account of one hall; None is not known. Times in ms UTC, bytes as the agent counts them in this UTC month."""

    last_seen_ms: int
    clock_state: str | None
    agent_version: str | None
    spool_depth: int | None
    spool_age_s: int | None
    missing: int | None
    lost: int | None
    installations: int | None
    at_once: int | None
    quarantined: int | None
    thinned: int | None
    late: int
    rejected: int
    bytes_month: int | None
    budget_month: int | None
    undervoltage: bool | None
    mains: bool | None
    battery_v: float | None

    def values(self) -> dict[str, Value]:
        """Return what is known, by name."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}

    def troubles(self) -> int:
        """Count what somebody should look at."""
        over = self.bytes_month is not None and self.budget_month is not None and self.bytes_month > self.budget_month
        untrusted = self.clock_state == ClockState.UNTRUSTED
        at_once = (self.at_once or 1) > 1
        power = self.undervoltage or self.mains is False
        return sum(map(bool, (at_once, power, untrusted, self.quarantined, self.thinned, self.rejected, over)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `fleet`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    update = parser.add_subparsers(metavar="update").add_parser("update", help="bring a version to the halls, ring by ring")
    update_command.add_arguments(update)
    update.set_defaults(do=update_command.run)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="a list of objects; what is not known is left out")
    what.add_argument("--write", action="store_true", help="write the numbers into the store and show nothing")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    """Do `fleet`; return the exit code."""
    config = store_config(args)
    sites, store = read_sites(config.sites.file), open_store(config.store)
    now_ns = time.time_ns()
    ledger, halls = account(store, sites, now_ns)
    if args.write:
        write(store, sites, ledger, halls, now_ns)
    elif args.json:
        ends = _ends(config.ca.folder)
        told = {code: {} if code not in ends else {"certificate_ends": f"{ends[code]:%Y-%m-%d}"} for code, _ in halls}
        print(
            json.dumps(
                [{"site": code, "desa": sites[code].desa, **hall.values(), **told[code]} for code, hall in halls], indent=1
            )
        )
    else:
        print("\n".join(table(halls, sites, args.lang)))
        for name, end in soon({**own_ends(config.ca.folder), **_ends(config.ca.folder)}, datetime.now(UTC)).items():
            whose = sites[name].desa if name in sites else name
            print(tr("the certificate of {name} ends on {day}", args.lang, name=whose, day=end.date()))
        if (rollout := read_rollout(ROLLOUT)) is not None:
            print(progress(rollout).word(args.lang))
        for fault in ask_faults(config.http) if args.sqlite is None else ():
            print(f"{telling(fault, args.lang)} (fault: {fault.fault}; {fault.reason})", file=sys.stderr)
    store.close()
    if not halls:
        print(tr("no hall has ever reported", args.lang), file=sys.stderr)
    return 0 if halls else 3


def _ends(folder: Path) -> dict[str, datetime]:
    """Return when the halls' certificates end; nothing where there are none, or none that this user may read."""
    try:
        return hall_ends(folder)
    except (ConfigError, OSError):
        return {}


def account(store: Store, sites: Mapping[str, Site], now_ns: int) -> tuple[Ledger, list[tuple[str, Hall]]]:
    """Count the numbers of every hall up to now, and make its account, the worst first. Raises StoreUnavailableError."""
    before_ns = now_ns + AHEAD_MS * 1_000_000
    device = {str(row["site"]): row for row in store.latest("device", before_ns=before_ns)}  # first: what comes after is no loss
    ledger = Ledger()
    ledger.read(store, now_ns)
    ledger.bring_up_to_date(store, _counted_ns(store), now_ns)
    return ledger, worst_first(survey(store, sites, ledger, device, now_ns), now_ns)


def write(store: Store, sites: Mapping[str, Site], ledger: Ledger, halls: Sequence[tuple[str, Hall]], now_ns: int) -> None:
    """Write the account into the store, the days first: the newest `fleet` point says up to when everything was counted."""
    before = {str(row["site"]): int(row.get("at_once", 1)) for row in store.latest("fleet")}
    store.write_points([*ledger.points(sites), *_news(halls, sites, before, now_ns)])
    store.write_points([*points(halls, sites, now_ns)])


def survey(store: Store, sites: Mapping[str, Site], ledger: Ledger, device: Mapping[str, Row], now_ns: int) -> dict[str, Hall]:
    """Make the account of every hall of the list that has ever reported, `device` its newest. Raises StoreUnavailableError."""
    until_ns = now_ns + AHEAD_MS * 1_000_000  # what an older version stored from the future was not seen there
    seen: dict[str, int] = {}
    online = [row for row in store.latest("site_status", before_ns=until_ns) if row.get("state") == "online"]
    for row in [*store.latest("signal", before_ns=until_ns), *device.values(), *online]:
        at_ms = int(row["time_ns"]) // 1_000_000
        seen[str(row["site"])] = max(at_ms, seen.get(str(row["site"]), 0))
    halls = {}
    for code in filter(seen.__contains__, sites):
        report, accounts = device.get(code, {}), ledger.sites[code]
        halls[code] = _hall(seen[code], report, accounts, losses(store, code, accounts, report, now_ns), now_ns)
    return halls


def worst_first(halls: Mapping[str, Hall], now_ns: int) -> list[tuple[str, Hall]]:
    """Sort: lost samples, then silence by its length, then the number of troubles, then what waits."""

    def badness(item: tuple[str, Hall]) -> tuple[int, int, int, int, str]:
        code, hall = item
        quiet = now_ns // 1_000_000 - hall.last_seen_ms
        return (-(hall.lost or 0), -quiet if quiet > QUIET_MS else 0, -hall.troubles(), -(hall.spool_depth or 0), code)

    return sorted(halls.items(), key=badness)


def points(halls: Sequence[tuple[str, Hall]], sites: Mapping[str, Site], now_ns: int) -> Iterator[Point]:
    """Yield the points of the measurement `fleet`."""
    for code, hall in halls:
        yield Point("fleet", {"site": code, "kecamatan": sites[code].kecamatan, "desa": sites[code].desa}, hall.values(), now_ns)


def _news(
    halls: Sequence[tuple[str, Hall]], sites: Mapping[str, Site], before: Mapping[str, int], now_ns: int
) -> Iterator[Point]:
    """Yield an event for each hall whose certificate more installations use at once than the last time."""
    for code, hall in halls:
        if (hall.at_once or 1) > before.get(code, 1):
            detail = f"{hall.at_once} installations measure as this hall at once: copied card, or a certificate in two devices"
            tags = {"site": code, "kecamatan": sites[code].kecamatan, "desa": sites[code].desa}
            yield Point("event", tags, {"kind": "two_installations", "detail": detail, "count": hall.at_once or 0}, now_ns)


HEAD = (
    *(mark("Site"), mark("Village"), mark("Last seen"), mark("Clock"), mark("Version"), mark("Waiting"), mark("Lost")),
    *(mark("Missing"), mark("Late"), mark("Rejected"), "MB", mark("Power"), mark("Cards")),
)
UNDERVOLTAGE = mark("undervoltage")
MAINS_OFF = mark("mains off")
CLOCKS = {"ntp": "ntp", "network": mark("network"), "rtc": mark("clock chip"), "untrusted": mark("untrusted")}


def table(halls: Sequence[tuple[str, Hall]], sites: Mapping[str, Site], lang: Lang) -> Iterator[str]:
    """Yield the lines of the table, and one for the sites that never reported."""
    head = tuple(tr(name, lang).upper() for name in HEAD)
    rows = [head, *(_cells(code, sites[code].desa, hall, lang) for code, hall in halls)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = {0, 1, 2, 3, 4, 11, 12}
    for row in rows:
        cells = (cell.ljust(w) if i in left else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
        yield "  ".join(cells).rstrip()
    if silent := len(sites) - len(halls):
        yield tr("{n} of {all} sites have never reported", lang, n=silent, all=len(sites))


def _cells(code: str, desa: str, hall: Hall, lang: Lang) -> tuple[str, ...]:
    seen = datetime.fromtimestamp(hall.last_seen_ms / 1000, WITA)
    used, budget = ("-" if count is None else f"{count / 1e6:.1f}" for count in (hall.bytes_month, hall.budget_month))
    counts = (hall.spool_depth, hall.lost, hall.missing, hall.late, hall.rejected)
    return (
        *(code, desa, f"{seen:%Y-%m-%d %H:%M}", tr(CLOCKS.get(hall.clock_state or "", "-"), lang), hall.agent_version or "-"),
        *("-" if count is None else str(count) for count in counts),
        *(f"{used}/{budget}", _power(hall, lang), _cards(hall, lang)),
    )


def _power(hall: Hall, lang: Lang) -> str:
    volts = "" if hall.battery_v is None else f" {hall.battery_v:.1f} V"
    if hall.mains is False:
        return tr(MAINS_OFF, lang).upper() + volts
    if hall.undervoltage:
        return tr(UNDERVOLTAGE, lang).upper() + volts
    return "-" if hall.undervoltage is None and hall.mains is None else "ok" + volts


def _cards(hall: Hall, lang: Lang) -> str:
    if hall.at_once is not None and hall.at_once > 1:
        return tr("{n} AT ONCE", lang, n=hall.at_once)
    return "-" if hall.installations is None else str(hall.installations)


def _counted_ns(store: Store) -> int | None:
    return max((int(row["time_ns"]) for row in store.latest("fleet")), default=None)


def _hall(seen_ms: int, device: Row, accounts: Accounts, found: Losses | None, now_ns: int) -> Hall:
    depth, thinned, quarantined = (_int(device, name) for name in ("spool_depth", "thinned", "quarantined"))
    since_ns = now_ns - RECENT_DAYS * DAY_NS
    recent = [day for days in accounts.values() for start, day in days.items() if start > since_ns]
    this_month = device and _month(int(device["time_ns"])) == _month(now_ns)  # else it is the count of an earlier month
    return Hall(
        last_seen_ms=seen_ms,
        clock_state=_str(device, "clock_state"),
        agent_version=_str(device, "agent_version"),
        spool_depth=depth,
        spool_age_s=_int(device, "spool_age_s"),
        missing=None if found is None else found.missing,
        lost=None if found is None else found.lost,
        installations=None if found is None else found.installations,
        at_once=None if found is None else found.at_once,
        quarantined=quarantined,
        thinned=thinned,
        late=sum(day.late for day in recent),
        rejected=sum(day.rejected for day in recent),
        bytes_month=_int(device, "bytes_month") if this_month else None,
        budget_month=_int(device, "budget_month"),
        undervoltage=_bool(device, "undervoltage"),
        mains=_bool(device, "mains"),
        battery_v=None if (volts := device.get("battery_v")) is None else float(volts),
    )


def _month(time_ns: int) -> tuple[int, int]:
    at = datetime.fromtimestamp(time_ns / 1e9, UTC)
    return at.year, at.month


def _int(row: Row, name: str) -> int | None:
    value = row.get(name)
    return None if value is None else int(value)


def _bool(row: Row, name: str) -> bool | None:
    value = row.get(name)
    return None if value is None else bool(value)


def _str(row: Row, name: str) -> str | None:
    return str(row[name]) if name in row else None
