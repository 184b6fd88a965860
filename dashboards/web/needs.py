"""The needs map beside the page: the folder that `sinyal-dashboards needs` wrote, as it is, under /needs/."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)
KINDS = {".html", ".pdf", ".csv", ".xlsx", ".geojson", ".json", ".txt"}
TYPES = {".geojson": "application/geo+json", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
INLINE = {
    "script": re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL),
    "style": re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL),
}


class Needs:
    """A folder with a report, or with a folder for each, of which the last by name is shown; they may come while it runs."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def page(self) -> Path | None:
        """The needs map itself; None where there is none yet."""
        if self._folder is None or not self._folder.is_dir():
            return None
        folders = sorted((path for path in self._folder.iterdir() if path.is_dir()), reverse=True)
        return next((page for folder in (self._folder, *folders) for page in sorted(folder.glob("*.html"))), None)

    def file(self, name: str) -> Path | None:
        """Return a file beside the needs map, or of the folder with the evidence of each hall; None for any other name."""
        page = self.page
        if page is None or Path(name).suffix not in KINDS:
            return None
        files = (path for part in ("*", "bukti/*") for path in page.parent.glob(part))
        return next((path for path in files if path.relative_to(page.parent).as_posix() == name), None)


@router.get("/needs/{name:path}")
def needs(request: Request, name: str) -> Response:
    """Give the map, or another file of its folder."""
    reports: Needs = request.app.state.needs
    path = reports.file(name) if name else reports.page
    if path is None:
        raise HTTPException(404)
    if path.suffix != ".html":
        return FileResponse(path, media_type=TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0])
    body = path.read_bytes()
    return Response(body, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy(body)})


def policy(body: bytes) -> str:
    """Allow exactly the scripts and styles that stand in a page, and nothing from anywhere."""
    allowed = {kind: " ".join(sorted({_hash(found) for found in pattern.findall(body)})) for kind, pattern in INLINE.items()}
    scripts, styles = (allowed[kind] or "'none'" for kind in ("script", "style"))
    return f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; base-uri 'none'; frame-ancestors 'none'"


def _hash(text: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
