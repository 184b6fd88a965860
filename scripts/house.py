"""Draw the house from its imports: `python scripts/house.py` writes docs/house.svg; --check only says whether it is current.

Rooms and floors are the layers of [tool.importlinter] in pyproject.toml; an arrow is an import that exists, from who takes to
what is taken. Nothing is drawn by hand, so the picture cannot lie.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "house.svg"
HIDDEN = {"tests"}
BOX_W, BOX_H, GAP_X, GAP_Y, PAD = 96, 30, 22, 34, 24
STYLE = (
    "text{font:13px sans-serif;fill:#1b2733}.t{font-weight:600}.r{fill:#eef4fb;stroke:#3d6ea5}"
    ".a{stroke:#7d93ab;stroke-width:1.1;fill:none;marker-end:url(#h)}.p{fill:#fff;stroke:#c9d5e2}"
)

Floors = list[list[str]]
Arrows = set[tuple[str, str]]


def contracts() -> list[tuple[str, Floors]]:
    """Return the layered contracts: the package ("" for the house) and its floors from the top, each a list of rooms."""
    found = []
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]:
        if contract["type"] != "layers":
            continue
        floors = [[room for room in re.split(r" [|:] ", layer) if room not in HIDDEN] for layer in contract["layers"]]
        found.append((contract.get("containers", [""])[0], [floor for floor in floors if floor]))
    return found


def arrows_of(graph: grimp.ImportGraph, package: str, floors: Floors) -> Arrows:
    """Return which room imports which, within a package or between the packages of the house."""
    rooms = {f"{package}.{room}" if package else room: room for floor in floors for room in floor}
    depth = 2 if package else 1
    found: Arrows = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            pair = [rooms.get(".".join(module.split(".")[:depth])) for module in (importer, imported)]
            if pair[0] and pair[1] and pair[0] != pair[1]:
                found.add((pair[0], pair[1]))
    return found


def reduced(arrows: Arrows) -> Arrows:
    """Leave out an arrow where a longer way says the same: what is taken from two floors down is drawn over the floor between."""
    reach: dict[str, set[str]] = {}

    def below(room: str) -> set[str]:
        if room not in reach:
            reach[room] = set()
            for taker, taken in arrows:
                if taker == room:
                    reach[room] |= {taken} | below(taken)
        return reach[room]

    return {
        (taker, taken)
        for taker, taken in arrows
        if not any(taken in below(other) for who, other in arrows if who == taker and other != taken)
    }


def panel(title: str, floors: Floors, arrows: Arrows, left: float) -> tuple[str, float, float]:
    """Return the drawing of one package, its width and its height."""
    widest = max(len(floor) for floor in floors)
    width = widest * BOX_W + (widest - 1) * GAP_X + 2 * PAD
    height = len(floors) * (BOX_H + GAP_Y) + 2 * PAD
    parts = [f'<rect class="p" x="{left}" y="0" width="{width}" height="{height}" rx="8"/>']
    parts.append(f'<text class="t" x="{left + PAD}" y="{PAD}">{title}</text>')
    place: dict[str, tuple[float, float]] = {}
    for number, floor in enumerate(floors):
        start = left + (width - len(floor) * BOX_W - (len(floor) - 1) * GAP_X) / 2
        for column, room in enumerate(floor):
            place[room] = (start + column * (BOX_W + GAP_X), PAD + 14 + number * (BOX_H + GAP_Y))
    for taker, taken in sorted(reduced(arrows)):
        (x1, y1), (x2, y2) = place[taker], place[taken]
        bend = (place[taken][1] - place[taker][1]) / (BOX_H + GAP_Y)
        swing = 0 if bend <= 1 else 40 * (1 if x2 >= x1 else -1)
        middle = f"{(x1 + x2 + BOX_W) / 2 + swing:.0f},{(y1 + y2 + BOX_H) / 2:.0f}"
        parts.append(f'<path class="a" d="M{x1 + BOX_W / 2:.0f},{y1 + BOX_H:.0f} Q{middle} {x2 + BOX_W / 2:.0f},{y2:.0f}"/>')
    for room, (x, y) in place.items():
        parts.append(f'<rect class="r" x="{x:.0f}" y="{y:.0f}" width="{BOX_W}" height="{BOX_H}" rx="5"/>')
        parts.append(f'<text x="{x + BOX_W / 2:.0f}" y="{y + 20:.0f}" text-anchor="middle">{room}</text>')
    return "\n".join(parts), width, height


def draw() -> str:
    """Return the whole picture as SVG."""
    graph = grimp.build_graph("telemetry", "ground", "agent", "collector", "dashboards", "demo", "lab", "bench", cache_dir=None)
    parts, left, tallest = [], 0.0, 0.0
    for package, floors in contracts():
        drawing, width, height = panel(f"{package}/" if package else "the house", floors, arrows_of(graph, package, floors), left)
        parts.append(drawing)
        left, tallest = left + width + GAP_X, max(tallest, height)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left - GAP_X:.0f} {tallest:.0f}"><style>{STYLE}</style>'
    tip = (
        '<defs><marker id="h" markerWidth="7" markerHeight="7" refX="6" refY="3" orient="auto">'
        '<path d="M0,0L6,3L0,6z" fill="#7d93ab"/></marker></defs>'
    )
    return "\n".join([head, tip, *parts, "</svg>", ""])


def main() -> int:
    """Run the script; returns the exit code."""
    sys.path.insert(0, str(ROOT))
    picture = draw()
    if "--check" in sys.argv[1:]:
        if PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == picture:
            return 0
        sys.stderr.write("stale: docs/house.svg; run: python scripts/house.py\n")
        return 1
    PICTURE.write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
