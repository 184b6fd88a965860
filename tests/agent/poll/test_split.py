"""The whole road at a port: however the bytes of a modem are cut, a poll gives the same reading."""

from __future__ import annotations

import fcntl
import struct
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.at.digest import split_session
from agent.at.reading import Reading
from agent.modems import registry
from agent.poll.session import Session
from agent.port.link import Link
from demo.modem import Fault, SimulatedModem
from demo.radio import Radio
from demo.replies import Answers, family_answers, session_answers
from telemetry.streams import present
from tests.captures.judge import Json, every_item, session

NOW_S = 1_790_000_000.0
DRAINED_S = 2.0  # longest wait for the reader to take a piece; it polls every few ms


class Cutting(SimulatedModem):
    """A modem that sends its bytes in pieces of the given lengths, each only when the one before was read."""

    cuts: Sequence[int] = ()

    def _send(self, data: bytes) -> None:
        for length in self.cuts:
            piece, data = data[:length], data[length:]
            self._write(piece)
            self._drained()
        self._write(data)

    def _drained(self) -> None:
        deadline = time.monotonic() + DRAINED_S
        while time.monotonic() < deadline:
            (waiting,) = struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, struct.pack("i", 0)))
            if not waiting:
                return
            self._stop.wait(0.0005)


def items() -> dict[str, Json]:
    return {item["id"]: item for item in every_item() if len(item["response"].splitlines()) > 1 and item.get("expect")}


ITEMS = items()


def source(name: str) -> tuple[Answers, str]:
    """Return what a modem answers, live or recorded, and its family."""
    if name in ITEMS:
        text = session(ITEMS[name])
        return session_answers(text), registry.detect(split_session(text)).name
    return family_answers(name, Radio(seed=3), lambda: NOW_S), name


def values(reading: Reading) -> tuple[object, ...]:
    return present(reading.signal), [present(cell) for cell in reading.cells], reading.notes


@given(
    st.one_of(st.sampled_from(["quectel", "simcom", "generic"]), st.sampled_from(sorted(ITEMS))),
    st.lists(st.integers(1, 40), max_size=12),
    st.booleans(),
)
@settings(max_examples=12, deadline=None)
@pytest.mark.timeout(120)
def test_any_split_gives_the_same_reading(name: str, cuts: list[int], unsolicited: bool) -> None:
    answers, family = source(name)
    with tempfile.TemporaryDirectory() as folder, Cutting(answers, Path(folder) / "m") as modem, Link(str(modem.link)) as link:
        modem.fault = Fault.URC_MID_REPLY if unsolicited and family != "huawei" else None  # there ^RSSI is an answer's cousin
        talk = Session(link, family)
        talk.prepare()
        whole = talk.poll(0)
        modem.cuts = cuts
        cut = talk.poll(0)
    assert values(cut.reading) == values(whole.reading)
    assert (cut.sim, cut.late) == (whole.sim, whole.late)
    assert present(whole.reading.signal) or name in ITEMS
