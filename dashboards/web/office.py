"""The office's own page: who signs in sees what waits, answers remarks, takes proposals further, as far as the role allows."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from collector.agreement import papers
from collector.agreement.agreement import Agreement
from collector.agreement.entries import CHANNEL_WORDS, WORDS, Entry, Indicator, Outcome, Progress, Proposal, Remark, Role
from collector.agreement.people import LENGTH_MIN, SESSION_MS, People, Session
from collector.agreement.photo import MAX_BYTES
from collector.agreement.rules import Actor, RefusedError
from collector.agreement.state import State
from collector.agreement.waiting import waiting
from collector.sites.sites import Site
from dashboards.web.forms import Drafts, Form, day, form_of, now_ms, origin_of, private
from dashboards.web.render import language_of, page
from dashboards.web.written import Written, office_wrote, printed
from ground.words import phrase

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)
PATH, COOKIE = "/office", "sinyal_office"
SCANS = f"{PATH}/scan"
Signed = tuple[Agreement, State, Session]


@router.get(PATH)
def office(request: Request) -> Response:
    """Show what waits, or ask who it is."""
    agreement, people = record_of(request)
    state, at_ms = agreement.state(), now_ms(request)
    session = people.session(request.cookies.get(COOKIE, ""), state, at_ms)
    if session is None:
        return private(page(request, "signin.html", wrong="wrong" in request.query_params, settings={"page": "office"}))
    if session.must_choose:
        return private(_choice(request, session))
    actor, sites = session.actor, agreement.sites
    mine = {code for code, site in sites.items() if concerns(actor, site)}
    shown = page(
        request,
        "office.html",
        actor=actor,
        form=session.form,
        sites=sites,
        waits=[(wait, wait.overdue(at_ms)) for wait in waiting(state, sites) if wait.site in mine],
        remarks=[one for one in state.remarks.values() if one.due_ms and one.remark.verdict.site in mine],
        proposals=[one for one in state.proposals.values() if one.proposal.site in mine],
        villages=sorted((site.kecamatan, site.desa, code) for code, site in sites.items() if code in mine),
        outcomes=[(one.value, WORDS[one]) for one in Outcome],
        indicators=[(one.value, WORDS[one]) for one in Indicator],
        targets=sorted(state.targets.values(), key=lambda one: (one.year, one.indicator)),
        year=datetime.fromtimestamp(at_ms / 1000, UTC).year,
        words=WORDS,
        channels=CHANNEL_WORDS,
        day=day,
        refused=refused_of(request),
        given=drafts_of(request).take(session.form),
        settings={"page": "office"},
    )
    return private(shown)


def _choice(request: Request, session: Session) -> Response:
    short, name = "short" in request.query_params, session.actor.name
    return page(request, "choose.html", settings={"page": "office"}, form=session.form, short=short, least=LENGTH_MIN, name=name)


@router.post(PATH)
async def written(request: Request) -> Response:
    """Sign in or out, or take what a person of the office writes."""
    request.app.state.office_limit.check(request)
    # A stranger may send what a sign-in needs; a file is read of who is signed in.
    known = await run_in_threadpool(_session, request)
    form = await form_of(request, MAX_BYTES if known else 0)
    return await run_in_threadpool(_written, request, form)


@router.post(SCANS)
async def scanned(request: Request) -> Response:
    """Take the scan of signed minutes."""
    request.app.state.office_limit.check(request)
    if await run_in_threadpool(_session, request) is None:
        raise HTTPException(403)
    return await run_in_threadpool(_written, request, await form_of(request, papers.MAX_BYTES))


def _session(request: Request) -> Session | None:
    agreement, people = record_of(request)
    return people.session(request.cookies.get(COOKIE, ""), agreement.state(), now_ms(request))


def _written(request: Request, form: Form) -> Response:
    agreement, people = record_of(request)
    fields, state, at_ms = form.fields, agreement.state(), now_ms(request)
    if fields.get("act") == "sign_in":
        name, password, address = (
            fields.get("name", ""),
            fields.get("password", ""),
            request.client.host if request.client else "",
        )
        return _sign_in(request, people.sign_in(name, password, state, at_ms, address))
    session = _session(request)
    if session is None or not _own(session, fields):
        raise HTTPException(403)
    if fields.get("act") == "sign_out":
        people.sign_out(request.cookies.get(COOKIE, ""))
        return RedirectResponse(PATH, 303)
    if fields.get("act") == "choose" or session.must_choose:
        return _choose(people, session, fields)
    try:
        entry, paper = _read(request, form, state, session.actor)
        agreement.add(entry, session.actor, origin_of(request, _page(entry, session.actor)), at_ms, paper)
    except (ValidationError, ValueError, RefusedError) as error:
        log.info("event=not_written reason=%r", str(error))
        drafts_of(request).keep(session.form, fields)
        reason = _reason(error).word(language_of(request)[0])
        return RedirectResponse(f"{_back(fields)}?{urlencode({'refused': reason[:300]})}", 303)
    return RedirectResponse(_back(fields, entry), 303)


def _read(request: Request, form: Form, state: State, actor: Actor) -> Written:
    if form.fields.get("act") != "minutes":
        return office_wrote(form, state, datetime.fromtimestamp(now_ms(request) / 1000, UTC))
    number, printer = form.fields.get("number", ""), request.app.state.printer
    if not actor.office or number not in state.proposals:
        raise RefusedError(phrase("minutes: the office prints them, of a proposal that is there"))
    if printer is None:
        by_hand = f"sudo sinyal-dashboards minutes {number} --out minutes.pdf"
        raise RefusedError(phrase("this page cannot print; on the server: {command}", command=by_hand))
    return printed(number, state, printer.minutes(number, language_of(request)[0]))


def _reason(error: Exception) -> RefusedError:
    """Say what stands against an entry; what the form itself would not have sent has one word."""
    match error:
        case RefusedError():
            return error
        case ValidationError() if where := error.errors()[0]["loc"]:
            return RefusedError(phrase("the field {name} is missing or not as the form asks for it", name=str(where[-1])))
    return RefusedError(phrase("a field is missing or not as the form asks for it"))


def _page(entry: Entry, actor: Actor) -> str:
    """Say how an entry came: what the office writes for a village stood on paper."""
    return "paper office" if isinstance(entry, Remark) and actor.office else "office"


def _back(fields: Mapping[str, str], entry: Entry | None = None) -> str:
    """Return the page to show next: the one of what was written about."""
    number = entry.number if isinstance(entry, Proposal | Progress) else fields.get("number")
    if number:
        return f"{PATH}/proposal/{quote(number, safe='')}"
    return f"{PATH}/village/{quote(site, safe='')}" if (site := fields.get("site")) else PATH


def _sign_in(request: Request, token: str | None) -> Response:
    if token is None:
        return RedirectResponse(f"{PATH}?wrong=1", 303)
    answer = RedirectResponse(PATH, 303)
    secure = request.headers.get("X-Forwarded-Proto") == "https"
    answer.set_cookie(COOKIE, token, max_age=SESSION_MS // 1000, path=PATH, httponly=True, samesite="strict", secure=secure)
    return answer


def _choose(people: People, session: Session, fields: Mapping[str, str]) -> Response:
    """Take the password that somebody chose; every session of that name ends."""
    try:
        people.set_password(session.actor.name, fields.get("password", ""))
    except ValueError:
        return RedirectResponse(f"{PATH}?short=1", 303)
    return RedirectResponse(PATH, 303)


def _own(session: Session, fields: Mapping[str, str]) -> bool:
    return secrets.compare_digest(fields.get("form", "").encode(), session.form.encode())


def concerns(actor: Actor, site: Site) -> bool:
    """Whether a village is one that somebody sees here: a kecamatan sees its own."""
    return actor.role is not Role.KECAMATAN or actor.kecamatan == site.kecamatan


def signed_in(request: Request) -> Signed | None:
    """Return the record and who is signed in and may do something; None where nobody is."""
    session = _session(request)
    agreement, _ = record_of(request)
    return (agreement, agreement.state(), session) if session and not session.must_choose else None


def drafts_of(request: Request) -> Drafts:
    """Return what was typed and not written, by the secret of a session's forms."""
    drafts: Drafts = request.app.state.drafts
    return drafts


def refused_of(request: Request) -> str:
    """Return the reason for which something was not written just now."""
    return request.query_params.get("refused", "")[:300]


def record_of(request: Request) -> tuple[Agreement, People]:
    """Return the record and who may sign in. Raises HTTPException where the page has no record."""
    agreement: Agreement | None = request.app.state.agreement
    people: People | None = request.app.state.people
    if agreement is None or people is None:
        raise HTTPException(404)
    agreement.sites = request.app.state.snapshot.sites
    return agreement, people
