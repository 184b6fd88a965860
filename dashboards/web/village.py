"""A village's own page, behind the link that only it has: what was published of it, and what it says of that.

It works without script; with it, what is written without a net is kept on the phone and sent later, once.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from collector.agreement.agreement import Agreement
from collector.agreement.entries import WORDS, Entry, Progress, Remark, Reopening, Says, Step
from collector.agreement.links import holder, signed
from collector.agreement.rules import Actor, RefusedError
from collector.agreement.state import DAY_MS, State
from dashboards.web.forms import day, fields_of
from dashboards.web.render import page

router = APIRouter(include_in_schema=False)
PATH = "/r/"
A_DAY = 30
"""Remarks that one link may write in a day: more than a village has to say, less than a nuisance."""
Token = Annotated[str, Path(max_length=64)]
log = logging.getLogger(__name__)


@router.get(PATH + "{token}")
def village(request: Request, token: Token) -> Response:
    """Show what was published of the village, what it said, and what was answered."""
    agreement, state, actor = _who(request, token)
    remarks = [one for one in state.remarks.values() if one.remark.verdict.site == actor.site]
    proposals = [one for one in state.proposals.values() if one.proposal.site == actor.site]
    return page(
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


@router.post(PATH + "{token}")
async def written(request: Request, token: Token) -> Response:
    """Take what the village says; a browser is led back to its page, a script gets JSON."""
    fields = await fields_of(request)
    return await run_in_threadpool(_written, request, token, fields)


def _written(request: Request, token: str, fields: Mapping[str, str]) -> Response:
    agreement, state, actor = _who(request, token)
    wants_json = "application/json" in request.headers.get("Accept", "")
    now_ms = time.time_ns() // 1_000_000
    today = sum(one.who == actor.name and one.at_ms > now_ms - DAY_MS for one in state.remarks.values())
    if today >= A_DAY:
        raise HTTPException(429, headers={"Retry-After": "3600"})
    origin = f"page {request.client.host if request.client else ''}".strip()
    try:
        number = agreement.add(_entry(fields, state, actor), actor, origin, now_ms)
    except (ValidationError, ValueError, RefusedError) as error:
        log.info("event=remark_refused site=%s reason=%r", actor.site, str(error).splitlines()[0])
        if wants_json:
            return JSONResponse({"refused": True}, 422)
        return RedirectResponse(f"{PATH}{token}?refused=1#say", 303)
    return JSONResponse({"n": number}) if wants_json else RedirectResponse(f"{PATH}{token}?sent={number}#said", 303)


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


def _entry(fields: Mapping[str, str], state: State, actor: Actor) -> Entry:
    """Read what was written. Raises ValueError where it is none of what can be."""
    match fields.get("act"):
        case "remark":
            verdict = next((v for v in state.newest(actor.site) if (v.operator or "") == fields.get("operator", "")), None)
            if verdict is None:
                raise ValueError("operator: nothing was published of it")
            said = {name: fields.get(name, "").strip() for name in ("hamlet", "text")}
            return Remark(once=fields.get("once", ""), verdict=verdict, says=Says(fields.get("says", "")), **said)
        case "reopen":
            return Reopening(remark=int(fields.get("remark", "")), reason=fields.get("text", "").strip())
        case "agree":
            return Progress(number=fields.get("number", ""), to=Step.VILLAGE_AGREED)
    raise ValueError("act: remark, reopen or agree")
