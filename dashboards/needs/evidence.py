"""What is known of one operator at one hall before anybody judges it: figures of its own SIM, and what others tell of it."""

from __future__ import annotations

from dataclasses import dataclass

from collector.rollup.summary import Counts
from dashboards.needs.interval import Interval
from telemetry.streams import Proof

DIGITS = 1
"""Of shares and ends of intervals, printed and judged."""


@dataclass(slots=True, kw_only=True)
class Evidence(Counts):
    """What one operator showed at one hall in the period: counts of samples, levels in dBm and dB."""

    days: int
    slots_possible: int
    lte_values: int = 0
    busy_values: int = 0
    rsrp_median: float | None = None
    rsrp_p10: float | None = None
    rsrp_busy_median: float | None = None
    rsrp_busy_p10: float | None = None
    rsrq_median: float | None = None
    sinr_median: float | None = None
    sinr_busy_median: float | None = None
    bands: tuple[int, ...] = ()
    modems: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    plmns: tuple[str, ...] = ()
    proof: Proof | None = None
    pings: int = 0
    pings_lost: int = 0
    """Pings through its modems in the last days of the period, and those without any answer."""
    halls_cut: tuple[int, int] = (0, 0)
    """Halls at which most pings of this operator got no answer, and halls that pinged."""
    supported: tuple[int, ...] | None = None
    """Bands that all its modems together support; None: not known."""
    downloads: int = 0
    """Downloads measured through its modems in the last days of the period."""
    availability_ci: Interval | None = None
    availability_as: float | None = None
    """Availability to judge by in place of its own: an end of the interval."""
    rsrp_median_ci: Interval | None = None
    rsrp_p10_ci: Interval | None = None
    effective_n: float | None = None
    """Independent looks that would know as much as these samples, which depend on each other."""
    hours: tuple[int, ...] | None = None
    """Slots of 5 minutes with a sample, by hour of WITA; None where the rows are of a version that did not tell."""

    @property
    def network(self) -> int:
        """Samples that say something of the network: a silent modem, a missing, refused or locked SIM do not."""
        return self.served + self.no_service

    @property
    def availability(self) -> float | None:
        """Served share of what says something of the network, %."""
        return _percent(self.served, self.network) if self.availability_as is None else self.availability_as

    @property
    def availability_most(self) -> float:
        """Upper end of its interval, %; itself where there is none."""
        if self.availability_ci is not None and self.availability_as is None:
            return self.availability_ci.hi
        return self.availability or 0.0

    @property
    def completeness(self) -> float | None:
        """Slots with a sample of all slots of the period, %."""
        return _percent(min(self.slots, self.slots_possible), self.slots_possible)

    @property
    def lte_share(self) -> float | None:
        """LTE or newer, % of the served samples."""
        return _percent(self.lte, self.served)

    @property
    def older_share(self) -> float | None:
        """2G or 3G, % of the served samples; one that did not tell its generation is not among them."""
        return _percent(self.two_g + self.three_g, self.served)

    @property
    def sim_share(self) -> float | None:
        """SIM refused, locked or faulty, % of all samples."""
        return _percent(self.refused + self.sim_fault, self.samples)

    @property
    def pings_lost_share(self) -> float | None:
        """Pings without any answer, %."""
        return _percent(self.pings_lost, self.pings)

    @property
    def unnamed_share(self) -> float | None:
        """Camped without service on a cell whose operator was not told, % of what says something of the network."""
        return _percent(self.unnamed, self.network)

    @property
    def barred_share(self) -> float | None:
        """Its own cell heard without service, % of that and what says something of the network."""
        return _percent(self.barred, self.barred + self.network)

    @property
    def estimated_share(self) -> float | None:
        """Samples whose time is estimated, %."""
        return _percent(self.time_estimated, self.samples)

    @property
    def fault_share(self) -> float | None:
        """Modem silent or without SIM, % of all samples."""
        return _percent(self.silent + self.no_sim, self.samples)

    @property
    def cell_changes_per_hour(self) -> float | None:
        """Changes of the serving cell in an hour with samples."""
        return None if self.slots == 0 else self.cell_changes * 12 / self.slots


def _percent(part: int, whole: int) -> float | None:
    """Return a share as every output prints it, and so as it is judged."""
    return None if whole == 0 else round(100 * part / whole, DIGITS)


@dataclass(frozen=True, slots=True)
class Supply:
    """What the device said of its power in the last days of the period: restarts, bad power in % of the reports looked at."""

    boots: int = 0
    boots_a_week: float = 0.0
    bad_power_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the hall tells of an operator without a SIM of it: cells that other modems heard, and scans of all PLMNs.

    scan_days: days with a scan that came to its end, by a modem that supports the bands which the operator's coverage rests on.
    """

    heard: int = 0
    """Samples of modems with another SIM in which a cell of it was heard."""
    heard_of: int = 0
    """Samples of those modems."""
    found_days: int = 0
    scanned_days: int = 0
    """Days with any scan."""
    scan_days: int = 0

    @property
    def heard_share(self) -> float | None:
        """Its cell heard, % of the samples of modems with another SIM."""
        return _percent(self.heard, self.heard_of)

    @property
    def found_share(self) -> float | None:
        """Days on which a scan found it, % of the days with one."""
        return _percent(self.found_days, self.scanned_days)
