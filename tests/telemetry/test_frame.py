"""The codec: what goes in comes out, golden files decode for ever, hostile bytes get a typed answer."""

import json
import zlib
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.frame import MAX_INFLATED_BYTES, FrameError, Sample, decode, encode, encode_json, pack, unpack
from telemetry.streams import STREAMS, Clock, Field, fields

GOLDEN = Path(__file__).parents[1] / "golden" / "v1"
T0 = 1_790_000_000_000


def _value(field: Field) -> st.SearchStrategy[bool | int | float | str]:
    if field.choices:
        return st.sampled_from(field.choices)
    if field.type is bool:
        return st.booleans()
    if field.type is str:
        return st.from_regex(field.meta.pattern, fullmatch=True) if field.meta.pattern else st.text(max_size=60)
    assert field.meta.low is not None
    assert field.meta.high is not None
    if field.type is int:
        return st.integers(int(field.meta.low), int(field.meta.high))
    return st.floats(field.meta.low, field.meta.high)


ROWS = {
    stream: st.fixed_dictionaries({}, optional={n: _value(f) for n, f in fields(stream).items()}) for stream in sorted(STREAMS)
}


@st.composite
def batches(draw: st.DrawFn) -> tuple[str, list[Sample]]:
    stream = draw(st.sampled_from(list(ROWS)))
    row = ROWS[stream]
    steps = draw(
        st.lists(
            st.tuples(st.integers(1, 500), st.integers(-5000, 900_000), st.sampled_from(list(Clock)), row),
            min_size=1,
            max_size=30,
        )
    )
    samples, seq, t_ms = [], draw(st.integers(1, 2**40)), T0
    for step, wait, clock, values in steps:
        seq, t_ms = seq + step, t_ms + wait
        samples.append(Sample(seq, t_ms, str(clock), values))
    return stream, samples


@given(batches())
def test_what_is_encoded_decodes_to_the_same_samples(batch: tuple[str, list[Sample]]) -> None:
    stream, samples = batch
    frame = pack("6408012001", stream, "m1", samples, "91742063")
    for payload in (encode(frame), encode_json(frame)):
        decoded = decode(payload)
        assert unpack(decoded) == samples
        assert not decoded.dropped
        assert (decoded.site, decoded.stream, decoded.modem, decoded.inst) == ("6408012001", stream, "m1", "91742063")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.bin")), ids=lambda path: path.stem)
def test_golden_frames_decode_for_ever(path: Path) -> None:
    want = json.loads(path.with_suffix(".json").read_text())
    frame = decode(path.read_bytes())
    got = [{"seq": s.seq, "t_ms": s.t_ms, "clock": s.clock, **s.values} for s in unpack(frame)]
    named = {"site": frame.site, "stream": frame.stream, "modem": frame.modem, "inst": frame.inst}
    assert {**named, "samples": got} == {"inst": None, **want}  # a frame from before installations had an id has none


def test_golden_frames_cover_every_stream_and_both_forms() -> None:
    streams = {json.loads(path.read_text())["stream"] for path in GOLDEN.glob("*.json")}
    assert streams == set(STREAMS)
    assert {path.read_bytes()[:1] for path in GOLDEN.glob("*.bin")} == {b"{", b"\x78"}


GOOD = {
    "v": 1,
    "site": "6408012001",
    "stream": "signal",
    "modem": "m1",
    "seq": [7, 2],
    "t0": T0,
    "dt": [30000],
    "const": {"clock": "ntp", "plmn": "51010"},
    "cols": {"rsrp_dbm": [-97, None]},
}
BOMB = zlib.compress(b'{"v":1,"site":"' + b"a" * (MAX_INFLATED_BYTES * 20) + b'"}', 9)

HOSTILE = [
    (b"", "not_json"),
    (b"hello", "not_json"),
    (b"\xff\xfe\x00", "not_json"),
    (b"[1,2]", "shape"),
    (b'{"v":1,"seq":[1,1],"t0":NaN}', "not_json"),
    (b"x\x9cnonsense", "not_zlib"),
    (zlib.compress(orjson.dumps(GOOD))[:-4], "not_zlib"),
    (BOMB, "too_big"),
    (b" " * (2 << 20), "too_big"),
    (b"[" * 100_000, "not_json"),
    ({"v": 2}, "version"),
    ({"v": "1"}, "version"),
    ({"v": True}, "version"),
    ({"site": "../../etc"}, "shape"),
    ({"site": 6408012001}, "shape"),
    ({"stream": "weather"}, "shape"),
    ({"modem": "A b"}, "shape"),
    ({"inst": "1234567"}, "shape"),
    ({"inst": "91742063\n"}, "shape"),
    ({"inst": 91742063}, "shape"),
    ({"seq": [7]}, "seq"),
    ({"seq": [0, 2]}, "seq"),
    ({"seq": [7, 10**9]}, "seq"),
    ({"seq": [7.0, 2]}, "seq"),
    ({"dseq": [0]}, "seq"),
    ({"dseq": ["1"]}, "seq"),
    ({"dseq": [2**60]}, "seq"),
    ({"t0": 0}, "time"),
    ({"t0": "now"}, "time"),
    ({"dt": []}, "time"),
    ({"dt": [10**18]}, "time"),
    ({"dt": [30000.5]}, "time"),
    ({"const": []}, "shape"),
    ({"const": {"plmn": 51010}}, "type"),
    ({"const": {"plmn": None}}, "type"),
    ({"const": {"rsrp_dbm": "-97"}}, "type"),
    ({"const": {"pci": 1.5}}, "type"),
    ({"const": {"pci": True}}, "type"),
    ({"cols": {"rsrp_dbm": [-97]}}, "shape"),
    ({"cols": {"rsrp_dbm": -97}}, "shape"),
    ({"cols": {"rsrp_dbm": [-97, "x"]}}, "type"),
    ({"cols": {"pci": [10**30, 1]}}, "type"),
]


@pytest.mark.parametrize(("payload", "kind"), HOSTILE, ids=lambda value: str(value)[:40])
def test_a_hostile_payload_gets_a_typed_answer(payload: bytes | dict[str, object], kind: str) -> None:
    raw = payload if isinstance(payload, bytes) else json.dumps({**GOOD, **payload}).encode()
    with pytest.raises(FrameError) as caught:
        decode(raw)
    assert caught.value.kind == kind
    assert caught.value.reason
    if isinstance(payload, dict) and kind in ("time", "type", "shape"):
        assert caught.value.seq == (7, 2)


def test_a_foreign_version_says_which_end_to_upgrade() -> None:
    with pytest.raises(FrameError, match="upgrade the collector"):
        decode(orjson.dumps({**GOOD, "v": 2}))
    with pytest.raises(FrameError, match="upgrade the agent"):
        decode(orjson.dumps({**GOOD, "v": 0}))


def test_unknown_keys_and_fields_are_ignored() -> None:
    newer = {**GOOD, "future": {"x": 1}, "const": {"clock": "ntp", "wifi_dbm": [1]}, "cols": {"rsrp_dbm": [-97, -98], "zz": 3}}
    frame = decode(orjson.dumps(newer))
    assert [s.values for s in unpack(frame)] == [{"rsrp_dbm": -97}, {"rsrp_dbm": -98}]


def test_an_implausible_value_is_left_out_and_counted_not_clipped() -> None:
    odd = {
        **GOOD,
        "const": {"clock": "ntp", "registration": "levitating"},
        "cols": {"rsrp_dbm": [-97, -32768], "pci": [2000, None]},
    }
    frame = decode(orjson.dumps(odd))
    assert [s.values for s in unpack(frame)] == [{"rsrp_dbm": -97}, {}]
    assert frame.dropped == {"registration": 2, "rsrp_dbm": 1, "pci": 1}


@pytest.mark.parametrize("odd", ["=1+1", "5101", "5101010", "510 10", "51010\n", "\u0665\u0661\u0660\u0661\u0660", ""])
def test_a_text_without_its_form_is_left_out_and_counted_as_a_number_is(odd: str) -> None:
    for frame in (
        decode(orjson.dumps({**GOOD, "const": {"clock": "ntp", "home_plmn": odd}, "cols": {"plmn": [odd, "51010"]}})),
        decode(orjson.dumps({**GOOD, "const": {"clock": "ntp"}, "cols": {"plmn": [odd, "510010"], "home_plmn": [odd, odd]}})),
    ):
        assert unpack(frame)[0].values == {}
        assert frame.dropped == {"plmn": 1, "home_plmn": 2}


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_frame_or_a_frame_error(payload: bytes) -> None:
    for raw in (payload, b"\x78" + payload, zlib.compress(payload)):
        with suppress(FrameError):
            assert decode(raw).seq


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=400)
@given(st.sampled_from([*GOOD, "dseq"]), _JSON)
def test_any_json_in_any_key_gives_a_frame_or_a_frame_error(key: str, value: object) -> None:
    with suppress(FrameError):
        frame = decode(json.dumps({**GOOD, key: value}).encode())
        assert len(unpack(frame)) == len(frame.seq)


def test_bytes_a_sample_stay_what_the_budget_counts_on() -> None:
    """The size of a backlog and a live frame, in bytes a sample: guards the preset dictionary against an accidental change."""
    samples = [
        Sample(
            1000 + i,
            T0 + 30_000 * i,
            "ntp",
            {"registration": "home", "rat": "lte", "plmn": "51010", "rsrp_dbm": -97.0 - i % 7, "rsrq_db": -11.0},
        )
        for i in range(100)
    ]
    assert len(encode(pack("6408012001", "signal", "m1", samples))) / 100 < 6
    assert len(encode(pack("6408012001", "signal", "m1", samples[:10]))) / 10 < 16
