"""Every column of every layout ends under its own name: one row each, in which no two numbers are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.commands import __path__ as commands_path
from agent.parse import parse

ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("columns.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['command']} {row['lines'][:24]!r}")
def test_columns(row: dict[str, Any]) -> None:
    lines = row["lines"].replace("\n", "\r\n")
    found = parse(f"{row['command']}\r\n{lines}\r\n\r\nOK\r\n")
    found.pop("notes", None)
    assert found == {**row["read"], "cells": row.get("cells", [])}


TESTED_BESIDE = {"gtsenrdtemp", "zrssi", "zcainfo", "zcellinfo", "cced", "eemltesvc", "rsrp_list"}
"""Layouts whose columns the tests of their family hold, or that have rows under other names (+RSRP)."""


def test_every_layout_has_a_row() -> None:
    """A module of agent/commands with a `read_<its name>` fills a reading from columns or labels of its own."""
    asked = " ".join(row["command"].lower() for row in ROWS)
    modules = [
        path for path in Path(commands_path[0]).glob("*.py") if f"def read_{path.stem}(" in path.read_text(encoding="utf-8")
    ]
    assert len(modules) > 20
    assert {path.stem for path in modules if path.stem not in asked} == TESTED_BESIDE
