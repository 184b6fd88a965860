"""The papers of the agreement: printed minutes, signed scans, photos, kept in the record under the SHA-256 of their content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from collector.agreement.ledger import LedgerError, belong_to_folder
from collector.agreement.rules import RefusedError
from collector.agreement.state import State
from ground.durable import write_durably
from ground.words import phrase

FOLDER = "papers"
MAX_BYTES = 20_000_000
DIGEST = re.compile("[0-9a-f]{64}")
KINDS = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n": "png"}
"""What a scan may be, by its first bytes."""


def keep(record: Path, content: bytes) -> str:
    """Keep a paper in the folder of a record; return its SHA-256. Raises RefusedError where it is none."""
    kind = _kind(content)
    if kind is None or len(content) > MAX_BYTES:
        raise RefusedError(phrase("a paper is a PDF, JPEG or PNG of at most {mb} MB", mb=MAX_BYTES // 1_000_000))
    digest = digest_of(content)
    folder = record / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    belong_to_folder(folder)
    path = folder / f"{digest}.{kind}"
    write_durably(path, content, mode=0o600)
    belong_to_folder(path)
    return digest


def digest_of(content: bytes) -> str:
    """Return the SHA-256 under which a paper is kept, hex."""
    return hashlib.sha256(content).hexdigest()


def read(record: Path, digest: str) -> tuple[str, bytes] | None:
    """Return kind (`pdf`, `jpg`, `png`) and content of a paper; None where it is not there, or is not what was written."""
    found = next((record / FOLDER).glob(f"{digest}.*"), None) if DIGEST.fullmatch(digest) else None
    content = found.read_bytes() if found else b""
    kind = _kind(content)
    return (kind, content) if kind and digest_of(content) == digest else None


def check_papers(record: Path, state: State) -> int:
    """Compare each paper that the record names with its hash; return how many. Raises LedgerError at the first wrong one."""
    checked = 0
    for what, digest in _named(state):
        found = next((record / FOLDER).glob(f"{digest}.*"), None)
        if found is None:
            raise LedgerError(f"{what}: the paper {digest} is gone; restore {record / FOLDER} from a backup")
        if digest_of(found.read_bytes()) != digest:
            raise LedgerError(f"{what}: {found} is not what was written; restore it from a backup")
        checked += 1
    return checked


def _kind(content: bytes) -> str | None:
    return next((kind for magic, kind in KINDS.items() if content.startswith(magic)), None)


def _named(state: State) -> Iterator[tuple[str, str]]:
    for n, minutes in state.minutes.items():
        yield f"minutes of {minutes.about}, entry {n}", minutes.document
        yield from ((f"scan of the minutes of {minutes.about}, entry {n}", scan.file) for scan in state.scans.get(n, ()))
    for n, one in state.remarks.items():
        if one.remark.photo:
            yield f"photo of remark {n}", one.remark.photo
