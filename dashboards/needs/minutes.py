"""The minutes (berita acara) of a proposal: what was published, said, answered and done, for signing; at most two pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from collector.agreement.entries import CHANNEL_WORDS, WORDS
from collector.agreement.rules import writer_words
from collector.agreement.state import ProposalState, State
from collector.sites.sites import Site
from dashboards.needs.document import environment, text_of
from dashboards.needs.letterhead import Letterhead, picture
from dashboards.needs.pdf import laid_out, printed
from dashboards.needs.seal import grouped, qr_svg
from ground.wita import wita
from ground.words import Lang, phrase, tr

PAGES = 2
"""What people sign in a meeting; what does not fit is in the record."""
CLIPPED = 400
FITTING = (10, 6, 4, 3, 2, 1, 0)
"""Remarks that are tried on the paper, the newest first, until it has no more than its pages."""


@dataclass(frozen=True, slots=True)
class About:
    """What minutes are made of: the proposal and its hall, the record as of now, whose paper, and when."""

    proposal: ProposalState
    site: Site
    state: State
    head: Letterhead
    now: datetime


def minutes_pdf(about: About, lang: Lang) -> bytes:
    """Return the document. Raises ConfigError where this machine cannot print."""
    laid = None
    for remarks in FITTING:
        laid = laid_out(minutes_html(about, remarks, lang))
        if len(laid.pages) <= PAGES:
            break
    return printed(laid) if laid is not None else b""


def minutes_html(about: About, most: int, lang: Lang) -> str:
    """Fill the template, with at most so many remarks."""
    proposal, site, head = about.proposal.proposal, about.site, about.head
    frozen = set(proposal.verdicts)
    remarks = [one for one in about.state.remarks.values() if one.remark.verdict in frozen]
    shown = remarks[-most:] if most else []
    title = phrase("Minutes of proposal {number}", number=proposal.number)
    given: dict[str, Any] = {"remarks": shown, "left": len(remarks) - len(shown), "steps": about.proposal.steps}
    code = qr_svg(tr("Minutes of proposal {number}", lang, number=proposal.number), proposal.evidence, head, lang)
    return (
        environment(lang)
        .get_template("minutes.html")
        .render(
            **given,
            lang=lang,
            title=title,
            t=phrase,
            head=head,
            logo=picture(head.office.logo),
            place=f"{head.letter.place}, " if head.letter.place else "",
            now=about.now,
            site=site,
            one=about.proposal,
            proposal=proposal,
            channel=phrase(CHANNEL_WORDS[proposal.channel]),
            words={key: phrase(word) for key, word in WORDS.items()},
            day=lambda at_ms: wita(at_ms).date(),
            writer=writer_words,
            clip=clip,
            grouped=grouped,
            qr=Markup(code),  # noqa: S704 - segno escapes its title
            record=about.state,
            style=text_of("common.css") + text_of("paper.css") + text_of("minutes.css"),
        )
    )


def clip(text: str) -> str:
    """Cut a text that is too long for the paper; the record has it whole."""
    flat = " ".join(text.split())
    return flat if len(flat) <= CLIPPED else f"{flat[:CLIPPED]}…"
