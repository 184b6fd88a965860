"""Dashboard *wall*: one screen for the wall of an operations room, read from four metres; no choice, nothing to scroll."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import alerts, regency
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from ground.words import mark


def build(context: Context) -> dict[str, Any]:
    """Build the dashboard."""
    title = mark("Sinyal: wall – is anything wrong right now?")
    about = mark("One screen for a wall; add ?kiosk to its address.")
    board = Board(context, "wall", title, about, wall=True)
    board.choose_line()
    board.add(regency.map_of_halls(context), 13, 23)
    board.add(regency.registered(context), 3, 4)
    board.add(regency.reporting(context), 4, 4)
    board.add(regency.alerts_opened(context), 4, 4)
    board.add(regency.classes_now(context), 11, 9)
    board.add(alerts.open_now(context), 11, 10)
    return board.build()
