from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground import pack
from ground.pack import PackError, apply, delta
from tests.wheels import wheel_of

TEXT = st.lists(st.sampled_from([b"a\n", b"b\n", b"\0", b"caf\xc3\xa9\0", b"\xff\xfe", b"x" * 40 + b"\n"]), max_size=30).map(
    b"".join
)


@settings(max_examples=40)
@given(TEXT, TEXT)
def test_a_delta_makes_the_new_of_the_old(old: bytes, new: bytes) -> None:
    assert apply(old, delta(old, new)) == new


def test_what_did_not_change_does_not_travel() -> None:
    old = b"".join(b"line %d\n" % n for n in range(2000))
    new = old.replace(b"line 77\n", b"another\n")
    assert len(delta(old, new)) < 60


@pytest.mark.parametrize("change", [b"", b"{", b"7", b"[[1]]", b"[{}]", '["\u4e00"]'.encode()])
def test_a_damaged_delta_is_an_error(change: bytes) -> None:
    with pytest.raises(PackError, match="damaged"):
        apply(b"a\nb\n", change)


def test_a_pack_names_no_file_that_no_hall_runs() -> None:
    server = {f"collector/part_{n}.py": f"# {n}\n" for n in range(50)}
    old, new = (wheel_of(version, "def main(): pass\n", more=server) for version in ("0.1.0", "0.2.0"))
    packed = pack.read(pack.make(old, new))
    (record,) = [content for name, content in packed.files.items() if name.endswith("/RECORD")]
    assert b"fake_agent.py" in record
    assert b"collector/" not in record
