"""Where everything stands: the entries one after the other give the state. What was given out is never changed afterwards.

What may come next is in `rules.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace

from pydantic import ValidationError

from collector.agreement.entries import (
    ENTRY,
    KINDS,
    Answer,
    Entry,
    Indicator,
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
    Target,
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
    Step.BUILT: 90 * DAY_MS,
}
"""When somebody is reminded that a proposal still stands at a step, ms; nothing happens to it by itself."""


@dataclass(frozen=True, slots=True)
class RemarkState:
    """A remark with what came after it; `open_since_ms` is None where no answer is owed, `answered_ms` where there is none."""

    n: int
    at_ms: int
    who: str
    remark: Remark
    open_since_ms: int | None
    answers: tuple[Answer, ...] = ()
    reopenings: tuple[Reopening, ...] = ()
    answered_ms: int | None = None
    """When it was answered first."""

    @property
    def owed(self) -> bool:
        """Whether it asked for an answer: who agrees needs none."""
        return self.remark.says is not Says.AGREE

    @property
    def due_ms(self) -> int | None:
        """When the answer is due, ms UTC; None where none is owed."""
        return None if self.open_since_ms is None else self.open_since_ms + ANSWER_MS


@dataclass(frozen=True, slots=True)
class ProposalState:
    """A proposal, the steps that it went and when (ms UTC)."""

    n: int
    proposal: Proposal
    steps: tuple[tuple[int, str, Progress], ...] = ()
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
    """Everything, as of entry `n`, which has the hash `head`. Only `after` makes another one."""

    n: int = 0
    head: str = START
    remarks: dict[int, RemarkState] = field(default_factory=dict)
    proposals: dict[str, ProposalState] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    published: dict[str, tuple[Verdict, ...]] = field(default_factory=dict)
    """What was ever published of each village, the newest last."""
    minutes: dict[int, Minutes] = field(default_factory=dict)
    scans: dict[int, tuple[Scan, ...]] = field(default_factory=dict)
    targets: dict[tuple[Indicator, int], Target] = field(default_factory=dict)
    """The target of each indicator and year that was written last."""
    sent: dict[str, int] = field(default_factory=dict)
    """Entry number of each remark by its `once`."""

    def newest(self, site: str) -> tuple[Verdict, ...]:
        """Return the verdicts of the last period that was published of a village; none where nothing was."""
        known = self.published.get(site, ())
        return tuple(verdict for verdict in known if verdict.evidence == known[-1].evidence)

    def after(self, records: Iterable[Record]) -> State:
        """Return the state after entries that were written; itself where there are none. This one stays as it is."""
        made: State | None = None
        for record in records:
            made = made or self._copied()
            made.n, made.head = record.n, record.hash
            if record.body.get("kind") in KINDS and (entry := _entry(record)) is not None:
                made._take(record, entry)  # noqa: SLF001 - one of its own
        return made or self

    def _copied(self) -> State:
        """Copy the tables; what they hold is never changed, only put in anew."""
        made = replace(self)
        for one in fields(made):
            if isinstance(table := getattr(made, one.name), dict):
                setattr(made, one.name, dict(table))
        return made

    def _take(self, record: Record, entry: Entry) -> None:
        match entry:
            case Publication():
                for verdict in entry.verdicts:
                    self.published[verdict.site] = (*self.published.get(verdict.site, ()), verdict)
            case Remark():
                made = RemarkState(record.n, record.at_ms, record.who, entry, record.at_ms)
                self.remarks[record.n] = made if made.owed else replace(made, open_since_ms=None)
                self.sent[entry.once] = record.n
            case Answer() if remark := self.remarks.get(entry.remark):
                first_ms = remark.answered_ms or record.at_ms
                answers = (*remark.answers, entry)
                self.remarks[remark.n] = replace(remark, answers=answers, open_since_ms=None, answered_ms=first_ms)
            case Reopening() if remark := self.remarks.get(entry.remark):
                again = (*remark.reopenings, entry)
                self.remarks[remark.n] = replace(remark, reopenings=again, open_since_ms=record.at_ms)
            case Proposal():
                self.proposals[entry.number] = ProposalState(record.n, entry, began_ms=record.at_ms)
            case Progress() if proposal := self.proposals.get(entry.number):
                steps = (*proposal.steps, (record.at_ms, record.who, entry))
                self.proposals[entry.number] = replace(proposal, steps=steps)
            case Minutes():
                self.minutes[record.n] = entry
            case Scan():
                self.scans[entry.minutes] = (*self.scans.get(entry.minutes, ()), entry)
            case Link() | Person() | Target():
                self._set(entry)

    def _set(self, entry: Link | Person | Target) -> None:
        """Take an entry in whose place a later one comes."""
        match entry:
            case Link():
                self.links[entry.site] = entry
            case Person():
                self.people[entry.name] = entry
            case Target():
                self.targets[entry.indicator, entry.year] = entry


def _entry(record: Record) -> Entry | None:
    """Read an entry; None for one of a later version with fields that this one does not know."""
    try:
        return ENTRY.validate_python(record.body)
    except ValidationError:
        return None
