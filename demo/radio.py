"""A plausible radio for a simulated hall: what a modem there would measure at a given time. Pure, deterministic by seed.

Power, quality and noise hang together as in TS 36.214: RSRQ = RSRP / (RSSI per block), SINR = RSRP / (interference + noise).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from demo.card import Card

TELKOMSEL = Card("51010")
BASE_RSRP_DBM = {"good": -84.0, "fair": -98.0, "weak": -112.0, "edge": -121.0, "gsm": -95.0, "none": -140.0}
PROFILES = tuple(BASE_RSRP_DBM)
LOST_BELOW_DBM = -124.0  # about where cell selection gives up (qRxLevMin of -128 dBm and some hysteresis)
NOISE_RE_DBM = -125.0  # thermal noise of 15 kHz (-132 dBm) and a noise figure of 7 dB
RESOURCE_BLOCKS = 50  # 10 MHz
GSM_CHANNEL = 98
WITA_OFFSET_S = 8 * 3600  # local time of East Kalimantan, which the daily load follows


@dataclass(frozen=True, slots=True)
class Tower:
    """One cell as the modem hears it. Powers in dBm, ratios in dB."""

    cell_id: int
    pci: int
    rsrp_dbm: float
    rsrq_db: float
    rssi_dbm: float
    sinr_db: float


@dataclass(frozen=True, slots=True)
class Heard:
    """One cell that a scan finds: whose it is, and on LTE its channel and level."""

    plmn: str
    rat: str = "lte"
    band: int = 3
    channel: int = 1850
    pci: int = 77
    level_dbm: float = -101.0


@dataclass(frozen=True, slots=True)
class Air:
    """What is in the air at one moment, and what the modem makes of it.

    `rat` is "lte", "wcdma", "gsm", or None where no cell is camped on; `cells` begins with the cell camped on, of `plmn`.
    """

    rat: str | None
    plmn: str
    tac: int
    band: int
    channel: int
    cells: tuple[Tower, ...]
    card: Card = TELKOMSEL
    stat: int = 1
    """Registration of the packet domain, `<stat>` of TS 27.007 10.1.22."""
    voice: int | None = None
    """Registration of the circuit domain where it is another."""
    cause: int | None = None
    """Why the network refused (TS 24.301 9.9.3.9)."""
    tells_rat: bool = True
    tells_level: bool = True
    heard: tuple[Heard, ...] = ()
    """What a scan finds beside the cell camped on."""
    branches_db: tuple[float, ...] = (0.0, -2.0)
    """Level of each receive branch against that of the cell; -99: nothing is plugged in."""
    fix: tuple[float, float] | None = None
    """Latitude and longitude, degrees, where GNSS is received."""

    @property
    def registered(self) -> bool:
        """Whether the packet domain serves the modem."""
        return self.stat in (1, 5, 9, 10)


class Radio:
    """The cells around one hall. `profile` is one of PROFILES; raises KeyError for another word."""

    def __init__(self, *, seed: int = 1, profile: str = "fair", plmn: str = "51010") -> None:
        rng = random.Random(f"{seed}/{profile}/{plmn}")  # noqa: S311 - a simulation, not a secret
        self._profile, self._plmn, self._base = profile, plmn, BASE_RSRP_DBM[profile]
        self._seed = rng.randrange(2**32)
        self._tac = rng.randrange(4096, 60000)
        self._band, self._channel = rng.choice([(3, 1850), (8, 3650), (5, 2510), (1, 350)])
        enb = rng.randrange(100_000, 900_000)
        # The serving site first, then neighbours that are mostly 6 to 14 dB weaker.
        self._offsets = [0.0] + [-rng.uniform(6.0, 14.0) for _ in range(3)]
        self._ids = [(enb * 256 + 1 + k, rng.randrange(504)) for k in range(4)]
        self._phases = [[rng.uniform(0, 2 * math.pi) for _ in range(3)] for _ in range(4)]

    def load(self, utc_s: float) -> float:
        """Share of the cell's capacity in use, 0..1: low at night, a bump at noon, the peak about eight in the evening."""
        hour = (utc_s + WITA_OFFSET_S) / 3600 % 24
        return min(1.0, 0.12 + 0.35 * _bump(hour, 12.5, 2.5) + 0.75 * _bump(hour, 20.0, 2.0))

    def air(self, utc_s: float) -> Air:
        """Return what a modem would measure at a time (seconds since 1970, UTC)."""
        powers = [self._base + offset + self._fading(k, utc_s) for k, offset in enumerate(self._offsets)]
        order = sorted(range(len(powers)), key=lambda k: -powers[k])
        load = self.load(utc_s)
        jitter = random.Random(self._seed ^ int(utc_s)).gauss(0, 0.8)  # noqa: S311 - a simulation, not a secret
        cells = tuple(self._tower(k, powers, load, jitter) for k in order)
        rat = self._rat(powers[order[0]])
        channel = GSM_CHANNEL if rat == "gsm" else self._channel
        return Air(rat, self._plmn, self._tac, self._band, channel, cells, Card(self._plmn), stat=1 if rat else 2)

    def _rat(self, best_dbm: float) -> str | None:
        if best_dbm < LOST_BELOW_DBM:
            return None
        return "gsm" if self._profile == "gsm" else "lte"

    def _fading(self, cell: int, utc_s: float) -> float:
        """Slow fading in dB: three waves of 7 min, 53 min and 5 h, so that a cell change is rare but happens."""
        waves = ((1.0, 420), (1.8, 3180), (2.6, 18000))
        return sum(a * math.sin(2 * math.pi * utc_s / p + phase) for (a, p), phase in zip(waves, self._phases[cell], strict=True))

    def _tower(self, cell: int, powers: list[float], load: float, jitter: float) -> Tower:
        own = _mw(powers[cell] + jitter)
        # Neighbours disturb as much as they are loaded; reference symbols (one in six) are always on the air.
        other = _mw(NOISE_RE_DBM) + sum(_mw(p) * (1 + 5 * load) / 6 for k, p in enumerate(powers) if k != cell)
        block = 12 * (own * (1 + 5 * load) / 6 + other)
        cell_id, pci = self._ids[cell]
        return Tower(cell_id, pci, _db(own), max(-19.5, _db(own / block)), _db(block * RESOURCE_BLOCKS), _db(own / other))


def _bump(hour: float, centre: float, width: float) -> float:
    distance = min(abs(hour - centre), 24 - abs(hour - centre))
    return math.exp(-((distance / width) ** 2))


def _mw(dbm: float) -> float:
    return math.pow(10.0, dbm / 10)


def _db(ratio: float) -> float:
    return 10 * math.log10(ratio)
