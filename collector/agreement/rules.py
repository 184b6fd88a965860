"""Who may write what, and what may follow what: every refusal of the agreement is here, and says what stands against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

from collector.agreement.entries import (
    WORDS,
    Answer,
    Entry,
    Link,
    Person,
    Progress,
    Proposal,
    Publication,
    Remark,
    Reopening,
    Role,
    Scan,
    Step,
    Verdict,
)
from collector.agreement.state import NEXT, ProposalState, RemarkState, State
from collector.errors import CollectorError
from collector.sites.sites import Site
from ground.wita import wita
from ground.words import Phrase, Said, joined, phrase


class RefusedError(CollectorError):
    """An entry that the rules do not allow; the text says what stands against it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: a person with a role, or the holder of a hall's link (`site`)."""

    name: str
    role: Role | None = None
    kecamatan: str = ""
    site: str = ""

    @property
    def office(self) -> bool:
        """Whether it is somebody of the office."""
        return self.role is Role.OFFICE

    def speaks_for(self, site: Site) -> bool:
        """Whether it may speak for a village: by its link, or in its kecamatan, or the office, which types in paper forms."""
        return self.office or self.site == site.code or (self.role is Role.KECAMATAN and self.kecamatan == site.kecamatan)


OFFICE = Actor("office", Role.OFFICE)
"""Whoever works on the server itself."""


def writer_words(who: str) -> Said:
    """Return who wrote an entry as people read it: the village by its link, the office from the server, else a person's name."""
    if who.startswith("link "):
        return phrase("village")
    return phrase(WORDS[Role.OFFICE]) if who == OFFICE.name else who


def refuse(entry: Entry, actor: Actor, state: State, sites: Mapping[str, Site]) -> None:
    """Raise RefusedError where an entry may not be written now."""
    _refuse(entry, actor, state, sites)


@singledispatch
def _refuse(_entry: Entry, actor: Actor, _state: State, _sites: Mapping[str, Site]) -> None:
    _only_office(actor)


@_refuse.register
def _(entry: Publication, actor: Actor, state: State, _sites: Mapping[str, Site]) -> None:
    _only_office(actor)
    if any(verdict.evidence == entry.table for known in state.published.values() for verdict in known):
        raise RefusedError(phrase("this table is published already"))
    if any((verdict.since, verdict.until) != (entry.since, entry.until) for verdict in entry.verdicts):
        raise RefusedError(phrase("verdicts: all must be of the period that is published"))


@_refuse.register
def _(entry: Remark, actor: Actor, state: State, sites: Mapping[str, Site]) -> None:
    _must_speak_for(actor, _site(entry.verdict.site, sites))
    _published(entry.verdict, state)


@_refuse.register
def _(entry: Answer, actor: Actor, state: State, _sites: Mapping[str, Site]) -> None:
    _only_office(actor)
    if _remark(state, entry.remark).open_since_ms is None:
        raise RefusedError(phrase("remark {n} waits for no answer", n=entry.remark))


@_refuse.register
def _(entry: Reopening, actor: Actor, state: State, sites: Mapping[str, Site]) -> None:
    remark = _remark(state, entry.remark)
    _must_speak_for(actor, _site(remark.remark.verdict.site, sites))
    if not remark.answers or remark.open_since_ms is not None:
        raise RefusedError(phrase("remark {n} has no answer yet that could be disputed", n=entry.remark))


@_refuse.register
def _(entry: Proposal, actor: Actor, state: State, sites: Mapping[str, Site]) -> None:
    _only_office(actor)
    _site(entry.site, sites)
    if any(verdict.site != entry.site for verdict in entry.verdicts):
        raise RefusedError(phrase("verdicts: all must be of the village that is proposed"))
    for verdict in entry.verdicts:
        _published(verdict, state)
    for number, known in state.proposals.items():
        if number == entry.number:
            free = next_number(state, int(number[2:6]))
            raise RefusedError(phrase("{number} already exists; the next free number is {free}", number=number, free=free))
        both = {*known.proposal.operators} & {*entry.operators}
        every = not known.proposal.operators or not entry.operators
        same = (known.proposal.site, known.proposal.channel) == (entry.site, entry.channel)
        if same and (both or every) and not known.ended:
            raise RefusedError(
                phrase("{site} is already proposed: {number}, {step}", site=entry.site, number=number, step=_step(known.step))
            )


@_refuse.register
def _(entry: Progress, actor: Actor, state: State, sites: Mapping[str, Site]) -> None:
    proposal = state.proposals.get(entry.number)
    if proposal is None:
        raise no_proposal(entry.number)
    if entry.to not in NEXT[proposal.step]:
        after = joined([_step(step) for step in sorted(NEXT[proposal.step])] or [phrase("nothing")], ", ")
        told = phrase("{number} is {step}; after that comes {after}", number=entry.number, step=_step(proposal.step), after=after)
        raise RefusedError(told)
    site = _site(proposal.proposal.site, sites)
    if entry.to is Step.MEASURED_AGAIN and entry.evidence not in later_evidence(proposal, state):
        raise RefusedError(phrase("evidence: the SHA-256 of a table that was published of this village after it was built"))
    own = {
        Step.VILLAGE_AGREED: actor.site == site.code,
        Step.KECAMATAN_VERIFIED: actor.role is Role.KECAMATAN and actor.kecamatan == site.kecamatan,
    }
    if own.get(entry.to):
        return
    _only_office(actor)
    if entry.to in own and not entry.reference.strip():
        raise RefusedError(phrase("reference: the number of the letter in which the village or kecamatan agreed"))


@_refuse.register
def _(entry: Scan, actor: Actor, state: State, _sites: Mapping[str, Site]) -> None:
    _only_office(actor)
    if entry.minutes not in state.minutes:
        raise RefusedError(phrase("entry {n} are no minutes", n=entry.minutes))


@_refuse.register
def _(entry: Link, actor: Actor, state: State, sites: Mapping[str, Site]) -> None:
    _only_office(actor)
    _site(entry.site, sites)
    known = state.links.get(entry.site)
    if entry.serial != (known.serial if known else 0) + (not entry.revoked):
        raise RefusedError(phrase("link of {site}: serial {n} does not follow", site=entry.site, n=entry.serial))


@_refuse.register
def _(entry: Person, actor: Actor, state: State, sites: Mapping[str, Site]) -> None:
    _only_office(actor)
    if entry.kecamatan and entry.kecamatan not in {site.kecamatan for site in sites.values()}:
        raise RefusedError(phrase("kecamatan: there is no {name} in sites.csv", name=entry.kecamatan))
    others = [one for one in state.people.values() if one.name != entry.name and one.active and one.role is Role.OFFICE]
    known = state.people.get(entry.name)
    was_office = known is not None and known.active and known.role is Role.OFFICE
    if was_office and not others and not (entry.active and entry.role is Role.OFFICE):
        raise RefusedError(phrase("{name} is the last of the office who can sign in; add another first", name=entry.name))


def later_evidence(proposal: ProposalState, state: State) -> list[str]:
    """Return the hashes of what was published of a village with days after it was built, the newest last; none before that."""
    if proposal.step is not Step.BUILT:
        return []
    built = wita(proposal.since_ms).date()
    known = state.published.get(proposal.proposal.site, ())
    return list(dict.fromkeys(verdict.evidence for verdict in known if verdict.since >= built and verdict.evidence))


def next_number(state: State, year: int) -> str:
    """Return the number that the next proposal of a year gets."""
    used = [int(number[7:]) for number in state.proposals if number.startswith(f"U-{year}-")]
    return f"U-{year}-{max(used, default=0) + 1:04}"


def no_proposal(number: str) -> RefusedError:
    """Return the refusal of a proposal that is not there."""
    return RefusedError(phrase("there is no proposal {number}", number=number))


def _step(step: Step) -> Phrase:
    return phrase(WORDS[step])


def _only_office(actor: Actor) -> None:
    if not actor.office:
        raise RefusedError(phrase("only the office writes this"))


def _must_speak_for(actor: Actor, site: Site) -> None:
    if not actor.speaks_for(site):
        raise RefusedError(phrase("{name} does not speak for {desa}", name=actor.name, desa=site.desa))


def _site(code: str, sites: Mapping[str, Site]) -> Site:
    if code not in sites:
        raise RefusedError(phrase("{site} is not in sites.csv", site=code))
    return sites[code]


def _published(verdict: Verdict, state: State) -> None:
    if verdict not in state.published.get(verdict.site, ()):
        raise RefusedError(phrase("this verdict of {site} was never published", site=verdict.site))


def _remark(state: State, number: int) -> RemarkState:
    if number not in state.remarks:
        raise RefusedError(phrase("there is no remark {n}", n=number))
    return state.remarks[number]
