"""Where villages lie and what other lists say of them: shipped polygons, `kutim_context.csv`. Keyed by code without dots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from collector.errors import ConfigError
from collector.sites.sites import Site
from dashboards.needs.model import Context
from ground.table import read_table

DATA = Path(__file__).parents[1] / "data"
DESA, KECAMATAN = DATA / "kutim_desa.geojson", DATA / "kutim_kecamatan.geojson"
FLAGS = ("blankspot_list_37", "pln_program_2025_15", "no_pln_grid_2026_13")


@dataclass(frozen=True, slots=True)
class Area:
    """One polygon and its name; rings are of lon, lat in degrees."""

    name: str
    kecamatan: str
    geometry: BaseGeometry

    def rings(self) -> list[list[tuple[float, float]]]:
        """Return all outer and inner rings."""
        parts = getattr(self.geometry, "geoms", [self.geometry])
        return [[(x, y) for x, y, *_ in ring.coords] for part in parts for ring in (part.exterior, *part.interiors)]


def read_areas(path: Path) -> dict[str, Area]:
    """Read polygons by code. Raises ConfigError."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        return {
            undotted(f["properties"]["code"]): Area(
                f["properties"]["name"], f["properties"].get("kecamatan", f["properties"]["name"]), shape(f["geometry"])
            )
            for f in features
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: is not GeoJSON with code and name ({error!r}); copy dashboards/data again") from None


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


def undotted(code: str) -> str:
    """Return a Kemendagri code as sites have it."""
    return code.replace(".", "")


def dotted(code: str) -> str:
    """Return the code of a village as Kemendagri writes it (64.08.01.2001); another site id stays as it is."""
    if len(code) != 10 or not code.isdecimal():
        return code
    return f"{code[:2]}.{code[2:4]}.{code[4:6]}.{code[6:]}"
