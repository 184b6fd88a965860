"""Nothing arrives from nearly all halls at once: it is between them and us, or here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.watch.rule import Family, Rule, Settings
from ground.words import mark


class NothingArriving(Settings):
    """[rule.nothing_arriving]: the least number of halls that makes it more than chance, and the share that went silent."""

    min_halls: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0.5, le=1)] = 0.6


RULE = Rule(
    family=Family.SERVER,
    subject="server",
    settings=NothingArriving,
    title=mark("no data from {share} village offices"),
    likely=mark("our server, broker or link"),
    action=mark("check server, broker and internet link"),
)
