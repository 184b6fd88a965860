"""The terminal of `sinyal-agent aim`, in plain ANSI: the other screen, its size, and single keys."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Iterator, Sequence


def write(fd: int, text: str) -> None:
    """Send text at once. Raises OSError when nobody reads any more."""
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(fd, data) :]


@contextlib.contextmanager
def keys() -> Iterator[int | None]:
    """Yield the file to read single keys from, None where there is no keyboard; Ctrl-C stays a signal."""
    if not sys.stdin.isatty():
        yield None
        return
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    tty.setcbreak(fd, termios.TCSANOW)
    try:
        yield fd
    finally:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(fd, termios.TCSANOW, before)


def pressed(fd: int | None) -> str:
    """Return the keys pressed since the last call."""
    if fd is None or not select.select([fd], [], [], 0)[0]:
        return ""
    return os.read(fd, 64).decode(errors="replace")


class Screen:
    """A terminal's other screen, of which only changed lines are sent: the way back may be a phone on a metered SIM."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: list[str] = []
        self._size = (0, 0)

    @property
    def size(self) -> tuple[int, int]:
        """Return (columns, rows) as they are now; 80 x 24 where the terminal does not say."""
        columns, rows = os.get_terminal_size(self._fd)
        return columns or 80, rows or 24

    def enter(self) -> None:
        """Switch to the other screen and hide the cursor."""
        write(self._fd, "\x1b[?1049h\x1b[?25l\x1b[2J")

    def leave(self) -> None:
        """Give the terminal back as it was."""
        write(self._fd, "\x1b[?25h\x1b[?1049l")

    def draw(self, lines: Sequence[str], size: tuple[int, int]) -> None:
        """Show these lines; everything anew after a change of size."""
        fresh = size != self._size
        out = ["\x1b[2J"] if fresh else []
        before = [] if fresh else self._lines
        for k in range(max(len(lines), len(before))):
            text = lines[k] if k < len(lines) else ""
            if k >= len(before) or before[k] != text:
                out.append(f"\x1b[{k + 1};1H\x1b[2K{text}")
        self._lines, self._size = list(lines), size
        write(self._fd, "".join(out))
