"""`make test-engines`: tests of store and readers on a current InfluxDB 1.x and 2.x, those of the broker on Mosquitto 2.1.

Each with a short chaos. InfluxDB is on the PATH or built from its Go modules (scripts/engines.py), Mosquitto is Debian's next.
What cannot be had is named; exit 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.next_mosquitto import next_mosquitto

ROOT = Path(__file__).resolve().parents[1]
TESTS = (
    *("tests/integration/test_stores.py", "tests/integration/test_import_export.py", "tests/integration/test_sickness.py"),
    *("tests/collector/rollup", "tests/collector/server/test_fleet.py", "tests/dashboards/web/test_api.py"),
    *("tests/dashboards/needs/test_report.py", "tests/dashboards/grafana/test_nation.py"),
)
ONLY_1 = ("tests/integration/test_recovery.py", "tests/integration/test_line.py")
ONLY_2 = ("tests/integration/test_influx2.py",)
BROKER = (
    "tests/collector/server/test_broker.py",
    "tests/collector/server/test_broker_size.py",
    "tests/integration/test_security.py",
)
CHAOS = "tests/chaos/test_chaos.py"


def servers() -> dict[str, str]:
    """Return the servers that there are, by name."""
    argv = [sys.executable, "scripts/engines.py", "influxd1", "influxd2"]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def run(name: str, tests: tuple[str, ...], environment: dict[str, str], *options: str) -> bool:
    """Run tests; say how they ended."""
    argv = [sys.executable, "-m", "pytest", "-n", "3", "-p", "no:cacheprovider", *options, *tests]
    done = subprocess.run(argv, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=False)
    ended = [line for line in done.stdout.splitlines() if " passed" in line or " failed" in line or line.startswith("FAILED")]
    print(f"{name}: {'; '.join(ended) or done.stdout[-2000:]}", flush=True)
    return done.returncode == 0


def main() -> int:
    """Run everything; return the exit code."""
    found = servers()
    well = len(found) == 2
    for name, path in found.items():
        version = subprocess.run([path, "version"], capture_output=True, text=True, check=False).stdout.split("(")[0].strip()
        with tempfile.TemporaryDirectory() as folder:
            if name == "influxd1":
                (Path(folder) / "influxd").symlink_to(path)
                environment = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
                well &= run(version, (*TESTS, *ONLY_1), environment, "-k", "not sqlite")
            else:
                environment = {"SINYAL_INFLUXD2": path, "SINYAL_PLANT_ENGINE": "influx2"}
                well &= run(version, (*TESTS, *ONLY_2), environment, "-k", "influx2")
            well &= run(f"{version}, short chaos", (CHAOS,), environment)
    broker = next_mosquitto()
    if broker is not None:
        version = subprocess.run([broker / "mosquitto", "-h"], capture_output=True, text=True, check=False).stdout.splitlines()[0]
        well &= run(version, (*BROKER, CHAOS), {"PATH": f"{broker}{os.pathsep}{os.environ['PATH']}"})
    return 0 if well and broker is not None else 1


if __name__ == "__main__":
    sys.exit(main())
