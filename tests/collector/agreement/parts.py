"""A register of two villages, and entries as people make them."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path
from typing import Any

from collector.agreement.agreement import Agreement
from collector.agreement.entries import Channel, Progress, Proposal, Publication, Remark, Role, Says, Step, Verdict
from collector.agreement.rules import OFFICE, Actor
from collector.sites.sites import Site
from tests.collector.frames import OTHER, SITE

SITES: dict[str, Site] = {site.code: site for site in (SITE, OTHER)}
T0_MS = 1_796_000_000_000
DAY_MS = 86_400_000
VILLAGE = Actor("link 1", site=SITE.code)
KECAMATAN = Actor("camat", Role.KECAMATAN, SITE.kecamatan)
READER = Actor("dinas", Role.READER)
EVIDENCE = "ab" * 32
VERDICT = Verdict(
    site=SITE.code,
    operator="Telkomsel",
    since=date(2026, 10, 1),
    until=date(2026, 11, 1),
    thresholds="2026-1",
    word="weak",
    grade="B",
    evidence=EVIDENCE,
)
PUBLISHED = Publication(
    since=VERDICT.since,
    until=VERDICT.until,
    table=EVIDENCE,
    verdicts=(VERDICT, VERDICT.model_copy(update={"site": OTHER.code}), VERDICT.model_copy(update={"operator": "XLSMART"})),
)
LATER_VERDICT = VERDICT.model_copy(update={"since": date(2027, 1, 1), "until": date(2027, 2, 1), "evidence": "cd" * 32})
LATER = Publication(since=date(2027, 1, 1), until=date(2027, 2, 1), table="cd" * 32, verdicts=(LATER_VERDICT,))


def agreement(folder: Path) -> Agreement:
    """Open the agreement, in which October was published."""
    book = Agreement(folder / "agreement.db", SITES)
    if not book.state().n:
        book.add(PUBLISHED, OFFICE, "server", T0_MS)
    return book


def remark(says: Says = Says.POWER, site: Site = SITE, **more: Any) -> Remark:
    return Remark(once=str(uuid.uuid4()), verdict=VERDICT.model_copy(update={"site": site.code}), says=says, **more)


def proposal(number: str = "U-2026-0001", channel: Channel = Channel.SIGNAL, **more: Any) -> Proposal:
    return Proposal(number=number, site=SITE.code, channel=channel, verdicts=(VERDICT,), evidence=EVIDENCE, **more)


def progress(to: Step, number: str = "U-2026-0001", **more: Any) -> Progress:
    return Progress(number=number, to=to, **more)
