"""What a newcomer relies on before reading any code: the lock is complete, and the documents point at things that exist."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md")


def _locked() -> set[str]:
    lines = (ROOT / "requirements" / "sinyal.lock").read_text().splitlines()
    return {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")}


def test_every_package_that_is_installed_for_development_is_locked() -> None:
    missing, seen, todo = set(), set(), ["sinyal[dev]"]
    locked = _locked()
    while todo:
        wanted = Requirement(todo.pop())
        name = canonicalize_name(wanted.name)
        key = (name, frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        if name not in locked and name != "sinyal":
            missing.add(name)
        for text in distribution(name).requires or []:
            marker = Requirement(text).marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
                todo.append(text)
    assert not missing, "run `make lock`"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_of_a_document_lead_to_files(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [t for t in targets if not (path.parent / t).exists()] == []


def test_every_file_of_a_program_is_installed_with_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns, packages = settings["package-data"]["*"], settings["packages"]["find"]["include"]
    files = [path for package in packages for path in ROOT.joinpath(package.rstrip("*")).rglob("*.*") if path.is_file()]
    kinds = {path for path in files if path.suffix not in {".py", ".pyc", ".md"}}
    assert not [path for path in kinds if not any(path.match(pattern) for pattern in patterns)]


def _names(path: Path) -> set[str]:
    """Return the functions and classes of a module; methods as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{f.name}" for f in node.body if isinstance(f, ast.FunctionDef)}
    return names


def test_every_function_on_the_road_of_a_reading_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    steps = re.findall(r"`([a-z_/0-9]+\.py)` `([A-Za-z_.]+)`", text)
    assert len(steps) > 10
    assert [(file, name) for file, name in steps if name not in _names(ROOT / file)] == []


def test_no_program_starts_python_where_the_working_directory_would_be_imported_from() -> None:
    """Without -P a foreign agent.py or collector/ of the folder where somebody stands would be run as ours."""
    calls = []
    for path in [path for path in _code() if path.parts[len(ROOT.parts)] not in ("scripts", "bench")]:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "sys.executable" in text else ():
            if isinstance(node, ast.List | ast.Tuple | ast.Call):
                words = [ast.unparse(word) for word in (node.args if isinstance(node, ast.Call) else node.elts)]
                if "sys.executable" in words:
                    calls.append((path.relative_to(ROOT).as_posix(), words[words.index("sys.executable") + 1]))
    assert {file for file, _ in calls} >= {"agent/probe/prober.py", "agent/host/versions.py", "demo/program.py"}
    assert [call for call in calls if call[1] != "'-P'"] == []


LONGEST_MODULE, LONGEST_FUNCTION = 300, 50


def _code() -> list[Path]:
    rooms = ("telemetry", "ground", "agent", "collector", "dashboards", "demo", "lab", "bench", "scripts")
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def test_modules_and_functions_are_as_short_as_contributing_says() -> None:
    """CONTRIBUTING.md: a module stays under 300 lines, a function under 50."""
    long = []
    for path in _code():
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        if (lines := text.count("\n")) > LONGEST_MODULE:
            long.append(f"{name}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{name}: {node.name} {length} lines")
    assert long == []


NOT_IN_ID = (
    r"modem (diam|bisu)|tidak menjawab|\bkeadaan|\bbacaan|sel pelayan|saringan|keterangan peta|antena dalam\b|\bioh\b|telkomcell"
    r"|terburuk %|poin %|dengan sendirinya|lingkar putus|garis menunjukkan|serentak|menyala ulang|belum dipercaya|menyapa|\bbidik"
    r"|jawaban kacau|ditebak|ruang kosong|tegangan kurang"
)
NOT_IN_EN = (
    r"one modem an |made up again|does no harm|is there already|(?<!such )\bas http|one thread a |whole number|wish that stands"
)


def test_one_thing_has_one_word() -> None:
    """What the office's glossary settled stays settled, in both languages."""
    with (ROOT / "locale/id/LC_MESSAGES/sinyal.po").open("rb") as file:
        messages = [m for m in read_po(file) if m.id]
    said = [(NOT_IN_EN, m.id) for m in messages] + [(NOT_IN_ID, m.string) for m in messages]
    texts = [(bad, text) for bad, texts in said for text in ([texts] if isinstance(texts, str) else texts or ())]
    assert [text for bad, text in texts if re.search(bad, text, re.IGNORECASE)] == []
