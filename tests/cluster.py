"""`make test-cluster`: the store on ClickHouse, 18.16 of Debian and today's engine; then the clustered profile.

`python -m tests.cluster store` does the first alone, `python -m tests.cluster rounds N` the second (root, for iptables);
`python -m tests.cluster compare` compares what is read of InfluxDB 1.6 and ClickHouse, value by value; `upkeep` starts each node
anew under load, and restores a backup into an empty cluster; `storm N` lets so many halls come back at once, each with a backlog.

The servers are started on free ports in folders of their own and stopped by their process; chdb-core goes into an environment of
its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.engines import CACHE
from tests.cluster_rounds import run_rounds
from tests.cluster_storm import run_storm
from tests.cluster_upkeep import run_upkeep
from tests.compare_stores import compare
from tests.engines import TESTS, run

ROUNDS, STORM = 30, 5000
CHDB = "chdb-core>=26,<27"
LEFT_OUT = ("tests/integration/test_sickness.py", "tests/integration/test_installations.py")


def today() -> str:
    """Return a Python that has today's engine; it is installed where it lacks."""
    python = CACHE / "chdb" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / "chdb"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", CHDB], check=True)
    return str(python)


def store() -> bool:
    """Run the tests of the store and of what reads it on both engines."""
    well = True
    tests = tuple(test for test in TESTS if test not in LEFT_OUT)
    for name, which in (("ClickHouse 18.16", "server"), ("ClickHouse 26 (chdb-core)", today())):
        well &= run(name, tests, {"SINYAL_CLICKHOUSE": which}, "-k", "clickhouse")
    return well


def rounds(count: int) -> bool:
    """Attack the clustered profile."""
    with tempfile.TemporaryDirectory(prefix="sinyal-cluster-") as folder:
        return run_rounds(Path(folder), count)


def stormed(count: int) -> bool:
    """Let so many halls come back at once."""
    with tempfile.TemporaryDirectory(prefix="sinyal-storm-") as folder:
        return run_storm(Path(folder), count)


def kept_up() -> bool:
    """Start each node anew under load; back up, and restore into an empty cluster."""
    with tempfile.TemporaryDirectory(prefix="sinyal-upkeep-") as folder:
        return run_upkeep(Path(folder))


def compared() -> bool:
    """Compare what two engines give of one history."""
    with tempfile.TemporaryDirectory(prefix="sinyal-compare-") as folder:
        return compare(Path(folder))


def main(words: list[str]) -> int:
    """Run what was asked for; 0 when all is well."""
    match words:
        case []:
            well = store() & compared() & kept_up() & stormed(STORM) & rounds(ROUNDS)
        case ["store"]:
            well = store()
        case ["compare"]:
            well = compared()
        case ["upkeep"]:
            well = kept_up()
        case ["rounds" | "storm" as what, count] if count.isdecimal():
            well = rounds(int(count)) if what == "rounds" else stormed(int(count))
        case _:
            print(__doc__)
            return 2
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
