"""`python -m bench.start [--instructions]`: from exec of the agent to its first sample of a modem, and what that costs.

Wall time is by the kernel's clock since boot, which both the start of the process and the sample bear. Processor time is of the
agent and of the child that judges its configuration, until the sample is seen (looked for every 20 ms). With --instructions the
same under callgrind (valgrind), which counts them: another machine's seconds are
instructions / (its clock x its instructions a cycle), on one core; loading and judging run on two.
"""

from __future__ import annotations

import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from agent.spool.look import connect_to_look
from bench.footprint import cpu_s
from demo.modem import SimulatedModem
from demo.replies import family_answers
from demo.situations import Life, by_row
from lab.servers import wait_for

RUNS = 5
CONFIG = """
[agent]
site = "6408012001"
data_dir = "{folder}"
[broker]
host = "127.0.0.1"
port = 9
tls = false
[[modem]]
name = "a"
port = "{folder}/tty"
family = "quectel"
"""
BOARDS = {"Pi 5 (2.4 GHz)": 2.4e9, "Pi 4 (1.5 GHz)": 1.5e9, "Pi Zero 2 W (1.0 GHz)": 1.0e9}
WANTED_S = 5.0


def first_sample_ms(spool: Path) -> int | None:
    """Return when the first sample of a modem was taken, ms since boot; None: there is none yet."""
    if not spool.exists():
        return None
    with closing(connect_to_look(spool)) as db:
        if db.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'spool'").fetchone() is None:
            return None
        found = db.execute("SELECT min(mono_ms) FROM spool WHERE stream = 'signal'").fetchone()[0]
        return None if found is None else int(found)


def started(folder: Path, before: Sequence[str] = (), patience_s: float = 60) -> tuple[float, float]:
    """Start the agent in a fresh folder; return seconds to its first sample, and seconds of a processor until it is seen."""
    (folder / "agent.toml").write_text(CONFIG.format(folder=folder))
    command = [*before, sys.executable, "-P", "-m", "agent", "run", "--config", str(folder / "agent.toml")]
    with SimulatedModem(family_answers("quectel", Life(by_row(1))), folder / "tty"), (folder / "log").open("wb") as log:
        began = time.clock_gettime(time.CLOCK_BOOTTIME)
        agent = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(lambda: first_sample_ms(folder / "spool.db") is not None, "the first sample", patience_s)
            spent = cpu_s(agent.pid) + children_s(agent.pid)
            took = (first_sample_ms(folder / "spool.db") or 0) / 1000 - began
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait(patience_s)
    return took, spent


def children_s(pid: int) -> float:
    """Return the processor time of a process's children that have ended, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / 100


def instructions() -> int:
    """Return the instructions of a start, child included; of a little more than that, as it ends after its first sample."""
    with tempfile.TemporaryDirectory(prefix="sinyal-start-") as name:
        folder = Path(name)
        tool = ("valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={folder}/out.%p")
        started(folder, tool, 900)
        return sum(int(count) for count in re.findall(r"Collected : (\d+)", (folder / "log").read_text(errors="replace")))


def main() -> int:
    """Print it."""
    runs = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(prefix="sinyal-start-") as name:
            runs.append(started(Path(name)))
    for what, values in zip(("exec to first sample, s", "processor until then, s"), zip(*runs, strict=True), strict=True):
        print(f"{what:28} median {statistics.median(values):5.2f}  least {min(values):5.2f}  most {max(values):5.2f}  of {RUNS}")
    if "--instructions" in sys.argv and shutil.which("valgrind"):
        count = instructions()
        print(f"instructions                 {count / 1e9:.2f} x 10^9 (callgrind; a stop of the agent is in it)")
        for board, hertz in BOARDS.items():
            print(f"  {board}: in {WANTED_S:g} s where a core does {count / hertz / WANTED_S:.2f} or more of them a cycle")
    return 0


if __name__ == "__main__":
    sys.exit(main())
