"""What `pip install 'sinyal[EXTRA]'` brings is enough for the program that it is for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

import pytest
from packaging.requirements import Requirement

from scripts.reach import reach

ROOMS = ("ground", "telemetry", "agent", "collector", "dashboards", "demo")
EXTRAS = {"agent": "agent,hilink,mains", "collector": "collector", "dashboards": "archive", "demo": "demo"}
"""README's "Install", with what a program loads only where it is wanted."""
LOAD = """
import importlib, json, sys
refused, modules = json.loads(sys.stdin.read())
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)
sys.meta_path.insert(0, Refuse())
for module in modules:
    importlib.import_module(module)
"""


def _brought(requirement: str) -> Iterator[str]:
    """Yield the normal names of a distribution and of all that it requires."""
    todo, seen = [Requirement(requirement)], set[str]()
    while todo:
        wanted = todo.pop()
        name = _normal(wanted.name)
        for extra in ("", *wanted.extras):
            if (key := f"{name}[{extra}]") in seen:
                continue
            seen.add(key)
            yield name
            try:
                parts = [Requirement(text) for text in requires(name) or ()]
            except PackageNotFoundError:
                continue
            todo += [part for part in parts if part.marker is None or part.marker.evaluate({"extra": extra})]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("program", EXTRAS)
def test_a_program_loads_with_what_its_extra_brings(program: str) -> None:
    brought = set(_brought(f"sinyal[{EXTRAS[program]}]"))
    owners = packages_distributions()
    refused = [module for module, names in owners.items() if not brought & {_normal(name) for name in names}]
    assert "pytest" in refused
    modules = sorted(reach(ROOMS, [f"{program}.__main__"]))
    done = subprocess.run(
        [sys.executable, "-c", LOAD], input=json.dumps([refused, modules]), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
