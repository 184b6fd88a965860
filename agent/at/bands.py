"""Which channel numbers belong to a band: a check, never a source (bands overlap, the modem's own band wins)."""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.at.fields import to_hex, to_int

_LTE: dict[int, tuple[int, int]] = {
    1: (0, 599), 2: (600, 1199), 3: (1200, 1949), 4: (1950, 2399), 5: (2400, 2649), 7: (2750, 3449), 8: (3450, 3799),
    9: (3800, 4149), 10: (4150, 4749), 11: (4750, 4949), 12: (5010, 5179), 13: (5180, 5279), 14: (5280, 5379),
    17: (5730, 5849), 18: (5850, 5999), 19: (6000, 6149), 20: (6150, 6449), 21: (6450, 6599), 24: (7700, 8039),
    25: (8040, 8689), 26: (8690, 9039), 27: (9040, 9209), 28: (9210, 9659), 29: (9660, 9769), 30: (9770, 9869),
    31: (9870, 9919), 32: (9920, 10359), 33: (36000, 36199), 34: (36200, 36349), 35: (36350, 36949), 36: (36950, 37549),
    37: (37550, 37749), 38: (37750, 38249), 39: (38250, 38649), 40: (38650, 39649), 41: (39650, 41589), 42: (41590, 43589),
    43: (43590, 45589), 44: (45590, 46589), 46: (46790, 54539), 48: (55240, 56739), 65: (65536, 66435), 66: (66436, 67335),
    67: (67336, 67535), 68: (67536, 67835), 69: (67836, 68335), 70: (68336, 68585), 71: (68586, 68935), 72: (68936, 68985),
}  # fmt: skip
"""Downlink EARFCN by band, TS 36.101 table 5.7.3-1."""

_NR_MHZ: dict[int, tuple[float, float]] = {
    1: (2110, 2170), 2: (1930, 1990), 3: (1805, 1880), 5: (869, 894), 7: (2620, 2690), 8: (925, 960), 12: (729, 746),
    13: (746, 756), 14: (758, 768), 18: (860, 875), 20: (791, 821), 25: (1930, 1995), 26: (859, 894), 28: (758, 803),
    29: (717, 728), 30: (2350, 2360), 34: (2010, 2025), 38: (2570, 2620), 39: (1880, 1920), 40: (2300, 2400),
    41: (2496, 2690), 46: (5150, 5925), 48: (3550, 3700), 50: (1432, 1517), 51: (1427, 1432), 53: (2483.5, 2495),
    65: (2110, 2200), 66: (2110, 2200), 67: (738, 758), 70: (1995, 2020), 71: (617, 652), 74: (1475, 1518), 75: (1432, 1517),
    76: (1427, 1432), 77: (3300, 4200), 78: (3300, 3800), 79: (4400, 5000), 90: (2496, 2690),
}  # fmt: skip
"""Downlink frequencies by NR band in FR1, MHz, TS 38.104 table 5.2-1."""

_UMTS: dict[int, tuple[int, int]] = {
    1: (10562, 10838), 2: (9662, 9938), 3: (1162, 1513), 4: (1537, 1738), 5: (4357, 4458), 7: (2237, 2563), 8: (2937, 3088),
}  # fmt: skip
"""Downlink UARFCN by band, TS 25.101 table 5.2."""


def lte_fits(band: int | None, earfcn: int) -> bool | None:
    """Return whether an EARFCN lies in an LTE band; None when the band is not in the table."""
    if band not in _LTE:
        return None
    low, high = _LTE[band]
    return low <= earfcn <= high


def nr_fits(band: int | None, nrarfcn: int) -> bool | None:
    """Return whether an NR-ARFCN lies in an NR band of FR1 (TS 38.104 5.4.2.1); None when the band is not in the table."""
    if band not in _NR_MHZ:
        return None
    low, high = _NR_MHZ[band]
    mhz = nrarfcn * 0.005 if nrarfcn < 600000 else 3000 + (nrarfcn - 600000) * 0.015
    return low <= mhz <= high


def umts_fits(band: int | None, uarfcn: int) -> bool | None:
    """Return whether a UARFCN lies in a UMTS band; None when the band is not in the table."""
    if band not in _UMTS:
        return None
    low, high = _UMTS[band]
    return low <= uarfcn <= high


def is_umts(uarfcn: int) -> bool:
    """Return whether a channel number is a downlink UARFCN of some band."""
    return any(low <= uarfcn <= high for low, high in _UMTS.values())


def base_of(channel: str, pci: str, band: int | None, fits: Callable[[int | None, int], bool | None]) -> int | None:
    """Tell in which base (10 or 16) a firmware prints channel and PCI: by letters, else by the band. None: not to be told."""
    if any(re.search("[A-Fa-f]", text) and text.strip("Ff") for text in (channel, pci)):  # a run of F is a filler
        return 16
    decimal, hexadecimal = to_int(channel), to_hex(channel)
    if decimal is None or hexadecimal is None:
        return None
    in_ten, in_sixteen = fits(band, decimal), fits(band, hexadecimal)
    if in_ten is None or in_ten == in_sixteen:
        return None
    return 10 if in_ten else 16
