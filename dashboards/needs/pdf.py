"""The official document: the template of the page, printed by WeasyPrint as a tagged PDF with author and title.

It is PDF/A-2a, to be kept, and PDF/UA-1, to be read by everybody, at once. WeasyPrint marks a file as one of them only.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import ModuleType
from typing import Any

from collector.errors import ConfigError
from dashboards.needs.document import Drawn, render
from dashboards.needs.letterhead import Letterhead
from dashboards.needs.model import Report
from ground.words import Lang

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
"""Of Debian: what WeasyPrint sets text with; fonts come with them."""
VARIANT = "pdf/a-2a"
UA_MARK = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that is followed</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF>"""
"""The end of the metadata: PDF/UA-1 (ISO 14289-1, 5), and what PDF/A asks of a foreign schema (ISO 19005-2, 6.6.2.3)."""


def printer() -> ModuleType:
    """Return WeasyPrint. Raises ConfigError that says what to install where it or Debian's Pango is not there."""
    for name in ("weasyprint", "weasyprint.progress", "fontTools"):  # before the import, which tells of its own style sheets
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        import weasyprint  # noqa: PLC0415 - half a second and Pango: only who prints needs them
    except ImportError:
        raise ConfigError("the PDF needs WeasyPrint: pip install 'sinyal[dashboards]'; or leave it out with --no-pdf") from None
    except OSError as error:
        cure = f"sudo apt-get install -y {PACKAGES}; or leave it out with --no-pdf"
        raise ConfigError(f"the PDF needs Pango, which is not there ({error}): {cure}") from None
    return weasyprint  # type: ignore[no-any-return]


def prints() -> bool:
    """Return whether the PDF can be printed on this machine."""
    try:
        printer()
    except ConfigError:
        return False
    return True


def document(report: Report, maps: Drawn, head: Letterhead, lang: Lang) -> str:
    """Return the document in one language, as `print_pdf` takes it."""
    return render(report, maps, head, lang, paper=True)


def print_pdf(text: str, path: Path) -> None:
    """Print a document; it takes nothing from outside. Raises ConfigError as `printer` does, and OSError."""
    path.write_bytes(printed(laid_out(text)))


def laid_out(text: str) -> Any:
    """Lay a document out on paper: `.pages`, and what `printed` takes. Raises ConfigError as `printer` does."""
    weasyprint = printer()
    only_itself = weasyprint.URLFetcher(allowed_protocols=["data"])
    return weasyprint.HTML(string=text, url_fetcher=only_itself).render(pdf_variant=VARIANT)


def printed(laid: Any) -> bytes:
    """Return a document that is laid out as a PDF."""
    return bytes(laid.write_pdf(pdf_variant=VARIANT, finisher=_mark))


def _mark(_: Any, pdf: Any) -> None:
    """Say in the metadata that it is PDF/UA-1 too."""
    metadata = next(one for one in pdf.objects if getattr(one, "extra", {}).get("Subtype") == "/XML")
    head, end, rest = metadata.stream[0].rpartition(b"</rdf:RDF>")
    if not end:
        raise ValueError("the metadata of the PDF have no RDF")
    metadata.stream[0] = head + UA_MARK + rest
