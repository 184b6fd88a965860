"""The needs map as one HTML file that needs nothing else: one language at a time, worst first, folded by kecamatan."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dashboards.needs.document import Drawn, render
from dashboards.needs.letterhead import Letterhead
from dashboards.needs.model import Report


def write_html(report: Report, maps: Drawn, head: Letterhead, path: Path, evidenced: Collection[str] = frozenset()) -> None:
    """Write the page; `evidenced`: the villages with a page of evidence beside it."""
    path.write_text(render(report, maps, head, "id", paper=False, evidenced=evidenced), encoding="utf-8")
