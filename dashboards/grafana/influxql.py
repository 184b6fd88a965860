"""InfluxQL: the parts that many queries share. Written for InfluxDB 1.x, 2.x and 3.x.

Variables stand as `${name:regex}` between `^` and `$`: Grafana then escapes each value itself, in every version, and "All" is
`.*`, which also takes series that do not have the tag.
"""

from __future__ import annotations

PLACE = '"kecamatan" =~ /^${kecamatan:regex}$/ AND "desa" =~ /^${desa:regex}$/'
LINE = '"operator" =~ /^${operator:regex}$/ AND "modem" =~ /^${modem:regex}$/'
EVERY = f"{PLACE} AND {LINE}"
MODEMS = f'{PLACE} AND "modem" =~ /^${{modem:regex}}$/'
"""For what has no operator."""
RANGE = "$timeFilter"
NOW = "time > ${__to}ms - 15m AND time <= ${__to}ms"
"""The state of a hall is that of the last 15 minutes before the end of the chosen period: the past can be looked at too."""
LAST_HOUR = "time >= ${__to}ms - 2h AND time < ${__to}ms - 1h"
"""Holds the start of exactly one full hour: the last one that is complete."""

SERVED = '"registration" =~ /^(home|roaming)$/'
LTE = '"rat" =~ /^(lte|lte_m|nb_iot|nr_nsa|nr_sa)$/'
OLDER = '"rat" =~ /^(gsm|wcdma)$/'
NO_SERVICE = '"registration" =~ /^(searching|denied|not_registered)$/'
FAULT = '"registration" =~ /^(no_sim|modem_silent)$/'


def series(what: str, measurement: str, where: str, tags: str, *, fill: str = "null") -> str:
    """Write a query for curves: aggregated by `$__interval` and tags; an empty interval is null: a gap."""
    group = f", {tags}" if tags else ""
    return rows(what, measurement, f"{RANGE} AND {where}", f"time($__interval){group} fill({fill})")


def rows(what: str, source: str, where: str = "", tags: str = "") -> str:
    """Write a query for tables and figures. `source` is a measurement, a pattern of names, or a query in brackets."""
    origin = source if source.startswith(("(", "/")) else f'"{source}"'
    question = f"SELECT {what} FROM {origin}"  # noqa: S608 - all parts are fixed texts of this package
    return question + (f" WHERE {where}" if where else "") + (f" GROUP BY {tags}" if tags else "")


def share(tags: str, where: str, *, source: str = "signal_1h") -> str:
    """Write the query for availability: served of what the network was responsible for; nothing where it had no sample."""
    sums = rows('sum("served") AS "s", sum("served") + sum("no_service") AS "n"', source, where, tags)
    return rows('100.0 * "s" / "n" AS "availability"', f"({sums})", '"n" > 0', tags)
