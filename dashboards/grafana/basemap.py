"""The map below the halls: the regency's own boundaries, so that no tile server abroad is asked.

Grafana's GeoJSON layer reads a file below its own `public/`, in every version from 9.4 to 13: as its default
`public/maps/countries.geojson` there (`geojsonLayer.ts`; from 12 on put behind the public path, which a `data:` address did not
survive). The file is written beside the dashboards, and is copied to Grafana's `public/maps/` once. Without it the halls stand on
an empty ground; nothing else is asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.builders.common import FrameGeometrySource, MapLayerOptions
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode
from grafana_foundation_sdk.models.geomap import TooltipMode
from shapely.geometry import mapping, shape

from dashboards.grafana.theme import PLAIN

BOUNDARIES = Path(__file__).parents[1] / "data" / "kutim_kecamatan.geojson"
TOLERANCE_DEG = 0.006
"""About 700 m: less than a pixel where the whole regency fills a panel."""
DECIMALS = 3
OF_REGENCY, OF_NATION = (1, 117, 8), (-2, 118, 5)
COUNTRIES = "maps/countries.geojson"
"""What Grafana brings itself."""


def basemap(name: str, file: str) -> MapLayerOptions:
    """Return a base layer: areas in a half-transparent grey that shows every class colour in both of Grafana's themes."""
    style = {"color": {"fixed": "#9aa3b0"}, "opacity": 0.6, "lineWidth": 1}
    config = {"src": f"public/{file}", "style": style, "rules": []}
    return MapLayerOptions().type("geojson").name(name).config(config).tooltip(False)


def lay(panel: geomap.Panel, colour: str, view: tuple[int, int, int], base: MapLayerOptions) -> geomap.Panel:
    """Lay points (columns lat, lon) over a base, coloured by a column; `view` is lat, lon and zoom."""
    style = {
        "color": {"field": colour, "fixed": PLAIN},
        "size": {"fixed": 7, "min": 7, "max": 7},
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        "opacity": 0.95,
    }
    place = FrameGeometrySource().mode(FrameGeometrySourceMode.COORDS).latitude("lat").longitude("lon")
    points = MapLayerOptions().type("markers").name("Sinyal").location(place).tooltip(True)
    lat, lon, zoom = view
    panel.view(geomap.MapViewConfig().id("coords").lat(lat).lon(lon).zoom(zoom))
    panel.tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
    panel.controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(True).show_attribution(False).show_scale(True))
    return panel.basemap(base).layers([points.config({"style": style, "showLegend": False})])


def boundaries() -> str:
    """Return the text of the file."""
    features = [
        {"type": "Feature", "properties": {"name": f["properties"]["name"]}, "geometry": _simple(f["geometry"])}
        for f in json.loads(BOUNDARIES.read_text(encoding="utf-8"))["features"]
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=True, separators=(",", ":")) + "\n"


def _simple(geometry: dict[str, Any]) -> dict[str, Any]:
    found = mapping(shape(geometry).simplify(TOLERANCE_DEG))
    return {"type": found["type"], "coordinates": _rounded(found["coordinates"])}


def _rounded(value: Any) -> Any:
    return round(value, DECIMALS) if isinstance(value, float) else [_rounded(part) for part in value]
