"""The office's pages of one village and of one proposal, and the papers of both, for who is signed in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from collector.agreement import papers
from collector.agreement.entries import CHANNEL_WORDS, WORDS, Role, Says, Step
from collector.agreement.rules import Actor, later_evidence, writer_words
from collector.agreement.state import NEXT, ProposalState, State
from dashboards.web.forms import day, private
from dashboards.web.office import PATH, Signed, concerns, drafts_of, refused_of, signed_in
from dashboards.web.render import page

router = APIRouter(include_in_schema=False)
TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
SHUT = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Of a paper that was sent in: whatever is in it, a browser runs nothing of it."""
Word = Annotated[str, Path(max_length=64)]


@router.get(PATH + "/village/{code}")
def village(request: Request, code: Word) -> Response:
    """Show everything of a village: what was published, said, answered, proposed; and the forms that speak for it."""
    found = signed_in(request)
    if found is None:
        return RedirectResponse(PATH, 303)
    agreement, state, session = _mine(found, code)
    verdicts = state.newest(code)
    shown = page(
        request,
        "dossier.html",
        actor=session.actor,
        form=session.form,
        site=agreement.sites[code],
        speaks=session.actor.speaks_for(agreement.sites[code]),
        verdicts=verdicts,
        operators=[verdict.operator for verdict in verdicts if verdict.operator],
        remarks=[one for one in state.remarks.values() if one.remark.verdict.site == code][::-1],
        proposals=[one for one in state.proposals.values() if one.proposal.site == code],
        says=[(one.value, WORDS[one]) for one in Says],
        channels=[(one.value, text) for one, text in CHANNEL_WORDS.items()],
        words=WORDS,
        day=day,
        once=str(uuid.uuid4()),
        refused=refused_of(request),
        given=drafts_of(request).take(session.form),
        settings={"page": "office"},
    )
    return private(shown)


@router.get(PATH + "/proposal/{number}")
def proposal(request: Request, number: Word) -> Response:
    """Show a proposal: its steps, the next one, its minutes and what came back signed."""
    found = signed_in(request)
    if found is None:
        return RedirectResponse(PATH, 303)
    one = found[1].proposals.get(number)
    if one is None:
        raise HTTPException(404)
    agreement, state, session = _mine(found, one.proposal.site)
    minutes = [(n, minutes, state.scans.get(n, ())) for n, minutes in state.minutes.items() if minutes.about == number]
    shown = page(
        request,
        "proposal.html",
        actor=session.actor,
        form=session.form,
        site=agreement.sites[one.proposal.site],
        one=one,
        steps=_next(one, state, session.actor),
        evidence=next(reversed(later_evidence(one, state)), None),
        minutes=minutes,
        prints=request.app.state.printer is not None,
        channel=CHANNEL_WORDS[one.proposal.channel],
        writer=writer_words,
        words=WORDS,
        day=day,
        refused=refused_of(request),
        given=drafts_of(request).take(session.form),
        settings={"page": "office"},
    )
    return private(shown)


@router.get(PATH + "/paper/{digest}")
def paper(request: Request, digest: Word) -> Response:
    """Give a photo, minutes or a scan that the record names, to who may see the village that it is of."""
    found = signed_in(request)
    if found is None:
        return RedirectResponse(PATH, 303)
    agreement, state, session = found
    sites = (agreement.sites.get(code) for code in _sites_of(state, digest))
    if not any(site is not None and concerns(session.actor, site) for site in sites):
        raise HTTPException(404)
    kept = papers.read(agreement.ledger.path.parent, digest)
    if kept is None:
        raise HTTPException(404)
    kind, content = kept
    how = "attachment" if kind == "pdf" else "inline"  # a PDF has a program of its own, and is not shown in a shut page
    headers = {"Content-Security-Policy": SHUT, "Content-Disposition": f'{how}; filename="{digest[:16]}.{kind}"'}
    return private(Response(content, media_type=TYPES[kind], headers=headers))


def _mine(found: Signed, code: str) -> Signed:
    """Give back who is signed in where that village is theirs to see. Raises HTTPException."""
    site = found[0].sites.get(code)
    if site is None or not concerns(found[2].actor, site):
        raise HTTPException(404)
    return found


def _sites_of(state: State, digest: str) -> Iterator[str]:
    """Yield the villages of which the record names a paper."""
    for one in state.remarks.values():
        if one.remark.photo == digest:
            yield one.remark.verdict.site
    for n, minutes in state.minutes.items():
        named = {minutes.document, *(scan.file for scan in state.scans.get(n, ()))}
        if digest in named and minutes.about in state.proposals:
            yield state.proposals[minutes.about].proposal.site


def _next(one: ProposalState, state: State, actor: Actor) -> list[tuple[str, str]]:
    """Return the steps that this person may take next; the village's own is taken on its page, or with its letter."""
    measured = bool(later_evidence(one, state))
    steps = [step for step in Step if step in NEXT[one.step] and (step is not Step.MEASURED_AGAIN or measured)]
    verifies = actor.role is Role.KECAMATAN
    allowed = steps if actor.office else [step for step in steps if step is Step.KECAMATAN_VERIFIED and verifies]
    return [(step.value, WORDS[step]) for step in allowed]
