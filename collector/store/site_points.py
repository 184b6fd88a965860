"""Where the halls are, as points in the store (measurement `site`): a map drawn from the store alone needs no other file.

Written again every hour, at the start of the hour: a store that forgets after a while never forgets where the halls are, the
dashboards see a corrected sites.csv soon, and the same hour overwrites itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from collector.sites.sites import Site
from collector.store.store import Point
from telemetry.frame import Value

MEASUREMENT = "site"
HOUR_NS = 3600 * 1_000_000_000


def site_points(sites: Iterable[Site], now_ns: int) -> list[Point]:
    """Return a point for each site at the start of this hour; what nobody knows of a site is left out."""
    return [_point(site, now_ns // HOUR_NS * HOUR_NS) for site in sites]


def _point(site: Site, time_ns: int) -> Point:
    values: dict[str, Value] = {"lat": site.lat, "lon": site.lon, "coordinate_source": site.coordinate_source}
    known = {"population": site.population, "power": site.power, "antenna": site.antenna, "booster": site.booster}
    values |= {name: value for name, value in known.items() if value is not None}
    return Point(MEASUREMENT, {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}, values, time_ns)
