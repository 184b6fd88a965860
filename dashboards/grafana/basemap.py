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

from grafana_foundation_sdk.builders.common import MapLayerOptions
from shapely.geometry import mapping, shape

from dashboards.grafana.context import MAP_FILE

BOUNDARIES = Path(__file__).parents[1] / "data" / "kutim_kecamatan.geojson"
TOLERANCE_DEG = 0.006
"""About 700 m: less than a pixel where the whole regency fills a panel."""
DECIMALS = 3


def basemap() -> MapLayerOptions:
    """Return the base layer: kecamatan in a half-transparent grey that shows every class colour in both of Grafana's themes."""
    style = {"color": {"fixed": "#9aa3b0"}, "opacity": 0.6, "lineWidth": 1}
    config = {"src": f"public/{MAP_FILE}", "style": style, "rules": []}
    return MapLayerOptions().type("geojson").name("Kecamatan").config(config).tooltip(False)


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
