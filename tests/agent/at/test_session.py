"""A terminal session to replies, and lines to fields."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.at.digest import parts, split_session
from agent.at.fields import block, fields_of, hex_id, plmn_of, records, to_float, to_hex, to_int
from agent.at.reply import Reply


def test_commands_replies_and_unsolicited_lines() -> None:
    text = 'AT+CSQ\r\r\n+CSQ: 19,99\r\n\r\nRDY\r\nOK\r\nat+cereg?\n+CEREG: 2,1,"1F00","79D903",7\nOK\n+CREG: 5\n'
    assert split_session(text) == [
        Reply("", ("RDY",), ""),
        Reply("AT+CSQ", ("+CSQ: 19,99",), "OK"),
        Reply("at+cereg?", ('+CEREG: 2,1,"1F00","79D903",7',), "OK"),
        Reply("", ("+CREG: 5",), ""),
    ]


def test_replies_after_the_first_command_get_theirs_from_the_prefix() -> None:
    replies = split_session("AT+CSQ\n+CSQ: 22,99\n\nOK\n+CEREG: 0,1\n\nOK\n+QNWINFO: No Service\nOK\n")
    assert [reply.command for reply in replies] == ["AT+CSQ", "AT+CEREG?", "AT+QNWINFO?"]


def test_a_command_without_final_ends_at_the_next() -> None:
    assert split_session("AT+CGMI\nQuectel\nAT+CGMM\nEC25\nOK\n") == [
        Reply("AT+CGMI", ("Quectel",), ""),
        Reply("AT+CGMM", ("EC25",), "OK"),
    ]


def test_doubled_echo_is_one_command() -> None:
    assert split_session('AT+QENG="x";\nat+qeng="x"\n+QENG: 1\nOK') == [Reply('at+qeng="x"', ("+QENG: 1",), "OK")]


def test_flat_form_of_a_router() -> None:
    assert split_session("output: +CSQ: 20,99 OK\n") == [Reply("AT+CSQ?", ("+CSQ: 20,99",), "OK")]


@pytest.mark.parametrize("line", ["ATTACHED", "AT&T", "Attach state: x", "ATLANTIC 4G"])
def test_words_that_only_look_like_commands(line: str) -> None:
    assert line in {line for reply in split_session(f"AT+COPS?\n{line}\nOK\n") for line in reply.lines} or line == "AT&T"


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken(text: str) -> None:
    for reply in split_session(text):
        assert reply.command or reply.lines or reply.final


def test_parts() -> None:
    assert parts('AT+COPS=3,2;+COPS?;+X="a;b"') == ["+COPS=3,2", "+COPS?", '+X="a;b"']
    assert parts("ati") == ["i"]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", []),
        ("1", ["1"]),
        (" 2,1, 1F00, 79D903 ,7", ["2", "1", "1F00", "79D903", "7"]),
        ('0,0,"A, B",7', ["0", "0", "A, B", "7"]),
        (',1001,"",', ["", "1001", "", ""]),
        ('"NR5G-NSA",', ["NR5G-NSA", ""]),
        ('0,"open', ["0", ""]),
    ],
)
def test_fields(text: str, fields: list[str]) -> None:
    assert fields_of(text) == fields


LONG = ",".join(["0x0000052D"] * 6)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["+Q: 1,2"], ["1,2"]),
        (["+q:1,2"], ["1,2"]),
        (["+Q: 1,2+Q: 3,4"], ["1,2", "3,4"]),
        (["+Q:", "1,2"], ["1,2"]),
        ([f"+Q: {LONG},", "3,4"], [f"{LONG},3,4"]),
        ([f'+Q: {LONG},"b"', '"c","d"'], [f'{LONG},"b","c","d"']),
        (["+Q: 1,2,", "3,4"], ["1,2,"]),  # no terminal wraps so soon
        ([f"+Q: {LONG},", "3,4", "5,6"], [f"{LONG},"]),  # one of them is not the rest
        ([f"+Q: {LONG},", "Halo, jam 7"], [f"{LONG},"]),
        (["+Q: 1,2", "3,4"], ["1,2"]),
        (["+Q:", "Halo, jam 7", "1,2"], ["1,2"]),
        (["+Q:", "1,2", "3,4"], [""]),
        (["+Q: 1,2", "DL"], ["1,2"]),
        (["+Q: 1,2", "+R: 3,4", "5,6"], ["1,2"]),
        (["+QX: 1"], []),
    ],
)
def test_records(lines: list[str], found: list[str]) -> None:
    assert records(lines, "+Q") == found


def test_block() -> None:
    assert block(["+G: ", "1,2", "3,4", "+H: 5", "6"], "+G") == ["1,2", "3,4"]


def test_numbers() -> None:
    assert [to_int(text) for text in ("7", " 007", "-5", "-", "", "0x1", "1.5", "²", "9" * 30)] == [7, 7, -5] + [None] * 6
    assert [to_hex(text) for text in ("1F00", "0x1f00", "-", "", "G", "F" * 17)] == [0x1F00, 0x1F00] + [None] * 4
    assert [to_float(text) for text in ("-7.5", "-75.7dBm", "20 MHz", "-", "", "-7.-50", "nan", "1e9")] == [-7.5, -75.7, 20.0] + [
        None
    ] * 5
    assert [hex_id(text) for text in ("FFFE", "0xFFFF", "FFFFFFFF", "00FFFFFFF", "FFFD", "0")] == [None] * 4 + [0xFFFD, 0]


@pytest.mark.parametrize(
    ("mcc", "mnc", "plmn"),
    [
        ("510", "01", "51001"),
        (" 460", "00", "46000"),
        ("310", "260", "310260"),
        ("250", "1", "25001"),
        ("310", "4", None),
        ("000", "00", None),
        ("-", "-", None),
        ("51", "001", None),
    ],
)
def test_plmn(mcc: str, mnc: str, plmn: str | None) -> None:
    assert plmn_of(mcc, mnc) == plmn
