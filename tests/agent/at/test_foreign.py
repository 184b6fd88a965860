"""Nothing that is not an answer changes a value: the property on a sample of places, and the kinds one by one."""

from __future__ import annotations

import random

import pytest

from agent.at.digest import digest
from agent.at.foreign import Sieve, is_gap, without_sentences
from agent.modems.registry import FOREIGN
from tests.agent.at.foreign import ALL, MENUS, MESSAGES, SENTENCES, insert, lies, places, random_line, read, seeds


@pytest.mark.parametrize("seed", range(3))
def test_foreign_text_gives_the_control_or_nothing(seed: int) -> None:
    rng = random.Random(seed)
    found = []
    for name, text in seeds():
        control = read(text)
        for place in rng.sample(places(text), min(2, len(places(text)))):
            for foreign in (rng.choice(SENTENCES), rng.choice(MESSAGES), rng.choice(ALL), random_line(rng)):
                out = read(insert(text, place, foreign))
                found += [f"{name} at {place} {foreign!r}: {lie}" for lie in lies(control, out)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("foreign", [*SENTENCES[:5], *MENUS, *MESSAGES])
def test_a_reply_with_known_foreign_text_reads_as_the_control(foreign: str) -> None:
    lines = ("+CEREG: 0,1", "+CESQ: 99,99,255,255,20,55")
    plain = "AT+CEREG?;+CESQ\r\r\n" + "".join(f"\r\n{line}\r\n" for line in lines) + "\r\nOK\r\n"
    control = read(plain)
    assert control["rsrp_dbm"] == -86
    for place in places(plain)[:-1]:
        out = read(insert(plain, place, foreign))
        assert {key: out.get(key) for key in control} == control
        assert (FOREIGN in out.get("notes", [])) or "CMT" not in foreign


@pytest.mark.parametrize("body", ["OK", "ERROR", "+CSQ: 31,0", "1,2,3"])
def test_the_text_of_a_message_ends_no_reply(body: str) -> None:
    received = f'\r\n+CMT: "+62",,"26/11/27,10:30:45+28"\r\n{body}\r\n\r\n+CSQ: 9,99\r\n\r\nOK\r\n'.encode()
    found = digest(received, "AT+CSQ")
    assert found.reply is not None
    assert (found.reply.lines, found.reply.final, found.reply.foreign) == (("+CSQ: 9,99",), "OK", 1)
    assert found.consumed == len(received)


def test_an_empty_message_does_not_swallow_the_final_result() -> None:
    found = digest(b'\r\n+CMT: "+62",,"26/11/27"\r\n\r\nOK\r\n', "AT+CSQ")
    assert found.reply is not None
    assert found.reply.final == "OK"


def test_a_sentence_inside_a_line_is_cut_out() -> None:
    assert without_sentences("+CSQ: 9$GPVTG,,T,,M,0.0,N,0.0,K,A*23,99") == "+CSQ: 9,99"
    assert without_sentences('$QCRSRP: 1,2,"-90*12"') == '$QCRSRP: 1,2,"-90*12"'


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ("$GPGGA,1", True),
        ("$GNRMC", True),
        ("$PQTMVER,1", True),
        ("1,2*5A", True),
        ("$QCRSRP: 281,6400", False),
        ("$QCSYSMODE: 9", False),
        ("+CSQ: 1,2*5A", False),
        ("*BANDIND: 0,3", False),
        ("1,2,3", False),
    ],
)
def test_a_sentence_by_its_look(line: str, foreign: bool) -> None:
    assert Sieve().catches(line, gap=False, final=False) is foreign


@pytest.mark.parametrize(
    ("header", "body"),
    [("+CMT: ,24", True), ("+cbm: 1", True), ("+CDS: 25", True), ("+CDS: 6,1,2,3", False), ('+CMTI: "SM",3', False)],
)
def test_which_headers_have_a_body(header: str, body: bool) -> None:
    sieve = Sieve()
    assert not sieve.catches(header, gap=False, final=False)
    assert sieve.catches("anything", gap=False, final=False) is body
    assert not sieve.catches("anything", gap=False, final=False)


def test_a_menu_ends_with_its_quote_or_the_final_result() -> None:
    sieve = Sieve()
    told = [sieve.catches(line, gap=False, final=line == "OK") for line in ('+CUSD: 1,"a', "1,2", 'b",15', "+CSQ: 1,2")]
    assert told == [False, True, True, False]
    torn = Sieve()
    assert [torn.catches(line, gap=False, final=line == "OK") for line in ('+CUSD: 1,"a', "OK", "1,2")] == [False, False, False]
    assert not Sieve().catches('+CUSD: 0,"all",15', gap=False, final=False)


@pytest.mark.parametrize(
    ("separator", "gap"), [("\r\n", False), ("\r\r\n", False), ("\n", False), ("\r\n\r\n", True), ("\n\n", True), ("\r\r", True)]
)
def test_gap(separator: str, gap: bool) -> None:
    assert is_gap(separator) is gap


def test_a_label_that_stands_twice_with_two_values_is_unknown() -> None:
    lines = ("!GSTATUS:", "System mode:   LTE", "LTE band:      B3", "Temperature: 40", "LTE Rx chan:   1749", "{}")
    text = "\r\n".join(("AT!GSTATUS?", *lines, "OK", ""))
    assert read(text.format(""))["band"] == 3
    out = read(text.format("LTE band: B7"))
    assert "band" not in out
    assert out["temperature_c"] == 40


DAMAGE = "t"
"""A letter that no number has, decimal or hexadecimal."""
OTHER_SOURCE = {
    "f-fm350-ca-megafon": {"rsrp_dbm"},  # +GTCAINFO of the same moment, 1 dB apart
    "f-l860-lv-ca": {"rsrp_dbm", "rsrq_db"},  # +XMCI in whole steps
    "q-qdc507-pair": {"rsrp_dbm", "rsrq_db", "sinr_db"},  # +QCSQ
    "w-mc7455-verizon": {"rssi_dbm", "registration"},  # +CSQ, +CREG
    "q-nsa-hungary": {"rat"},  # the anchor without its leg
    "q-rm520-nsa-tim": {"rat"},
    "n-s-a7670-gsm": {"rssi_dbm"},  # +CSQ
    "g-creg-two-urcs": {"registration"},  # +CGREG
    "g-cops-ucs2": {"operator"},  # a name is any text
}
"""Captures in which a second reply tells the same thing a little differently: it is given when the first is damaged."""


@pytest.mark.parametrize("start", range(3))
def test_a_damaged_digit_is_no_other_number(start: int) -> None:
    """Each third digit of every capture in turn becomes a letter: a value is the control's or absent."""
    found = []
    for name, text in seeds():
        control = read(text)
        digits = [place for place, letter in enumerate(text) if letter.isdigit() and place > text.find("\n")]
        for place in digits[start::3]:
            told = lies(control, read(f"{text[:place]}{DAMAGE}{text[place + 1 :]}"))
            wrong = (lie for lie in told if lie.split(" ")[0] not in OTHER_SOURCE.get(name, ()))
            found += [f"{name}: {text[max(0, place - 12) : place + 12]!r} {lie}" for lie in wrong]
    assert not found, "\n".join(found)
