"""What a hall says of itself without being asked: the file that the running agent leaves, and the card."""

from __future__ import annotations

import fcntl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from agent.config import Config
from agent.spool import clock as clocks
from agent.spool.look import connect_to_look
from ground.paths import STATE
from ground.words import mark

_IS_ACTIVE = ("systemctl", "is-active", "--quiet", "sinyal-agent")
START_S = 30.0
"""A Pi Zero needs this long from the start of the service to the first word."""

OFF = mark("The agent is NOT running. Start it: sudo systemctl start sinyal-agent")

FRESH_INTERVALS = 3
"""A modem whose last sample is older than this many intervals is not being measured."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is on the card: samples that wait, the age of the oldest (s, None if unknown), samples that the collector refused."""

    waiting: int
    oldest_s: int | None
    refused: int
    untimed: int
    thinned: int = 0
    """Samples that a full card has cost since the spool was made."""


def backlog(path: Path) -> Backlog:
    """Count what is on the card. Raises an error of spoolfile.DAMAGE when the spool is missing or cannot be read."""
    db = connect_to_look(path)
    try:
        waiting, untimed = db.execute("SELECT count(*), count(*) FILTER (WHERE t_ms IS NULL) FROM spool").fetchone()
        refused = db.execute("SELECT count(*) FROM quarantine").fetchone()[0]
        oldest = db.execute("SELECT b.boot_id, s.mono_ms, s.t_ms FROM spool s JOIN boots b ON b.n = s.boot ORDER BY seq LIMIT 1")
        row = oldest.fetchone()
        thinned = db.execute("SELECT value FROM meta WHERE key = 'thinned'").fetchone()
    finally:
        db.close()
    oldest_s = None
    if row is not None and row[0] == clocks.boot_id():
        oldest_s = (clocks.monotonic_ms() - row[1]) // 1000
    elif row is not None and row[2] is not None:
        oldest_s = (clocks.wall_ms() - row[2]) // 1000
    return Backlog(waiting, oldest_s, refused, untimed, thinned[0] if thinned else 0)


def read_state(path: Path) -> dict[str, Any] | None:
    """Read what the running agent left; None when none runs now (no file, another boot, stopped, process gone)."""
    try:
        state = orjson.loads(path.read_bytes())
        alive = Path(f"/proc/{int(state['pid'])}").exists()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state if alive and state.get("running") and state.get("boot") == clocks.boot_id() else None


def await_start(config: Config, longest_s: float = START_S) -> None:
    """Wait while an agent that has just been started has not told its state yet; return at once where none runs."""
    end = time.monotonic() + longest_s
    while read_state(config.agent.status_path) is None and _runs(config.agent.data_dir) and time.monotonic() < end:
        time.sleep(0.2)


def _runs(data_dir: Path) -> bool:
    """Whether an agent holds the data folder, or systemd has just started one."""
    try:
        with (data_dir / "agent.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    if data_dir != STATE:
        return False  # not the hall's own: the service says nothing of it
    try:
        return subprocess.run(_IS_ACTIVE, timeout=10, check=False, capture_output=True).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
