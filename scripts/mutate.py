"""Mutation testing where a wrong value is worst: `make mutate`, or `python -m scripts.mutate units judge` for some files.

Each target is a file and the tests that must notice a change in it. One thing at a time is changed in a copy of the tree, as
cosmic-ray does, and those tests run, each time in a fork of a process that has pytest loaded; what survives is printed with its
place. Left alone are `|` (nearly all of them are types), `is` against `==` (the same for None and members of an enum), and what
stands in `SAME`: changes that no test can notice, with the reason. `--most N` tries N changes of each target, chosen at random
(the same ones for a seed).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest
from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parent.parent
CAPTURES = "tests/captures/test_captures.py::test_all_values tests/agent/modems tests/agent/at/test_families.py"
TARGETS = {
    "units": ("telemetry/units.py", "tests/telemetry/test_units.py"),
    "meaning": ("telemetry/meaning.py", "tests/telemetry/test_meaning.py tests/test_readers.py"),
    "fill": ("agent/at/plausible.py", f"tests/agent/at/test_plausible.py {CAPTURES}"),
    "commands": (
        "agent/commands",
        f"tests/agent/at/test_cimi.py tests/agent/at/test_columns_of_commands.py tests/agent/at/test_scans.py {CAPTURES}",
    ),
    "summary": ("collector/rollup/summary.py", "tests/collector/rollup/test_rollup_summary.py"),
    "lines": ("collector/store/lines.py", "tests/collector/store/test_lines.py"),
    "causes": ("collector/watch/causes.py", "tests/collector/watch/test_causes.py"),
    "judge": (
        "dashboards/needs/judge.py",
        "tests/dashboards/needs/test_judge.py tests/dashboards/needs/test_doubt.py "
        "tests/dashboards/needs/test_verdict.py::test_a_border_within_the_accuracy_of_the_instrument_is_between",
    ),
    "priority": ("dashboards/needs/need.py", "tests/dashboards/needs/test_need.py tests/dashboards/needs/test_verdict.py"),
}
LEFT_ALONE = re.compile("core/(ReplaceBinaryOperator_BitOr_|ReplaceComparisonOperator_(Is_Eq|IsNot_NotEq|Eq_Is|NotEq_IsNot)$)")
SAME: dict[tuple[str, str], str] = {
    ('_GSM_LIMITS: dict[str, tuple[float, float]] = {"tac": ( -1, 0xFFFD), "cell_id": (0, 0xFFFF)}', "NumberReplacer"): (
        "the range of the contract ends at 0 anyway"
    ),
    (
        '_NR_LIMITS: dict[str, tuple[float, float]] = {"rsrp_dbm": (-157, -31), "rsrq_db": (-43.5, 21), "tac": (0, 0xFFFFFD)}',
        "NumberReplacer",
    ): "the range of the contract ends at 20 dB anyway",
    (
        'return {(sign.site, sign.modem): sign for sign in self.bad if sign.site and sign.modem and sign.rule >= "no_service"}',
        "ReplaceComparisonOperator_Eq_GtE",
    ): "of the rules in LOST only no_service is of a modem",
    (
        'return {(sign.site, sign.modem): sign for sign in self.bad if sign.site and sign.modem and sign.rule <= "no_service"}',
        "ReplaceComparisonOperator_Eq_LtE",
    ): "of the rules in LOST only no_service is of a modem",
    ('"rsrp_dbm": (-141, not 30),  # index 0 of TS 36.133 9.1.4 is the bin below -140', "ReplaceUnaryOperator_USub_Not"): (
        "the range of the contract ends at -30 dBm anyway"
    ),
    ('"pci": ( -1, 503),', "NumberReplacer"): "the range of the contract begins at 0 anyway",
    ('_GSM_LIMITS: dict[str, tuple[float, float]] = {"tac": (0, 0xFFFD), "cell_id": ( -1, 0xFFFF)}', "NumberReplacer"): (
        "the range of the contract begins at 0 anyway"
    ),
    (
        '_UMTS_LIMITS: dict[str, tuple[float, float]] = {"pci": (0, 511), "tac": ( -1, 0xFFFD), "cell_id": (0, 0xFFFFFFE)}',
        "NumberReplacer",
    ): "the range of the contract begins at 0 anyway",
    (
        '_UMTS_LIMITS: dict[str, tuple[float, float]] = {"pci": (0, 511), "tac": (0, 0xFFFD), "cell_id": ( -1, 0xFFFFFFE)}',
        "NumberReplacer",
    ): "the range of the contract begins at 0 anyway",
    (
        '_NR_LIMITS: dict[str, tuple[float, float]] = {"rsrp_dbm": (-157, -31), "rsrq_db": (- 44.5, 20), "tac": (0, 0xFFFFFD)}',
        "NumberReplacer",
    ): "the range of the contract begins at -43.5 dB anyway",
    (
        "return Qcsq(row[0], rsrp_dbm=_below_zero(values[place]), rsrq_db=_below_zero(values[place ^ 2]))",
        "ReplaceBinaryOperator_Add_BitXor",
    ): "of 0 and 1 it is the same place",
    ("if eighth <= -255 or umts_mode:", "ReplaceComparisonOperator_Eq_LtE"): "no level is below -255",
    (
        "others, most = max(0, served - 1), len(OPERATORS) ^ 1",
        "ReplaceBinaryOperator_Sub_BitXor",
    ): "of three operators it is 2 too",
    ("return 0.0, -1.0, 1.0", "NumberReplacer"): "where nobody is known no value is told, only the ends",
    ("return 0.0, 1.0, 1.0", "NumberReplacer"): "where nobody is known no value is told, only the ends",
    ("1001.0 if available is None else available,", "NumberReplacer"): "all above 100 % stand last",
    ("999.0 if available is None else available,", "NumberReplacer"): "all above 100 % stand last",
    ("1001.0 if level is None else level,", "NumberReplacer"): "all above -30 dBm stand last",
    ("999.0 if level is None else level,", "NumberReplacer"): "all above -30 dBm stand last",
    ("MOST_NUMBERS = 8193", "NumberReplacer"): "how much is remembered, not what is written",
    ("MOST_NUMBERS = 8191", "NumberReplacer"): "how much is remembered, not what is written",
    ("MOST_SHAPES = 2049", "NumberReplacer"): "how much is remembered, not what is written",
    ("MOST_SHAPES = 2047", "NumberReplacer"): "how much is remembered, not what is written",
    ("if len(self) == MOST_NUMBERS:", "ReplaceComparisonOperator_GtE_Eq"): "it grows by one",
    ("if len(_shapes) == MOST_SHAPES:", "ReplaceComparisonOperator_GtE_Eq"): "it grows by one",
}
"""(changed line, without its margins; operator) → why no test can notice."""
REACH = Path("mutate.json")
LONGEST_S = 120.0
"""A change that makes the tests run for so long is noticed."""


@dataclass(frozen=True)
class Change:
    """One change of one file: what is written instead, and how its place is told."""

    path: Path
    text: str
    line: str
    place: str
    operator: str


def places(module: str) -> list[MutationSpec]:
    """Return all that can be changed in a file, or in the files of a folder, in their order."""
    paths = sorted(Path(module).rglob("*.py")) if Path(module).is_dir() else [Path(module)]
    Path("mutate.sqlite").unlink(missing_ok=True)
    with use_db("mutate.sqlite", mode=WorkDB.Mode.create) as db:
        init(paths, db, {})
        specs = [item.mutations[0] for item in db.work_items]
    wanted = [spec for spec in specs if not LEFT_ALONE.match(spec.operator_name)]
    return sorted(wanted, key=lambda spec: (str(spec.module_path), spec.start_pos, spec.operator_name, spec.occurrence))


def changed(spec: MutationSpec) -> Change | None:
    """Return a change; None where it changes nothing that a test could notice."""
    path = Path(spec.module_path)
    before = path.read_text()
    after = mutate_code(before, get_operator(spec.operator_name)(**spec.operator_args), spec.occurrence)
    if after is None or after == before:
        return None
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    was, line = next(((old.strip(), new.strip()) for old, new in pairs if old != new), ("", ""))
    name = spec.operator_name.removeprefix("core/")
    if line.startswith("@dataclass"):  # whether a class may be changed shows in types, not in values
        return None
    if (
        was.startswith("@lru_cache") or "strict=False" in line
    ):  # what is remembered, and a guard of equal lengths: the same values
        return None
    return None if (line, name) in SAME else Change(path, after, line, f"{path}:{spec.start_pos[0]}", name)


class Reach:
    """A plugin that notes which files of the house each test calls a function of."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Watch the calls of one test."""

        def note(frame: FrameType, event: str, _arg: object) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(here):
                self.found.setdefault(frame.f_code.co_filename.removeprefix(here), set()).add(item.nodeid)

        here = f"{Path.cwd()}/"
        sys.setprofile(note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)

    def pytest_sessionfinish(self) -> None:
        """Write it down: the tests run in a fork."""
        REACH.write_text(json.dumps({file: sorted(tests) for file, tests in self.found.items()}))


class Only:
    """A plugin that runs some tests alone."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self.wanted = set(wanted)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out all others."""
        items[:] = [item for item in items if item.nodeid in self.wanted]


def passes(tests: list[str], plugins: Sequence[object] = ()) -> bool:
    """Return whether tests pass, in a fork of this process."""
    child = os.fork()
    if not child:
        os.setsid()
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        code = 1
        try:
            code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], plugins=plugins))
        finally:
            os._exit(code)
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def noticed(change: Change, tests: list[str], near: Sequence[str]) -> bool:
    """Write a change, run the tests, take it back. First those `near`, that call a function of its file: mostly they notice."""
    before = change.path.read_text()
    for stale in (change.path.parent / "__pycache__").glob(f"{change.path.stem}.*.pyc"):
        stale.unlink()
    change.path.write_text(change.text)
    try:
        files = sorted({test.partition("::")[0] for test in near})
        return bool(files and not passes(files, [Only(near)])) or not passes(tests)
    finally:
        change.path.write_text(before)


def mutate(name: str, most: int | None, seed: int) -> tuple[int, int]:
    """Print what survives in a target; return how many changes were tried and noticed."""
    module, tests = TARGETS[name]
    sys.dont_write_bytecode = False
    if not passes(tests.split(), [Reach()]):
        sys.exit(f"{name}: the tests fail without any change: pytest {tests}")
    sys.dont_write_bytecode = True  # a file that is changed twice within a second would be read from the cache
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    found = places(module)
    if most is not None and len(found) > most:
        found = random.Random(seed).sample(found, most)  # noqa: S311 - a choice, no secret
    chosen = [change for spec in found if (change := changed(spec))]
    near, alive = json.loads(REACH.read_text()), 0
    for change in chosen:
        if not noticed(change, tests.split(), near.get(str(change.path), ())):
            alive += 1
            print(f"    survived: {change.place} {change.operator}: {change.line}", flush=True)
    print(f"{module:36} {len(chosen) - alive}/{len(chosen)} noticed", flush=True)
    return len(chosen), len(chosen) - alive


def in_a_copy() -> int:
    """Run this program in a copy of the tree."""
    with tempfile.TemporaryDirectory(prefix="sinyal-mutate-") as folder:
        tree = Path(folder) / "tree"
        left_out = shutil.ignore_patterns(".venv", ".git", "build", ".*_cache", "__pycache__", ".hypothesis")
        shutil.copytree(ROOT, tree, ignore=left_out)
        return subprocess.run([sys.executable, "-m", "scripts.mutate", "--here", *sys.argv[1:]], cwd=tree, check=False).returncode


def main() -> int:
    """Mutate the targets and print the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all of {', '.join(TARGETS)}")
    parser.add_argument("--most", type=int, metavar="N", help="at most so many changes of each file, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--here", action="store_true", help="change the files of this folder; without it, those of a copy")
    args = parser.parse_args()
    if not args.here:
        return in_a_copy()
    scores = [mutate(name, args.most, args.seed) for name in args.targets or TARGETS]
    tried, killed = (sum(column) for column in zip(*scores, strict=True))
    print(f"{killed}/{tried} noticed: {100 * killed / max(1, tried):.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
