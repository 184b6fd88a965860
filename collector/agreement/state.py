"""Where everything stands: the entries one after the other give the state.

What may come next is in `rules.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import ValidationError

from collector.agreement.entries import (
    ENTRY,
    KINDS,
    Answer,
    Entry,
    Link,
    Minutes,
    Person,
    Progress,
    Proposal,
    Publication,
    Remark,
    Reopening,
    Says,
    Scan,
    Step,
    Verdict,
)
from collector.agreement.ledger import START, Record

DAY_MS = 86_400_000
ANSWER_MS = 14 * DAY_MS
"""So long the office has for an answer: a working fortnight, as for an application to an office (UU 25/2009 names 14 days)."""
NEXT: dict[Step, frozenset[Step]] = {
    Step.DRAFTED: frozenset({Step.VILLAGE_AGREED, Step.REJECTED}),
    Step.VILLAGE_AGREED: frozenset({Step.KECAMATAN_VERIFIED, Step.REJECTED}),
    Step.KECAMATAN_VERIFIED: frozenset({Step.SUBMITTED, Step.REJECTED}),
    Step.SUBMITTED: frozenset({Step.SURVEYED, Step.ACCEPTED, Step.REJECTED}),
    Step.SURVEYED: frozenset({Step.ACCEPTED, Step.REJECTED}),
    Step.ACCEPTED: frozenset({Step.BUILT, Step.REJECTED}),
    Step.BUILT: frozenset({Step.MEASURED_AGAIN}),
    Step.REJECTED: frozenset(),
    Step.MEASURED_AGAIN: frozenset(),
}
DUE_MS: dict[Step, int] = {
    Step.DRAFTED: 30 * DAY_MS,
    Step.VILLAGE_AGREED: 14 * DAY_MS,
    Step.KECAMATAN_VERIFIED: 14 * DAY_MS,
    Step.SUBMITTED: 90 * DAY_MS,
    Step.SURVEYED: 90 * DAY_MS,
    Step.ACCEPTED: 365 * DAY_MS,
    Step.BUILT: 60 * DAY_MS,
}
"""When somebody is reminded that a proposal still stands at a step, ms; nothing happens to it by itself."""


@dataclass(slots=True)
class RemarkState:
    """A remark with what came after it; `open_since_ms` is None where no answer is owed."""

    n: int
    at_ms: int
    who: str
    remark: Remark
    open_since_ms: int | None
    answers: list[Answer] = field(default_factory=list)
    reopenings: list[Reopening] = field(default_factory=list)

    @property
    def due_ms(self) -> int | None:
        """When the answer is due, ms UTC; None where none is owed."""
        return None if self.open_since_ms is None else self.open_since_ms + ANSWER_MS


@dataclass(slots=True)
class ProposalState:
    """A proposal, the steps that it went and when (ms UTC)."""

    n: int
    proposal: Proposal
    steps: list[tuple[int, str, Progress]] = field(default_factory=list)
    began_ms: int = 0

    @property
    def step(self) -> Step:
        """Where it stands."""
        return self.steps[-1][2].to if self.steps else Step.DRAFTED

    @property
    def since_ms(self) -> int:
        """Since when it stands there."""
        return self.steps[-1][0] if self.steps else self.began_ms

    @property
    def due_ms(self) -> int | None:
        """When somebody is reminded of it; None at its end."""
        due = DUE_MS.get(self.step)
        return None if due is None else self.since_ms + due

    @property
    def ended(self) -> bool:
        """Whether nothing can follow."""
        return not NEXT[self.step]


@dataclass(slots=True)
class State:
    """Everything, as of entry `n`, which has the hash `head`."""

    n: int = 0
    head: str = START
    remarks: dict[int, RemarkState] = field(default_factory=dict)
    proposals: dict[str, ProposalState] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    published: dict[str, list[Verdict]] = field(default_factory=dict)
    """What was ever published of each village, the newest last."""
    minutes: dict[int, Minutes] = field(default_factory=dict)
    scans: dict[int, list[Scan]] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    """Entry number of each remark by its `once`."""

    def newest(self, site: str) -> tuple[Verdict, ...]:
        """Return the verdicts of the last period that was published of a village; none where nothing was."""
        known = self.published.get(site, [])
        return tuple(verdict for verdict in known if verdict.evidence == known[-1].evidence)

    def take(self, records: Iterable[Record]) -> None:
        """Go on with entries that were written."""
        for record in records:
            self.n, self.head = record.n, record.hash
            if record.body.get("kind") in KINDS and (entry := _entry(record)) is not None:
                self._take(record, entry)

    def _take(self, record: Record, entry: Entry) -> None:
        match entry:
            case Publication():
                for verdict in entry.verdicts:
                    self.published.setdefault(verdict.site, []).append(verdict)
            case Remark():
                since = None if entry.says is Says.AGREE else record.at_ms
                self.remarks[record.n] = RemarkState(record.n, record.at_ms, record.who, entry, since)
                self.sent[entry.once] = record.n
            case Answer() if remark := self.remarks.get(entry.remark):
                remark.answers.append(entry)
                remark.open_since_ms = None
            case Reopening() if remark := self.remarks.get(entry.remark):
                remark.reopenings.append(entry)
                remark.open_since_ms = record.at_ms
            case Proposal():
                self.proposals[entry.number] = ProposalState(record.n, entry, began_ms=record.at_ms)
            case Progress() if proposal := self.proposals.get(entry.number):
                proposal.steps.append((record.at_ms, record.who, entry))
            case Minutes():
                self.minutes[record.n] = entry
            case Scan():
                self.scans.setdefault(entry.minutes, []).append(entry)
            case Link():
                self.links[entry.site] = entry
            case Person():
                self.people[entry.name] = entry


def _entry(record: Record) -> Entry | None:
    """Read an entry; None for one of a later version with fields that this one does not know."""
    try:
        return ENTRY.validate_python(record.body)
    except ValidationError:
        return None
