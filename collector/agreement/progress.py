"""How far the plan (Renstra) is: indicators against their targets, and villages by kecamatan and quarter, as published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from collector.agreement.entries import Indicator, Target, Verdict
from collector.agreement.state import ANSWER_MS, State
from collector.agreement.table import BLANK_SPOT, enough
from collector.sites.sites import Site
from ground.wita import wita

FEWER_IS_BETTER = frozenset({Indicator.BLANK_SPOTS})
QUARTERS = 4
Quarter = tuple[int, int]
"""Year and quarter, 1 to 4."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One indicator this year: what it is, and its target; None where nothing can be said, or no target was set."""

    indicator: Indicator
    value: float | None
    target: Target | None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is nothing to compare."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target.value if self.indicator in FEWER_IS_BETTER else self.value >= self.target.value


@dataclass(slots=True)
class Villages:
    """Villages of a kecamatan in one quarter: by what was published of them last in it."""

    judged: int = 0
    good: int = 0


@dataclass(slots=True)
class Line:
    """One kecamatan: villages by the word that was published last, and by quarter; how many there are in the register."""

    name: str
    villages: int = 0
    words: Counter[str] = field(default_factory=Counter)
    quarters: dict[Quarter, Villages] = field(default_factory=dict)

    @property
    def bad(self) -> int:
        """Villages that were judged and have no good service."""
        return sum(count for word, count in self.words.items() if enough(word) is False)

    @property
    def blank_spots(self) -> int:
        """Villages that are a blank spot."""
        return self.words[BLANK_SPOT]


def quarter_of(day: date) -> Quarter:
    """Return the quarter of a day."""
    return day.year, (day.month + 2) // 3


def reached(state: State, sites: Mapping[str, Site], now_ms: int) -> list[Reached]:
    """Return each indicator of this year (WITA) with its target, by what was published last of each village."""
    year = wita(now_ms).year
    words = Counter(verdict.word for code in sites for verdict in _whole(state.newest(code)))
    judged = sum(count for word, count in words.items() if enough(word) is not None)
    good = sum(count for word, count in words.items() if enough(word))
    values: dict[Indicator, float | None] = {
        Indicator.ADEQUATE_PERCENT: round(100 * good / judged, 1) if judged else None,
        Indicator.BLANK_SPOTS: float(words[BLANK_SPOT]) if judged else None,
        Indicator.MEASURED_VILLAGES: float(judged) if words else None,
        Indicator.ANSWERED_IN_TIME_PERCENT: _in_time(state, year, now_ms),
    }
    return [Reached(indicator, values[indicator], state.targets.get((indicator, year))) for indicator in Indicator]


def by_kecamatan(state: State, sites: Mapping[str, Site]) -> dict[str, Line]:
    """Return a line for each kecamatan of the register."""
    lines: dict[str, Line] = {}
    for code, site in sites.items():
        line = lines.setdefault(site.kecamatan, Line(site.kecamatan))
        line.villages += 1
        line.words.update(verdict.word for verdict in _whole(state.newest(code)))
        last = {quarter_of(_middle(verdict)): verdict for verdict in _whole(state.published.get(code, ()))}
        for quarter, verdict in last.items():
            if (good := enough(verdict.word)) is not None:
                counted = line.quarters.setdefault(quarter, Villages())
                counted.judged += 1
                counted.good += good
    return lines


def last_quarters(lines: Iterable[Line]) -> list[Quarter]:
    """Return the last quarters of which something was published, the oldest first."""
    return sorted({quarter for line in lines for quarter in line.quarters})[-QUARTERS:]


def _middle(verdict: Verdict) -> date:
    """Return the middle day of a period: that tells its quarter, whether its last day counts or not."""
    return verdict.since + (verdict.until - verdict.since) / 2


def _whole(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """Yield the verdicts of a village as a whole."""
    return (verdict for verdict in verdicts if verdict.operator is None)


def _in_time(state: State, year: int, now_ms: int) -> float | None:
    """Return the share of first answers of a year's remarks that came in time; what is not due yet does not count."""
    in_time = due = 0
    for one in state.remarks.values():
        if wita(one.at_ms).year != year or not one.owed:
            continue
        if one.answered_ms is None and now_ms <= one.at_ms + ANSWER_MS:
            continue
        due += 1
        in_time += one.answered_ms is not None and one.answered_ms <= one.at_ms + ANSWER_MS
    return round(100 * in_time / due, 1) if due else None
