"""How far something is: a bar on one line of a terminal, a line at every tenth elsewhere. On stderr."""

from __future__ import annotations

import sys

WIDTH = 24


class Bar:
    """One bar; call it as often as there is news."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._last = ""

    def __call__(self, what: str, share: float) -> None:
        """Show what is being done, and the share (0..1) of the whole that is done."""
        done = min(1.0, max(0.0, share))
        if self._live:
            text = f"[{'#' * int(done * WIDTH):.<{WIDTH}}] {done:4.0%}  {what[:45]:<45}"
        else:
            text = f"{int(done * 10) * 10:3d} %  {what}"
        if text != self._last:
            print(text, end="\r" if self._live else "\n", file=sys.stderr, flush=True)
            self._last = text

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._last:
            print(file=sys.stderr, flush=True)
