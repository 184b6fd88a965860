"""Plays days of the agreement: villages, kecamatan and three people of an office, by the real rules into a real file.

The office works on Mondays and Thursdays and is away for three weeks; each day at six the digest is what the watch would send.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from collector.agreement.agreement import FILE, Agreement
from collector.agreement.entries import (
    Answer,
    Channel,
    Entry,
    Minutes,
    Outcome,
    Progress,
    Proposal,
    Publication,
    Remark,
    Reopening,
    Role,
    Says,
    Scan,
    Step,
    Verdict,
)
from collector.agreement.papers import digest_of
from collector.agreement.rules import OFFICE, Actor, RefusedError, later_evidence, next_number
from collector.agreement.state import DAY_MS, NEXT, ProposalState, RemarkState, State
from collector.agreement.waiting import waiting
from collector.sites.sites import Site
from dashboards.needs.letterhead import letterhead_of
from dashboards.needs.minutes import About, minutes_pdf
from ground.paths import shipped
from ground.wita import WITA_MS, wita

FIRST = date(2026, 12, 1)
WORDS = ("layak", "cukup", "layanan kurang", "sinyal lemah", "2G saja", "blank spot")
OPERATORS = (None, "Telkomsel", "IOH", "XLSMART")
REMARK_A_DAY, REOPENED, PROPOSED_A_MONTH = 5 / 365, 0.12, 3
AT_WORK, AWAY = (0, 3), range(200, 221)
"""Days of the week, and days of the year that nobody of the office is there."""
STAYS = {Step.DRAFTED: (2, 45), Step.VILLAGE_AGREED: (2, 20), Step.SUBMITTED: (20, 120), Step.SURVEYED: (10, 60)}
STAYS |= {Step.ACCEPTED: (10, 60)}
"""How many days others take for their step."""
REASON = "diukur lagi di bulan berikutnya, lihat terbitan"


@dataclass(slots=True)
class Year:
    """What is played, and what is counted on the way."""

    book: Agreement
    record: Path
    rng: random.Random
    papers: int
    today: int = 0
    touched: Counter[int] = field(default_factory=Counter)
    """Entries that the office wrote, by week."""
    told: dict[tuple[str, int], int] = field(default_factory=dict)
    """When each thing that was overdue was told first, by what it is and when it was due."""
    ready: dict[tuple[str, Step], int] = field(default_factory=dict)
    refused_double: int = 0
    digests: Counter[int] = field(default_factory=Counter)
    level: dict[str, int] = field(default_factory=dict)

    @property
    def now_ms(self) -> int:
        """Return ten o'clock WITA of today, ms UTC."""
        return (FIRST - date(1970, 1, 1) + timedelta(days=self.today)).days * DAY_MS - WITA_MS + 10 * 3_600_000

    def write(self, entry: Entry, actor: Actor, paper: bytes = b"") -> int:
        """Write an entry as of today."""
        if actor.office and not isinstance(entry, Publication):
            self.touched[self.today // 7] += 1
        return self.book.add(entry, actor, "office" if actor.office else "page", self.now_ms, paper)

    def play(self, days: int) -> None:
        """Play so many days."""
        for self.today in range(days):
            self._digest()
            day = FIRST + timedelta(days=self.today)
            if day.day == 1:
                self._publish(day)
            self._villages()
            if day.weekday() in AT_WORK and self.today not in AWAY:
                self._office(day)

    def _digest(self) -> None:
        """Note what the daily list of six o'clock tells: everything that waits, in one message."""
        six_ms = self.now_ms - 4 * 3_600_000
        waits = waiting(self.book.state(), self.book.sites)
        self.digests[self.today] += bool(waits)
        for wait in waits:
            if wait.overdue(six_ms):
                self.told.setdefault((wait.what, wait.due_ms), six_ms)

    def _publish(self, day: date) -> None:
        until = day - timedelta(days=1)
        since, table = until.replace(day=1), digest_of(f"table of {until}".encode())
        verdicts = []
        for code in self.book.sites:
            level = self.level.setdefault(code, self.rng.randrange(len(WORDS)))
            self.level[code] = level = min(max(level + self.rng.choice((-1, 0, 0, 0, 0, 1)), 0), len(WORDS) - 1)
            for operator in OPERATORS:
                word = WORDS[min(level + (operator == "XLSMART"), len(WORDS) - 1)]
                grade = "B" if operator else None
                given = {"since": since, "until": until, "thresholds": "2026-11-27", "evidence": table}
                verdicts.append(Verdict(site=code, operator=operator, word=word, grade=grade, **given))
        self.write(Publication(since=since, until=until, table=table, verdicts=tuple(verdicts)), OFFICE)

    def _villages(self) -> None:
        state = self.book.state()
        for code in self.book.sites:
            if state.newest(code) and self.rng.random() < REMARK_A_DAY:
                says = self.rng.choice([*Says])
                verdict = self.rng.choice(state.newest(code))
                self.write(
                    Remark(
                        once=str(uuid.UUID(int=self.rng.getrandbits(128))),
                        verdict=verdict,
                        says=says,
                        hamlet="RT 3",
                        text="listrik padam tiap malam",
                    ),
                    _village(code),
                )
        for one in state.remarks.values():
            young = one.answered_ms and self.now_ms - one.answered_ms < 7 * DAY_MS
            if young and one.due_ms is None and len(one.answers) == 1 and self.rng.random() < REOPENED / 6:
                self.write(
                    Reopening(remark=one.n, reason="di dusun kami masih sama seperti dulu"), _village(one.remark.verdict.site)
                )
        for proposal in state.proposals.values():
            self._others(proposal)

    def _others(self, one: ProposalState) -> None:
        """Take the steps of village and kecamatan."""
        if one.step in {Step.DRAFTED, Step.VILLAGE_AGREED} and self._is_time(one):
            site = self.book.sites[one.proposal.site]
            village = one.step is Step.DRAFTED
            to = Step.VILLAGE_AGREED if village else Step.KECAMATAN_VERIFIED
            actor = _village(site.code) if village else Actor(f"Camat {site.kecamatan}", Role.KECAMATAN, site.kecamatan)
            self.write(Progress(number=one.proposal.number, to=to), actor)

    def _is_time(self, one: ProposalState) -> bool:
        key = (one.proposal.number, one.step)
        self.ready.setdefault(key, self.today + self.rng.randint(*STAYS[one.step]))
        return self.today >= self.ready[key]

    def _office(self, day: date) -> None:
        state = self.book.state()
        for one in state.remarks.values():
            if one.due_ms is not None:
                self._answer(one)
        for proposal in state.proposals.values():
            self._further(proposal, state)
        if day.day <= 7 and day.weekday() == AT_WORK[0]:
            self._propose(state)

    def _answer(self, one: RemarkState) -> None:
        outcome = Outcome.REGISTER_CORRECTED if one.remark.says is Says.WRONG_PLACE else self.rng.choice([*Outcome])
        self.write(Answer(remark=one.n, outcome=outcome, reason=REASON), OFFICE)

    def _propose(self, state: State) -> None:
        busy = {one.proposal.site for one in state.proposals.values() if not one.ended}
        worst = sorted((code for code in self.level if code not in busy), key=lambda code: (-self.level[code], code))
        for code in worst[:PROPOSED_A_MONTH]:
            now = self.book.state()
            number = next_number(now, wita(self.now_ms).year)
            given = {"channel": self.rng.choice([*Channel]), "verdicts": now.newest(code), "text": "BTS baru untuk dusun terjauh"}
            one = Proposal(number=number, site=code, evidence=now.newest(code)[0].evidence or "", **given)
            self.write(one, OFFICE)
            try:
                self.write(one.model_copy(update={"number": next_number(self.book.state(), wita(self.now_ms).year)}), OFFICE)
            except RefusedError as error:
                self.refused_double += number in str(error)
                self.touched[self.today // 7] -= 1

    def _further(self, one: ProposalState, state: State) -> None:
        number = one.proposal.number
        if one.step is Step.KECAMATAN_VERIFIED:
            self._minutes(one)
            self.write(Progress(number=number, to=Step.SUBMITTED, reference="SIGNAL 2027/114"), OFFICE)
        elif one.step is Step.BUILT and (later := later_evidence(one, state)):
            self.write(Progress(number=number, to=Step.MEASURED_AGAIN, evidence=later[-1]), OFFICE)
        elif one.step in {Step.SUBMITTED, Step.SURVEYED, Step.ACCEPTED} and self._is_time(one):
            to = self.rng.choice(sorted(NEXT[one.step] - {Step.REJECTED})) if self.rng.random() > 0.15 else Step.REJECTED
            self.write(Progress(number=number, to=to, reason="anggaran tahun ini habis" if to is Step.REJECTED else ""), OFFICE)

    def _minutes(self, one: ProposalState) -> None:
        """Print the minutes, and keep the scan that comes back; as many as were asked for."""
        if self.papers <= 0:
            return
        self.papers -= 1
        head = letterhead_of(None, shipped())
        about = About(one, self.book.sites[one.proposal.site], self.book.state(), head, wita(self.now_ms))
        document = minutes_pdf(about, "id")
        entry = Minutes(about=one.proposal.number, document=digest_of(document), evidence=one.proposal.evidence)
        n = self.write(entry, OFFICE, document)
        signed = document + b"% signed\n"
        self.write(Scan(minutes=n, file=digest_of(signed)), OFFICE, signed)


def _village(code: str) -> Actor:
    return Actor(f"link {code}-1", site=code)


def played(sites: dict[str, Site], record: Path, days: int, seed: int, papers: int) -> Year:
    """Play days with these villages; the record is in a new folder."""
    year = Year(Agreement(record / FILE, sites), record, random.Random(seed), papers)
    year.play(days)
    return year
