"""What the Debian package carries to every hall: all that the agent runs, and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from scripts.deb import AGENT, ENTRIES, Layout, files_of, files_of_agent

SESSION = "AT+CESQ\n+CESQ: 99,99,255,255,20,44\nOK\n"
EVERY = """
import importlib
for name in sys.argv:
    print(importlib.import_module(name).__file__)
"""
PROGRAM = "from agent.__main__ import main\nsys.exit(main())"


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay ours out as the package does, in a folder without anything else of the repository."""
    tree = tmp_path_factory.mktemp("hall")
    Layout(tree).ours("/", files_of_agent(), "0.1.0+deb")
    return tree


def run(hall: Path, text: str, *argv: str) -> str:
    """Run Python where ours is found in the package's files first, so that what they lack is not found at all."""
    text = f"import sys\nsys.path.insert(0, {str(hall)!r})\nsys.argv = {list(argv)!r}\n{text}"
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=False, cwd=hall)
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules(hall: Path) -> dict[str, Path]:
    """Return the modules in the package by name, packages themselves left out."""
    found = {path.relative_to(hall).with_suffix("").as_posix().replace("/", "."): path for path in hall.rglob("*.py")}
    return {name: path for name, path in found.items() if path.name != "__init__.py"}


@cache
def mentioned(path: Path) -> set[str]:
    """Return the names of our modules that a module imports anywhere in it, or has as texts; not those for types alone."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), set()
    unseen = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    for_types = {inner for node in unseen for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return {name for name in found if name.partition(".")[0] in AGENT}


def test_every_module_of_the_package_is_imported_without_the_rest_of_the_repository(hall: Path) -> None:
    lines = run(hall, EVERY, *modules(hall)).splitlines()
    assert lines
    assert [line for line in lines if not line.startswith(f"{hall}/")] == []


def test_nothing_that_is_imported_or_started_later_is_left_out(hall: Path) -> None:
    lacking = {".".join(file.with_suffix("").parts) for file in files_of(AGENT) - files_of_agent()}
    assert {name: lacking & mentioned(path) for name, path in modules(hall).items() if lacking & mentioned(path)} == {}


def test_nothing_is_carried_that_no_other_part_of_it_asks_for(hall: Path) -> None:
    there = modules(hall)
    asked = {name for module, path in there.items() for name in mentioned(path) - {module}}
    found_when_it_runs = {name for name in there if name.startswith("agent.modems.")}
    assert set(there) - asked - found_when_it_runs - set(ENTRIES) == set()
    assert "telemetry.contract_doc" not in there


def test_the_program_reads_a_session_and_knows_every_command(hall: Path) -> None:
    (hall / "session.txt").write_text(SESSION)
    assert "-97" in run(hall, PROGRAM, "sinyal-agent", "parse", str(hall / "session.txt"))
    run(hall, PROGRAM, "sinyal-agent", "manual", "--into", str(hall / "share"))
    assert "quarantine" in (hall / "share/man/man1/sinyal-agent.1").read_text()
