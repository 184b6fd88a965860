"""The map below the halls: the regency's own boundaries, carried inside the dashboard, so that no tile server is asked.

Grafana's map can draw a GeoJSON layer from any address; a `data:` address needs no server, no file in Grafana's folder and no
internet. The layer takes the place of the base map, whose default would fetch tiles from a server abroad.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders.common import MapLayerOptions
from shapely.geometry import mapping, shape

BOUNDARIES = Path(__file__).parents[1] / "data" / "kutim_kecamatan.geojson"
TOLERANCE_DEG = 0.006
"""About 700 m: less than a pixel where the whole regency fills a panel."""
DECIMALS = 3


def basemap() -> MapLayerOptions:
    """Return the base layer: kecamatan in a half-transparent grey that shows every class colour in both of Grafana's themes."""
    style = {"color": {"fixed": "#9aa3b0"}, "opacity": 0.6, "lineWidth": 1}
    config = {"src": _address(BOUNDARIES), "style": style, "rules": []}
    return MapLayerOptions().type("geojson").name("Kecamatan").config(config).tooltip(False)


def _address(path: Path) -> str:
    features = [
        {"type": "Feature", "properties": {"name": f["properties"]["name"]}, "geometry": _simple(f["geometry"])}
        for f in json.loads(path.read_text(encoding="utf-8"))["features"]
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=True, separators=(",", ":"))
    return "data:application/geo+json;base64," + base64.b64encode(text.encode()).decode()


def _simple(geometry: dict[str, Any]) -> dict[str, Any]:
    found = mapping(shape(geometry).simplify(TOLERANCE_DEG))
    return {"type": found["type"], "coordinates": _rounded(found["coordinates"])}


def _rounded(value: Any) -> Any:
    return round(value, DECIMALS) if isinstance(value, float) else [_rounded(part) for part in value]
