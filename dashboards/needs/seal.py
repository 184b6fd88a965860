"""The fingerprint of a needs map: SHA-256 of its handover table, in print, as a QR code, and of every file beside it.

A document cannot hold its own hash. What is hashed is the CSV with commas and decimal points: whoever recomputes the map from the
archive or a backup gets the same bytes, whatever paper they print it on.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import segno

from dashboards.needs.csv import csv_text
from dashboards.needs.letterhead import Letterhead
from dashboards.needs.model import Report
from ground.words import Lang, phrase, said

SUMS = "SHA256SUMS"
CHUNK = 1 << 20


def fingerprint(report: Report) -> str:
    """Return the SHA-256 of the handover table, hexadecimal."""
    return sha256(csv_text(report).encode("utf-8-sig")).hexdigest()


def grouped(digest: str) -> str:
    """Write a hash in groups of eight that a person can compare."""
    return " ".join(digest[k : k + 8] for k in range(0, len(digest), 8))


def qr_svg(what: str, digest: str, head: Letterhead, lang: Lang) -> str:
    """Return the QR code as SVG: where to compare the fingerprint, else of what it is and itself."""
    text = head.verify_url.replace("{sha256}", digest) if head.verify_url else f"{what}\nSHA-256 {digest}"
    title = said(phrase("QR code with the fingerprint of the data"), lang)
    return str(segno.make(text, error="m", micro=False).svg_inline(scale=2, border=2, title=title, omitsize=True))


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of every file below a folder, as `sha256sum --check` reads it."""
    lines = [f"{file_hash(path)}  {path.relative_to(folder).as_posix()}" for path in sorted(folder.rglob("*")) if path.is_file()]
    (folder / SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    digest = sha256()
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
