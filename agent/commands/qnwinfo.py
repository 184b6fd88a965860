"""AT+QNWINFO (Quectel): `<AcT>,<oper>,<band>,<channel>`, one line per technology; `No Service` without quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.at.fields import fields_of, pick, plmn_of, records, text_of, to_int
from telemetry.streams import Rat

_BAND = re.compile(r"BAND ?n?(\d{1,4})(?!\w)", re.IGNORECASE)
_ACT: tuple[tuple[str, Rat], ...] = (
    (r"\bNB|NBIOT", Rat.NB_IOT),
    (r"EMTC|CAT-?M", Rat.LTE_M),
    (r"NR", Rat.NR_SA),
    (r"LTE", Rat.LTE),
    (r"WCDMA|HS[DU]PA|HSPA|UMTS", Rat.WCDMA),
    (r"GSM|GPRS|EDGE", Rat.GSM),
)


def rat_of(word: str) -> Rat | None:
    """Return the technology of a Quectel word (`FDD LTE`, `CAT-NB1`, `TDD NR5G`); nr_sa for every NR word."""
    return next((rat for pattern, rat in _ACT if re.search(pattern, word, re.IGNORECASE)), None)


def band_of(text: str) -> int | None:
    """Return the number in `LTE BAND 3`; None for 2G and 3G names such as `WCDMA 2100`."""
    match = _BAND.search(text)
    return int(match.group(1)) if match else None


@dataclass(frozen=True, slots=True)
class Qnwinfo:
    """One line; all None for `No Service`. `nsa` marks the NR leg of EN-DC where the word says so."""

    rat: Rat | None
    plmn: str | None
    band: int | None
    channel: int | None
    nsa: bool = False
    no_service: bool = False


def parse(lines: Iterable[str]) -> list[Qnwinfo]:
    """Read every +QNWINFO line."""
    rows = [fields_of(record) for record in records(lines, "+QNWINFO")]
    return [_row(row) for row in rows if row]


def _row(row: list[str]) -> Qnwinfo:
    oper = re.sub(r"[ -]", "", text_of(pick(row, 1)))
    return Qnwinfo(
        rat_of(row[0]),
        plmn_of(oper[:3], oper[3:]),
        band_of(pick(row, 2)),
        to_int(pick(row, 3)),
        "NSA" in row[0].upper(),
        row[0].upper() == "NO SERVICE",
    )
