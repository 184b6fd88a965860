"""Whose paper the needs map is: letterhead (kop surat), number, who signs, as `config/letterhead.toml` gives them."""

from __future__ import annotations

import base64
from datetime import date as Day  # noqa: N812 - the field is called date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from collector.errors import ConfigError
from ground.toml import Section, load

Text = Annotated[str, Field(min_length=1, max_length=300)]
LOGO_BYTES = 1_000_000
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}


class Office(Section):
    """[office]: the lines of the letterhead, highest authority first."""

    lines: tuple[Text, ...] = ()
    address: Text | None = None
    contact: Text | None = None
    logo: Path | None = None


class Letter(Section):
    """[letter]: what a letter of an office says at its top."""

    number: Text | None = None
    attachments: Text | None = None
    subject: Text | None = None
    to: tuple[Text, ...] = ()
    place: Text | None = None
    date: Day | None = None


class Signature(Section):
    """[[signatures]]: who signs; name and number may be left for the pen."""

    role: Text
    name: Text | None = None
    number: Text | None = None


class Letterhead(Section):
    """The whole of `letterhead.toml`; without the file a paper without an office."""

    office: Office = Office()
    letter: Letter = Letter()
    signatures: Annotated[tuple[Signature, ...], Field(max_length=4)] = ()
    verify_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None

    @property
    def author(self) -> str | None:
        """Return whose document it is: the last line of the letterhead."""
        return self.office.lines[-1] if self.office.lines else None


def read_letterhead(path: Path) -> Letterhead:
    """Read and check a letterhead.toml; the logo is made a path that can be read. Raises ConfigError."""
    read = load(Letterhead, path, "letterhead.toml")
    if read.office.logo is None:
        return read
    return read.model_copy(update={"office": read.office.model_copy(update={"logo": path.parent / read.office.logo})})


def letterhead_of(named: Path | None, beside: Path) -> Letterhead:
    """Return the letterhead of a named file, or of the one beside sites.csv where it is. Raises ConfigError."""
    path = named or beside / "letterhead.toml"
    return read_letterhead(path) if named or path.exists() else Letterhead()


def picture(logo: Path | None) -> str | None:
    """Return a logo as a data URI: a document needs nothing beside itself. Raises ConfigError."""
    if logo is None:
        return None
    kind = TYPES.get(logo.suffix.lower())
    if kind is None:
        raise ConfigError(f"letterhead.toml: office.logo: {logo.name} is none of {', '.join(TYPES)}; save it as one of them")
    try:
        content = logo.read_bytes()
    except OSError as error:
        raise ConfigError(f"letterhead.toml: office.logo: {logo} cannot be read ({error.strerror}); put it there") from None
    if len(content) > LOGO_BYTES:
        raise ConfigError(f"letterhead.toml: office.logo: {logo.name} has more than {LOGO_BYTES} bytes; make it smaller")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
