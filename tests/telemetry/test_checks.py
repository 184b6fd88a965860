"""What was checked once is remembered, and never stands for what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import checks
from telemetry.checks import ValueTypeError, check_constants
from telemetry.frame import FrameError, decode, encode_json
from tests.collector.frames import signal_frame

SMALL = st.dictionaries(
    st.sampled_from(["pci", "rsrp_dbm", "clock", "rat", "plmn", "unknown"]),
    st.one_of(st.booleans(), st.integers(-200, 600), st.floats(-200, 0), st.sampled_from(["lte", "ntp", "51010", ""]), st.none()),
    max_size=4,
)


def outcome(const: dict[str, object]) -> object:
    try:
        kept, dropped = check_constants("signal", dict(const))
    except ValueTypeError as error:
        return str(error)
    return sorted((name, type(v), v) for name, v in kept.items()), dropped


@given(st.lists(SMALL, max_size=6))
def test_memory_changes_no_answer(many: list[dict[str, object]]) -> None:
    checks._remembered.clear()
    for const in many:
        checks._remembered.clear()
        fresh = outcome(const)
        for other in many:
            outcome(other)
        assert outcome(const) == fresh


def test_true_is_no_number_although_it_equals_one() -> None:
    assert check_constants("signal", {"pci": 1})[0] == {"pci": 1}
    with pytest.raises(ValueTypeError, match="must be int"):
        check_constants("signal", {"pci": True})


def test_who_changes_a_frame_changes_no_other() -> None:
    payload = encode_json(signal_frame(1, 3))
    decode(payload).const["pci"] = 5
    assert "pci" not in decode(payload).const or decode(payload).const["pci"] != 5


def test_memory_is_bounded() -> None:
    for i in range(checks.MOST_REMEMBERED * 2):
        check_constants("signal", {"cell_id": i})
    assert len(checks._remembered) <= checks.MOST_REMEMBERED


def test_few_bytes_cannot_stand_for_many() -> None:
    texts = ",".join(f'"{name}":"{"x" * 290}"' for name in ("detail", "subject", "modem_name"))
    body = '{"v":1,"site":"a","stream":"event","seq":[1,5000],"t0":1795500000000,"dt":[%s],"const":{%s},"cols":{}}'
    with pytest.raises(FrameError, match="unfold"):
        decode((body % (",".join(["0"] * 4999), texts)).encode())
