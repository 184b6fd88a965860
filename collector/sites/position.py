"""Where a hall really is: GNSS of its modem replaces the middle of the village, never a place that somebody wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from collector.sites.sites import Site


def newest_positions(rows: Iterable[Mapping[str, object]]) -> dict[str, Mapping[str, object]]:
    """Return the newest row of the stream `position` of each site that has one with a place in it."""
    usable = [row for row in rows if isinstance(row.get("lat_deg"), float) and isinstance(row.get("lon_deg"), float)]
    return {str(row["site"]): row for row in sorted(usable, key=lambda row: int(str(row["time_ns"])))}


def measured_place(site: Site, position: Mapping[str, object] | None) -> Site:
    """Return a site with the position that its modem measured (a row of the stream `position`), where the register has none.

    Only a `centroid` gives way. Coordinate source, accuracy in m and number of fixes tell that it did.
    """
    if position is None or site.coordinate_source != "centroid":
        return site
    lat, lon, accuracy, fixes = (position.get(name) for name in ("lat_deg", "lon_deg", "accuracy_m", "fixes"))
    if not isinstance(lat, float) or not isinstance(lon, float):
        return site
    return replace(
        site,
        lat=lat,
        lon=lon,
        coordinate_source="gnss",
        accuracy_m=accuracy if isinstance(accuracy, float) else None,
        fixes=fixes if isinstance(fixes, int) else None,
    )
