"""Gather the documents for the site: what people wrote, and the reference from models, parsers and docstrings.

usage: python -m scripts.docs [--check]
  (nothing)  gather into build/docs and build the site into build/site, strictly and offline
  --check    gather into a temporary folder and look at every link and at the navigation alone: seconds, without mkdocs
"""

from __future__ import annotations

import ast
import inspect
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import agent.cli
import agent.config
import agent.host.doctor
import agent.parse
import collector.cli
import collector.config
import collector.server.doctor
import collector.sites.classes
import collector.watch.config
import dashboards.cli
import dashboards.needs.parameters
import demo.cli
from ground import manual

ROOT = Path(__file__).resolve().parent.parent
SOURCE, BUILD = ROOT / "docs", ROOT / "build" / "docs"
ALSO = ("telemetry/CONTRACT.md", "SUPPORTED.md", "CHANGELOG.md", "CONTRIBUTING.md")
"""Documents of the repository that are pages, too."""
FILES: dict[str, tuple[type[BaseModel], str]] = {
    "agent.toml": (agent.config.Config, "agent.example.toml"),
    "collector.toml": (collector.config.Config, "collector.example.toml"),
    "alerts.toml": (collector.watch.config.Alerts, "alerts.toml"),
    "classes.toml": (collector.sites.classes.Classes, "classes.toml"),
    "needs.toml": (dashboards.needs.parameters.Parameters, "needs.toml"),
}
PARSERS = {"agent": agent.cli, "collector": collector.cli, "dashboards": dashboards.cli, "demo": demo.cli}
LINK = re.compile(r"(?<!`)\[([^\]]*)\]\(([^)\s]+)\)")
EXAMPLE = r"""
from agent.parse import parse

print(parse("AT+CESQ\n+CESQ: 99,99,255,255,20,44\nOK\n")["rsrp_dbm"])  # -97.0"""


def gather(out: Path) -> None:
    """Write all pages into a folder."""
    shutil.copytree(SOURCE, out, dirs_exist_ok=True)
    for name in ALSO:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, out / name)
    reference = out / "reference"
    reference.mkdir(exist_ok=True)
    for name, module in PARSERS.items():
        (reference / f"{name}.md").write_text(manual.markdown(module.whole_parser()), encoding="utf-8")
    (reference / "configuration.md").write_text(configuration(), encoding="utf-8")
    (reference / "doctor.md").write_text(checks(), encoding="utf-8")
    (reference / "api.md").write_text(api(), encoding="utf-8")
    for page in out.rglob("*.md"):
        text, place = page.read_text(encoding="utf-8"), page.relative_to(out)
        page.write_text(LINK.sub(partial(_link, page=place, out=out), text), encoding="utf-8")


def _link(link: re.Match[str], page: Path, out: Path) -> str:
    """Return a link as the site needs it: one to a file of the repository that is no page becomes its path."""
    text, target = link[1], link[2]
    if target.startswith(("http://", "https://", "#", "mailto:")):
        return link[0]
    path, _, anchor = target.partition("#")
    home = "docs" if (SOURCE / page).exists() else "."
    found = posixpath.normpath(posixpath.join(home, page.parent.as_posix(), path))
    inside = found.removeprefix("docs/")
    if (out / inside).exists():
        return f"[{text}]({posixpath.relpath(inside, page.parent.as_posix())}{'#' + anchor if anchor else ''})"
    if not (ROOT / found).exists():
        return link[0]  # it leads nowhere: `faults` says so
    return f"`{found}`" if text == found else f"{text} (`{found}`)"


def configuration() -> str:
    """Return the reference of every file that a person edits, from the models and the comments of the examples."""
    parts = [
        "# Configuration",
        "Every section and key, as the programs check them. Each file's example in `config/` shows it whole.",
    ]
    for name, (model, example) in FILES.items():
        comments = _comments((ROOT / "config" / example).read_text(encoding="utf-8"))
        parts += [f"## {name}", inspect.getdoc(model) or ""]
        parts += list(_sections(model, "", comments))
    return "\n\n".join(parts) + "\n"


def _sections(model: type[BaseModel], prefix: str, comments: dict[str, str]) -> Iterator[str]:
    rows, below, docstrings = [], [], _docstrings(model)
    for name, field in model.model_fields.items():
        key = field.alias or name
        models = list(_models(field.annotation))
        if models:
            below += [(f"{prefix}{key}", each) for each in models]
        else:
            told = docstrings.get(name) or comments.get(f"{prefix}{key}", "")
            cells = (f"`{key}`", _kind(field), _default(field), " ".join(told.split()))
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    if prefix:
        yield f"### [{prefix.rstrip('.')}]"
        yield inspect.getdoc(model) or ""
    if rows:
        yield "\n".join(["| key | value | default | |", "|---|---|---|---|", *rows])
    for place, each in below:
        yield from _sections(each, f"{place}.", comments)


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return what stands below each field of a model; pydantic would read its sources at every start."""
    found: dict[str, str] = {}
    for each in reversed([one for one in model.__mro__ if issubclass(one, BaseModel) and one is not BaseModel]):
        try:
            (made,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        except OSError:
            continue  # put together by `create_model`: it has no text of its own
        for field, text in pairwise(made.body if isinstance(made, ast.ClassDef) else ()):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                found[field.target.id] = inspect.cleandoc(ast.literal_eval(text.value))
    return found


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        return
    for part in get_args(kind)[:1] if get_origin(kind) is Annotated else get_args(kind):
        yield from _models(part)


def _kind(field: FieldInfo) -> str:
    limits = {n: getattr(m, n) for m in field.metadata for n in ("ge", "gt", "le", "lt") if hasattr(m, n)}
    name = re.sub(r"typing\.|pathlib\.|datetime\.|<class '|'>|Annotated\[(\w+).*\]", r"\1", str(field.annotation))
    low, high = limits.get("ge", limits.get("gt", "")), limits.get("le", limits.get("lt", ""))
    return name.replace("collector.config.", "") + (f" {low}..{high}" if limits else "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = None if field.default_factory is not None else field.default
    return "" if value is None or value == "" else f"`{value}`"


def _comments(example: str) -> dict[str, str]:
    """Return what an example says beside its keys, by `section.key`."""
    found, section = {}, ""
    for line in example.splitlines():
        if head := re.match(r"#? ?\[+([a-z_.]+)\]+", line):
            section = head[1]
        elif told := re.match(r"#? ?([a-z_0-9]+) = (?:\"[^\"]*\"|[^#\"]*?)[ \t]+# (.+)$", line):
            found[f"{section}.{told[1]}"] = told[2]
    return found


def checks() -> str:
    """Return what both doctors look at."""
    about = "`sudo sinyal-collector doctor` on the server, `sinyal-agent doctor` in a hall. Each check, and what it does:"
    parts = ["# doctor", about]
    server = [*collector.server.doctor.HERE, *collector.server.doctor.CONFIGURED]
    hall = [*agent.host.doctor.HERE, *agent.host.doctor.CONFIGURED, *agent.host.doctor.FAR]
    for title, listed in (("Server", [(c.name, c.look) for c in server]), ("Hall", [(c.name, c.look) for c in hall])):
        rows = [f"| {name} | {(inspect.getdoc(look) or '').splitlines()[0]} |" for name, look in listed]
        parts += [f"## {title}", "\n".join(["| check | |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def api() -> str:
    """Return the reference of the functions that others may import."""
    parts = [
        "# Reading a modem's session",
        "`agent.parse` reads what any supported modem printed; it needs no serial port, no broker and no package but ours.",
        f"```python\n{EXAMPLE.strip()}\n```",
    ]
    for name in agent.parse.__all__:
        thing = getattr(agent.parse, name)
        parts += [f"## {name}", f"```python\n{name}{inspect.signature(thing)}\n```", inspect.getdoc(thing) or ""]
    return "\n\n".join(parts) + "\n"


def faults(out: Path) -> Iterator[str]:
    """Yield links that lead nowhere, pages that the navigation lacks, and entries of it without a page."""
    listed = set(_listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    pages = {page.relative_to(out).as_posix() for page in out.rglob("*.md")}
    yield from (f"mkdocs.yml: nav: {name}: no such page" for name in sorted(listed - pages))
    yield from (f"mkdocs.yml: nav: {name} is missing" for name in sorted(pages - listed))
    for name in sorted(pages):
        text = re.sub(r"```.*?```", "", (out / name).read_text(encoding="utf-8"), flags=re.DOTALL)
        for _, target in LINK.findall(text):
            path = target.partition("#")[0]
            if (
                path
                and ":" not in path
                and not (out / posixpath.normpath(posixpath.join(posixpath.dirname(name), path))).exists()
            ):
                yield f"{name}: {target}: leads nowhere"


def _listed(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for value in entry.values():
                yield from [value] if isinstance(value, str) else _listed(value)


def main(words: list[str]) -> int:
    """Do what was asked for; 0 well, 1 with faults, 2 for a wrong word."""
    if words not in ([], ["--check"]):
        print(__doc__)
        return 2
    if words:
        with tempfile.TemporaryDirectory() as folder:
            gather(Path(folder))
            found = list(faults(Path(folder)))
        print("\n".join(found) or "docs: every link and page is there")
        return 1 if found else 0
    shutil.rmtree(BUILD, ignore_errors=True)
    gather(BUILD)
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    argv = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"]
    return subprocess.run(argv, cwd=ROOT, env=quiet, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
