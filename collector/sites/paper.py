"""The form on paper: one A4 page per village, to print from a browser and fill with a pen; a QR code leads to its page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

import segno

from collector.sites.facts import FIELDS, Field
from collector.sites.form import known
from collector.sites.sites import Site
from ground.words import Lang, said, tr

STYLE = """\
@page{size:A4;margin:14mm}body{font:9pt sans-serif;margin:0 auto;max-width:182mm}section:not(:last-child){break-after:page}
header{display:flex;justify-content:space-between}h1{font-size:15pt;margin:0}h2{font-size:10pt;margin:3mm 0 1mm}
table{border-collapse:collapse;width:100%}td{border:1px solid #666;padding:1mm 2mm;vertical-align:top}td:first-child{width:38%}
.box{white-space:nowrap;margin-right:4mm}svg{width:26mm;height:26mm}.sign{display:flex;gap:20mm;margin-top:8mm}.sign div{flex:1}
"""


def paper(sites: Sequence[Site], page: str | None, lang: Lang) -> str:
    """Return the HTML; `page` is the address of the live page, as https://sinyal.example.go.id."""
    title = tr("Form for the village register", lang)
    body = "".join(_village(site, page, title, lang) for site in sites)
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<body>{body}</body></html>\n"
    )


def _village(site: Site, page: str | None, title: str, lang: Lang) -> str:
    address = None if page is None else f"{page.rstrip('/')}/site/{site.code}"
    code = "" if address is None else segno.make(address, error="m").svg_inline(border=0, omitsize=True)
    district = tr("kecamatan", lang)
    place = f"{escape(site.desa)}, {district} {escape(site.kecamatan)} ({site.code})"
    parts = []
    for giver, fields in groupby(sorted(FIELDS, key=lambda field: said(field.giver, lang)), key=lambda field: field.giver):
        rows = "".join(_row(field, known(site, field.name), lang) for field in fields)
        parts.append(f"<h2>{escape(said(giver, lang))}</h2><table>{rows}</table>")
    signers = tr("Filled in by", lang), tr("Head of the village", lang)
    signs = "".join(f"<div>{escape(who)}<br><br><br>________________</div>" for who in signers)
    where = tr("Coordinate of the village office (GNSS of a phone, in front of the door): latitude, longitude", lang)
    blank = "_" * 24
    return (
        f"<section><header><div><h1>{escape(title)}</h1><p>{place}</p></div>{code}</header>"
        f"<p>{escape(where)} {blank}</p>{''.join(parts)}<div class=sign>{signs}</div></section>"
    )


def _row(field: Field, value: object, lang: Lang) -> str:
    if field.words is None:
        answer = "&nbsp;" if value is None else escape(str(value))
    else:
        chosen = ("no", "yes")[value] if isinstance(value, bool) else value
        boxes = (("☒" if key == chosen else "☐", escape(said(word, lang))) for key, word in field.words.items())
        answer = " ".join(f'<span class="box">{box} {word}</span>' for box, word in boxes)
    return f"<tr><td>{escape(said(field.question, lang))}</td><td>{answer}</td></tr>"
