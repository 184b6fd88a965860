"""Whose SIM it is: only what is sure, from answers whole and torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.at.reply import Reply
from agent.commands import cimi, reject
from agent.commands.cimi import Identity


@pytest.mark.parametrize(
    ("imsi", "digits", "plmn"),
    [
        ("510101234567890", None, "51010"),
        ("510101234567890", 2, "51010"),
        ("510101234567890", 3, "51010"),  # the country has two-digit MNCs only, whatever a badly made SIM says
        ("310260123456789", 3, "310260"),
        ("310260123456789", None, None),
        ("001010123456789", None, "00101"),
        ("810101234567890", 2, None),
        (None, 2, None),
    ],
)
def test_home_plmn(imsi: str | None, digits: int | None, plmn: str | None) -> None:
    assert Identity(imsi, mnc_digits=digits).home_plmn == plmn


@pytest.mark.parametrize(
    ("lines", "final", "imsi"),
    [
        (("510101234567890",), "OK", "510101234567890"),
        (('+CIMI: "510101234567890"',), "OK", "510101234567890"),
        (("51010123456789",), "OK", None),  # a lost digit moves the others
        (("510101234567890", "510111234567890"), "OK", None),
        (("510101234567890",), "ERROR", None),
        ((), "+CME ERROR: 11", None),
    ],
)
def test_an_imsi_is_whole_or_absent(lines: tuple[str, ...], final: str, imsi: str | None) -> None:
    assert cimi.imsi_of(Reply(cimi.IMSI, lines, final)) == imsi


@pytest.mark.parametrize(
    ("line", "digits"),
    [
        ('+CRSM: 144,0,"00000002"', 2),
        ('+CRSM: 144,0,"00000003"', 3),
        ("+CRSM:144,0,00010802", 2),
        ('+CRSM: 144,0,"000000FF"', None),
        ('+CRSM: 144,0,"000000"', None),
        ("+CRSM: 106,130", None),
        ('+CRSM: 105,130,"00000002"', None),
    ],
)
def test_the_length_of_the_mnc(line: str, digits: int | None) -> None:
    assert cimi.mnc_digits_of(Reply(cimi.MNC_LENGTH, (line,))) == digits


def test_the_number_of_the_card() -> None:
    reply = Reply(cimi.ICCID, ('+CRSM: 144,0,"98260100000000000010"',))
    assert cimi.iccid_of(reply) == "89621000000000000001"
    assert cimi.iccid_of(Reply(cimi.ICCID, ('+CRSM: 144,0,"982601000000000000F1"',))) == "8962100000000000001"
    assert cimi.iccid_of(Reply(cimi.ICCID, ('+CRSM: 144,0,"FFFFFFFFFFFFFFFFFFFF"',))) is None


@given(st.text(max_size=60), st.sampled_from(["OK", "ERROR", "+CME ERROR: 100"]))
def test_any_text_gives_a_whole_identity_or_none(text: str, final: str) -> None:
    reply = Reply("AT", (text,), final)
    imsi, iccid = cimi.imsi_of(reply), cimi.iccid_of(reply)
    assert imsi is None or (len(imsi) == 15 and imsi.isdigit())
    assert iccid is None or iccid.startswith("89")
    assert cimi.mnc_digits_of(reply) in (None, 2, 3)


@pytest.mark.parametrize(
    ("command", "line", "cause"),
    [
        ("AT+CEREG?", "+CEREG: 3,3,,,,0,15", 15),
        ("AT+CEREG?", '+CEREG: 3,3,"1A2B","01A2B3C4",7,0,8', 8),
        ("AT+CEREG?", "+CEREG: 3,3,,,,1,15", None),  # the maker's own numbers
        ("AT+CEREG?", "+CEREG: 2,3,,,,0,15", None),  # another form: what stands there is something else
        ("AT+CGREG?", '+CGREG: 3,3,"1A2B","01A2B3C4",2,"0A",0,7', 7),
        ("AT+CREG?", "+CREG: 3,3,,,,0,3", 3),
        ("AT+QNETRC?", '+QNETRC: "emm_cause",11', 11),
        ("AT+QNETRC?", '+QNETRC: "esm_cause",33', None),
        ("AT#CEERNET", "#CEERNET: 15", 15),
        ("AT#CEERNET", "#CEERNET: 43", None),
        ("AT^REJINFO?", '^REJINFO: "46000",0,7,6,0,7,"1422","05","0C027F50"', 7),
        ("AT+CEER", "+CEER: EPS services not allowed", 7),
        ("AT+CEER", '+CEER: "EMM","Illegal UE"', 3),
        ("AT+CEER", "+CEER: No cause information available", None),
        ("AT+CEER", "+CEER: Normal call clearing", None),
        ("AT+CEER", "+CEER: 0,16", None),
    ],
)
def test_why_the_network_refused(command: str, line: str, cause: int | None) -> None:
    assert reject.cause_of([Reply(command, (line,))]) == cause
