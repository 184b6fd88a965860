"""InfluxQL: the parts that many queries share. Written for InfluxDB 1.x, 2.x and 3.x.

Variables stand as `${name:regex}` between `^` and `$`: Grafana then escapes each value itself, in every version, and "All" is
`.*`, which also takes series that do not have the tag.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.meaning import TELLING, Generation, Service, registrations, technologies

PLACE = '"kecamatan" =~ /^${kecamatan:regex}$/ AND "desa" =~ /^${desa:regex}$/'
LINE = '"operator" =~ /^${operator:regex}$/ AND "modem" =~ /^${modem:regex}$/'
EVERY = f"{PLACE} AND {LINE}"
MODEMS = f'{PLACE} AND "modem" =~ /^${{modem:regex}}$/'
"""For what has no operator."""
RANGE = "$timeFilter"
NOW = "time > ${__to}ms - 15m AND time <= ${__to}ms"
"""The state of a hall is that of the last 15 minutes before the end of the chosen period: the past can be looked at too."""
DAYS = "time > ${__from}ms - 1d AND time <= ${__to}ms"
"""The days that the chosen period touches, for daily summaries: a thirtieth of the work of hourly ones."""
LAST_HOUR = "time >= ${__to}ms - 2h AND time < ${__to}ms - 1h"
"""Holds the start of exactly one full hour: the last one that is complete."""


def last_days(days: int) -> str:
    """Write the condition that a row lies in the last days of the chosen period, where all of it would cost too much."""
    return f"{RANGE} AND time > ${{__to}}ms - {days}d"


def _any_of(name: str, words: Iterable[str]) -> str:
    return f'"{name}" =~ /^({"|".join(words)})$/'


def _served_on(*generations: Generation) -> str:
    """Write what takes samples of these generations: by the technology told, else by values that only they have."""
    told = _any_of("rat", technologies(*generations))
    telling = " OR ".join(f'"{name}" > -1000' for generation in generations for name in TELLING[generation])
    return f"({told} OR (\"rat\" = '' AND ({telling})))"


SERVED = _any_of("registration", registrations(Service.SERVED))
NO_SERVICE = _any_of("registration", registrations(Service.NO_SERVICE, Service.LIMITED))
SIM_REFUSED = _any_of("registration", registrations(Service.REFUSED, Service.SIM_FAULT))
NO_SIM = _any_of("registration", registrations(Service.NO_SIM))
SILENT = _any_of("registration", registrations(Service.SILENT))
FAULT = _any_of("registration", registrations(Service.NO_SIM, Service.SILENT))
LTE = _served_on(Generation.G4, Generation.G5)
OLDER = _served_on(Generation.G2, Generation.G3)
LEVELLED = f"{SERVED} AND ({_any_of('rat', technologies(Generation.G4, Generation.G5))} OR \"rat\" = '')"
"""For questions about RSRP and SINR, which exist on LTE and NR only: a sample that has one need not tell its technology."""


def series(what: str, measurement: str, where: str, tags: str, *, fill: str = "null") -> str:
    """Write a query for curves: aggregated by `$__interval` and tags; an empty interval is null: a gap."""
    group = f", {tags}" if tags else ""
    return rows(what, measurement, f"{RANGE} AND {where}", f"time($__interval){group} fill({fill})")


def rows(what: str, source: str, where: str = "", tags: str = "") -> str:
    """Write a query for tables and figures. `source` is a measurement, a pattern of names, or a query in brackets."""
    origin = source if source.startswith(("(", "/")) else f'"{source}"'
    question = f"SELECT {what} FROM {origin}"  # noqa: S608 - all parts are fixed texts of this package
    return question + (f" WHERE {where}" if where else "") + (f" GROUP BY {tags}" if tags else "")


AVAILABILITY = '100.0 * sum("served") / (sum("served") + sum("no_service"))'
"""Served of what the network was responsible for, %; with RESPONSIBLE, so that nothing is divided by nothing."""
RESPONSIBLE = '("served" > 0 OR "no_service" > 0)'


def share(tags: str, where: str, *, step: str = "") -> str:
    """Write the query for availability; no row where the network was responsible for no sample, nor for an empty step of time.

    The sums are looked at, not each summary: that costs the database a third.
    """
    by = f"{step}, {tags} fill(none)" if step else tags
    sums = rows('sum("served") AS "s", sum("no_service") AS "n"', "signal_1h", where, by)
    return rows('100.0 * "s" / ("s" + "n") AS "availability"', f"({sums})", '"s" > 0 OR "n" > 0', tags)


def counted(inner: str) -> str:
    """Write the query for the sum of `n` over some hourly summaries; 0 where there are none, so that no class vanishes."""
    none = rows('count("samples") * 0 AS "n"', "signal_1h", "time > ${__to}ms - 1d")
    return rows('sum("n")', f"({inner}), ({none})")
