"""Import of files that an agent exported to a USB stick: `sinyal-SITE-UTC.jsonl.gz`, one frame of plain JSON a line.

Goes through the same line as MQTT, so the checks are the same and importing twice stores nothing twice.
"""

from __future__ import annotations

import gzip
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from collector.line.counters import Counters
from collector.line.inbox import Received
from collector.line.pipeline import Pipeline
from collector.line.rejected import RejectedFolder
from collector.sites.sites import Site
from collector.store.store import Store
from telemetry.frame import MAX_PAYLOAD_BYTES
from telemetry.streams import STREAMS
from telemetry.topics import stream_topic

BATCH_FRAMES = 200
FILE_NAME = re.compile(r"sinyal-([a-z0-9-]{1,32})-[0-9TZ.-]+\.jsonl\.gz")
_STREAM = re.compile(rb'"stream"\s*:\s*"(\w+)"')


@dataclass(slots=True)
class Result:
    """What became of one file; samples are counted, except `rejected` and `held`, which are frames."""

    file: Path
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    held: int = 0
    fault: str = ""
    """Why the file, or the rest of it, could not be read."""

    @property
    def complete(self) -> bool:
        """Return whether everything in the file is in the store now."""
        return not (self.rejected or self.held or self.fault)

    @property
    def readable(self) -> bool:
        """Return whether the file gave anything at all."""
        return bool(self.stored or self.duplicate or self.rejected or self.held)


def import_file(path: Path, store: Store, sites: Mapping[str, Site], rejected: RejectedFolder, late_after_s: float) -> Result:
    """Import one file. Raises StoreUnavailableError; then run it again, for nothing is stored twice."""
    result = Result(path)
    name = FILE_NAME.fullmatch(path.name)
    if name is None:
        result.fault = "name must be sinyal-SITE-UTC.jsonl.gz, as `sinyal-agent export` writes it"
        return result
    counters = Counters()
    line = Pipeline(
        store=store,
        sites=sites,
        rejected=rejected,
        counters=counters,
        send_ack=lambda _site, _ack: None,
        late_after_s=late_after_s,
        patient=False,
    )
    line.know(name[1], sorted(set(store.seqs(name[1]))))
    messages = _messages(path, name[1], result)
    while batch := list(islice(messages, BATCH_FRAMES)):
        line.process(batch)
    result.stored, result.duplicate = counters.stored_samples, counters.duplicate_samples
    result.rejected, result.held = counters.rejected_frames.total(), counters.held_frames
    return result


def _messages(path: Path, site: str, result: Result) -> Iterator[Received]:
    try:
        with gzip.open(path) as file:
            while text := file.readline(MAX_PAYLOAD_BYTES + 2):
                if text.strip():
                    yield Received(_topic(site, text), text.strip(), time.time_ns() // 1_000_000)
    except (OSError, EOFError, zlib.error) as error:
        result.fault = f"cannot be read on: {error}"


def _topic(site: str, text: bytes) -> str:
    # A file has no topics: the site is the file's, the stream is what the frame says; a frame without one is refused later.
    found = _STREAM.search(text)
    stream = found[1].decode() if found else ""
    return stream_topic(site, stream if stream in STREAMS else "signal")
