"""The card of a device fills: readings wait, and will be thinned."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict, number
from collector.watch.state import Hall, Modem
from ground.words import mark

DRAINED = 0.5
FREE_AGAIN = 4 / 3


class SpoolFilling(Settings):
    """[rule.spool_filling]."""

    max_samples: Annotated[int, Field(ge=100)]
    min_disk_mb: Annotated[float, Field(ge=0)]


def judge(settings: SpoolFilling, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `device`."""
    depth, free = number(row, "spool_depth"), number(row, "disk_free_mb")
    if depth is None and free is None:
        return Verdict(None)
    detail = None if depth is None else int(depth)
    if (depth is not None and depth > settings.max_samples) or (free is not None and free < settings.min_disk_mb):
        return Verdict(True, detail)
    drained = depth is None or depth <= DRAINED * settings.max_samples
    roomy = free is None or free >= FREE_AGAIN * settings.min_disk_mb
    return Verdict(False if drained and roomy else None, detail)


RULE = Rule(
    family=Family.DEVICE,
    subject="hall",
    settings=SpoolFilling,
    columns={"device": ("spool_depth", "disk_free_mb")},
    on_row=judge,
    title=mark("device storage almost full"),
    likely=mark("readings wait on the card: {detail}"),
    action=mark("fetch the data by USB or repair the link"),
)
