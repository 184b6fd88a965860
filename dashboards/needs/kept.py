"""The verdicts of a report as points of the store: the grade of the evidence stands beside the measurements, in Grafana too."""

from __future__ import annotations

from collections.abc import Iterator

from collector.store.store import Point
from dashboards.needs.labels import state_words
from dashboards.needs.model import NS, Report, is_unknown
from ground.words import LANGUAGES, said
from telemetry.frame import Value

MEASUREMENT = "verdict"


def points(report: Report) -> Iterator[Point]:
    """Yield one point per village and operator that was measured, at the last moment of the period; made again it is overwritten.

    state: a word of `State`, and as people read it; grade: A to D, absent where nothing was judged.
    """
    period = report.period
    at_ns = min(period.end_ns, int(period.now.timestamp()) * NS) - 1
    for village in report.villages:
        site = village.site
        for row in village.rows:
            if row.evidence is None or is_unknown(row.operator):
                continue
            tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa, "operator": row.operator}
            values: dict[str, Value] = {"state": row.verdict.state.value, "first_ms": period.start_ns // 1_000_000}
            values |= {f"title_{lang}": said(state_words(row.verdict), lang) for lang in LANGUAGES}
            if row.grade is not None:
                values["grade"] = str(row.grade.grade)
            yield Point(MEASUREMENT, tags, values, at_ns)
