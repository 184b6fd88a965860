"""From a PLMN to the operator group that people know.

The list is from Wikipedia as npm mcc-mnc-list 1.1.11 gives it, read November 2026. Mergers change it, so the PLMN is stored too.
Never name an operator from a channel number: blocks move.
"""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.meaning import subject_plmn

OTHER = "other"
"""A PLMN that is known but not in the list (a neighbour country, a private network): bounded, so it can be a tag."""

OPERATORS = {  # new groups go to the end: rollups number them
    "51010": "Telkomsel",
    "51001": "IOH",  # Indosat
    "51021": "IOH",  # IM3
    "51089": "IOH",  # Tri
    "51011": "XLSMART",  # XL, AXIS
    "51009": "XLSMART",  # Smartfren
    "51028": "XLSMART",  # Smartfren
    "51000": "PSN",
}


NAMES = {"IOH": "Indosat (IOH)"}
"""How people read a group whose key is not its owner's own name; the key stays in the store, in open data and in addresses."""

NUMBERS = {name: k for k, name in enumerate((OTHER, *dict.fromkeys(OPERATORS.values())), 1)}
"""Number of each group in the store: in the time of a rollup's row, and in `heard_hist`. 0 is the operator that is not known."""


COVERAGE_BANDS: Mapping[str, frozenset[int]] = {
    "Telkomsel": frozenset({3, 8}),
    "IOH": frozenset({3, 8}),
    "XLSMART": frozenset({3, 5, 8}),
}
"""E-UTRA bands below 2 GHz of each group: what its coverage rests on outside towns; a modem without one of them can miss it
where another hears it. XLSMART has band 5 from Smartfren. From the published spectrum holdings as of November 2026."""


def operator_name(group: str) -> str:
    """Return how people read an operator group."""
    return NAMES.get(group, group)


def operator_of(plmn: object) -> str | None:
    """Return the operator group of a PLMN (MCC and MNC, digits only); None for no PLMN, `other` for one not in the list.

    Brands of one group are one operator: 51011 with 51009 and 51028, 51001 with 51021 and 51089.
    """
    return None if plmn is None else OPERATORS.get(str(plmn), OTHER)


def operator_in(stream: str, values: Mapping[str, object]) -> str | None:
    """Return the operator that a row of a stream is about: of `signal` that of its SIM, of others the one that they name."""
    return operator_of(subject_plmn(values) if stream == "signal" else values.get("plmn"))
