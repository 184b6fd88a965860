"""A demo that is killed leaves no process behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest


def _of(folder: Path) -> list[str]:
    """Return the processes that name this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(folder) in words and state != "Z":
            found.append(words)
    return found


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is missing")
def test_no_process_outlives_a_demo_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo.cli", "run", "--halls", "1", "--json"]
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stderr
            assert any("measured" in line for line in demo.stderr)  # everything runs
            assert any("agent.cli" in words for words in _of(tmp_path))
        finally:
            demo.kill()
    deadline = time.monotonic() + 30
    while (left := _of(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
