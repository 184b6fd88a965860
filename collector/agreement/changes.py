"""What changed from the last publication but one to the last, and why: measured, threshold, register, or what a village said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from collector.agreement.entries import Outcome, Verdict
from collector.agreement.state import State
from ground.words import mark


class Why(StrEnum):
    """Why a verdict is another one than before, as far as the record tells."""

    MEASURED = "measured"
    THRESHOLDS = "thresholds"
    REGISTER = "register"


WHY: dict[Why, str] = {
    Why.MEASURED: mark("measured otherwise"),
    Why.THRESHOLDS: mark("other thresholds"),
    Why.REGISTER: mark("the register was corrected after a remark"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One operator at one village (or the village as a whole), before and after."""

    before: Verdict
    after: Verdict
    why: Why


def changes(state: State) -> Iterator[Change]:
    """Yield what has another word than in the publication before, by village and operator."""
    for site in sorted(state.published):
        newest = state.newest(site)
        earlier = [verdict for verdict in state.published[site] if verdict.evidence != newest[-1].evidence]
        before = {verdict.operator: verdict for verdict in earlier if verdict.evidence == earlier[-1].evidence}
        for after in newest:
            was = before.get(after.operator)
            if was is not None and was.word != after.word:
                yield Change(was, after, _why(state, was, after))


def _why(state: State, before: Verdict, after: Verdict) -> Why:
    if before.thresholds != after.thresholds:
        return Why.THRESHOLDS
    corrected = (
        one.remark.verdict == before and any(answer.outcome is Outcome.REGISTER_CORRECTED for answer in one.answers)
        for one in state.remarks.values()
    )
    return Why.REGISTER if any(corrected) else Why.MEASURED
