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


def test_every_layout_has_a_row() -> None:
    """Modules of agent/commands that read levels or places of cells; what reads text alone is tested beside its words."""
    text = " ".join(row["command"].lower() for row in ROWS).replace("+", " ").replace("^", " ")
    words = {"cimi", "cops", "cpin", "identity", "labels", "reject", "rssnr", "gtsenrdtemp", "zrssi", "zcainfo", "zcellinfo"}
    words |= {"cced", "eemltesvc", "creg", "qant", "rsrp_list", "__init__"}
    words |= {"bands", "cell_scan", "cops_scan", "gnss"}  # tests/agent/at/test_scans.py
    names = {path.stem for path in Path(commands_path[0]).glob("*.py")}
    missing = [name for name in sorted(names - words) if name not in text]
    assert not missing
