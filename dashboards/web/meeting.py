"""For a meeting of departments and kecamatan: one screen of what was published, worst first, what changed, what waits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.agreement.changes import WHY, changes
from collector.agreement.entries import WORDS, Step
from collector.agreement.state import State
from collector.agreement.waiting import waiting
from collector.sites.sites import Site
from dashboards.web.office import COOKIE, PATH, private, record_of
from dashboards.web.render import page

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Line:
    """One kecamatan: villages by the word that was published of them, remarks and proposals that wait, villages that changed."""

    name: str
    villages: int = 0
    words: Counter[str] = field(default_factory=Counter)
    waits: int = 0
    overdue: int = 0
    changed: int = 0

    @property
    def bad(self) -> int:
        """Villages that have no good service by what was published."""
        return sum(count for word, count in self.words.items() if word not in {"layak", "cukup"})


@router.get(PATH + "/meeting")
def meeting(request: Request) -> Response:
    """Show the screen to whoever is signed in."""
    agreement, people = record_of(request)
    state, now_ms = agreement.state(), time.time_ns() // 1_000_000
    if people.session(request.cookies.get(COOKIE, ""), state, now_ms) is None:
        return RedirectResponse(PATH, 303)
    sites = agreement.sites
    newest = max((verdict for known in state.published.values() for verdict in known), key=lambda one: one.until, default=None)
    steps = Counter(one.step for one in state.proposals.values())
    shown = page(
        request,
        "meeting.html",
        lines=sorted(_lines(state, sites, now_ms).values(), key=lambda line: (-line.bad, -line.overdue, line.name)),
        changes=[(sites[one.after.site].desa, one, WHY[one.why]) for one in changes(state) if one.after.site in sites],
        steps=[(WORDS[step], steps[step]) for step in Step if steps[step]],
        newest=newest,
        head=agreement.ledger.head(),
        settings={"page": "meeting"},
    )
    return private(shown)


def _lines(state: State, sites: Mapping[str, Site], now_ms: int) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for code, site in sites.items():
        line = lines.setdefault(site.kecamatan, Line(site.kecamatan))
        line.villages += 1
        told = [verdict for verdict in state.newest(code) if verdict.operator is None]
        line.words.update(verdict.word for verdict in told)
    for wait in waiting(state, sites):
        if wait.site in sites:
            lines[sites[wait.site].kecamatan].waits += 1
            lines[sites[wait.site].kecamatan].overdue += wait.overdue(now_ms)
    for code in {change.after.site for change in changes(state)} & sites.keys():
        lines[sites[code].kecamatan].changed += 1
    return lines
