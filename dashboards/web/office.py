"""The office's own page: who signs in sees what waits, answers remarks, takes proposals further, as far as the role allows."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from collector.agreement.agreement import Agreement
from collector.agreement.entries import CHANNEL_WORDS, WORDS, Answer, Channel, Entry, Outcome, Progress, Proposal, Role, Step
from collector.agreement.people import SESSION_MS, People, Session
from collector.agreement.rules import Actor, RefusedError, next_number
from collector.agreement.state import NEXT, State
from collector.agreement.waiting import waiting
from collector.sites.sites import Site
from dashboards.web.forms import day, fields_of
from dashboards.web.render import page
from ground.wita import wita

router = APIRouter(include_in_schema=False)
PATH, COOKIE = "/office", "sinyal_office"


@router.get(PATH)
def office(request: Request) -> Response:
    """Show what waits, or ask who it is."""
    agreement, people = record_of(request)
    state, now_ms = agreement.state(), _now_ms()
    session = people.session(request.cookies.get(COOKIE, ""), state, now_ms)
    if session is None:
        return private(page(request, "signin.html", wrong="wrong" in request.query_params, settings={"page": "office"}))
    actor, sites = session.actor, agreement.sites
    mine = {code for code, site in sites.items() if _concerns(actor, site)}
    shown = page(
        request,
        "office.html",
        actor=actor,
        form=session.form,
        sites=sites,
        waits=[(wait, wait.overdue(now_ms)) for wait in waiting(state, sites) if wait.site in mine],
        remarks=[one for one in state.remarks.values() if one.due_ms and one.remark.verdict.site in mine],
        proposals=[(one, _next(one.step, actor)) for one in state.proposals.values() if one.proposal.site in mine],
        published=sorted((sites[code].desa, code) for code in state.published if code in mine),
        outcomes=[(one.value, WORDS[one]) for one in Outcome],
        channels=[(one.value, text) for one, text in CHANNEL_WORDS.items()],
        words=WORDS,
        day=day,
        refused=request.query_params.get("refused", "")[:300],
        settings={"page": "office"},
    )
    return private(shown)


@router.post(PATH)
async def written(request: Request) -> Response:
    """Sign in or out, or take what a person of the office writes."""
    fields = await fields_of(request)
    return await run_in_threadpool(_written, request, fields)


def _written(request: Request, fields: Mapping[str, str]) -> Response:
    agreement, people = record_of(request)
    state, now_ms, token = agreement.state(), _now_ms(), request.cookies.get(COOKIE, "")
    if fields.get("act") == "sign_in":
        return _sign_in(request, people.sign_in(fields.get("name", ""), fields.get("password", ""), state, now_ms))
    session = people.session(token, state, now_ms)
    if session is None or not _own(session, fields):
        raise HTTPException(403)
    if fields.get("act") == "sign_out":
        people.sign_out(token)
        return RedirectResponse(PATH, 303)
    try:
        origin = f"office {request.client.host if request.client else ''}".strip()
        agreement.add(_entry(fields, state), session.actor, origin, now_ms)
    except (ValidationError, ValueError, RefusedError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        return RedirectResponse(f"{PATH}?{urlencode({'refused': reason})}", 303)
    return RedirectResponse(PATH, 303)


def _sign_in(request: Request, token: str | None) -> Response:
    if token is None:
        return RedirectResponse(f"{PATH}?wrong=1", 303)
    answer = RedirectResponse(PATH, 303)
    secure = request.headers.get("X-Forwarded-Proto") == "https"
    answer.set_cookie(COOKIE, token, max_age=SESSION_MS // 1000, path=PATH, httponly=True, samesite="strict", secure=secure)
    return answer


def _own(session: Session, fields: Mapping[str, str]) -> bool:
    return secrets.compare_digest(fields.get("form", "").encode(), session.form.encode())


def _entry(fields: Mapping[str, str], state: State) -> Entry:
    """Read what was written. Raises ValueError where it is none of what can be."""
    match fields.get("act"):
        case "answer":
            given = {"outcome": Outcome(fields.get("outcome", "")), "reason": fields.get("reason", "").strip()}
            return Answer(remark=int(fields.get("remark", "")), **given)
        case "progress":
            said = {name: fields.get(name, "").strip() for name in ("reason", "reference")}
            return Progress(number=fields.get("number", ""), to=Step(fields.get("to", "")), **said)
        case "propose":
            site = fields.get("site", "")
            verdicts = state.newest(site)
            if not verdicts or verdicts[0].evidence is None:
                raise ValueError(f"nothing was published of {site}")
            number = next_number(state, wita(_now_ms()).year)
            text = fields.get("text", "").strip()
            evidence = verdicts[0].evidence
            channel = Channel(fields.get("channel", ""))
            return Proposal(number=number, site=site, channel=channel, verdicts=verdicts, evidence=evidence, text=text)
    raise ValueError("act: answer, progress or propose")


def _next(step: Step, actor: Actor) -> list[tuple[str, str]]:
    """Return the steps that this person may take next; the village's own is taken on its page, or with its letter."""
    steps = [one for one in Step if one in NEXT[step] and one is not Step.MEASURED_AGAIN]
    allowed = steps if actor.office else [one for one in steps if one is Step.KECAMATAN_VERIFIED and actor.role is Role.KECAMATAN]
    return [(one.value, WORDS[one]) for one in allowed]


def _concerns(actor: Actor, site: Site) -> bool:
    return actor.role is not Role.KECAMATAN or actor.kecamatan == site.kecamatan


def record_of(request: Request) -> tuple[Agreement, People]:
    """Return the record and who may sign in. Raises HTTPException where the page has no record."""
    agreement: Agreement | None = request.app.state.agreement
    people: People | None = request.app.state.people
    if agreement is None or people is None:
        raise HTTPException(404)
    agreement.sites = request.app.state.snapshot.sites
    return agreement, people


def private(answer: Response) -> Response:
    """Keep an answer out of every cache."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
