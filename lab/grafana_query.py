"""Puts values in place of variables as Grafana does before it sends a query to InfluxDB."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ALL = "$__all"
ALL_VALUE = ".*"  # what our variables give for "All"; Grafana puts such a value in as it is
_REGEX_SPECIAL = re.compile(r"[\\^$.*+?()[\]{}|]")  # what Grafana's regex format escapes
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def regex_format(values: Sequence[str]) -> str:
    """Return `${name:regex}`: each value escaped, several as alternatives."""
    if list(values) == [ALL]:
        return ALL_VALUE
    escaped = [_REGEX_SPECIAL.sub(r"\\\g<0>", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


@dataclass(frozen=True, slots=True)
class Choice:
    """A period in ms, the width of the panel in points, and what is chosen in the variables."""

    start_ms: int
    end_ms: int
    variables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    points: int = 1000

    def interval_s(self, least: str | None) -> int:
        """Return the step: the period over the points, not below the panel's least interval."""
        wanted = max((self.end_ms - self.start_ms) / 1000 / self.points, seconds(least) if least else 1)
        steps = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
        return next(step for step in steps if step >= wanted)

    def fill(self, query: str, least: str | None = None) -> str:
        """Return the query as it goes to InfluxDB; fails when something is left that nothing stands for."""
        step = self.interval_s(least)
        text = query.replace("$__interval_ms", str(step * 1000)).replace("$__interval", f"{step}s")
        text = text.replace("$timeFilter", f"time >= {self.start_ms}ms and time <= {self.end_ms}ms")
        text = text.replace("${__to}", str(self.end_ms)).replace("${__from}", str(self.start_ms))
        text = re.sub(r"\$\{(\w+):regex\}", lambda m: regex_format(self.variables.get(m[1], [ALL])), text)
        left = re.findall(r"\$[{_a-zA-Z]\S*", text)
        assert not left, f"{left} in {query}"
        return text


def seconds(text: str) -> int:
    """Read a length of time as Grafana writes it (`5m`)."""
    return next(int(text[:-1]) * size for unit, size in _UNITS if text.endswith(unit))
