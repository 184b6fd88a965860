"""From a frame to InfluxDB line protocol, fast: one %-format per sample, everything that repeats is prepared once a frame.

A point's time is t_ms * 1e6 + seq % 1e6 ns: samples of one millisecond never overwrite each other, a duplicate overwrites itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from collector.sites.operators import operator_in
from collector.sites.sites import Site
from telemetry.frame import Frame, Value
from telemetry.streams import STREAMS, fields

NS_PER_MS = 1_000_000
TAGS = ("site", "kecamatan", "desa", "modem", "operator", "rat", "band")
SAMPLE_TAGS = ("rat", "band", "plmn", "home_plmn", "registration")
"""Columns that make tags: rat and band are tags themselves, the others tell the operator and stay fields as well."""

_TYPES = {stream: {"clock": str, **{name: spec.type for name, spec in fields(stream).items()}} for stream in STREAMS}
_TAG_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
_TEXT_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\""})


def point_times_ns(frame: Frame) -> list[int]:
    """Return the store time of each sample of a frame, ns UTC."""
    return [t * NS_PER_MS + seq % NS_PER_MS for t, seq in zip(frame.t_ms, frame.seq, strict=True)]


def frame_tags(frame: Frame, site: Site) -> dict[str, str]:
    """Return the tags that all samples of a frame share."""
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
    if frame.modem is not None:
        tags["modem"] = frame.modem
    return tags


def sample_tags(stream: str, sources: Sequence[Value | None]) -> dict[str, str]:
    """Return the tags that come from the SAMPLE_TAGS of a sample; absent values give none."""
    values = dict(zip(SAMPLE_TAGS, sources, strict=True))
    tags = {"operator": operator_in(stream, values), "rat": values["rat"], "band": values["band"]}
    return {name: str(v) for name, v in tags.items() if v is not None}


def operators_in(frame: Frame) -> list[str | None]:
    """Return the operator of each sample of a frame."""
    columns = zip(*(_values(frame, name) for name in SAMPLE_TAGS), strict=True)
    return [operator_in(frame.stream, dict(zip(SAMPLE_TAGS, row, strict=True))) for row in columns]


def lines(frame: Frame, site: Site) -> list[str]:
    """Return the points of a frame in line protocol, time in ns, one line a sample."""
    types = _TYPES[frame.stream]
    tags = frame_tags(frame, site)
    sets: list[tuple[Value | None, ...]] = list(zip(*(_values(frame, name) for name in SAMPLE_TAGS), strict=True))
    prefixes = {key: _prefix(frame.stream, tags | sample_tags(frame.stream, key)) for key in set(sets)}
    fixed = "".join(f",{name}={_format(v, types[name])}" for name, v in frame.const.items() if _is_field(name))
    parts, columns = [], []
    for name, column in frame.cols.items():
        if _is_field(name):
            part, cells = _column(name, column, types[name])
            parts.append(part)
            columns.append(cells)
    if len(prefixes) == 1:
        head, heads = _literal(prefixes[sets[0]]), []
    else:
        head, heads = "%s", [[prefixes[key] for key in sets]]
    template = f"{head} seq=%di{_literal(fixed)}{''.join(parts)} %d"
    return [template % row for row in zip(*heads, frame.seq, *columns, point_times_ns(frame), strict=True)]


def point_line(measurement: str, tags: Mapping[str, str], values: Mapping[str, Value], time_ns: int) -> str:
    """Return one point that is not from a frame; the types of its values decide the field types."""
    body = ",".join(f"{name}={_format(v, type(v))}" for name, v in values.items())
    return f"{_prefix(measurement, tags)} {body} {time_ns}"


def _is_field(name: str) -> bool:
    return name not in ("rat", "band")


def _values(frame: Frame, name: str) -> Iterable[Value | None]:
    return frame.cols.get(name) or [frame.const.get(name)] * len(frame.seq)


def _prefix(measurement: str, tags: Mapping[str, str]) -> str:
    return "".join([measurement, *(f",{name}={_tag(tags[name])}" for name in TAGS if tags.get(name))])


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


_PLACE: dict[type, str] = {int: "%di", float: "%r", bool: "%s", str: "%s"}
_READY: dict[type, Callable[[Sequence[Value | None]], Iterable[object]]] = {
    int: iter,
    float: iter,
    bool: lambda column: ["true" if v else "false" for v in column],
    str: lambda column: [_text(str(v)) for v in column],
}


def _column(name: str, column: Sequence[Value | None], kind: type) -> tuple[str, Iterable[object]]:
    """Return a column's place in the format and what to put there; an absent value leaves its whole `,name=value` out."""
    if None not in column:
        return f",{name}={_PLACE[kind]}", _READY[kind](column)
    return "%s", ["" if v is None else f",{name}={_format(v, kind)}" for v in column]
