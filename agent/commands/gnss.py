"""Position by the GNSS receiver of a modem: AT+QGPSLOC=2 (Quectel), AT+CGPSINFO (SIMCom), AT$GPSACP (Telit).

Read from manuals, untested on our hardware.

`+QGPSLOC: time,lat,lon,HDOP,altitude,fix,...` in degrees; `+CGPSINFO: ddmm.mmmm,N,dddmm.mmmm,E,date,time,altitude,speed,course`;
`$GPSACP: time,ddmm.mmmmN,dddmm.mmmmE,HDOP,altitude,fix,...`; fix 2 is in two dimensions, 3 in three.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.at.fields import fields_of, pick, records, to_float

_DEGREES = re.compile(r"(\d{2,3})(\d{2}\.\d{1,8})([NSEW])")


@dataclass(frozen=True, slots=True)
class Fix:
    """One position, degrees WGS 84. `hdop` None where the command does not tell it."""

    lat_deg: float
    lon_deg: float
    hdop: float | None = None


def parse(lines: Sequence[str]) -> Fix | None:
    """Return the position of a reply; None without a fix, and for what cannot be one."""
    for record in records(lines, "+QGPSLOC"):
        row = fields_of(record)
        if pick(row, 5) in ("2", "3"):
            return _checked(to_float(pick(row, 1)), to_float(pick(row, 2)), to_float(pick(row, 3)))
    for record in records(lines, "+CGPSINFO"):
        row = fields_of(record)
        return _checked(_degrees(pick(row, 0) + pick(row, 1)), _degrees(pick(row, 2) + pick(row, 3)), None)
    for record in records(lines, "$GPSACP"):
        row = fields_of(record)
        if pick(row, 5) in ("2", "3"):
            return _checked(_degrees(pick(row, 1)), _degrees(pick(row, 2)), to_float(pick(row, 3)))
    return None


def _degrees(text: str) -> float | None:
    """Read degrees and minutes, as `0032.0700N`."""
    found = _DEGREES.fullmatch(text.strip())
    if found is None or float(found.group(2)) >= 60:
        return None
    value = int(found.group(1)) + float(found.group(2)) / 60
    return -value if found.group(3) in "SW" else value


def _checked(lat: float | None, lon: float | None, hdop: float | None) -> Fix | None:
    """Drop what is off the globe, and 0, 0, which is a filler."""
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        return None
    return Fix(lat, lon, hdop if hdop is not None and 0 < hdop < 100 else None)
