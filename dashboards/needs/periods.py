"""Which days a map is of, as the commands are told them."""

from __future__ import annotations

import argparse
from datetime import date, datetime

from collector.errors import ConfigError
from dashboards.needs.model import Period


def add_period(parser: argparse.ArgumentParser) -> None:
    """Declare --from, --to and the earlier period."""
    parser.add_argument("--from", dest="first", type=a_day, required=True, metavar="DAY", help="first day in, as 2026-10-01")
    parser.add_argument("--to", dest="end", type=a_day, required=True, metavar="DAY", help="first day out, as 2026-11-01")
    parser.add_argument("--compare-from", type=a_day, metavar="DAY", help="first day of an earlier period to compare with")
    parser.add_argument("--compare-to", type=a_day, metavar="DAY", help="first day after it")


def a_day(text: str) -> date:
    """Read an argument as a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day as 2026-10-01") from None


def periods(args: argparse.Namespace, now: datetime) -> tuple[Period, Period | None]:
    """Return the period and the earlier one. Raises ConfigError."""
    period = _period("--from", "--to", args.first, args.end, now)
    if args.compare_from is None and args.compare_to is None:
        return period, None
    if args.compare_from is None or args.compare_to is None:
        raise ConfigError("--compare-from and --compare-to belong together; give both or none")
    earlier = _period("--compare-from", "--compare-to", args.compare_from, args.compare_to, now)
    if earlier.end > period.first:
        raise ConfigError("--compare-to: the earlier period must end before --from begins")
    return period, earlier


def _period(first_name: str, end_name: str, first: date, end: date, now: datetime) -> Period:
    if end <= first:
        raise ConfigError(f"{end_name}: must be after {first_name} (got {first} to {end})")
    period = Period(first, end, now)
    if period.slots == 0:
        raise ConfigError(f"{first_name}: lies in the future (got {first})")
    return period
