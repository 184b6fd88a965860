"""The verdicts of a report as points of the store: the grade of the evidence stands beside the measurements, in Grafana too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collector.store.store import Point, Row
from dashboards.needs.labels import STATE_WORDS, state_words
from dashboards.needs.model import NS, Report, State, is_unknown
from ground.words import LANGUAGES, Phrase, said
from telemetry.frame import Value

MEASUREMENT = "verdict"
TAGS = ("site", "kecamatan", "desa", "operator")


def points(report: Report, before: Iterable[Row] = ()) -> Iterator[Point]:
    """Yield one point per village and operator that was measured, at the last moment of the period; made again it is overwritten.

    state: a word of `State`, and as people read it; grade: A to D, empty where nothing was judged: left out, the one that an
    earlier run for the same period wrote would stay. `before`: the verdicts in the store up to the end of the period. Of each
    village and operator that has one there and none in this report, it is said that it was not measured: the newest is never
    an older report's.
    """
    period = report.period
    first_ms = period.start_ns // 1_000_000
    judged = set()
    at_ns = min(period.end_ns, int(period.now.timestamp()) * NS) - 1
    for village in report.villages:
        site = village.site
        for row in village.rows:
            if row.evidence is None or is_unknown(row.operator):
                continue
            tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa, "operator": row.operator}
            judged.add(tuple(tags.values()))
            grade = "" if row.grade is None else str(row.grade.grade)
            yield Point(MEASUREMENT, tags, _said(row.verdict.state, state_words(row.verdict), grade, first_ms), at_ns)
    for series in dict.fromkeys(tuple(str(row.get(name, "")) for name in TAGS) for row in before):
        if series not in judged:
            values = _said(State.NOT_MEASURED, STATE_WORDS[State.NOT_MEASURED], "", first_ms)
            yield Point(MEASUREMENT, dict(zip(TAGS, series, strict=True)), values, at_ns)


def _said(state: State, words: Phrase, grade: str, first_ms: int) -> dict[str, Value]:
    titles = {f"title_{lang}": said(words, lang) for lang in LANGUAGES}
    return {"state": state.value, **titles, "grade": grade, "first_ms": first_ms}
