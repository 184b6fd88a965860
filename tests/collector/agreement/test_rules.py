"""Who may write what, and what may follow: remarks, answers, proposals, links, people."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from collector.agreement.entries import (
    CHANNEL_WORDS,
    WORDS,
    Answer,
    Channel,
    Entry,
    Indicator,
    Link,
    Minutes,
    Outcome,
    Person,
    Reopening,
    Role,
    Says,
    Scan,
    Step,
)
from collector.agreement.rules import OFFICE, Actor, RefusedError, next_number
from collector.agreement.state import NEXT
from tests.collector.agreement.parts import (
    DAY_MS,
    EVIDENCE,
    KECAMATAN,
    LATER,
    PUBLISHED,
    READER,
    T0_MS,
    VERDICT,
    VILLAGE,
    agreement,
    progress,
    proposal,
    remark,
)
from tests.collector.frames import OTHER, SITE

REASON = "measured again in October, the same"


def test_a_remark_is_answered_disputed_and_answered_again(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    n = book.add(remark(), VILLAGE, "page", T0_MS)
    one = book.state().remarks[n]
    assert one.due_ms == T0_MS + 14 * DAY_MS
    book.add(Answer(remark=n, outcome=Outcome.STANDS, reason=REASON), OFFICE, "office", T0_MS + DAY_MS)
    assert book.state().remarks[n].due_ms is None
    with pytest.raises(RefusedError, match="waits for no answer"):
        book.add(Answer(remark=n, outcome=Outcome.NOTED, reason=REASON), OFFICE, "office", T0_MS + DAY_MS)
    book.add(Reopening(remark=n, reason="come and look yourselves"), VILLAGE, "page", T0_MS + 2 * DAY_MS)
    with pytest.raises(RefusedError, match="no answer yet"):
        book.add(Reopening(remark=n, reason="come and look yourselves"), VILLAGE, "page", T0_MS + 2 * DAY_MS)
    assert book.state().remarks[n].due_ms == T0_MS + 16 * DAY_MS
    book.add(Answer(remark=n, outcome=Outcome.MEASURE_AGAIN, reason=REASON), OFFICE, "office", T0_MS + 3 * DAY_MS)
    assert [answer.outcome for answer in book.state().remarks[n].answers] == [Outcome.STANDS, Outcome.MEASURE_AGAIN]


def test_agreeing_needs_no_answer(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    n = book.add(remark(Says.AGREE), VILLAGE, "page", T0_MS)
    assert book.state().remarks[n].due_ms is None


def test_what_is_sent_again_counts_once(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    one = remark()
    assert book.add(one, VILLAGE, "page", T0_MS) == book.add(one, VILLAGE, "page", T0_MS + DAY_MS) == 2
    assert len(book.state().remarks) == 1


BROKEN = [{"says": Says.NOT_SO_AT}, {"says": Says.OTHER}, {"lat": 0.5}, {"text": "x" * 2001}, {"photo": "../etc"}]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_remark_says_enough(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        remark(**broken)  # type: ignore[arg-type]


def test_an_answer_has_its_reason() -> None:
    with pytest.raises(ValidationError):
        Answer(remark=1, outcome=Outcome.STANDS, reason="no")


NOBODY = Actor("nobody")
ELSEWHERE = Actor("link 2", site=OTHER.code)
OTHER_KECAMATAN = Actor("camat 2", Role.KECAMATAN, OTHER.kecamatan)


@pytest.mark.parametrize("actor", [ELSEWHERE, OTHER_KECAMATAN, READER, NOBODY], ids=lambda actor: actor.name)
def test_nobody_speaks_for_another_village(tmp_path: Path, actor: Actor) -> None:
    book = agreement(tmp_path)
    n = book.add(remark(), VILLAGE, "page", T0_MS)
    book.add(Answer(remark=n, outcome=Outcome.NOTED, reason=REASON), OFFICE, "office", T0_MS)
    book.add(proposal(), OFFICE, "office", T0_MS)
    for entry in (remark(), Reopening(remark=n, reason=REASON), progress(Step.VILLAGE_AGREED)):
        with pytest.raises(RefusedError):
            book.add(entry, actor, "page", T0_MS)


@pytest.mark.parametrize("actor", [VILLAGE, KECAMATAN, READER, NOBODY], ids=lambda actor: actor.name)
def test_the_offices_own_is_the_offices(tmp_path: Path, actor: Actor) -> None:
    book = agreement(tmp_path)
    n = book.add(remark(), VILLAGE, "page", T0_MS)
    m = book.add(Minutes(about="U-2026-0001", document=EVIDENCE, evidence=EVIDENCE), OFFICE, "office", T0_MS)
    entries: list[Entry] = [
        *(Answer(remark=n, outcome=Outcome.NOTED, reason=REASON), proposal(), Link(site=SITE.code, serial=1)),
        *(Minutes(about="x", document=EVIDENCE, evidence=EVIDENCE), Scan(minutes=m, file=EVIDENCE)),
        Person(name="budi", role=Role.OFFICE),
    ]
    for entry in entries:
        with pytest.raises(RefusedError, match="only the office"):
            book.add(entry, actor, "page", T0_MS)
    with pytest.raises(RefusedError, match="only the office"):
        book.add(PUBLISHED, actor, "page", T0_MS)
    assert book.state().n == 3


def test_only_what_was_published_can_be_spoken_of(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    forged = VERDICT.model_copy(update={"word": "good"})
    with pytest.raises(RefusedError, match="never published"):
        book.add(remark().model_copy(update={"verdict": forged}), VILLAGE, "page", T0_MS)
    with pytest.raises(RefusedError, match="never published"):
        book.add(proposal().model_copy(update={"verdicts": (forged,)}), OFFICE, "office", T0_MS)
    with pytest.raises(RefusedError, match="period"):
        book.add(PUBLISHED.model_copy(update={"since": date(2026, 9, 1), "table": "ee" * 32}), OFFICE, "server", T0_MS)


def walk(book_folder: Path, *steps: Step) -> None:
    book = agreement(book_folder)
    book.add(proposal(), OFFICE, "office", T0_MS)
    book.add(LATER, OFFICE, "server", T0_MS)
    for step in steps:
        reason = "no budget in this year" if step is Step.REJECTED else ""
        evidence = LATER.table if step is Step.MEASURED_AGAIN else None
        book.add(progress(step, reason=reason, evidence=evidence, reference="letter 7"), OFFICE, "office", T0_MS)
    book.close()


ROAD = (
    *(Step.VILLAGE_AGREED, Step.KECAMATAN_VERIFIED, Step.SUBMITTED, Step.SURVEYED),
    *(Step.ACCEPTED, Step.BUILT, Step.MEASURED_AGAIN),
)


@pytest.mark.parametrize("length", range(len(ROAD) + 1))
def test_a_proposal_goes_its_road_and_no_other(tmp_path: Path, length: int) -> None:
    walk(tmp_path, *ROAD[:length])
    book = agreement(tmp_path)
    at = book.state().proposals["U-2026-0001"].step
    assert at is (Step.DRAFTED, *ROAD)[length]
    for step in set(Step) - NEXT[at]:
        evidence = LATER.table if step is Step.MEASURED_AGAIN else None
        with pytest.raises(RefusedError, match=f"U-2026-0001 is {WORDS[at]}; after that comes"):
            book.add(progress(step, reason=REASON, evidence=evidence, reference="letter"), OFFICE, "office", T0_MS)


def test_measured_again_rests_on_what_was_published_after_it_was_built(tmp_path: Path) -> None:
    walk(tmp_path, *ROAD[:-1])
    book = agreement(tmp_path)
    for evidence in (EVIDENCE, "ee" * 32):
        with pytest.raises(RefusedError, match="after it was built"):
            book.add(progress(Step.MEASURED_AGAIN, evidence=evidence), OFFICE, "office", T0_MS)


def test_village_and_kecamatan_agree_themselves_or_by_a_letter(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(proposal(), OFFICE, "office", T0_MS)
    with pytest.raises(RefusedError, match="letter"):
        book.add(progress(Step.VILLAGE_AGREED), OFFICE, "office", T0_MS)
    book.add(progress(Step.VILLAGE_AGREED), VILLAGE, "page", T0_MS)
    with pytest.raises(RefusedError):
        book.add(progress(Step.KECAMATAN_VERIFIED), VILLAGE, "page", T0_MS)
    book.add(progress(Step.KECAMATAN_VERIFIED), KECAMATAN, "page", T0_MS)
    assert [who for _, who, _ in book.state().proposals["U-2026-0001"].steps] == [VILLAGE.name, KECAMATAN.name]


def test_a_double_proposal_is_refused_with_the_old_number(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(proposal(operators=("Telkomsel",)), OFFICE, "office", T0_MS)
    for operators in ((), ("Telkomsel", "XLSMART")):
        with pytest.raises(RefusedError, match="U-2026-0001"):
            book.add(proposal("U-2026-0002", operators=operators), OFFICE, "office", T0_MS)
    book.add(proposal("U-2026-0002", operators=("XLSMART",)), OFFICE, "office", T0_MS)
    book.add(proposal("U-2026-0003", Channel.CSR), OFFICE, "office", T0_MS)
    with pytest.raises(RefusedError, match="next free number is U-2026-0004"):
        book.add(proposal("U-2026-0003", Channel.PASTI), OFFICE, "office", T0_MS)
    assert next_number(book.state(), 2026) == "U-2026-0004"
    assert next_number(book.state(), 2027) == "U-2027-0001"


def test_what_was_rejected_may_be_proposed_anew(tmp_path: Path) -> None:
    walk(tmp_path, Step.REJECTED)
    book = agreement(tmp_path)
    book.add(proposal("U-2026-0002"), OFFICE, "office", T0_MS)
    assert book.state().proposals["U-2026-0001"].ended
    assert not book.state().proposals["U-2026-0002"].ended


def test_the_last_of_the_office_stays(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    book.add(Person(name="ani", role=Role.OFFICE), OFFICE, "server", T0_MS)
    for change in (Person(name="ani", role=Role.READER), Person(name="ani", role=Role.OFFICE, active=False)):
        with pytest.raises(RefusedError, match="the last of the office"):
            book.add(change, OFFICE, "server", T0_MS)
    book.add(Person(name="budi", role=Role.OFFICE), OFFICE, "server", T0_MS)
    book.add(Person(name="ani", role=Role.OFFICE, active=False), OFFICE, "server", T0_MS)
    with pytest.raises(RefusedError, match="kecamatan"):
        book.add(Person(name="camat", role=Role.KECAMATAN, kecamatan="Atlantis"), OFFICE, "server", T0_MS)


def test_entries_of_a_later_version_are_kept_and_passed_by(tmp_path: Path) -> None:
    book = agreement(tmp_path)
    n = book.add(remark(), VILLAGE, "page", T0_MS)
    later = {"kind": "answer", "remark": n, "outcome": "stands", "reason": REASON, "new": 1}
    with book.ledger.writing() as append:
        append(T0_MS, "office", "office", {"kind": "of_later", "x": 1})
        append(T0_MS, "office", "office", later)
        append(T0_MS, "office", "office", {"kind": "reopening", "remark": 99, "reason": REASON})
    assert book.state().n == 5
    assert agreement(tmp_path).state().remarks[n].due_ms is not None


def test_every_word_of_the_record_has_its_own_text() -> None:
    members = [member for kind in (Says, Outcome, Step, Role, Indicator) for member in kind]
    assert len(WORDS) == len(members), "two words with one spelling would share a text"
    assert all(WORDS[member] for member in members)
    assert set(CHANNEL_WORDS) == set(Channel)
