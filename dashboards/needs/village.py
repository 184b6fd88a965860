"""From the verdicts of all operators to that of the village: pure. Only what every operator is known to lack is lacking."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.needs.grade import of_operators
from dashboards.needs.labels import STATE_WORDS, operator_words
from dashboards.needs.model import OPERATORS, Row, State, VillageVerdict
from dashboards.needs.scores import Graded
from ground.words import Phrase, joined, phrase
from telemetry.operators import operator_name

ORDER = list(State)


def of_village(rows: Sequence[Row]) -> VillageVerdict:
    """Judge a village: what the operator that serves best gives; a blank spot only where every operator is known to be none."""
    best = min(rows, key=lambda row: ORDER.index(row.verdict.state))
    unknown = tuple(row.operator for row in rows if row.operator in OPERATORS and not _known(row.verdict.state))
    state = best.verdict.state
    if state in {State.BLANK_SPOT, State.ABSENT} and unknown:
        heard = any(row.verdict.state is State.HEARD for row in rows)
        state = State.HEARD if heard else State.INSUFFICIENT
    elif state is State.ABSENT:
        state = State.BLANK_SPOT
    between = best.verdict.between if state is best.verdict.state else None
    return VillageVerdict(state, between, _reason(rows, state, unknown), unknown, _grade(rows, best, state, unknown))


def _known(state: State) -> bool:
    return state.judged or state is State.ABSENT


def _grade(rows: Sequence[Row], best: Row, state: State, unknown: Sequence[str]) -> Graded | None:
    """Return the grade of the rows that decide: the best one, or for a blank spot all of them."""
    deciding = [row.grade for row in rows if row.grade] if state is State.BLANK_SPOT else [best.grade] if best.grade else []
    if not deciding or not state.judged:
        return None
    return Graded((*(criterion for grade in deciding for criterion in grade.criteria), of_operators(unknown)))


def _reason(rows: Sequence[Row], state: State, unknown: Sequence[str]) -> Phrase:
    told = joined([joined([operator_words(row.operator), STATE_WORDS[row.verdict.state]], ": ") for row in rows], ", ")
    if state is State.BLANK_SPOT:
        return phrase("Every operator is known to give nothing here: {told}.", told=told)
    if unknown and any(row.verdict.state is State.BLANK_SPOT for row in rows):
        return phrase(
            "No blank spot of the village, for {names} is not known: {told}.",
            names=joined(map(operator_name, unknown), ", "),
            told=told,
        )
    return phrase("By the operator that serves best: {told}.", told=told)
