"""What of this repository one program needs: the modules that its entry points reach, and the words of those."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import grimp
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
WORDS = "locale/id/LC_MESSAGES/sinyal"


def file_of(module: str) -> Path:
    """Return the file of a module, relative to the repository."""
    place = Path(*module.split("."))
    return place / "__init__.py" if (ROOT / place).is_dir() else place.with_suffix(".py")


def named(module: str, modules: set[str]) -> set[str]:
    """Return the modules whose names are texts in a module: it imports them by name, or starts them as another process."""
    tree = ast.parse((ROOT / file_of(module)).read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts & modules if "." in text}


def reach(packages: Iterable[str], entries: Iterable[str]) -> set[str]:
    """Return the modules of these packages that `entries` import, at once or when asked, or name.

    An entry that ends in `.*` is every module of a package: what is found there at run time.
    """
    graph = grimp.build_graph(*packages, cache_dir=None, exclude_type_checking_imports=True)
    todo = {module for entry in entries for module in graph.find_matching_modules(entry)}
    found: set[str] = set()
    while todo:
        module = todo.pop()
        found.add(module)
        above = {module.rpartition(".")[0]} - {""}
        todo |= (graph.find_modules_directly_imported_by(module) | named(module, graph.modules) | above) - found
    return found


def words(files: Iterable[Path]) -> bytes:
    """Return the compiled catalogue with the words of these files alone: a metered SIM carries it with every update."""
    with (ROOT / f"{WORDS}.po").open("rb") as file:
        catalogue = read_po(file, locale="id", domain="sinyal")
    wanted = {path.as_posix() for path in files}
    for message in list(catalogue):
        if message.id and not any(path in wanted for path, _ in message.locations):
            catalogue.delete(message.id, message.context)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()
