"""The families: every module of this package with a `FAMILY`. The first whose identity or dialect matches is taken."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence

from agent import modems
from agent.at.digest import name_of
from agent.at.plausible import tidy
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands import identity
from agent.modems import generic
from agent.modems.family import Family
from agent.modems.settle import settle


def _found() -> Iterator[Family]:
    for module in pkgutil.iter_modules(modems.__path__, f"{modems.__name__}."):
        family = getattr(importlib.import_module(module.name), "FAMILY", None)
        if isinstance(family, Family) and family is not generic.FAMILY and module.name.endswith(f".{family.name}"):
            yield family


FAMILIES: tuple[Family, ...] = (*_found(), generic.FAMILY)
"""By name; generic comes last, as it knows everything a little."""


FOREIGN = "text that is no answer (NMEA, a message) stood inside a reply: left out"


def by_name(name: str) -> Family:
    """Return a family by its name. Raises KeyError, whose text lists the names."""
    for family in FAMILIES:
        if family.name == name:
            return family
    raise KeyError(f"no modem family {name!r}; known: {', '.join(family.name for family in FAMILIES)}")


def select(identity_text: str) -> Family | None:
    """Choose by what the modem says of itself (+CGMI, +CGMM, ATI); None when no family knows it."""
    return next((family for family in FAMILIES if family.identity.search(identity_text)), None)


def detect(replies: Sequence[Reply]) -> Family:
    """Choose for a session: by identity if it was asked, else by the vendor's own commands and prefixes, else generic.

    Unsolicited lines decide only where nothing was answered, as when somebody just listened.
    """
    chosen = select(identity.parse(replies).text)
    if chosen is not None:
        return chosen
    asked = [reply for reply in replies if reply.command]
    answered = any(name_of(line) for reply in asked for line in reply.lines)
    return _by_dialect(asked) or (None if answered else _by_dialect(replies)) or generic.FAMILY


def _by_dialect(replies: Sequence[Reply]) -> Family | None:
    text = "\n".join(part for reply in replies for part in (reply.command, *reply.lines))
    return next((family for family in FAMILIES if family.dialect.search(text)), None)


def read(family: Family, replies: Sequence[Reply]) -> Reading:
    """Read the replies of one poll, and take out what does not belong to the technology found."""
    reading = Reading()
    if any(reply.foreign for reply in replies):
        reading.notes.append(FOREIGN)
    family.read([reply for reply in replies if not reply.command.endswith("=?")], reading)  # ranges are no values
    settle(replies, reading)
    tidy(reading.signal, reading.notes)
    for cell in reading.cells:
        tidy(cell, reading.notes)
    return reading
