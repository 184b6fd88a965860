"""The live page as a program of the demo."""

from __future__ import annotations

from pathlib import Path

from demo.program import HOST, PORT_TRIES, Program, answers, free_port, module

PORT = 8080
"""Where the live page is, if nobody else is there."""


class Page(Program):
    """`sinyal-dashboards serve` of one store; `store`: the words that name it."""

    def __init__(self, folder: Path, *store: str) -> None:
        super().__init__("page", folder, ())
        self._store = store
        self._port = free_port(PORT)

    @property
    def url(self) -> str:
        """Where it is once it has started."""
        return f"http://{HOST}:{self._port}"

    def start_and_wait(self) -> None:
        """Start it and wait until it answers; on any free port where somebody else takes the usual one meanwhile."""
        for _ in range(PORT_TRIES):
            self.argv = module("dashboards.cli", "serve", *self._store, "--port", str(self._port))
            if self.comes_up(self._ready, "the live page to answer"):
                return
            self._port = free_port()
        self.check()

    def _ready(self) -> bool:
        """Whether it answers, and it is ours that does: it writes its address when it has taken the port."""
        return self.url in self.log.read_text(errors="replace").split() and answers(f"{self.url}/api/health")
