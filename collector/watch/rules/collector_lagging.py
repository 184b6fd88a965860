"""The collector says of itself that it is late, drops frames or meets errors of the store."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collector.watch.rule import Family, Rule, Settings
from ground.words import mark


class CollectorLagging(Settings):
    """[rule.collector_lagging]."""

    max_lag_s: Annotated[float, Field(ge=1)]


RULE = Rule(
    family=Family.SERVER,
    subject="server",
    settings=CollectorLagging,
    title=mark("data processing on the server is delayed"),
    likely=mark("the database is slow or full"),
    action=mark("check server and database"),
)
