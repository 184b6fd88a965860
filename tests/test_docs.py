"""The documents: they build strictly and load nothing from elsewhere, and every command in them is one that the programs know."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from functools import reduce
from pathlib import Path

import pytest

import agent.cli
import collector.cli
import dashboards.cli
import demo.cli
from scripts import docs

ROOT = Path(__file__).parents[1]
PARSERS = {each.prog: each for each in (cli.whole_parser() for cli in (agent.cli, collector.cli, dashboards.cli, demo.cli))}
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").rglob("*.md")})
CALL = re.compile(rf"(?:^|[`\s/;|])(({'|'.join(PARSERS)})(?: [^`|;#\n]+)?)")
PLACES = {"KUNCI": "key", "KODE": "6408012001", "…": "x"}


def commands(page: Path) -> list[str]:
    """Return the calls of our programs in code blocks and in backticks."""
    text = page.read_text(encoding="utf-8")
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    quoted = "\n".join(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    return [match[0].strip() for match in CALL.findall(re.sub(r"\s+#.*", "", f"{shell}\n{quoted}", flags=re.MULTILINE))]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_in_a_document_is_one_that_the_program_takes(page: Path) -> None:
    wrong = []
    for found in commands(page):
        call = reduce(lambda text, place: text.replace(*place), PLACES.items(), found)
        program, *words = shlex.split(call)
        if any(word.isupper() or word.startswith("{") for word in words) or not words or words[-1].startswith("--"):
            continue  # `alerts ack KEY` is a pattern, `status --lang` names an option
        told = io.StringIO()
        try:
            with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
                PARSERS[program].parse_args(words)
        except SystemExit as end:
            if end.code and "the following arguments are required" not in told.getvalue():
                wrong.append(f"{call}: {told.getvalue().splitlines()[-1]}")
    assert wrong == []


def test_no_document_is_without_its_place_and_no_link_leads_nowhere(tmp_path: Path) -> None:
    docs.gather(tmp_path)
    assert list(docs.faults(tmp_path)) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    docs.gather(tmp_path)
    (tmp_path / "index.md").write_text("[x](tutorial/none.md)")
    (tmp_path / "more.md").write_text("x")
    assert list(docs.faults(tmp_path)) == ["mkdocs.yml: nav: more.md is missing", "index.md: tutorial/none.md: leads nowhere"]


def test_every_key_of_every_file_is_in_the_reference() -> None:
    text = docs.configuration()
    for model, _ in docs.FILES.values():
        assert all(f"`{field.alias or name}`" in text or f".{field.alias or name}" in text or f"[{field.alias or name}" in text
                   for name, field in model.model_fields.items())  # fmt: skip


def test_the_example_of_reading_a_session_prints_what_it_says_and_loads_no_other_package() -> None:
    script = f"{docs.EXAMPLE}\nimport sys\nprint({{'serial', 'paho', 'pydantic', 'orjson', 'cryptography'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["-97.0", "set()"]


@pytest.mark.whole
def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere() -> None:
    assert docs.main([]) == 0
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "build" / "site").rglob("*.html")]
    assert len(pages) > 25
    loaded = {
        url for page in pages for url in re.findall(r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"(https?://[^\"]+)", page)
    }
    assert loaded == set()
