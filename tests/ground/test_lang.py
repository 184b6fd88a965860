"""Every command of every program takes `--lang`."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator

import pytest

import agent.cli
import collector.cli
import dashboards.cli
import demo.cli
from ground.words import print_anywhere


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for command in action.choices.values():
            yield from leaves(command)


@pytest.mark.parametrize("program", [agent.cli, collector.cli, dashboards.cli, demo.cli])
def test_every_command_takes_a_language(program: object) -> None:
    parser: argparse.ArgumentParser = program.whole_parser()  # type: ignore[attr-defined]
    commands = [command for command in leaves(parser) if not command.prog.endswith(" manual")]  # which writes files
    assert len(commands) > 2
    assert [command.prog for command in commands if "--lang" not in command._option_string_actions] == []


def test_a_terminal_that_lacks_a_sign_shows_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    print_anywhere()
    print("a … b − c", flush=True)
    assert raw.getvalue().decode("latin-1").split() == ["a", "?", "b", "?", "c"]
