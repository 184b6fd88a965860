"""The families, in order: the first whose identity or dialect matches is taken, generic when none does."""

from __future__ import annotations

from collections.abc import Sequence

from agent.commands import identity
from agent.modems import (
    cinterion,
    fibocom,
    foxconn,
    generic,
    huawei,
    neoway,
    nordic,
    qualcomm,
    quectel,
    sierra,
    simcom,
    telit,
    ublox,
    zte,
)
from agent.modems.family import Family, Reading, Reply
from agent.modems.fill import tidy

FAMILIES: tuple[Family, ...] = (
    quectel.FAMILY,
    simcom.FAMILY,
    sierra.FAMILY,
    telit.FAMILY,
    fibocom.FAMILY,
    foxconn.FAMILY,
    huawei.FAMILY,
    ublox.FAMILY,
    cinterion.FAMILY,
    nordic.FAMILY,
    neoway.FAMILY,
    zte.FAMILY,
    qualcomm.FAMILY,
    generic.FAMILY,
)


def by_name(name: str) -> Family:
    """Give a family by its name. Raises KeyError, whose text lists the names."""
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
    answered = any(reply.lines for reply in asked)
    return _by_dialect(asked) or (None if answered else _by_dialect(replies)) or generic.FAMILY


def _by_dialect(replies: Sequence[Reply]) -> Family | None:
    text = "\n".join(part for reply in replies for part in (reply.command, *reply.lines))
    return next((family for family in FAMILIES if family.dialect.search(text)), None)


def read(family: Family, replies: Sequence[Reply]) -> Reading:
    """Read the replies of one poll, and take out what does not belong to the technology found."""
    reading = Reading()
    family.read(replies, reading)
    tidy(reading.signal, reading.notes)
    for cell in reading.cells:
        tidy(cell, reading.notes)
    return reading
