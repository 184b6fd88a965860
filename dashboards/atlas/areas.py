"""Where villages and kecamatan lie: the shipped polygons, and the same drawn simpler. Keyed by code without dots."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from collector.errors import ConfigError

DATA = Path(__file__).parents[1] / "data"
DESA, KECAMATAN, NATION = (DATA / f"{name}.geojson" for name in ("kutim_desa", "kutim_kecamatan", "indonesia"))
Ring = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Area:
    """One polygon and its name; rings are of lon, lat in degrees."""

    name: str
    kecamatan: str
    geometry: BaseGeometry

    def rings(self) -> list[Ring]:
        """Return all outer and inner rings."""
        return [_points(ring) for part in _parts(self.geometry) for ring in (part.exterior, *part.interiors)]


@dataclass(frozen=True, slots=True)
class Borders:
    """The lines of a map, each once: round all of it, between kecamatan, between villages of one kecamatan. Degrees."""

    land: list[Ring]
    kecamatan: list[Ring]
    desa: list[Ring]


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


def simplified(areas: Mapping[str, Area], tolerance: float) -> dict[str, Area]:
    """Draw areas with fewer points, off by about `tolerance` degrees; neighbours keep one common line, without gap or overlap."""
    shapes = shapely.coverage_simplify([area.geometry for area in areas.values()], tolerance)
    return {code: replace(area, geometry=made) for (code, area), made in zip(areas.items(), shapes, strict=True)}


def dissolved(areas: Mapping[str, Area]) -> dict[str, Area]:
    """Return the kecamatan that villages make up, by the name of the kecamatan."""
    homes: dict[str, list[BaseGeometry]] = defaultdict(list)
    for area in areas.values():
        homes[area.kecamatan].append(area.geometry)
    return {name: Area(name, name, shapely.coverage_union_all(parts)) for name, parts in sorted(homes.items())}


def borders(areas: Mapping[str, Area]) -> Borders:
    """Return the lines of villages that fit together; a line that two of them share is there once."""
    whole = shapely.coverage_union_all([area.geometry for area in areas.values()])
    coarse = shapely.union_all([area.geometry.boundary for area in dissolved(areas).values()])
    fine = shapely.union_all([area.geometry.boundary for area in areas.values()])
    return Borders(
        land=Area("", "", whole).rings(),
        kecamatan=_lines(shapely.difference(coarse, whole.boundary)),
        desa=_lines(shapely.difference(fine, coarse)),
    )


def undotted(code: str) -> str:
    """Return a Kemendagri code as sites have it."""
    return code.replace(".", "")


def dotted(code: str) -> str:
    """Return the code of a village as Kemendagri writes it (64.08.01.2001); another site id stays as it is."""
    if len(code) != 10 or not code.isdecimal():
        return code
    return f"{code[:2]}.{code[2:4]}.{code[4:6]}.{code[6:]}"


def _parts(geometry: BaseGeometry) -> list[Any]:
    return list(getattr(geometry, "geoms", [geometry]))


def _points(line: BaseGeometry) -> Ring:
    return [(x, y) for x, y, *_ in line.coords]


def _lines(geometry: BaseGeometry) -> list[Ring]:
    merged = shapely.line_merge(geometry)
    return [_points(line) for line in _parts(merged) if not line.is_empty]
