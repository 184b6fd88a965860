"""Ctrl-C in the middle of work: one line says what was interrupted, what is kept and how to go on; 130, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ground.paths import shipped

INSTALL = """
import sys
from pathlib import Path
from ground.install import Machine, perform
from ground.words import phrase
stages = [("files", lambda: phrase("all there")), ("packages", lambda: Path(sys.argv[1]).read_text())]
perform(Machine(Path(sys.argv[2])), stages, "en")
"""
SHARED = """
import sys
from pathlib import Path
from ground.ending import interrupted
from ground.pool import pool_of, unheard
try:
    with pool_of(1) as pool:
        with unheard():
            found = pool.submit(Path(sys.argv[1]).read_text)
        found.result()
except KeyboardInterrupt:
    sys.exit(interrupted("sinyal-dashboards needs", "en"))
"""
"""Work that a process beside does, as the printing of `needs`."""
KEPT = "What it had finished is kept; the same command does the rest."
CASES = {
    "collector": (
        ["-m", "collector", "import", "--lang", "en", "--config", "{folder}/collector.toml", "{fifo}"],
        "sinyal-collector import: interrupted. " + KEPT,
    ),
    "agent": (["-m", "agent", "parse", "--lang", "en", "{fifo}"], "sinyal-agent parse: interrupted. " + KEPT),
    "install": (
        ["-c", INSTALL, "{fifo}", "{folder}"],
        "2/2 packages: interrupted. The steps before it are done; the same command does the rest.",
    ),
    "a process beside": (["-c", SHARED, "{fifo}"], "sinyal-dashboards needs: interrupted. " + KEPT),
}


@pytest.mark.parametrize("case", CASES)
def test_ctrl_c_says_what_is_kept_and_how_to_go_on(case: str, tmp_path: Path) -> None:
    words, told = CASES[case]
    (tmp_path / "collector.toml").write_text(
        f'[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "store.db"\n'
        f'[sites]\nfile = "{shipped()}/sites.csv"\n[classes]\nfile = "{shipped()}/classes.toml"\n'
    )
    fifo = tmp_path / "sinyal-6408012001-20261124T080000Z.jsonl.gz"
    os.mkfifo(fifo)
    command = [sys.executable, *(word.format(folder=tmp_path, fifo=fifo) if len(word) < 200 else word for word in words)]
    with (
        subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as program,
        fifo.open("wb"),  # which is open once the program reads it: it is at work
    ):
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does, to all of them
        _, said = program.communicate(timeout=60)
    assert said.splitlines() == [told]
    assert program.returncode == 130
