"""From a frame to InfluxDB line protocol, fast: one %-format per sample; what frames of a modem have in common is prepared once.

A point's time is t_ms * 1e6 + (seq + installation) % 1e6 ns: samples of one millisecond never overwrite each other, a duplicate
overwrites itself. The installation is a tag too, so that the database counts its numbers apart; a frame without one has neither,
as all had before. Both come from the frame alone: several collectors cannot disagree, and nothing is to be remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from collector.sites.sites import Site
from telemetry.frame import Frame, Value
from telemetry.operators import operator_in
from telemetry.streams import STREAMS, fields

NS_PER_MS = 1_000_000
MOST_NUMBERS = 8192
MOST_SHAPES = 2048
"""Templates that are remembered: halls times modems times streams, a few each."""
TAGS = ("site", "kecamatan", "desa", "modem", "operator", "rat", "band", "inst")
POINT_TAGS = (*TAGS, "regency")
"""Of points that no frame brought: those of a node above tell the regency."""
_SORTED_TAGS = tuple(sorted(POINT_TAGS))
"""The order in which InfluxDB keeps them: a line that has it costs the database a few percent less."""
SAMPLE_TAGS = ("rat", "band", "plmn", "home_plmn", "registration")
"""Columns that make tags: rat and band are tags themselves, the others tell the operator and stay fields as well."""

_TYPES = {stream: {"clock": str, **{name: spec.type for name, spec in fields(stream).items()}} for stream in STREAMS}
_TAG_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
_TEXT_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\""})


def point_times_ns(frame: Frame) -> list[int]:
    """Return the store time of each sample of a frame, ns UTC."""
    apart = apart_ns(frame.inst)
    return [t * NS_PER_MS + (seq + apart) % NS_PER_MS for t, seq in zip(frame.t_ms, frame.seq, strict=True)]


def apart_ns(inst: str | None) -> int:
    """Return by how much the points of an installation lie beside those of another, below a millisecond."""
    return int(inst, 16) % NS_PER_MS if inst else 0


def frame_tags(frame: Frame, site: Site) -> dict[str, str]:
    """Return the tags that all samples of a frame share."""
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
    if frame.modem is not None:
        tags["modem"] = frame.modem
    if frame.inst is not None:
        tags["inst"] = frame.inst
    return tags


def sample_tags(stream: str, sources: Sequence[Value | None]) -> dict[str, str]:
    """Return the tags that come from the SAMPLE_TAGS of a sample; absent values give none."""
    values = dict(zip(SAMPLE_TAGS, sources, strict=True))
    tags = {"operator": operator_in(stream, values), "rat": values["rat"], "band": values["band"]}
    return {name: str(v) for name, v in tags.items() if v is not None}


def operators_in(frame: Frame) -> list[str | None]:
    """Return the operator of each sample of a frame."""
    sets = list(zip(*(_values(frame, name) for name in SAMPLE_TAGS), strict=True))
    named = {key: operator_in(frame.stream, dict(zip(SAMPLE_TAGS, key, strict=True))) for key in set(sets)}
    return [named[key] for key in sets]


def frame_cells(frame: Frame, tags: Mapping[str, str]) -> tuple[tuple[str, ...], Iterable[tuple[Value | None, ...]]]:
    """Return the columns of a table that a frame fills, and its samples as their cells; without a modem that cell is empty."""
    count = len(frame.seq)
    same: dict[str, Value] = {"modem": "", **tags, **frame.const}
    columns: dict[str, Iterable[Value | None]] = {name: repeat(value, count) for name, value in same.items()}
    columns |= frame.cols
    columns |= {"time_ns": point_times_ns(frame), "seq": frame.seq, "operator": operators_in(frame)}
    return tuple(columns), zip(*columns.values(), strict=True)


class _Shape(NamedTuple):
    """How a sample of frames alike is written: a template, and the columns that go into it, each with what makes it ready."""

    template: str
    columns: tuple[tuple[str, Callable[[Sequence[Value | None]], Iterable[object]]], ...]


_shapes: dict[tuple[object, ...], _Shape] = {}


def lines(frame: Frame, site: Site) -> list[str]:
    """Return the points of a frame in line protocol, time in ns, one line a sample."""
    cols, count = frame.cols, len(frame.seq)
    varying = any(name in cols for name in SAMPLE_TAGS)
    const = tuple(frame.const.items())
    key = (  # constants and columns apart, and the types too: ("pci", 0) equals ("pci", False), and -97 equals -97.0
        *(
            frame.stream,
            site.code,
            site.kecamatan,
            site.desa,
            frame.modem,
            frame.inst,
            const,
            tuple(map(type, frame.const.values())),
        ),
        tuple((name, None in column) for name, column in cols.items()),
    )
    shape = _shapes.get(key)
    if shape is None:
        if len(_shapes) >= MOST_SHAPES:
            _shapes.clear()
        shape = _shapes[key] = _shape(frame, site, varying=varying)
    ready = [make(cols[name]) for name, make in shape.columns]
    heads: list[Iterable[str]] = [_heads(frame, site)] if varying else []
    times = point_times_ns(frame)
    template = shape.template
    if count == 1:
        return [template % tuple(next(iter(cells)) for cells in (*heads, frame.seq, *ready, times))]
    return [template % row for row in zip(*heads, frame.seq, *ready, times, strict=True)]


def _shape(frame: Frame, site: Site, *, varying: bool) -> _Shape:
    types = _TYPES[frame.stream]
    fixed = "".join(f",{name}={_format(v, types[name])}" for name, v in frame.const.items() if _is_field(name))
    head = "%s"
    if not varying:
        sources = tuple(frame.const.get(name) for name in SAMPLE_TAGS)
        head = _literal(_prefix(frame.stream, frame_tags(frame, site) | sample_tags(frame.stream, sources)))
    parts, columns = [], []
    for name, column in frame.cols.items():
        if _is_field(name):
            part, make = _column(name, types[name], gaps=None in column)
            parts.append(part)
            columns.append((name, make))
    return _Shape(f"{head} seq=%si{_literal(fixed)}{''.join(parts)} %s", tuple(columns))


def _heads(frame: Frame, site: Site) -> list[str]:
    """Return the measurement and the tags of each sample, where they are not the same in all."""
    tags = frame_tags(frame, site)
    sets: list[tuple[Value | None, ...]] = list(zip(*(_values(frame, name) for name in SAMPLE_TAGS), strict=True))
    prefixes = {key: _prefix(frame.stream, tags | sample_tags(frame.stream, key)) for key in set(sets)}
    return [prefixes[key] for key in sets]


def point_line(measurement: str, tags: Mapping[str, str], values: Mapping[str, Value], time_ns: int) -> str:
    """Return one point that is not from a frame; the types of its values decide the field types."""
    body = ",".join(f"{name}={_format(v, type(v))}" for name, v in values.items())
    return f"{_prefix(measurement, tags)} {body} {time_ns}"


def _is_field(name: str) -> bool:
    return name not in ("rat", "band")


def _values(frame: Frame, name: str) -> Iterable[Value | None]:
    return frame.cols.get(name) or [frame.const.get(name)] * len(frame.seq)


def _prefix(measurement: str, tags: Mapping[str, str]) -> str:
    return "".join([measurement, *(f",{name}={_tag(tags[name])}" for name in _SORTED_TAGS if tags.get(name))])


@lru_cache(4096)
def _tag(value: str) -> str:
    # A backslash at the end would escape the comma after it; line protocol has no way to write one there.
    return value.rstrip("\\").translate(_TAG_ESCAPES)


def _literal(text: str) -> str:
    return text.replace("%", "%%")


@lru_cache(4096)
def _text(value: str) -> str:
    return f'"{value.translate(_TEXT_ESCAPES)}"'


def _format(value: Value, kind: type) -> str:
    if kind is str:
        return _text(str(value))
    if kind is bool:
        return "true" if value else "false"
    return f"{value!r}i" if kind is int else repr(value)


class _Numbers(dict[object, str]):
    """Texts of numbers; a modem's levels are few, and looking one up is faster than writing it."""

    def __missing__(self, number: object) -> str:
        if len(self) >= MOST_NUMBERS:
            self.clear()
        text = self[number] = repr(number)
        return text


_numbers = _Numbers()
_PLACE: dict[type, str] = {int: "%si", float: "%s", bool: "%s", str: "%s"}
_READY: dict[type, Callable[[Sequence[Value | None]], Iterable[object]]] = {
    int: iter,
    float: lambda column: map(_numbers.__getitem__, column),
    bool: lambda column: ["true" if v else "false" for v in column],
    str: lambda column: [_text(str(v)) for v in column],
}


def _column(name: str, kind: type, *, gaps: bool) -> tuple[str, Callable[[Sequence[Value | None]], Iterable[object]]]:
    """Return a column's place in the template and what makes its cells; an absent value leaves its whole `,name=value` out."""
    if not gaps:
        return f",{name}={_PLACE[kind]}", _READY[kind]
    return "%s", lambda column: ["" if v is None else f",{name}={_format(v, kind)}" for v in column]
