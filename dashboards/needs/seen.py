"""Reads what a hall tells beside the samples of each SIM: scans of all PLMNs, what its modems are, where GNSS puts it.

Scans and instruments are rare rows, so they are read raw: a scan a day and a row at each start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from collector.rollup import Summary
from collector.sites.position import newest_positions
from collector.store.store import Row as StoreRow
from collector.store.store import Store
from dashboards.needs.evidence import Seen
from dashboards.needs.model import NS, Period
from telemetry.operators import COVERAGE_BANDS, NUMBERS, operator_of
from telemetry.streams import ProbeKind, Proof

DAY_NS = 86_400 * NS
PING_DAYS = 7
PROOF_DAYS = 31


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a modem is, as far as it was told."""

    model: str | None = None
    bands: frozenset[int] | None = None
    proven: Proof | None = None


@dataclass(slots=True)
class Pings:
    """Pings through one modem: how many, and how many got no answer at all."""

    sent: int = 0
    lost: int = 0
    downloads: int = 0


@dataclass(slots=True)
class Scans:
    """The scans of one hall: by day which operators were found, and by which modem a scan came to its end."""

    found: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    complete: defaultdict[int, dict[str, frozenset[int]]] = field(default_factory=lambda: defaultdict(dict))
    """By day: the modems whose scan came to its end, with their bands; none where these are not known."""
    hearing: set[str] = field(default_factory=set)
    """Modems whose scans found something."""

    def deaf(self, modem: str) -> bool:
        """Whether scans of a modem came to their end and never found anybody."""
        return modem not in self.hearing and any(modem in modems for modems in self.complete.values())

    def days_without(self, operator: str, able: Container[str]) -> int:
        """Count days on which a modem that hears, and has the bands of an operator's coverage, looked everywhere."""
        bands = COVERAGE_BANDS.get(operator)
        if bands is None:
            return 0
        return sum(any(modem in able and bands <= has for modem, has in day.items()) for day in self.complete.values())

    def add(self, row: StoreRow, instrument: Instrument, start_ns: int) -> None:
        """Add a row of the stream `scan`, with the modem that scanned."""
        day = (int(row["time_ns"]) - start_ns) // DAY_NS
        self.found[day]  # a scan that found nothing is a day with a scan too
        operator = operator_of(row.get("plmn"))
        if operator is not None:
            self.found[day].add(operator)
            self.hearing.add(str(row.get("modem", "")))
        if row.get("complete") is True:
            self.complete[day][str(row.get("modem", ""))] = instrument.bands or frozenset()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was read for all halls, by site code."""

    instruments: Mapping[tuple[str, str], Instrument]
    scans: Mapping[str, Scans]
    positions: Mapping[str, Mapping[str, object]]
    pings: Mapping[tuple[str, str], Pings] = field(default_factory=dict)

    def seen(self, site: str, operator: str, summaries: Mapping[str, Summary], able: Container[str]) -> Seen:
        """Return what a hall tells of an operator.

        `summaries` are those of all its SIMs, by operator; `able` are its modems that heard somebody themselves.
        """
        scans = self.scans.get(site, Scans())
        others = [summary for name, summary in summaries.items() if name != operator]
        number = NUMBERS.get(operator, 0)
        return Seen(
            heard=sum(summary.heard.get(number, 0) for summary in others),
            heard_of=sum(summary.samples - summary.silent for summary in others),
            found_days=sum(operator in found for found in scans.found.values()),
            scanned_days=len(scans.found),
            scan_days=scans.days_without(operator, able),
        )

    def pinged(self, site: str, modems: Iterable[str]) -> Pings:
        """Return the pings through these modems together."""
        known = [self.pings.get((site, modem), Pings()) for modem in modems]
        return Pings(*(sum(getattr(one, name) for one in known) for name in ("sent", "lost", "downloads")))

    def proof(self, site: str, modems: Iterable[str], own: Summary, others: Iterable[Summary]) -> Proof | None:
        """Return the strongest reason to believe that the modems of an operator hear.

        Another modem proves nothing where their own scans miss even what that one hears.
        """
        scans = self.scans.get(site, Scans())
        told = {self.instruments.get((site, modem), Instrument()).proven for modem in modems}
        if own.served or own.heard or own.limited:
            told.add(Proof.HEARD)
        if scans.hearing.intersection(modems):
            told.add(Proof.SCAN)
        if any(other.served or other.heard or other.limited for other in others):
            told.add(Proof.OTHER_MODEM)
        if all(scans.deaf(modem) for modem in modems):
            told.discard(Proof.OTHER_MODEM)
        return next((proof for proof in Proof if proof in told), None)

    def bands(self, site: str, modems: Iterable[str]) -> tuple[int, ...] | None:
        """Return the bands that modems support together; None where one of them is not known."""
        known = [self.instruments.get((site, modem), Instrument()).bands for modem in modems]
        if not known or None in known:
            return None
        return tuple(sorted(frozenset().union(*(bands for bands in known if bands is not None))))


def read_surroundings(store: Store, period: Period) -> Surroundings:
    """Read scans of the period, and the newest word on instruments and positions before its end."""
    instruments = _instruments(store, period)
    scans: defaultdict[str, Scans] = defaultdict(Scans)
    start_ns, unknown = period.start_ns, Instrument()
    for row in store.samples("scan", start_ns, period.end_ns, names=("plmn", "complete")):
        key = _key(row)
        scans[key[0]].add(row, instruments.get(key, unknown), start_ns)
    return Surroundings(
        instruments, dict(scans), newest_positions(store.latest("position", before_ns=period.end_ns)), _pings(store, period)
    )


def _instruments(store: Store, period: Period) -> dict[tuple[str, str], Instrument]:
    """Read what each modem is, and the strongest proof that it told in the period or up to PROOF_DAYS before it.

    A modem that hears nothing in the hall may have heard where it was commissioned; a proof of last year says nothing.
    """
    found = {_key(row): _instrument(row) for row in store.latest("instrument", before_ns=period.end_ns)}
    for row in store.samples("instrument", period.start_ns - PROOF_DAYS * DAY_NS, period.end_ns, names=("proven",)):
        one, proven = found.get(_key(row), Instrument()), _instrument(row).proven
        told = [proof for proof in Proof if proof in (one.proven, proven)]
        found[_key(row)] = replace(one, proven=next(iter(told), None))
    return found


def _key(row: StoreRow) -> tuple[str, str]:
    return str(row["site"]), str(row.get("modem", ""))


def _pings(store: Store, period: Period) -> dict[tuple[str, str], Pings]:
    """Read the pings of the last days: a registered modem through which nothing comes back has no data."""
    pings: defaultdict[tuple[str, str], Pings] = defaultdict(Pings)
    first = max(period.start_ns, period.end_ns - PING_DAYS * DAY_NS)
    for row in store.samples("probe", first, period.end_ns, names=("kind", "loss_percent", "download_kbps")):
        if "download_kbps" in row:
            pings[_key(row)].downloads += 1
        if row.get("kind") == ProbeKind.PING and "loss_percent" in row:  # without it nothing was sent
            one = pings[_key(row)]
            one.sent += 1
            one.lost += row["loss_percent"] == 100
    return dict(pings)


def _instrument(row: StoreRow) -> Instrument:
    bands, proven, model = row.get("bands"), row.get("proven"), row.get("model")
    numbers = frozenset(int(text) for part in str(bands or "").split(",") if (text := part.strip(" Bb")).isdecimal())
    return Instrument(
        None if model is None else str(model),
        numbers or None,
        Proof(proven) if proven in set(Proof) else None,
    )
