"""What waits for somebody, and what is overdue: for the digest, the office's page and `sinyal-collector agreement list`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from collector.agreement.entries import WORDS, Step
from collector.agreement.state import State
from collector.sites.sites import Site
from ground.wita import wita
from ground.words import Phrase, mark, phrase

WHOSE: dict[Step, str] = {
    Step.DRAFTED: mark("the village agrees"),
    Step.VILLAGE_AGREED: mark("the kecamatan verifies"),
    Step.KECAMATAN_VERIFIED: mark("the office submits"),
    Step.SUBMITTED: mark("an answer from outside"),
    Step.SURVEYED: mark("an answer from outside"),
    Step.ACCEPTED: mark("the tower is built"),
    Step.BUILT: mark("the office measures again"),
}


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that waits: its number (of the remark or proposal), for what, since when and until when, ms UTC."""

    what: str
    site: str
    text: Phrase
    since_ms: int
    due_ms: int

    def overdue(self, now_ms: int) -> bool:
        """Whether it should have been done."""
        return now_ms > self.due_ms

    def when(self, now_ms: int) -> Phrase:
        """Say until when it waits, or since when it is overdue."""
        day = wita(self.due_ms).date()
        return phrase("OVERDUE since {day}", day=day) if self.overdue(now_ms) else phrase("until {day}", day=day)


def waiting(state: State, sites: Mapping[str, Site]) -> list[Wait]:
    """Return what waits, what is due first comes first. A village that left the register keeps its code for a name."""
    return sorted([*_remarks(state, sites), *_proposals(state, sites)], key=lambda wait: (wait.due_ms, wait.what))


def _remarks(state: State, sites: Mapping[str, Site]) -> Iterator[Wait]:
    for n, one in state.remarks.items():
        if one.open_since_ms is not None and one.due_ms is not None:
            code = one.remark.verdict.site
            text = phrase(
                "{village}: remark {n} ({says}) waits for an answer", village=_name(code, sites), n=n, says=_word(one.remark.says)
            )
            yield Wait(str(n), code, text, one.open_since_ms, one.due_ms)


def _proposals(state: State, sites: Mapping[str, Site]) -> Iterator[Wait]:
    for number, one in state.proposals.items():
        if one.due_ms is not None:
            text = phrase(
                "{village}: proposal {number} is {step}; what waits: {whose}",
                village=_name(one.proposal.site, sites),
                number=number,
                step=_word(one.step),
                whose=phrase(WHOSE[one.step]),
            )
            yield Wait(number, one.proposal.site, text, one.since_ms, one.due_ms)


def _word(value: StrEnum) -> Phrase:
    return phrase(WORDS[value])


def _name(code: str, sites: Mapping[str, Site]) -> str:
    return sites[code].desa if code in sites else code
