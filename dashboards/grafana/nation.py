"""Dashboard *nation*, of a node above: which regency is served worst, from monthly rollups and what regencies published.

No reading is asked, for none comes up. It is there once for each dialect, from the same questions.
"""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId

from dashboards.grafana import theme
from dashboards.grafana.basemap import COUNTRIES, OF_NATION, basemap, lay
from dashboards.grafana.board import Board
from dashboards.grafana.context import Context
from dashboards.grafana.dialect import Dialect
from dashboards.grafana.influxql import AVAILABILITY, RESPONSIBLE
from dashboards.grafana.panels import Panel, dressed, figure, join, only
from dashboards.grafana.query import Query
from dashboards.grafana.regency import availability
from dashboards.grafana.tables import OPERATOR, Column, listing
from ground.words import Phrase, mark

MONTHLY, TOLD = "signal_1m", "regency"
BY = '"regency"'
KNOWN_DAYS = 400
"""What a regency said of itself stands for so long."""
FACTS = ("name", "lat", "lon", "halls", "villages_lacking", "villages_blank_spot", "proposals", "last_day")
MEASURED = ("availability", "lte_percent", "rsrp", "halls_measured")


def build(context: Context, dialect: Dialect) -> dict[str, Any]:
    """Build the dashboard as a data source of this dialect answers it."""
    title = mark("Sinyal: nation – which regency is served worst?")
    about = mark("Regencies by month, from rollups alone: no readings.")
    board = Board(context, "nation", title, about, since="now/M", national=dialect)
    ask = _Ask(dialect)
    board.row(mark("In the chosen period"))
    board.add(_map(context, ask), 15, 18)
    for panel in _totals(context, ask):
        board.add(panel, 3, 4)
    board.add(_by_operator(context, ask), 9, 10)
    board.add(_worst(context, ask), 24, 20)
    return board.build()


class _Ask:
    """The questions of the board in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.query = dialect.query
        self._rows, self._chosen = dialect.rows, dialect.chosen("regency")
        self._period = f'{dialect.period} AND {self._chosen} AND "samples" > 0'
        self._known = f"{dialect.before_end(KNOWN_DAYS)} AND {self._chosen}"

    def told(self) -> str:
        """Ask what each regency said of itself, newest."""
        return self._rows({name: f'last("{name}")' for name in FACTS}, TOLD, self._known, BY)

    def shares(self, by: str) -> str:
        """Ask for availability."""
        return self._rows({"availability": AVAILABILITY}, MONTHLY, f"{self._period} AND {RESPONSIBLE}", by)

    def lte(self, by: str) -> str:
        """Ask for the share of 4G or newer of what was served."""
        columns = {"lte_percent": '100.0 * sum("lte") / sum("served")'}
        return self._rows(columns, MONTHLY, f'{self._period} AND "served" > 0', by)

    def levels(self, by: str) -> str:
        """Ask for the median of the monthly medians; a median whose samples went to another operator counts no more."""
        return self._rows({"rsrp": 'median("rsrp_median_dbm")'}, MONTHLY, f'{self._period} AND "lte" > 0', by)

    def measured(self) -> str:
        """Ask how many halls have a sample."""
        halls = self._rows({"n": 'sum("samples")'}, MONTHLY, self._period, f'{BY}, "site"')
        return self._rows({"halls_measured": 'count("n")'}, f"({halls})", '"n" > 0', BY)

    def total(self, column: str, function: str = "sum") -> str:
        """Ask for one figure of what all regencies said."""
        each = self._rows({"n": f'last("{column}")'}, TOLD, self._known, BY)
        return self._rows({"total": f'{function}("n")'}, f"({each})", '"n" >= 0')

    def all_measured(self) -> str:
        """Ask how many halls of all regencies have a sample."""
        return self._rows({"total": 'sum("halls_measured")'}, f"({self.measured()})", '"halls_measured" > 0')


def _regencies(ask: _Ask) -> list[Query]:
    asked = (ask.told(), ask.shares(BY), ask.lte(BY), ask.levels(BY), ask.measured())
    return [ask.query(text, chr(ord("A") + k)) for k, text in enumerate(asked)]


def _totals(context: Context, ask: _Ask) -> list[Panel]:
    shown: list[tuple[str, Phrase | str, str]] = [
        (mark("Regencies"), mark("Regencies whose letters came."), ask.total("halls", "count")),
        (mark("Registered"), mark("Halls in the registers of these regencies."), ask.total("halls")),
        (mark("Measured"), mark("Halls with a sample in the chosen period."), ask.all_measured()),
        (mark("Blank spots"), mark("Villages that regencies published as blank spots."), ask.total("villages_blank_spot")),
        (mark("Service lacking"), mark("Villages that regencies published as lacking service."), ask.total("villages_lacking")),
        (mark("Proposals"), mark("Proposals of these regencies."), ask.total("proposals")),
    ]
    return [figure(context, title, about, [ask.query(text)], count=True) for title, about, text in shown]


def _map(context: Context, ask: _Ask) -> geomap.Panel:
    about = mark(
        "One point per regency, in the middle of its halls, coloured by availability. Base map: Grafana's own boundaries of "
        "countries, no internet needed."
    )
    panel = dressed(geomap.Panel(), context, mark("Map of regencies"), about, _regencies(ask))
    panel.transformations([join("regency"), only("regency", *FACTS, *MEASURED)]).unit("none")
    panel.thresholds(theme.steps(*theme.rising(context, theme.AVAILABILITY)))
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    lay(panel, "availability", OF_NATION, basemap("Negara", COUNTRIES))
    for column in _columns(context):
        values = {"displayName": context.say(column.heading), "unit": column.unit, "decimals": column.decimals}
        panel.override_by_name(
            column.name, [DynamicConfigValue(name, value) for name, value in values.items() if value is not None]
        )
    for degrees in ("lat", "lon"):
        panel.override_by_name(degrees, [DynamicConfigValue("unit", "degree"), DynamicConfigValue("decimals", 1)])
    return panel


def _columns(context: Context) -> list[Column]:
    return [
        Column("regency", mark("Regency code"), width=110),
        Column("name", mark("Regency"), width=200),
        availability(context),
        Column("lte_percent", mark("4G of service"), "percent", 1),
        Column("rsrp", "RSRP", theme.DBM, 0, theme.classes_of(context, "rsrp_dbm")),
        Column("halls", mark("Registered"), "none", 0),
        Column("halls_measured", mark("Measured"), "none", 0),
        Column("villages_lacking", mark("Service lacking"), "none", 0),
        Column("villages_blank_spot", mark("Blank spots"), "none", 0),
        Column("proposals", mark("Proposals"), "none", 0),
        Column("last_day", mark("Last day")),
    ]


def _worst(context: Context, ask: _Ask) -> Panel:
    about = mark(
        "Every regency whose letters came, lowest availability first. Availability: samples served over served + no service. "
        "RSRP: median of the monthly medians of its halls. Villages: as the regency published them."
    )
    before = [join("regency"), only("regency", *FACTS, *MEASURED)]
    title = mark("Regencies, worst first")
    return listing(
        context, title, about, _regencies(ask), _columns(context), before=before, sort="availability", hide=("lat", "lon")
    )


def _by_operator(context: Context, ask: _Ask) -> Panel:
    about = mark("Availability and median RSRP of each operator, over the chosen regencies.")
    queries = [ask.query(ask.shares('"operator"'), "A"), ask.query(ask.levels('"operator"'), "B")]
    before = [join("operator"), only("operator", "availability", "rsrp")]
    shown = [OPERATOR, availability(context), Column("rsrp", "RSRP", theme.DBM, 0, theme.classes_of(context, "rsrp_dbm"))]
    return listing(context, mark("By operator"), about, queries, shown, before=before, sort="availability")
