"""AT+QTEMP (Quectel): `31,28,28` or lines `"<sensor>","<value>"`, degrees Celsius; -273 is a sensor that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, records, to_float


@dataclass(frozen=True, slots=True)
class Qtemp:
    """Temperatures by sensor name (or place in the line) in degrees Celsius."""

    sensors: dict[str, float]

    @property
    def hottest(self) -> float | None:
        """Highest of the sensors, None without one."""
        return max(self.sensors.values(), default=None)


def parse(lines: Iterable[str]) -> Qtemp:
    """Read all +QTEMP lines as one answer."""
    sensors: dict[str, float] = {}
    for number, record in enumerate(records(lines, "+QTEMP")):
        row = fields_of(record)
        named = len(row) == 2 and to_float(row[0]) is None
        pairs = [(row[0], row[1])] if named else [(f"{number}.{place}", text) for place, text in enumerate(row)]
        for name, text in pairs:
            value = to_float(text)
            if value is None and re.search(r"[0-9]", text):
                return Qtemp({})  # a damaged number may have been the hottest
            if value is not None and -40 <= value <= 125:
                sensors[name] = value
    return Qtemp(sensors)
