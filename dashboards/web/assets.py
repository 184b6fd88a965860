"""Files that the browser keeps for ever: their name carries a hash of what is in them, and they are compressed once, at start.

The styles stand in each page itself, so that a page on a slow link is readable with its first bytes; the policy of the page names
their hash. The long overview has only those of its first screen there, and the rest as a file below its list. Charts are drawn by
uPlot, which lies in static/vendor with its licence.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from collector.sites.classes import Classes
from dashboards.web.state import STRIP

STATIC = Path(__file__).with_name("static")
TEMPLATES = Path(__file__).with_name("templates")
FIRST, REST, WORKER = "first.css", "style.css", "sw.js"
"""The first stands in every page, the worker lies at the root of the host: they are no files of their own."""
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and compressed."""

    body: bytes
    packed: bytes
    media_type: str


class Assets:
    """All files of the page. `url("map.js")` gives the address, `get` what is there; `version` is of all of them together."""

    def __init__(self, classes: Classes) -> None:
        self._by_address: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        rest = _packed((STATIC / REST).read_text(encoding="utf-8")) + _classes_css(classes)
        for name, body in {**dict(_files()), REST: rest.encode()}.items():
            stem, dot, suffix = name.rpartition(".")
            address = f"{stem}.{_digest(body).hex()[:10]}{dot}{suffix}"
            self._by_address[address] = Asset(body, gzip.compress(body, 9, mtime=0), TYPES[dot + suffix])
            self._urls[name] = f"/static/{address}"
        first = _packed((STATIC / FIRST).read_text(encoding="utf-8"))
        whole = first + rest + _strip_css()
        self.first, self.style = Markup(first), Markup(whole)  # noqa: S704 - our own files, and colours of classes.toml
        self.style_hash = " ".join(f"'sha256-{base64.b64encode(_digest(css.encode())).decode()}'" for css in (first, whole))
        templates = b"".join(path.read_bytes() for path in sorted(TEMPLATES.iterdir()))
        self.version = _digest(repr(sorted(self._urls.items())).encode() + whole.encode() + templates).hex()[:10]
        self.worker = (STATIC / WORKER).read_text(encoding="utf-8").replace("@VERSION@", self.version)

    def url(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for a name that is not there."""
        return self._urls[name]

    def get(self, address: str) -> Asset | None:
        """Return the file at an address, None where there is none."""
        return self._by_address.get(address)


def _files() -> Iterator[tuple[str, bytes]]:
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in TYPES and path.name not in {FIRST, WORKER}:
            yield path.name, path.read_bytes()


def _packed(css: str) -> str:
    """Take out what only people read."""
    plain = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    return re.sub(r" ?([{};,]) ?|: ", lambda found: found[1] or ":", plain).replace(";}", "}").strip()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _classes_css(classes: Classes) -> str:
    """Colours of classes.toml as CSS: the policy of the page allows no style attribute."""
    known = [(c.key, c.colour) for c in classes.classes] + [(key, s.colour) for key, s in classes.state.items()]
    return "".join(f".k-{key}{{--k:{colour};--on:{_ink(colour)}}}" for key, colour in known)


def _strip_css() -> str:
    return "".join(f".s-{key}{{background:{colour};fill:{colour}}}" for key, (colour, _) in STRIP.items())


def _ink(colour: str) -> str:
    """Return black or white, whichever is read better on a colour (WCAG relative luminance)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#fff"
