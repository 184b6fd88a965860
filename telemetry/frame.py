"""The frame of contract v1: a batch of samples of one stream and one modem in one MQTT message.

JSON, columnar, constants folded; deflated when that is smaller. The first byte tells: `{` is JSON, 0x78 is zlib (RFC 1950),
primed with the contract's preset dictionary (`dictionary_v1.txt`), which halves a live frame on a metered SIM.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import accumulate, pairwise
from typing import Any

import orjson

from telemetry.checks import FIELDS, ValueTypeError, check_column, check_constants
from telemetry.checks import Value as Value  # noqa: PLC0414 - it belongs to a frame too
from telemetry.streams import Clock
from telemetry.topics import is_site_id

VERSION = 1
MAX_PAYLOAD_BYTES = 1 << 20
MAX_INFLATED_BYTES = 1 << 20
MAX_SAMPLES = 5000
MAX_UNFOLDED_CHARS = 1 << 20
"""Texts of the constants, times the samples: 5000 samples may have 200 characters of constants, an event of 300 some 3000."""
MIN_T_MS = 1_704_067_200_000  # 2024-01-01: nothing of ours was measured before
MAX_T_MS = 4_102_444_800_000  # 2100-01-01
MAX_SEQ = 2**53
AHEAD_MS = 300_000
"""How far ahead of its receipt a sample may be: honest clocks differ by less, and later than that nothing is stored (P12)."""

_DICTIONARY = files("telemetry").joinpath("dictionary_v1.txt").read_bytes()
_MODEM = re.compile(r"[a-z0-9_-]{1,32}")
_INSTALLATION = re.compile(r"[0-9a-f]{8,16}")


class FrameError(ValueError):
    """A payload that can never be stored. `kind` is a short word for counters, `seq` its (first, count) where readable."""

    def __init__(self, kind: str, reason: str, seq: tuple[int, int] | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.seq = seq


@dataclass(slots=True)
class Sample:
    """One sample: its number at the site, UTC in ms, how that time was found, and its values by contract name."""

    seq: int
    t_ms: int
    clock: str
    values: dict[str, Value]


@dataclass(slots=True)
class Frame:
    """Samples of one stream as columns. `const` holds what is the same in all; `cols` one value (or None) a sample."""

    site: str
    stream: str
    modem: str | None
    seq: list[int]
    t_ms: list[int]
    const: dict[str, Value]
    cols: dict[str, list[Value | None]]
    dropped: Counter[str] = field(default_factory=Counter)
    """Values left out on decoding because they are implausible, by field."""
    inst: str | None = None
    """The installation that numbered the samples; None from agents that did not know it yet."""


def is_installation(value: object) -> bool:
    """Whether a value is the id of an installation: 8 to 16 of 0-9 and a-f."""
    return isinstance(value, str) and _INSTALLATION.fullmatch(value) is not None


def pack(site: str, stream: str, modem: str | None, samples: Sequence[Sample], inst: str | None = None) -> Frame:
    """Fold samples (at least one) into columns. A value that all share becomes a constant."""
    rows: list[dict[str, Value]] = [{"clock": s.clock, **s.values} for s in samples]
    const: dict[str, Value] = {}
    cols: dict[str, list[Value | None]] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        column = [row.get(name) for row in rows]
        first = column[0]
        if first is not None and all(type(v) is type(first) and v == first for v in column):
            const[name] = first
        else:
            cols[name] = column
    numbers, times = [s.seq for s in samples], [s.t_ms for s in samples]
    return Frame(site, stream, modem, numbers, times, const, cols, inst=inst)


def unpack(frame: Frame) -> list[Sample]:
    """Return the samples of a frame one by one; absent values are left out."""
    samples = []
    for i, (seq, t_ms) in enumerate(zip(frame.seq, frame.t_ms, strict=True)):
        values = dict(frame.const)
        values.update((name, v) for name, column in frame.cols.items() if (v := column[i]) is not None)
        samples.append(Sample(seq, t_ms, str(values.pop("clock", Clock.UNKNOWN)), values))
    return samples


def part(frame: Frame, start: int, end: int) -> Frame:
    """Return a frame of the samples start <= i < end of another."""
    cols = {name: column[start:end] for name, column in frame.cols.items()}
    seq, t_ms = frame.seq[start:end], frame.t_ms[start:end]
    return Frame(frame.site, frame.stream, frame.modem, seq, t_ms, frame.const, cols, inst=frame.inst)


def _short(value: Value | None) -> Value | None:
    return int(value) if type(value) is float and value.is_integer() else value


def _deltas(numbers: Sequence[int]) -> list[int]:
    return [b - a for a, b in pairwise(numbers)]


def encode_json(frame: Frame) -> bytes:
    """Write a frame as plain JSON, one line."""
    message: dict[str, object] = {"v": VERSION, "site": frame.site}
    if frame.inst is not None:
        message["inst"] = frame.inst  # here it costs 13 bytes of a deflated frame, at the end 15
    message["stream"] = frame.stream
    if frame.modem is not None:
        message["modem"] = frame.modem
    message["seq"] = [frame.seq[0], len(frame.seq)]
    if any(step != 1 for step in _deltas(frame.seq)):
        message["dseq"] = _deltas(frame.seq)
    message["t0"] = frame.t_ms[0]
    message["dt"] = _deltas(frame.t_ms)
    message["const"] = {name: _short(v) for name, v in frame.const.items()}
    message["cols"] = {name: [_short(v) for v in column] for name, column in frame.cols.items()}
    return orjson.dumps(message)


def encode(frame: Frame) -> bytes:
    """Write a frame for the wire: JSON, deflated when that is smaller."""
    plain = encode_json(frame)
    press = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    small = press.compress(plain) + press.flush()
    return min(small, plain, key=len)


def _inflate(payload: bytes) -> bytes:
    stretch = zlib.decompressobj(zlib.MAX_WBITS, _DICTIONARY)
    try:
        plain = stretch.decompress(payload, MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise FrameError("not_zlib", f"payload begins like zlib but is not: {error}") from None
    if stretch.unconsumed_tail:
        raise FrameError("too_big", f"payload inflates to more than {MAX_INFLATED_BYTES} bytes")
    if not stretch.eof:
        raise FrameError("not_zlib", "payload is cut off: the deflated stream does not end")
    return plain


def _message(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise FrameError("too_big", f"payload of {len(payload)} bytes is over {MAX_PAYLOAD_BYTES}")
    plain = _inflate(payload) if payload[:1] == b"\x78" else payload
    try:
        message = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise FrameError("not_json", f"payload is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise FrameError("shape", "payload must be a JSON object")
    version = message.get("v")
    if version != VERSION or type(version) is not int:
        newer = type(version) is int and version > VERSION
        cure = "upgrade the collector" if newer else "upgrade the agent"
        raise FrameError("version", f"frame version {version!r:.20}, this end reads {VERSION}: {cure}")
    return message


def _whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _running(first: int, steps: object, count: int, name: str, kind: str) -> list[int]:
    if not isinstance(steps, list) or len(steps) != count - 1 or not set(map(type, steps)) <= {int}:
        raise FrameError(kind, f"{name} must be a list of {count - 1} integers")
    return list(accumulate(steps, initial=first))


def _numbers(message: dict[str, Any]) -> list[int]:
    seq = message.get("seq")
    if not isinstance(seq, list) or len(seq) != 2 or not _whole(seq[0], 1, MAX_SEQ) or not _whole(seq[1], 1, MAX_SAMPLES):
        raise FrameError("seq", f"seq must be [first from 1, count 1..{MAX_SAMPLES}]")
    first, count = seq
    if "dseq" not in message:
        return list(range(first, first + count))
    numbers = _running(first, message["dseq"], count, "dseq", "seq")
    if count > 1 and min(message["dseq"]) < 1:
        raise FrameError("seq", "dseq must rise: every step at least 1")
    if numbers[-1] > MAX_SEQ:
        raise FrameError("seq", f"dseq leads past {MAX_SEQ}")
    return numbers


def _times(message: dict[str, Any], count: int) -> list[int]:
    t0: Any = message.get("t0")
    if not _whole(t0, MIN_T_MS, MAX_T_MS):
        raise FrameError("time", "t0 must be UTC in ms between 2024 and 2100")
    times = _running(t0, message.get("dt", []), count, "dt", "time")
    if min(times) < MIN_T_MS or max(times) > MAX_T_MS:
        raise FrameError("time", "dt leads outside 2024..2100")
    return times


def _names(message: dict[str, Any]) -> tuple[str, str, str | None]:
    site, stream, modem = message.get("site"), message.get("stream"), message.get("modem")
    if not isinstance(site, str) or not is_site_id(site):
        raise FrameError("shape", "site must be 1..32 of a-z, 0-9 and '-'")
    if not isinstance(stream, str) or stream not in FIELDS:
        raise FrameError("shape", f"stream must be one of {', '.join(FIELDS)}")
    if modem is not None and (not isinstance(modem, str) or not _MODEM.fullmatch(modem)):
        raise FrameError("shape", "modem must be 1..32 of a-z, 0-9, - and _")
    return site, stream, modem


def _installation(message: dict[str, Any]) -> str | None:
    inst = message.get("inst")
    if inst is not None and not is_installation(inst):
        raise FrameError("shape", "inst must be 8..16 of 0-9 and a-f")
    return inst


def decode(payload: bytes) -> Frame:
    """Read a frame from the wire.

    Unknown keys and fields are ignored; an implausible number, an unknown word or a text without its form is left out and
    counted in `dropped`.
    Raises FrameError, and nothing else, for any other payload that is not a frame of version 1.
    """
    message = _message(payload)
    numbers = _numbers(message)
    seq = (numbers[0], len(numbers))
    try:
        site, stream, modem = _names(message)
        frame = Frame(site, stream, modem, numbers, _times(message, len(numbers)), {}, {}, inst=_installation(message))
        _fill(frame, message.get("const", {}), message.get("cols", {}))
    except FrameError as error:
        error.seq = seq
        raise
    return frame


def _fill(frame: Frame, const: object, cols: object) -> None:
    if not isinstance(const, dict) or not isinstance(cols, dict):
        raise FrameError("shape", "const and cols must be objects")
    count, specs = len(frame.seq), FIELDS[frame.stream]
    try:
        frame.const, left_out = check_constants(frame.stream, const)
        for name in left_out:
            frame.dropped[name] += count
        for name, column in cols.items():
            if name in specs and name not in frame.const:
                if not isinstance(column, list) or len(column) != count:
                    raise FrameError("shape", f"cols.{name} must be a list of {count} values")
                kept = frame.cols[name] = check_column(specs[name], column)
                if kept is not column:
                    frame.dropped[name] += kept.count(None) - column.count(None)
    except ValueTypeError as error:
        raise FrameError("type", str(error)) from None
    _check_size(frame)


def _check_size(frame: Frame) -> None:
    """Refuse a frame whose folded texts would fill memory once they are unfolded: few bytes may stand for many."""
    texts = sum(len(value) for value in frame.const.values() if isinstance(value, str))
    if texts * len(frame.seq) > MAX_UNFOLDED_CHARS:
        raise FrameError(
            "too_big", f"constants unfold to more than {MAX_UNFOLDED_CHARS} characters: send fewer samples in a frame"
        )
