"""What other lists say of villages (`kutim_context.csv`), and whether a hall lies in its own. Keyed by code without dots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shapely.geometry import Point

from collector.errors import ConfigError
from collector.sites.sites import Site
from dashboards.atlas.areas import Area, undotted
from dashboards.needs.model import Context
from ground.table import read_table

FLAGS = ("blankspot_list_37", "pln_program_2025_15", "no_pln_grid_2026_13")


def read_context(path: Path) -> dict[str, Context]:
    """Read the 0/1 columns of a context file; an empty cell is not known. Raises ConfigError."""
    rows, faults = read_table(path, ["code", *FLAGS])
    found = {}
    for row in rows:
        cells = [row.cells[name] for name in FLAGS]
        wrong = next((f for f, cell in zip(FLAGS, cells, strict=True) if cell not in {"0", "1", ""}), None)
        if wrong or not row.cells["code"]:
            faults.append(f"{row.where}: {wrong or 'code'}: must be there, flags as 0, 1, or empty when not known")
        else:
            found[undotted(row.cells["code"])] = Context(*(None if cell == "" else cell == "1" for cell in cells))
    if faults:
        raise ConfigError("\n".join(faults))
    return found


def inside(site: Site, areas: Mapping[str, Area]) -> bool | None:
    """Return whether a hall's coordinate lies in the polygon of its village.

    None: there is no such polygon, or the coordinate is its middle, of which the question cannot fail.
    """
    area = areas.get(site.code)
    return None if area is None or site.coordinate_source == "centroid" else bool(area.geometry.covers(Point(site.lon, site.lat)))
