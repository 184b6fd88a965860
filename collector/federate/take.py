"""What a node above believes of a letter, and what it does with it. A letter is taken whole or not at all, and once.

A regency speaks of its own villages alone: a code that does not begin with its own refuses the letter. Of a rollup only counts
and histograms are read; every other figure is reckoned here. The letter itself is written last: what was cut off is done again.
"""

from __future__ import annotations

import csv
import io
import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from collector.errors import ConfigError, PointsRefusedError
from collector.federate.chain import Chain, Head, alone
from collector.federate.gather import DAY, PROPOSAL, REGISTER, VERDICT
from collector.federate.keys import key_of, regencies
from collector.federate.letter import Letter, LetterRefusedError, Table, address, digest, unpack
from collector.federate.told import ABOUT, RECORD, middle, told
from collector.rollup.summary import COUNTS, HISTOGRAMS, Summary
from collector.rollup.update import PLACES
from collector.sites.sites import Site, read_sites
from collector.store.store import Point, Row, Store
from ground.durable import write_durably
from ground.wita import WITA, midnight_ns

SITES = "sites.csv"
MONTHLY, REGENCY = "signal_1m", "regency"
MOST_COUNT = 10_000_000
HOUR_NS = 3600 * 1_000_000_000
AHEAD_NS = 24 * HOUR_NS
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a letter: the head is now at `head`; `again`: it was here already."""

    head: Head
    rows: int = 0
    again: bool = False


class Node:
    """A node above: its folder of letters, its store, and the register that it keeps of all regencies (None: not kept)."""

    def __init__(self, folder: Path, store: Store, register: Path | None = None, *, hours: bool = False) -> None:
        self.folder, self._store, self._register, self._hours = folder, store, register, hours

    def head(self, code: str) -> Head:
        """Return how far a regency's letters are here. Raises LetterRefusedError for one that was not admitted."""
        key_of(self.folder, code)
        return Chain(self.folder, code).head()

    def take(self, data: bytes, brought_as: str = "") -> Taken:
        """Take a letter. Raises LetterRefusedError with the reason, StoreUnavailableError where it can be taken later."""
        code, number = address(data)
        if brought_as not in ("", code):
            raise LetterRefusedError(f"this is a letter of {code}, and was brought as one of {brought_as}")
        letter = unpack(data, lambda code: key_of(self.folder, code))
        with alone(self.folder):
            chain = Chain(self.folder, code)
            head, own = chain.head(), digest(data)
            if number <= head.number and chain.digest_of(number) == own:
                return Taken(head, again=True)
            if (number, letter.previous) != (head.number + 1, head.digest):
                what = f"letter {number} of {code} does not follow number {head.number}, the newest here"
                raise LetterRefusedError(f"{what}; `federate send` of {code} finds out and brings what is missing")
            rows = self._believe(chain, letter)
            self._note(chain, letter)
            chain.add(number, data)
        log.info("event=letter_taken regency=%s number=%d rows=%d bytes=%d", code, number, rows, len(data))
        return Taken(Head(number, own), rows)

    def _believe(self, chain: Chain, letter: Letter) -> int:
        """Check everything that the letter says, then store it. Raises LetterRefusedError."""
        try:
            for name, column in (("site", "code"), ("verdict", "site"), ("proposal", "site")):
                _own(letter.regency, letter.tables.get(name, {}).get(column, []))
            register = _register(letter.tables["site"]) if "site" in letter.tables else None
            sites = _sites(chain, register)
            days = list(_points(letter, "signal_1d", sites))
            hours = list(_points(letter, "signal_1h", sites))
            record = {name: _rows(letter.tables[name], names) for name, names in RECORDED if name in letter.tables}
        except (ValueError, TypeError, KeyError) as error:  # also what is no JSON
            raise LetterRefusedError(f"letter {letter.number} of {letter.regency}: {error}") from None
        if register is not None:
            chain.keep(SITES, register)
        if record:
            chain.keep(RECORD, orjson.dumps(record))
        try:
            self._store.write_points(days + (hours if self._hours else []))
            self._store.write_points(list(months(self._store, sites, days)))
        except PointsRefusedError as error:
            text = f"letter {letter.number} of {letter.regency}: the store refuses it: {error.reason}"
            raise LetterRefusedError(text) from None
        if register is not None and self._register is not None:
            write_durably(self._register, self._all_registers())
        return len(days) + len(hours)

    def _note(self, chain: Chain, letter: Letter) -> None:
        """Keep what tables and boards say of the regency beside its halls. Raises StoreUnavailableError."""
        path, sites = chain.folder / ABOUT, _sites(chain, None)
        known = orjson.loads(path.read_bytes()) if path.exists() else {}
        last = max(filter(None, (known.get("last"), letter.last and letter.last.isoformat())), default=None)
        about = {
            "halls": len(sites),
            **middle(sites.values()),
            "last": last,
            "program": letter.program,
            "made_ms": letter.made_ms,
            "taken_ms": time.time_ns() // 10**6,
        }
        chain.keep(ABOUT, orjson.dumps(about))
        said = {name: value for name, value in told(chain.folder).items() if value is not None}
        tags = {"site": chain.regency, "regency": chain.regency}
        values = {"name": regencies(self.folder)[chain.regency].name, **said}
        self._store.write_points([Point(REGENCY, tags, values, midnight_ns(_month(time.time_ns())))])

    def _all_registers(self) -> bytes:
        lines: list[bytes] = []
        for code in sorted(regencies(self.folder)):
            path = self.folder / code / SITES
            if path.exists():
                head, _, rest = path.read_bytes().partition(b"\n")
                lines += [rest] if lines else [head + b"\n", rest]
        return b"".join(lines)


RECORDED = (("verdict", VERDICT), ("proposal", PROPOSAL))


def _own(regency: str, codes: list[Any]) -> None:
    """Refuse what is said of a village of somebody else. Raises ValueError."""
    for code in codes:
        if not str(code).startswith(regency):
            raise ValueError(f"{code} is no village of {regency}; nothing of this letter is taken")


def _register(table: Table) -> bytes:
    """Write what came of the register as sites.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(REGISTER)
    writer.writerows([[row.get(name) or "" for name in REGISTER] for row in _rows(table, REGISTER)])
    return out.getvalue().encode()


def _sites(chain: Chain, register: bytes | None) -> dict[str, Site]:
    """Read the register that the letter brought, else the one that is here. Raises ValueError."""
    path = chain.folder / SITES
    try:
        if register is not None:
            path = chain.folder / "new.csv"
            write_durably(path, register)
        return read_sites(path)
    except ConfigError as error:
        raise ValueError(f"register: {error}") from None
    finally:
        (chain.folder / "new.csv").unlink(missing_ok=True)


def _points(letter: Letter, measurement: str, sites: Mapping[str, Site]) -> Iterator[Point]:
    """Yield the rollups as points with figures of our own reckoning. Raises ValueError for what is no such row."""
    day, newest_ns = measurement == "signal_1d", time.time_ns() + AHEAD_NS
    for row in _rows(letter.tables.get(measurement, {}), None):
        code, operator, time_ns = str(row["site"]), row.get("operator"), row["time_ns"]
        _own(letter.regency, [code])
        if code not in sites:
            raise ValueError(f"{code} is not in the register that {letter.regency} sent")
        start_ns = midnight_ns(datetime.fromtimestamp(time_ns / 1e9, WITA).date()) if day else time_ns // HOUR_NS * HOUR_NS
        if type(time_ns) is not int or time_ns - start_ns != PLACES.get(operator, len(PLACES)) or time_ns > newest_ns:
            raise ValueError(f"{code}: {time_ns} is no time of a rollup of {operator}")
        values = _summary(code, row).values(day=day)
        if not day:
            values["operator_last"] = str(row.get("operator_last") or "")
        yield _point(measurement, sites[code], str(row.get("modem") or ""), operator, values, time_ns)


def _summary(code: str, row: Row) -> Summary:
    known = {name: value for name, value in row.items() if name in ROLLED and value is not None}
    summary = Summary.from_row(known)
    counts = [*(getattr(summary, name) for name in COUNTS), *(n for name in HISTOGRAMS for n in getattr(summary, name).values())]
    if not all(0 <= n <= MOST_COUNT for n in counts):
        raise ValueError(f"{code}: a count is below 0 or above {MOST_COUNT}")
    return summary


ROLLED = frozenset({*COUNTS, *(f"{name}_hist" for name in HISTOGRAMS)})


def _point(measurement: str, site: Site, modem: str, operator: str | None, values: Mapping[str, Any], time_ns: int) -> Point:
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa, "modem": modem[:64]}
    return Point(measurement, tags if operator is None else {**tags, "operator": str(operator)[:64]}, values, time_ns)


def _rows(table: Table, names: tuple[str, ...] | None) -> Iterator[dict[str, Any]] | list[dict[str, Any]]:
    """Return the rows of a table with the columns that this end knows; without `names` all."""
    known = [name for name in table if names is None or name in names]
    return [dict(zip(known, cells, strict=True)) for cells in zip(*(table[name] for name in known), strict=True)]


def months(store: Store, sites: Mapping[str, Site], days: list[Point]) -> Iterator[Point]:
    """Reckon the months of WITA anew in which these days are, of their halls, from all days that the store has."""
    asked = {(point.tags["site"], _month(point.time_ns)) for point in days}
    for code, first in sorted(asked):
        end = (first.replace(day=28) + 5 * DAY).replace(day=1)
        found: defaultdict[tuple[str, str | None], Summary] = defaultdict(Summary)
        measured: defaultdict[tuple[str, str | None], int] = defaultdict(int)
        for row in store.samples("signal_1d", midnight_ns(first), midnight_ns(end), code, ("operator", *ROLLED)):
            operator = row.get("operator")
            key = str(row.get("modem", "")), None if operator is None else str(operator)
            found[key].merge(Summary.from_row(row))
            measured[key] += int(row.get("samples", 0)) > 0
        for (modem, operator), summary in found.items():
            plain = {name: value for name, value in summary.values(day=True).items() if not name.endswith("_hist")}
            at_ns = midnight_ns(first) + PLACES.get(operator, len(PLACES))
            made = _point(MONTHLY, sites[code], modem, operator, plain | {"days": measured[modem, operator]}, at_ns)
            yield replace(made, tags={**made.tags, "regency": code[:4]})


def _month(time_ns: int) -> date:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).astimezone(WITA).date().replace(day=1)
