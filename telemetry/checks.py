"""Are the values of a frame what the contract says? Constants that were checked once are remembered, for halls send them again.

A wrong type is refused; a number that is implausible, a word that is unknown or a text without its form is left out, and counted
by who asks.
"""

from __future__ import annotations

from typing import Any

from telemetry.ranges import Meta
from telemetry.streams import STREAMS, Clock, Field, fields, plausible

Value = bool | int | float | str

MAX_TEXT_CHARS = 300
MOST_REMEMBERED = 2048
_CLOCK = Field("clock", str, Meta("", "how the time of the sample was found"), tuple(Clock))
FIELDS = {stream: {**fields(stream), "clock": _CLOCK} for stream in STREAMS}
_TYPES: dict[type, frozenset[type]] = {
    bool: frozenset({bool}),
    int: frozenset({int}),
    float: frozenset({int, float}),
    str: frozenset({str}),
}
_NONE, _NUMBERS = type(None), (int, float)
_Constants = tuple[dict[str, Value], tuple[str, ...]]
_remembered: dict[tuple[object, ...], _Constants] = {}


class ValueTypeError(ValueError):
    """A value has a type that its field cannot have."""


def check_constants(stream: str, const: dict[str, Any]) -> _Constants:
    """Return the sound constants, in a dict of their own, and the names of those left out. Raises ValueTypeError."""
    # Types are part of the key: True equals 1 and is no number. Mutable values cannot be remembered, and are refused below.
    try:
        key = (stream, *const.items(), *map(type, const.values()))
        found = _remembered.get(key)
    except TypeError:
        key, found = (), None
    if found is None:
        found = _check(stream, const)
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        if key:
            _remembered[key] = found
    return found[0].copy(), found[1]


def _check(stream: str, const: dict[str, Any]) -> _Constants:
    specs, kept, dropped = FIELDS[stream], {}, []
    for name, value in const.items():
        spec = specs.get(name)
        if spec is None:
            continue
        _check_types(spec, {type(value)})
        if _sound(spec, value):
            kept[name] = value
        else:
            dropped.append(name)
    return kept, tuple(dropped)


def check_column(spec: Field, column: list[Any]) -> list[Value | None]:
    """Return a column with every value sound or None; the same list where nothing had to be left out. Raises ValueTypeError."""
    kinds = set(map(type, column))
    types = _TYPES[spec.type]
    if not kinds <= types:
        _check_types(spec, kinds - {_NONE})
    elif spec.type in _NUMBERS:
        low, high = spec.meta.low, spec.meta.high
        if (low is None or min(column) >= low) and (high is None or max(column) <= high):
            return column
    given = column if _NONE not in kinds else [v for v in column if v is not None]
    suspects = (min(given), max(given)) if given and spec.type in _NUMBERS else set(given)
    if all(_sound(spec, v) for v in suspects):
        return column
    return [v if v is None or _sound(spec, v) else None for v in column]


def _check_types(spec: Field, kinds: set[type]) -> None:
    if not kinds <= _TYPES[spec.type]:
        found = ", ".join(sorted(kind.__name__ for kind in kinds - _TYPES[spec.type]))
        raise ValueTypeError(f"{spec.name} must be {spec.type.__name__} (got {found})")


def _sound(spec: Field, value: Value) -> bool:
    return not (isinstance(value, str) and len(value) > MAX_TEXT_CHARS) and plausible(spec, value)
