"""Mutation testing where a wrong value is worst: `make mutate`, or `python -m scripts.mutate units judge` for some files.

Each target is a file and the tests that must notice a change in it. cosmic-ray changes one thing at a time in a copy of the tree
and runs those tests; what survives is printed with its place. `|` is left alone: nearly all of them are types. `--most N` takes a
random sample of each file (the same for a seed).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CAPTURES = "tests/captures/test_captures.py::test_all_values tests/agent/modems tests/agent/at/test_families.py"
TARGETS = {
    "units": ("telemetry/units.py", "tests/telemetry/test_units.py"),
    "meaning": ("telemetry/meaning.py", "tests/telemetry tests/test_readers.py"),
    "fill": ("agent/at/plausible.py", f"tests/agent/at/test_plausible.py {CAPTURES}"),
    "commands": ("agent/commands", CAPTURES),
    "summary": ("collector/rollup/summary.py", "tests/collector/rollup"),
    "lines": ("collector/store/lines.py", "tests/collector/store/test_lines.py"),
    "causes": ("collector/watch/causes.py", "tests/collector/watch/test_scenarios.py"),
    "judge": ("dashboards/needs/judge.py", "tests/dashboards/needs/test_judge.py tests/dashboards/needs/test_report.py"),
    "priority": ("dashboards/needs/priority.py", "tests/dashboards/needs/test_priority.py tests/dashboards/needs/test_report.py"),
}
CONFIG = """
[cosmic-ray]
module-path = "{module}"
timeout = 120.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider {tests}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""


def tool(name: str) -> Path:
    """Return a program of this environment."""
    return Path(sys.executable).with_name(name)


def cosmic_ray(*words: str, cwd: Path) -> str:
    """Run cosmic-ray; return what it printed. Raises CalledProcessError."""
    return subprocess.run([str(tool("cosmic-ray")), *words], cwd=cwd, check=True, capture_output=True, text=True).stdout


def mutate(tree: Path, name: str, most: int | None, seed: int) -> tuple[int, int, list[str]]:
    """Return how many changes were tried in a target and noticed, and the places of those that survived."""
    module, tests = TARGETS[name]
    (tree / "mutate.toml").write_text(CONFIG.format(module=module, tests=tests, python=sys.executable))
    session = tree / f"{name}.sqlite"
    cosmic_ray("init", "mutate.toml", session.name, cwd=tree)
    cosmic_ray("baseline", "mutate.toml", cwd=tree)
    subprocess.run([str(tool("cr-filter-operators")), session.name, "mutate.toml"], cwd=tree, check=True, capture_output=True)
    if most is not None:
        with sqlite3.connect(session) as db:
            skipped = {row[0] for row in db.execute("SELECT job_id FROM work_results")}
            rows = db.execute("SELECT job_id FROM mutation_specs ORDER BY module_path, start_pos_row, operator_name")
            jobs = [row[0] for row in rows if row[0] not in skipped]
            spared = random.Random(seed).sample(jobs, max(0, len(jobs) - most))  # noqa: S311 - a choice, no secret
            for table in ("mutation_specs", "work_items"):
                db.executemany(f"DELETE FROM {table} WHERE job_id = ?", [(job,) for job in spared])  # noqa: S608 - fixed names
    cosmic_ray("exec", "mutate.toml", session.name, cwd=tree)
    tried, alive = 0, []
    for line in cosmic_ray("dump", session.name, cwd=tree).splitlines():
        item, result = json.loads(line)
        if result is None or result["worker_outcome"] == "skipped":
            continue
        tried += 1
        if result["test_outcome"] == "survived":
            spec = item["mutations"][0]
            alive.append(f"{spec['module_path']}:{spec['start_pos'][0]} {spec['operator_name'].split('/')[-1]}")
    return tried, tried - len(alive), alive


def main() -> int:
    """Mutate the targets and print the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all of {', '.join(TARGETS)}")
    parser.add_argument("--most", type=int, metavar="N", help="at most so many changes of each file, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    tried = killed = 0
    with tempfile.TemporaryDirectory(prefix="sinyal-mutate-") as folder:
        tree = Path(folder) / "tree"
        left_out = shutil.ignore_patterns(".venv", ".git", "build", ".*_cache", "__pycache__", ".hypothesis")
        shutil.copytree(ROOT, tree, ignore=left_out)
        for name in args.targets or TARGETS:
            one, noticed, alive = mutate(tree, name, args.most, args.seed)
            tried, killed = tried + one, killed + noticed
            print(f"{TARGETS[name][0]:36} {noticed}/{one} noticed", flush=True)
            for place in alive:
                print(f"    survived: {place}", flush=True)
    print(f"{killed}/{tried} noticed: {100 * killed / max(1, tried):.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
