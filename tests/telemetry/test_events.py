"""Everything that can happen has a name for people."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from agent.commands.cpin import Sim
from agent.poll.instrument import DeafStep
from agent.poll.recovery import Fault
from telemetry.events import EVENTS
from telemetry.settings import State

ROOT = Path(__file__).resolve().parents[2]
MAKERS = {"event", "_event", "_once", "Event"}


def kinds() -> Iterator[str]:
    """Yield the kinds that stand in the code where an event is made, and those of the enums that name events."""
    for path in sorted((ROOT / "agent").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in MAKERS:
                named = [word.value for word in node.keywords if word.arg == "kind"] or node.args[:1]
                parts = [part for word in named for part in ([word.body, word.orelse] if isinstance(word, ast.IfExp) else [word])]
                yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    yield from (*Fault, *DeafStep, *Sim, *(f"config_{state}" for state in State))


def test_every_kind_of_event_has_a_name() -> None:
    found = set(kinds())
    assert {"boot", "modem_silent", "cell_change", "antenna_drop"} <= found
    assert found - set(EVENTS) == set()
