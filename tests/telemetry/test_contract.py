"""The contract as a table: every field has a unit in its name, a range, and one meaning."""

import pytest

from telemetry.ack import Ack, Answer, decode_ack, encode_ack, frame_id
from telemetry.contract_doc import ACL, PATH, render, render_acl
from telemetry.streams import STREAMS, Registration, Signal, fields, plausible, present
from telemetry.topics import KINDS, ack_topic, split_topic, stream_topic

UNIT_ENDINGS = {
    "dBm": "_dbm",
    "dB": "_db",
    "MHz": "_mhz",
    "kHz": "_khz",
    "ms": "_ms",
    "s": "_s",
    "°C": "_c",
    "%": "_percent",
    "MB": "_mb",
    "kbit/s": "_kbps",
    "°": "_deg",
    "m": "_m",
}


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_a_unit_stands_at_the_end_of_the_name_and_numbers_have_a_range(stream: str) -> None:
    for name, field in fields(stream).items():
        ending = UNIT_ENDINGS.get(field.meta.unit)
        assert ending is None or name.endswith(ending), name
        assert field.meta.about, name
        if field.type in (int, float):
            assert field.meta.low is not None, name
            assert field.meta.high is not None, name


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_a_text_is_a_word_or_has_a_form(stream: str) -> None:
    for name, field in fields(stream).items():
        if field.type is str and name not in ("detail", "error"):  # sentences for people
            assert field.choices or field.meta.pattern, name
            assert not field.meta.pattern or plausible(field, str(field.meta.example)), name
            assert field.choices or not plausible(field, "\x1b[2J"), name


def test_the_same_name_means_the_same_in_every_stream() -> None:
    seen: dict[str, object] = {}
    for stream in STREAMS:
        for name, field in fields(stream).items():
            if name not in ("kind", "target", "error", "detail", "rat"):
                assert seen.setdefault(name, field.type) is field.type, name


def test_the_contract_document_is_fresh() -> None:
    assert PATH.read_text(encoding="utf-8") == render()


def test_a_hall_may_publish_every_stream() -> None:
    """A publish that the broker denies at QoS 0 tells nobody: a stream that the access list forgets would be lost in silence."""
    text = ACL.read_text(encoding="utf-8")
    assert text == render_acl(text)
    for stream in STREAMS:
        assert stream_topic("hall", stream).replace("hall", "%u") in text


def test_absent_is_absent() -> None:
    assert present(Signal()) == {}
    assert present(Signal(registration=Registration.NO_SIM, pci=0)) == {"registration": "no_sim", "pci": 0}


def test_topics_come_apart_as_they_were_built() -> None:
    assert stream_topic("6408012001", "signal") == "sinyal/v1/6408012001/signal"
    assert split_topic(ack_topic("hall-7")) == ("hall-7", "ack")
    for kind in KINDS:
        assert split_topic(f"sinyal/v1/x/{kind}") == ("x", kind)
    for bad in (
        "sinyal/v2/x/signal",
        "sinyal/v1/X/signal",
        "sinyal/v1//signal",
        "sinyal/v1/x/nonsense",
        "sinyal/v1/a/b/signal",
        "",
    ):
        with pytest.raises(ValueError, match="topic"):
            split_topic(bad)
    with pytest.raises(ValueError, match="site"):
        stream_topic("a/b", "signal")
    with pytest.raises(KeyError):
        stream_topic("a", "weather")


def test_an_ack_survives_the_wire() -> None:
    ack = Ack(
        ok=[frame_id(b"x")],
        bad=[Answer(None, None, 5, "not JSON")],
        hold=[Answer(3, 1, 9, "unknown site")],
        clock=[Answer(4, 2, 8, "from the future")],
        time_ms=1,
        inst="91742063",
        ask=3,
        top=2**40,
    )
    assert decode_ack(encode_ack(ack)) == ack
    assert encode_ack(Ack(ok=[7])) == b'{"v":1,"ok":[7]}'


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'{"v":2}',
        b'{"v":1,"ok":3}',
        b'{"v":1,"ok":[[1,2,3]]}',
        b'{"v":1,"ok":["x"]}',
        b'{"v":1,"bad":[[1,2,"x","y"]]}',
        b'{"v":1,"hold":[7]}',
        b'{"v":1,"t":"now"}',
        b'{"v":1,"clock":{}}',
        b'{"v":1,"top":1.5}',
        b'{"v":1,"ask":true}',
        b'{"v":1,"inst":7}',
        b'{"v":1,"inst":"NOT-HEX-AT-ALL"}',
    ],
)
def test_a_broken_ack_is_a_value_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"ack|unexpected|Input|JSON"):
        decode_ack(payload)
