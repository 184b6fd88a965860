"""The links of villages on paper: for each kecamatan a page to print and cut, with name, address and QR code of every village."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

import segno

from collector.sites.sites import Site
from ground.durable import write_durably
from ground.words import Lang, tr

STYLE = """\
@page{size:A4;margin:12mm}body{font:9pt sans-serif;margin:0 auto;max-width:186mm}h1{font-size:14pt;margin:0 0 2mm}p{margin:1mm 0}
main{display:grid;grid-template-columns:repeat(3,1fr)}article{border:1px dashed #666;padding:3mm;break-inside:avoid}
h2{font-size:11pt;margin:0}svg{width:32mm;height:32mm}code{font-size:8pt;overflow-wrap:anywhere}
"""


def write_letters(links: Iterable[tuple[Site, str]], folder: Path, lang: Lang) -> int:
    """Write a page for each kecamatan into a folder, readable for its owner only; return how many. `links`: village, address."""
    by_kecamatan: dict[str, list[tuple[Site, str]]] = {}
    for site, address in links:
        by_kecamatan.setdefault(site.kecamatan, []).append((site, address))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, villages in by_kecamatan.items():
        cards = "".join(_card(site, address) for site, address in sorted(villages, key=lambda one: one[0].desa))
        title = tr("Addresses of the villages, kecamatan {name}", lang, name=name)
        about = tr("Who has an address speaks for that village: cut, hand over closed, tear before throwing away.", lang)
        page = (
            f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
            f"<body><h1>{escape(title)}</h1><p>{escape(about)}</p><main>{cards}</main></body></html>\n"
        )
        write_durably(folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.html", page.encode(), mode=0o600)
    return len(by_kecamatan)


def _card(site: Site, address: str) -> str:
    code = segno.make(address, error="m").svg_inline(border=2, omitsize=True)
    return f"<article><h2>{escape(site.desa)}</h2><p>{site.code}</p>{code}<p><code>{escape(address)}</code></p></article>"
