"""Import of files that an agent exported to a USB stick: `sinyal-SITE-UTC.jsonl.gz`, one frame of plain JSON a line.

A file is read to its end before anything of it is stored; of a damaged one only frames whose own check holds are taken. Goes
through the same line as MQTT, so the checks are the same and importing twice stores nothing twice.
"""

from __future__ import annotations

import gzip
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from collector.errors import ConfigError
from collector.line.counters import Counters
from collector.line.inbox import Received
from collector.line.pipeline import Pipeline
from collector.line.rejected import RejectedFolder
from collector.sites.sites import Site
from collector.store.store import Store
from ground.reasons import meaning
from ground.words import Figure, Lang, Phrase, phrase, said, tr
from telemetry.ack import Ack
from telemetry.frame import MAX_PAYLOAD_BYTES
from telemetry.stick import check
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
    fault: Phrase | None = None
    """Why the file, or the rest of it, could not be read, and what to do."""
    why: dict[str, str] = field(default_factory=dict)
    """The first reason for a frame that was rejected or held."""

    @property
    def complete(self) -> bool:
        """Return whether everything in the file is in the store now."""
        return not (self.rejected or self.held or self.fault)

    @property
    def readable(self) -> bool:
        """Return whether the file gave anything at all."""
        return bool(self.stored or self.duplicate or self.rejected or self.held)

    def note(self, acks: Mapping[str, Ack]) -> None:
        """Remember the first reasons of answers."""
        for ack in acks.values():
            for kind, answers in (("rejected", ack.bad), ("held", ack.hold)):
                if answers:
                    self.why.setdefault(kind, answers[0].reason)

    def told(self, lang: Lang) -> str:
        """Return the line for a person."""
        counts = [tr("stored {n}", lang, n=self.stored), tr("duplicate {n}", lang, n=self.duplicate)]
        for kind, text in (("rejected", tr("rejected {n}", lang, n=self.rejected)), ("held", tr("held {n}", lang, n=self.held))):
            counts.append(text + (f" ({meaning(self.why[kind], lang)})" if kind in self.why else ""))
        return f"{self.file}: {', '.join(counts)}" + (f"; {said(self.fault, lang)}" if self.fault else "")


def files_of(path: Path) -> list[Path]:
    """Return the export files in a folder, or the file itself. Raises ConfigError for a folder without any."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if FILE_NAME.fullmatch(file.name))
    if not found:
        raise ConfigError(
            f"{path}: no file sinyal-SITE-UTC.jsonl.gz in this folder; make one with `sinyal-agent export` in the hall"
        )
    return found


def import_file(path: Path, store: Store, sites: Mapping[str, Site], rejected: RejectedFolder, late_after_s: float) -> Result:
    """Import one file. Raises StoreUnavailableError; then run it again, for nothing is stored twice."""
    result = Result(path)
    name = FILE_NAME.fullmatch(path.name)
    if name is None:
        result.fault = phrase("name must be sinyal-SITE-UTC.jsonl.gz, as `sinyal-agent export` writes it")
        return result
    damage = _verify(path, result)
    counters = Counters()
    line = Pipeline(
        store=store,
        sites=sites,
        rejected=rejected,
        counters=counters,
        send_acks=result.note,
        late_after_s=late_after_s,
        patient=False,
    )
    store.check()  # makes a database that is missing, and is proof that it can be read
    line.know(name[1], sorted(set(store.seqs(name[1]))))
    messages = _messages(path, name[1], whole=not damage)
    while batch := list(islice(messages, BATCH_FRAMES)):
        line.process(batch)
    result.stored, result.duplicate = counters.stored_samples, counters.duplicate_samples
    result.rejected, result.held = counters.rejected_frames.total(), counters.held_frames
    return result


def _verify(path: Path, result: Result) -> str:
    """Read a file to its end before anything of it is stored; return what is wrong with it, and say in the result what to do."""
    frames = unchecked = damaged = upto = total = 0
    damage = ""
    try:
        for line in _lines(path):
            frames += 1
            found = check(line)
            unchecked += found is None
            damaged += found is not None and not found.sound
            if found is not None and found.sound:
                upto, total = found.upto, found.total
    except (OSError, EOFError, zlib.error) as error:
        damage = str(error) or type(error).__name__
    if damage and not path.exists():
        result.fault = phrase("cannot be read: {error}", error=damage)
    elif damage and frames and unchecked == frames:
        result.fault = phrase(
            "damaged ({error}), and its frames carry no check: nothing was taken; export once more in the hall", error=damage
        )
    elif damage:
        result.fault = phrase(
            "damaged or cut off ({error}): whole frames up to sample {n} of {of} are taken; export once more in the hall",
            error=damage,
            n=upto,
            of=total,
        )
    elif damaged:
        result.fault = phrase(
            "{n} frames are not as they were written and were left out; export once more in the hall", n=Figure(damaged)
        )
    elif not frames:
        result.fault = phrase("holds no readings: nothing waited in the hall when it was exported")
    return damage


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines that are not blank. Raises OSError, EOFError or zlib.error where the file is damaged, or at its end."""
    with gzip.open(path) as file:
        while text := file.readline(MAX_PAYLOAD_BYTES + 2):
            if line := text.strip():
                yield line


def _messages(path: Path, site: str, *, whole: bool) -> Iterator[Received]:
    """Yield the frames that can be trusted: those with a sound check, and in a whole file those without one."""
    try:
        for line in _lines(path):
            found = check(line)
            if found.sound if found is not None else whole:
                yield Received(_topic(site, line), line, time.time_ns() // 1_000_000)
    except (OSError, EOFError, zlib.error):
        return  # known since _verify


def _topic(site: str, text: bytes) -> str:
    # A file has no topics: the site is the file's, the stream is what the frame says; a frame without one is refused later.
    found = _STREAM.search(text)
    stream = found[1].decode() if found else ""
    return stream_topic(site, stream if stream in STREAMS else "signal")
