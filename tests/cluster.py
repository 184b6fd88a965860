"""`make test-cluster`: the store on ClickHouse, 18.16 of Debian and today's engine; then the clustered profile.

`python -m tests.cluster store` does the first alone, `python -m tests.cluster rounds N` the second (root, for iptables);
`python -m tests.cluster compare` compares what is read of InfluxDB 1.6 and ClickHouse, value by value.

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
from tests.compare_stores import compare
from tests.engines import TESTS, run

ROUNDS = 30
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


def compared() -> bool:
    """Compare what two engines give of one history."""
    with tempfile.TemporaryDirectory(prefix="sinyal-compare-") as folder:
        return compare(Path(folder))


def main(words: list[str]) -> int:
    """Run what was asked for; 0 when all is well."""
    match words:
        case []:
            return 0 if store() & compared() & rounds(ROUNDS) else 1
        case ["store"]:
            return 0 if store() else 1
        case ["compare"]:
            return 0 if compared() else 1
        case ["rounds", count] if count.isdecimal():
            return 0 if rounds(int(count)) else 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
