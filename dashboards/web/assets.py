"""Files that the browser keeps for ever: their name carries a hash of what is in them, and they are compressed once, at start.

BokehJS comes out of the installed bokeh package, so nothing is fetched from elsewhere and its version is the locked one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bokeh

from collector.sites.classes import Classes
from dashboards.web.state import STRIP

STATIC = Path(__file__).with_name("static")
BOUNDARIES = Path(__file__).parent.parent / "data"
BOKEH = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and compressed."""

    body: bytes
    packed: bytes
    media_type: str


class Assets:
    """All files of the page. `url("style.css")` gives the address, `get` what is there."""

    def __init__(self, classes: Classes) -> None:
        self._by_address: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        for name, body in _files(classes):
            stem, dot, suffix = name.rpartition(".")
            address = f"{stem}.{hashlib.sha256(body).hexdigest()[:10]}{dot}{suffix}"
            self._by_address[address] = Asset(body, gzip.compress(body, 9, mtime=0), TYPES[dot + suffix])
            self._urls[name] = f"/static/{address}"

    def url(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for a name that is not there."""
        return self._urls[name]

    def get(self, address: str) -> Asset | None:
        """Return the file at an address, None where there is none."""
        return self._by_address.get(address)


def _files(classes: Classes) -> Iterator[tuple[str, bytes]]:
    for path in sorted(STATIC.iterdir()):
        if path.suffix in TYPES:
            yield path.name, path.read_bytes()
    yield "bokeh.js", BOKEH.read_bytes()
    yield "classes.css", _classes_css(classes).encode()
    yield "boundaries.json", json.dumps(_boundaries(), separators=(",", ":"), ensure_ascii=False).encode()


def _classes_css(classes: Classes) -> str:
    """Colours of classes.toml as CSS: the policy of the page allows no style in its own HTML."""
    known = [(c.key, c.colour) for c in classes.classes] + [(key, s.colour) for key, s in classes.state.items()]
    rules = [f".k-{key}{{--k:{colour};--on:{_ink(colour)}}}\n" for key, colour in known]
    return "".join([*rules, *(f".s-{key}{{background:{colour}}}\n" for key, (colour, _) in STRIP.items())])


def _ink(colour: str) -> str:
    """Return black or white, whichever is read better on a colour (WCAG relative luminance)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#fff"


def _boundaries() -> dict[str, Any]:
    """Shipped polygons as BokehJS draws them; three decimals are enough to look at and save a fifth of the bytes."""
    shapes: dict[str, Any] = {}
    for kind in ("desa", "kecamatan"):
        features = json.loads((BOUNDARIES / f"kutim_{kind}.geojson").read_text(encoding="utf-8"))["features"]
        polygons = [_polygons(feature["geometry"]) for feature in features]
        shapes[kind] = {
            "name": [feature["properties"]["name"] for feature in features],
            "xs": [[[_axis(ring, 0) for ring in polygon] for polygon in shape] for shape in polygons],
            "ys": [[[_axis(ring, 1) for ring in polygon] for polygon in shape] for shape in polygons],
        }
    return shapes


def _polygons(geometry: dict[str, Any]) -> list[list[list[tuple[float, float]]]]:
    coordinates: list[Any] = geometry["coordinates"]
    return [coordinates] if geometry["type"] == "Polygon" else coordinates


def _axis(ring: list[tuple[float, float]], axis: int) -> list[float]:
    return [round(point[axis], 3) for point in ring]
