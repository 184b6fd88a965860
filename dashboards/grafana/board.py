"""A dashboard: its variables, links, annotations, and its panels in rows."""

from __future__ import annotations

import json
from typing import Any

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    GridPos,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.grafana import theme
from dashboards.grafana.context import Context
from dashboards.grafana.dialect import Dialect, InfluxQL
from dashboards.grafana.influxql import PLACE, RANGE, rows
from dashboards.grafana.panels import Panel
from dashboards.grafana.query import DATASOURCE
from ground.words import Phrase, mark

SCHEMA_VERSION = 37
"""Of Grafana 9.4, the oldest that is supported; newer ones migrate upwards, none migrates downwards."""
ROWS_A_PAGE = 40
"""Rows of squares before Grafana 11.4 and newer turn the page; older ones pass it over and show all."""
ALL = VariableOption(selected=True, text=["All"], value=["$__all"])
KECAMATAN_VALUES = 'SHOW TAG VALUES FROM "site" WITH KEY = "kecamatan"'
MEASURED_FIRST = 'SHOW TAG VALUES FROM /^(signal|site)$/ WITH KEY = "desa" WHERE "kecamatan" =~ /^${kecamatan:regex}$/'
"""The halls that are measured come first, as `signal` does before `site`: a dashboard of one hall opens on the first."""
DESA_VALUES = 'SHOW TAG VALUES FROM "site" WITH KEY = "desa" WHERE "kecamatan" =~ /^${kecamatan:regex}$/'
OPERATOR_VALUES = f'SHOW TAG VALUES FROM "signal" WITH KEY = "operator" WHERE {PLACE}'
MODEM_VALUES = f'SHOW TAG VALUES FROM "signal" WITH KEY = "modem" WHERE {PLACE}'
ALERTS = f'"severity" =~ /^(warning|critical)$/ AND {PLACE}'


class Shelf:
    """Places rectangles on the grid of 24 columns: the highest free place below the last heading, leftmost first."""

    def __init__(self) -> None:
        self._top = 0
        self._taken: list[GridPos] = []

    def heading(self) -> GridPos:
        """Return the place of a heading below everything so far; what follows comes below it."""
        y = max((p.y + p.h for p in self._taken), default=self._top)
        self._top, self._taken = y + 1, []
        return GridPos(h=1, w=24, x=0, y=y)

    def place(self, width: int, height: int) -> GridPos:
        """Return the place of the next panel."""
        heights = sorted({self._top, *(p.y + p.h for p in self._taken)})
        free = (GridPos(h=height, w=width, x=x, y=y) for y in heights for x in range(25 - width))
        found = next(place for place in free if not any(_overlap(place, other) for other in self._taken))
        self._taken.append(found)
        return found


def _overlap(a: GridPos, b: GridPos) -> bool:
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


class Board:
    """One dashboard in the making: `row`, then `add` its panels, then `build`."""

    def __init__(
        self,
        context: Context,
        name: str,
        title: str | Phrase,
        about: str | Phrase,
        *,
        since: str = "now-24h",
        one_hall: bool = False,
        wall: bool = False,
        national: Dialect | None = None,
    ) -> None:
        """`national`: a board of a node above, asked in this dialect; regencies are chosen, not villages."""
        self._context, self._wall = context, wall
        self._dialect = national or InfluxQL()
        self._ids = 0
        self._shelf = Shelf()
        self._annotations: list[dict[str, Any]] = []
        board = sdk.Dashboard(context.say(title)).uid(context.uid(name)).description(context.say(about))
        board.tags(["sinyal", f"sinyal-{context.language}"]).timezone("Asia/Makassar").time(since, "now").refresh("1m")
        board.tooltip(DashboardCursorSync.CROSSHAIR).week_start("monday").editable()
        links = sdk.DashboardLink("Sinyal").type(DashboardLinkType.DASHBOARDS).tags([f"sinyal-{context.language}"])
        if not wall:
            board.link(links.include_vars(True).keep_time(True).as_dropdown(False).icon("external link"))
        board.with_variable(
            sdk.DatasourceVariable("datasource").label(context.say(mark("Data source"))).type(self._dialect.plugin)
        )
        self._board = board
        if national is not None:
            self._choose("regency", mark("Regency"), national.values("regency", "regency"))
            return
        self._choose("kecamatan", mark("Kecamatan"), KECAMATAN_VALUES)
        self._choose("desa", mark("Village"), MEASURED_FIRST if one_hall else DESA_VALUES, single=one_hall)

    def choose_line(self) -> None:
        """Let people choose operator and modem as well."""
        self._choose("operator", mark("Operator"), OPERATOR_VALUES)
        self._choose("modem", mark("Modem"), MODEM_VALUES)

    def mark_alerts(self) -> None:
        """Mark alerts of the chosen places in every panel with a time axis."""
        language = self._context.language
        fields = f'"title_{language}", "text_{language}", "severity", "state"'
        query = rows(fields, "alert", f"{RANGE} AND {ALERTS}")
        columns = {"titleColumn": f"title_{language}", "textColumn": f"text_{language}", "tagsColumn": "severity,state"}
        self._annotate(mark("Alerts"), query, self._context.classes.classes[3].colour, columns)

    def mark_maintenance(self) -> None:
        """Mark the hours in which somebody works on a hall and nobody is alarmed."""
        columns = {"titleColumn": "title", "textColumn": "desa", "timeEndColumn": "until_ms"}
        query = rows('"title", "desa", "until_ms"', "maintenance", f"{RANGE} AND {PLACE}")
        self._annotate(mark("Maintenance"), query, theme.PLAIN, columns)

    def mark_events(self, name: str | Phrase, kinds: str, colour: str) -> None:
        """Mark what happened on the devices of the chosen places; `kinds`: words of `kind`, as a pattern."""
        query = rows('"kind", "detail", "modem"', "event", f'{RANGE} AND {PLACE} AND "kind" =~ /^({kinds})$/')
        self._annotate(name, query, colour, {"titleColumn": "kind", "textColumn": "detail", "tagsColumn": "modem"})

    def _annotate(self, name: str | Phrase, query: str, colour: str, columns: dict[str, str]) -> None:
        # The library's model has no place for the columns of an InfluxQL annotation.
        target = {
            "refId": f"Annotation{len(self._annotations)}",
            "query": query,
            "rawQuery": True,
            "resultFormat": "table",
            "fromAnnotations": True,
            **columns,
        }
        one = {
            "name": self._context.say(name),
            "datasource": {"type": DATASOURCE.type_val, "uid": DATASOURCE.uid},
            "enable": True,
            "hide": False,
            "iconColor": colour,
            "query": query,
            **columns,
            "target": target,
        }
        self._annotations.append(one)

    def row(self, title: str | Phrase) -> None:
        """Begin a row with a heading."""
        self._ids += 1
        self._board.with_row(sdk.Row(self._context.say(title)).id(self._ids).grid_pos(self._shelf.heading()))

    def add(self, panel: Panel, width: int, height: int = 8) -> None:
        """Put a panel where it fits: width in 24ths, height in Grafana's units of 30 px."""
        self._ids += 1
        self._board.with_panel(panel.id(self._ids).grid_pos(self._shelf.place(width, height)))

    def build(self) -> dict[str, Any]:
        """Return the dashboard as Grafana's JSON model."""
        model = self._board.build()
        model.schema_version = SCHEMA_VERSION
        plain: dict[str, Any] = json.loads(json.dumps(model, cls=JSONEncoder))
        for variable in plain["templating"]["list"]:
            for unused in ("id", "auto", "auto_min", "auto_count"):  # the library fills in what only its other kinds have
                variable.pop(unused, None)
        for panel in plain["panels"]:
            if panel["type"] in ("status-history", "state-timeline"):
                panel["options"]["perPage"] = ROWS_A_PAGE
        del plain["style"]  # the person's own theme
        plain["annotations"] = {"list": self._annotations}
        return plain

    def _choose(self, name: str, label: str | Phrase, query: str, *, single: bool = False) -> None:
        variable = sdk.QueryVariable(name).label(self._context.say(label)).query(query)
        variable.datasource(DataSourceRef(type_val=self._dialect.plugin, uid=DATASOURCE.uid))
        variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        variable.sort(VariableSort.DISABLED if single else VariableSort.ALPHABETICAL_ASC)
        if self._wall:
            variable.hide(VariableHide.HIDE_VARIABLE)
        if not single:
            variable.multi(True).include_all(True).all_value(".*").current(ALL)
        self._board.with_variable(variable)
