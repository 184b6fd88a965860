"""Bytes of a port to replies: echo in every form, unsolicited lines, final results, any split of the bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.at.digest import digest
from agent.at.reply import Reply

CSQ = b"AT+CSQ\r\r\n+CSQ: 19,99\r\n\r\nOK\r\n"


def drain(chunks: list[bytes], in_flight: str) -> tuple[list[Reply], list[str], bytes]:
    """Feed chunks as a link does: after a reply nothing more is in flight."""
    buffer = bytearray()
    replies: list[Reply] = []
    urcs: list[str] = []
    for chunk in chunks:
        buffer += chunk
        while True:
            found = digest(bytes(buffer), "" if replies else in_flight)
            del buffer[: found.consumed]
            urcs += found.urcs
            if found.reply:
                replies.append(found.reply)
            if not found.consumed:
                break
    return replies, urcs, bytes(buffer)


@pytest.mark.parametrize(
    ("sent", "received", "lines", "final"),
    [
        ("AT+CSQ", CSQ, ("+CSQ: 19,99",), "OK"),
        ("AT+CSQ", b"\r\n+CSQ: 19,99\r\n\r\nOK\r\n", ("+CSQ: 19,99",), "OK"),
        ("AT+CSQ", b"AT+CSQ\r\r\nAT+CSQ\r\r\n+CSQ: 19,99\r\nOK\r\n", ("+CSQ: 19,99",), "OK"),
        ("AT+CSQ", b"at+csq\r\n+csq: 19,99\r\nok\r\n", ("+csq: 19,99",), "ok"),
        ("ATE0Q0V1", b"RDATE0Q0V1\r\r\nCOMMAND NOT SUPPORT\r\n", (), "COMMAND NOT SUPPORT"),
        ("AT+CPIN?", b"\r\n+CME ERROR: 10\r\n", (), "+CME ERROR: 10"),
        ("AT+CPIN?", b"\r\n+CME ERROR: SIM not inserted\r\n", (), "+CME ERROR: SIM not inserted"),
        ("AT+CMGS", b"\r\n+CMS ERROR: 500\r\n", (), "+CMS ERROR: 500"),
        ("AT", b"\r\nERROR\r\n", (), "ERROR"),
        ("ATD", b"\r\nNO CARRIER\r\n", (), "NO CARRIER"),
        ("AT+COPS=?", b"\r\nABORTED\r\n", (), "ABORTED"),
        ("AT+COPS?", b'\r\n+COPS: 0,0,"OK MOBILE",7\r\n\r\nOK\r\n', ('+COPS: 0,0,"OK MOBILE",7',), "OK"),
        ("AT+CGMM", b"\r\nEC25\r\n\r\nOK\r\n", ("EC25",), "OK"),
        ("AT+CSQ;+CEREG?", b"\r\n+CSQ: 9,99\r\n\r\n+CEREG: 0,1\r\n\r\nOK\r\n", ("+CSQ: 9,99", "+CEREG: 0,1"), "OK"),
        ("AT+CSQ", b"\x00\xff+CSQ: 9,99\r\nOK\r\n", ("\ufffd+CSQ: 9,99",), "OK"),
    ],
)
def test_reply(sent: str, received: bytes, lines: tuple[str, ...], final: str) -> None:
    found = digest(received, sent)
    assert found.reply == Reply(sent, lines, final)
    assert found.consumed == len(received)
    assert found.urcs == ()


@pytest.mark.parametrize("cut", range(len(CSQ) - 1))
def test_nothing_is_taken_before_the_final_result(cut: int) -> None:
    found = digest(CSQ[:cut], "AT+CSQ")
    assert found.reply is None
    assert found.consumed == 0


def test_the_substring_ok_does_not_end_a_reply() -> None:
    assert digest(b'+COPS: 0,0,"BOOK OK', "AT+COPS?").reply is None
    assert digest(b"OKAY\r\n", "AT+CGMM").reply is None
    assert digest(b"OK", "AT").reply is None


@pytest.mark.parametrize(
    ("sent", "line", "urc"),
    [
        ("AT+CSQ", "RDY", True),
        ("AT+CSQ", "SMS DONE", True),
        ("AT+CSQ", "+QIND: PB DONE", True),
        ("AT+CSQ", "+CPIN: READY", True),
        ("AT+CPIN?", "+CPIN: READY", False),
        ("AT+CSQ", '^HCSQ:"LTE",48,35,86,14', True),
        ("AT^HCSQ?", '^HCSQ:"LTE",48,35,86,14', False),
        ("AT+CSQ", '+CEREG: 1,"1F00","79D903",7', True),
        ("AT+CSQ", "+CEREG: 2,1", True),
        ("AT+CEREG?", '+CEREG: 2,1,"1F00","79D903",7', False),
        ("AT+CEREG?", '+CEREG: 1,"1F00","79D903",7', True),
        ("AT+CEREG?", "+CEREG: 1, 1F00, 79D903 ,7", True),
        ("AT+CEREG?", "+CEREG:002,001", False),
        ("AT+CEREG=2", "+CEREG: 5", True),
        ("AT+C5GREG?", "+C5GREG: 0", False),
        ("AT+CREG?;+CEREG?", "+CREG: 0,1", False),
        ("AT^DEBUG?", "lte_rsrp:-75.7dBm,rsrq:-10.2dB", False),
    ],
)
def test_unsolicited_or_answer(sent: str, line: str, urc: bool) -> None:
    found = digest(f"\r\n{line}\r\n\r\nOK\r\n".encode(), sent)
    assert found.reply is not None
    assert (found.urcs, found.reply.lines) == (((line,), ()) if urc else ((), (line,)))


def test_one_value_is_unsolicited_beside_the_full_answer() -> None:
    found = digest(b'+CREG: 5\r\n+CREG: 2,1,"18D8","0A12",7\r\nOK\r\n', "AT+CREG?")
    assert found.urcs == ("+CREG: 5",)


def test_idle_lines_are_unsolicited() -> None:
    found = digest(b"\r\n+CREG: 5\r\n\r\n+CGREG: 0\r\nOK\r\nRI", "")
    assert found.reply is None
    assert found.urcs == ("+CREG: 5", "+CGREG: 0")
    assert found.consumed == len(b"\r\n+CREG: 5\r\n\r\n+CGREG: 0\r\nOK\r\n")


STREAMS = [
    ("AT+CSQ", CSQ + b"\r\n+CREG: 5\r\n\r\nRDY\r\n"),
    (
        "AT+CSQ;+CEREG?",
        b'AT+CSQ;+CEREG?\r\r\n\r\nRDY\r\n+CSQ: 9, 99\r\n+CEREG: 1,"00AB","0C0FFE01",7\r\n+CEREG: 2,1\r\nOK\r\n+CGEV: X\r\n',
    ),
    ("AT+QENG", b'+QENG: "servingcell","NOCONN"\r\n+QENG: "LTE","FDD",222\r\n\r\nOK\r\n\r\nRING\r\n'),
]


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 200), max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_split_gives_the_same(stream: tuple[str, bytes], cuts: list[int]) -> None:
    sent, data = stream
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(edges)]
    assert drain(chunks, sent) == drain([data], sent)
    assert drain([bytes([byte]) for byte in data], sent) == drain([data], sent)


@given(st.binary(max_size=400), st.sampled_from(["", "AT", "AT+CSQ", "AT+CEREG?", 'AT+QENG="servingcell"']))
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_taken(data: bytes, sent: str) -> None:
    found = digest(data, sent)
    assert 0 <= found.consumed <= len(data)
    assert drain([bytes([byte]) for byte in data], sent)[0] == drain([data], sent)[0]
