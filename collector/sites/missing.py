"""What the register does not know, village by village, by who can give it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from collector.sites.facts import FIELDS, Field
from collector.sites.form import PLACE, known
from collector.sites.sites import Site
from ground.words import Figure, Lang, Phrase, ntr, said, tr

ASKED = (PLACE[0], *FIELDS)
"""Of the coordinate one half stands for both."""
OPEN = frozenset({"proposal_number", "proposal_status", "cable_loss_db"})
"""What can rightly stay empty: no proposal yet, an antenna without a cable."""


def missing(site: Site) -> dict[Phrase, list[Field]]:
    """Return what is not known of a village, by who can give it."""
    found: defaultdict[Phrase, list[Field]] = defaultdict(list)
    for field in ASKED:
        if field.name not in OPEN and known(site, field.name) is None:
            found[field.giver].append(field)
    return dict(found)


def report(sites: Sequence[Site], lang: Lang) -> Iterator[str]:
    """Yield the lines of the report: each village, then who owes how much."""
    asked = len(ASKED) - len(OPEN)
    owed: Counter[Phrase] = Counter()
    for site in sites:
        lacking = missing(site)
        count = sum(map(len, lacking.values()))
        yield tr("{code} {desa}: {n} of {of} known", lang, code=site.code, desa=site.desa, n=asked - count, of=asked)
        for giver, fields in lacking.items():
            owed[giver] += len(fields)
            yield f"  {said(giver, lang)}: {_names(fields, lang)}"
    yield ntr("{n} village", "{n} villages", len(sites), lang)
    for giver, count in owed.most_common():
        yield "  " + tr("{giver}: {n} answers missing", lang, giver=giver, n=Figure(count))


def _names(fields: Iterable[Field], lang: Lang) -> str:
    return ", ".join(said(field.question, lang) for field in fields)
