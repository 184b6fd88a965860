"""Rejected payloads, kept for a person to look at: one file each, the oldest removed when the folder is full.

A file is one line of JSON (time, topic, kind, reason, size) and then the payload as it came, cut at 64 KiB.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

KEPT_BYTES = 64 * 1024
log = logging.getLogger(__name__)


class RejectedFolder:
    """A folder of at most max_files files and max_bytes bytes."""

    def __init__(self, folder: Path, max_files: int, max_bytes: int) -> None:
        self._folder = folder
        self._max_files = max_files
        self._max_bytes = max_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self._files = deque((path, path.stat().st_size) for path in sorted(folder.glob("*.rejected")))
        self._bytes = sum(size for _, size in self._files)

    def keep(self, topic: str, payload: bytes, kind: str, reason: str, at_ms: int) -> None:
        """Write one payload with its reason. A full disk is logged and never stops the line."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        about = {"time": at.isoformat(), "topic": topic[:200], "kind": kind, "reason": reason, "bytes": len(payload)}
        content = json.dumps(about).encode() + b"\n" + payload[:KEPT_BYTES]
        path = self._folder / f"{at:%Y%m%dT%H%M%S}.{at_ms % 1000:03d}Z-{zlib.crc32(payload):08x}.rejected"
        try:
            again = path.exists()
            path.write_bytes(content)
        except OSError as error:
            log.warning("event=rejected_not_kept reason=%s", error)
            return
        if not again:
            self._files.append((path, len(content)))
            self._bytes += len(content)
        while len(self._files) > self._max_files or self._bytes > self._max_bytes:
            oldest, size = self._files.popleft()
            oldest.unlink(missing_ok=True)
            self._bytes -= size
