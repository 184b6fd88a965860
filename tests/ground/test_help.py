"""Every command of every program: its help teaches, and wrong words are answered with what is wrong, never with a traceback."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import agent.cli
import collector.cli
import dashboards.cli
import demo.cli
from ground import manual

PROGRAMS = (agent.cli, collector.cli, dashboards.cli, demo.cli)
Main = Callable[[Sequence[str]], int]
MAIN: dict[str, Main] = {module.whole_parser().prog: module.main for module in PROGRAMS}
PARSERS = {parser.prog: parser for module in PROGRAMS for parser in manual.commands(module.whole_parser())}
LEAVES = [name for name, parser in PARSERS.items() if not any(other.startswith(f"{name} ") for other in PARSERS)]
WORDS = ("1", "2026-11-01", "6408012001", "a=1", "interval_s=30", "https://sinyal.example.go.id")
"""Values of which one is right for whatever a command needs."""
ONE_OF = {"sinyal-collector enroll": ["6408012001"], "sinyal-demo modem": ["--family", "quectel"]}
"""What else a command needs: one of several."""
LAST = {"--to": "2026-12-01"}
"""What stands in relation to another word."""
KNOWS_NO_CONFIG = {"sinyal-collector doctor"}
"""It tells it in its table, as the first fault."""


CONFIGURED = [name for name in LEAVES if any("--config" in one.option_strings for one in manual.options(PARSERS[name]))]


def run(name: str, words: Sequence[str]) -> object:
    """Return the exit code of a command, however it ends."""
    program, *command = name.split()
    try:
        return MAIN[program]([*command, *words])
    except SystemExit as ended:
        return ended.code


def needed(name: str) -> list[str]:
    """Return right words for everything that a command cannot do without."""
    words = list(ONE_OF.get(name, ()))
    for action in manual.options(PARSERS[name]):
        if action.required:
            option = action.option_strings[:1]
            words += [*option, LAST.get("".join(option)) or _right(action)]
    return words


def _right(action: argparse.Action) -> str:
    if action.choices:
        return str(next(iter(action.choices)))
    for word in WORDS:
        try:
            if callable(action.type):
                action.type(word)
        except (ValueError, argparse.ArgumentTypeError):
            continue
        return word
    raise AssertionError(f"{action.dest} takes none of {WORDS}")


@pytest.mark.parametrize("name", PARSERS)
def test_its_help_says_what_it_does_and_what_each_word_means(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, ["--help"]) == 0
    told = capsys.readouterr().out
    parser = PARSERS[name]
    assert parser.description or parser.epilog
    assert [manual.called(one) for one in manual.options(parser) if not one.help] == []
    if any(one.required for one in manual.options(parser)):
        above = PARSERS[name.rpartition(" ")[0]].format_help()
        assert f" {name} " in told + above, "an example is what people copy"


@pytest.mark.parametrize("name", LEAVES)
def test_an_unknown_option_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = ["--config", "/nowhere.toml"] if name in CONFIGURED else []
    assert run(name, [*needed(name), *config, "--no-such-option"]) == 2
    told = capsys.readouterr().err
    assert "unrecognized arguments: --no-such-option" in told
    assert "usage: sinyal-" in told


@pytest.mark.parametrize("name", [name for name in CONFIGURED if name not in KNOWS_NO_CONFIG and "agent" not in name])
def test_a_config_that_is_not_there_is_named_with_its_cure(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINYAL_GRAFANA_TOKEN", "x")  # which `publish` asks for first
    path = tmp_path / "none.toml"
    assert run(name, [*needed(name), "--config", str(path)]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert f"{path}: no such file" in told
    assert "copy config/" in told
