"""A village's own page, behind the link that only it has: what was published of it, and what it says of that.

It works without script; with it, what is written without a net is kept on the phone and sent later, once.
"""

from __future__ import annotations

import logging
import uuid
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from collector.agreement.agreement import Agreement
from collector.agreement.entries import WORDS, Says, Step
from collector.agreement.links import holder, signed
from collector.agreement.photo import MAX_BYTES
from collector.agreement.rules import Actor, RefusedError
from collector.agreement.state import DAY_MS, State
from dashboards.web.forms import Form, day, form_of, now_ms, origin_of
from dashboards.web.render import page
from dashboards.web.written import village_wrote

router = APIRouter(include_in_schema=False)
PATH = "/r/"
A_DAY = 30
"""Remarks that one link may write in a day: more than a village has to say, less than a nuisance."""
PHOTOS = 60
"""Photos of one village in a year: 15 MB at most, whoever has its link."""
PLACE = {"Permissions-Policy": "camera=(), geolocation=(self), microphone=()"}
"""The one page that may ask where the phone is, and only when a person taps for it."""
Token = Annotated[str, Path(max_length=64)]
log = logging.getLogger(__name__)


@router.get(PATH + "{token}")
def village(request: Request, token: Token) -> Response:
    """Show what was published of the village, what it said, and what was answered."""
    agreement, state, actor = _who(request, token)
    remarks = [one for one in state.remarks.values() if one.remark.verdict.site == actor.site]
    proposals = [one for one in state.proposals.values() if one.proposal.site == actor.site]
    shown = page(
        request,
        "village.html",
        site=agreement.sites[actor.site],
        verdicts=state.newest(actor.site),
        remarks=remarks[::-1],
        proposals=proposals,
        drafted=Step.DRAFTED,
        says=[(one.value, WORDS[one]) for one in Says],
        words=WORDS,
        day=day,
        once=str(uuid.uuid4()),
        sent=sent if (sent := request.query_params.get("sent", "")).isdecimal() else "",
        refused="refused" in request.query_params,
        settings={"page": "village"},
    )
    shown.headers.update(PLACE)
    return shown


@router.post(PATH + "{token}")
async def written(request: Request, token: Token) -> Response:
    """Take what the village says; a browser is led back to its page, a script gets JSON."""
    await run_in_threadpool(_who, request, token)  # before anything is read of it
    form = await form_of(request, MAX_BYTES)
    return await run_in_threadpool(_written, request, token, form)


def _written(request: Request, token: str, form: Form) -> Response:
    agreement, state, actor = _who(request, token)
    wants_json = "application/json" in request.headers.get("Accept", "")
    at_ms = now_ms(request)
    today = sum(one.who == actor.name and one.at_ms > at_ms - DAY_MS for one in state.remarks.values())
    if today >= A_DAY:
        raise HTTPException(429, headers={"Retry-After": "3600"})
    try:
        entry, photo = village_wrote(form, state, actor.site)
        if photo and _photos(state, actor.site, at_ms) >= PHOTOS:
            entry, photo = entry.model_copy(update={"photo": None}), b""  # what it says counts more than that it is lost
        number = agreement.add(entry, actor, origin_of(request, "page"), at_ms, photo)
    except (ValidationError, ValueError, RefusedError) as error:
        log.info("event=remark_refused site=%s reason=%r", actor.site, str(error).splitlines()[0])
        if wants_json:
            return JSONResponse({"refused": True}, 422)
        return RedirectResponse(f"{PATH}{token}?refused=1#say", 303)
    return JSONResponse({"n": number}) if wants_json else RedirectResponse(f"{PATH}{token}?sent={number}#said", 303)


def _photos(state: State, site: str, at_ms: int) -> int:
    young = (one.remark for one in state.remarks.values() if one.at_ms > at_ms - 365 * DAY_MS)
    return sum(remark.verdict.site == site and remark.photo is not None for remark in young)


def _who(request: Request, token: str) -> tuple[Agreement, State, Actor]:
    agreement: Agreement | None = request.app.state.agreement
    if agreement is None or not signed(token, request.app.state.link_key):
        raise HTTPException(404)
    agreement.sites = request.app.state.snapshot.sites  # as they were read last
    state = agreement.state()
    actor = holder(token, state, request.app.state.link_key)
    if actor is None or actor.site not in agreement.sites:
        raise HTTPException(404)
    return agreement, state, actor
