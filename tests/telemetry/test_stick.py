"""A line of an export file knows whether it is as it was written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telemetry.frame import decode, encode_json
from telemetry.stick import check, seal
from tests.collector.frames import signal_frame

LINE = seal(encode_json(signal_frame(1, 20)), 20, 60)


def test_a_sealed_line_is_still_a_frame_and_says_where_it_stands() -> None:
    assert decode(LINE) == decode(encode_json(signal_frame(1, 20)))
    assert check(LINE) == (True, 20, 60)
    assert check(encode_json(signal_frame(1, 20))) is None


@given(st.integers(0, len(LINE) * 8 - 1))
def test_any_flipped_bit_is_found(bit: int) -> None:
    damaged = bytearray(LINE)
    damaged[bit // 8] ^= 1 << bit % 8
    found = check(bytes(damaged))
    assert found is None or not found.sound


@given(st.binary(max_size=300))
def test_any_bytes_can_be_checked(line: bytes) -> None:
    found = check(line)
    assert found is None or not found.sound
