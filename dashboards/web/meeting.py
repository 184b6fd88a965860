"""For a meeting of departments and kecamatan: one screen of targets, kecamatan by quarter, what changed, what waits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.agreement.changes import WHY, changes
from collector.agreement.entries import WORDS, Step
from collector.agreement.progress import Line, by_kecamatan, last_quarters, reached
from collector.agreement.state import State
from collector.agreement.waiting import Wait, waiting
from collector.sites.sites import Site
from dashboards.web.forms import day, now_ms, private
from dashboards.web.office import PATH, signed_in
from dashboards.web.render import page

router = APIRouter(include_in_schema=False)
CHANGES, OPEN = 8, 5
"""So many are named; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kecamatan on the screen: what was published of it, what waits and is overdue, villages that changed."""

    line: Line
    waits: int
    overdue: int
    changed: int


@router.get(PATH + "/meeting")
def meeting(request: Request) -> Response:
    """Show the screen to whoever is signed in."""
    found = signed_in(request)
    if found is None:
        return RedirectResponse(PATH, 303)
    agreement, state, _ = found
    at_ms, sites = now_ms(request), agreement.sites
    newest = max((verdict for known in state.published.values() for verdict in known), key=lambda one: one.until, default=None)
    steps = Counter(one.step for one in state.proposals.values())
    waits = [wait for wait in waiting(state, sites) if wait.site in sites]
    changed = [(sites[one.after.site].desa, one, WHY[one.why]) for one in changes(state) if one.after.site in sites]
    changed.sort(key=lambda told: told[1].after.operator is not None)  # villages as a whole first
    rows = _rows(state, sites, waits, at_ms)
    remarks = [wait for wait in waits if wait.what.isdecimal()]
    shown = page(
        request,
        "meeting.html",
        rows=rows,
        quarters=last_quarters(row.line for row in rows),
        reached=reached(state, sites, at_ms),
        changes=changed[:CHANGES],
        more_changes=len(changed) - CHANGES,
        remarks=[(wait, wait.overdue(at_ms)) for wait in remarks[:OPEN]],
        more_remarks=len(remarks) - OPEN,
        steps=[(WORDS[step], steps[step]) for step in Step if steps[step]],
        newest=newest,
        head=(state.n, state.head),
        words=WORDS,
        day=day,
        settings={"page": "meeting"},
    )
    return private(shown)


def _rows(state: State, sites: Mapping[str, Site], waits: list[Wait], at_ms: int) -> list[Row]:
    """Return the kecamatan, the one with most villages without good service first."""
    waiting_in, overdue_in, changed_in = Counter[str](), Counter[str](), defaultdict[str, set[str]](set)
    for wait in waits:
        waiting_in[sites[wait.site].kecamatan] += 1
        overdue_in[sites[wait.site].kecamatan] += wait.overdue(at_ms)
    for change in changes(state):
        if change.after.site in sites:
            changed_in[sites[change.after.site].kecamatan].add(change.after.site)
    lines = by_kecamatan(state, sites).values()
    rows = [Row(line, waiting_in[line.name], overdue_in[line.name], len(changed_in[line.name])) for line in lines]
    return sorted(rows, key=lambda row: (-row.line.bad, -row.overdue, row.line.name))
