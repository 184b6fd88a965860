"""The official document: the template of the page, printed by WeasyPrint as a tagged PDF (PDF/UA-1) with author and title."""

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
VARIANT = "pdf/ua-1"


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
    path.write_bytes(laid_out(text).write_pdf(pdf_variant=VARIANT))


def laid_out(text: str) -> Any:
    """Lay a document out on paper: `.pages`, `.write_pdf(pdf_variant=VARIANT)`. Raises ConfigError as `printer` does."""
    weasyprint = printer()
    only_itself = weasyprint.URLFetcher(allowed_protocols=["data"])
    return weasyprint.HTML(string=text, url_fetcher=only_itself).render(pdf_variant=VARIANT)
