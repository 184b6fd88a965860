"""Every command of every program takes `--lang`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

import agent.cli
import collector.cli
import dashboards.cli
import demo.cli


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
