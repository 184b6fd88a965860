"""The letters of one regency in a folder, the same at both ends: `FOLDER/6408/00000012.letter`; the newest is the head.

A regency that was restored from an old backup goes on above what the other end has (`base.json`), and says all of it anew.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from collector.agreement.ledger import belong_to_folder
from collector.federate.letter import START, digest
from ground.durable import write_durably

ENDING = ".letter"


@dataclass(frozen=True, slots=True)
class Head:
    """Number and digest of the newest letter; 0 and zeros where there is none."""

    number: int = 0
    digest: str = START


class Chain:
    """The letters of one regency."""

    def __init__(self, folder: Path, regency: str) -> None:
        self.regency, self.folder = regency, folder / regency
        make_folder(self.folder)
        self._base = self.folder / "base.json"

    def head(self) -> Head:
        """Return the newest letter."""
        newest = max((int(path.stem) for path in self.folder.glob(f"*{ENDING}")), default=0)
        base = self._hangs_on()
        return base if base.number >= newest else Head(newest, digest(self._path(newest).read_bytes()))

    def add(self, number: int, data: bytes) -> None:
        """Keep a letter, durably."""
        self.keep(f"{number:08d}{ENDING}", data)

    def keep(self, name: str, data: bytes) -> None:
        """Write a file of this regency, durably; it belongs to whom the folder belongs to."""
        write_durably(self.folder / name, data, 0o640)
        belong_to_folder(self.folder / name)

    def after(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Yield the letters above a number, in order, without a gap."""
        while (path := self._path(number := number + 1)).exists():
            yield number, path.read_bytes()

    def digest_of(self, number: int) -> str | None:
        """Return the digest of a letter; None where it is not here."""
        if number == (base := self._hangs_on()).number:
            return base.digest
        path = self._path(number)
        return digest(path.read_bytes()) if path.exists() else None

    def go_on_above(self, head: Head) -> None:
        """Hang the next letter on what the other end has; letters of ours that it never took are said anew."""
        for number, _ in list(self.after(head.number)):
            self._path(number).unlink()
        self.keep(self._base.name, orjson.dumps(head))

    def _hangs_on(self) -> Head:
        return Head(**orjson.loads(self._base.read_bytes())) if self._base.exists() else Head()

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}{ENDING}"


def make_folder(folder: Path) -> None:
    """Make a folder of the user that its parent belongs to."""
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o750)
        belong_to_folder(folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder of all regencies alone, against other programs and threads."""
    make_folder(folder)
    with (folder / ".lock").open("w") as lock:
        belong_to_folder(folder / ".lock")
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
