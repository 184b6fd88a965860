"""Short run of the fuzzer, and hypothesis on single replies."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.modems import registry
from agent.modems.family import Family
from tests.agent.at.fuzz import JUNK, check, mutate, seeds

PREFIXES = (
    *(
        "+CSQ",
        "+CESQ",
        "+CREG",
        "+CEREG",
        "+C5GREG",
        "+COPS",
        "+CPIN",
        "+CGMM",
        "+QENG",
        "+QCSQ",
        "+QNWINFO",
        "+QCAINFO",
        "+QRSRP",
    ),
    *(
        "+QTEMP",
        "+QSPN",
        "+CPSI",
        "+CMGRMI",
        "+CPMUTEMP",
        "!GSTATUS",
        "!LTEINFO",
        "#RFSTS",
        "#SERVINFO",
        "#MONI",
        "^HCSQ",
        "^MONSC",
    ),
    *("^SYSINFOEX", "+UCGED", "+GTCCINFO", "+GTCAINFO", "+XMCI", "+XCESQ", "+RSRP", "^DEBUG", "%XMONITOR", "^SMONI", "+NETDMSG"),
)
WORDS = st.one_of(
    st.sampled_from(
        (*JUNK, "servingcell", "neighbourcell intra", "NOCONN", "FDD", "Online", "250-01", "0x1F4A", "PCC", "SCC", "LTE BAND 3")
    ),
    st.integers(-40000, 70000).map(str),
    st.text(max_size=6),
)


def test_mutated_captures() -> None:
    rng = random.Random(7)
    corpus = seeds()
    for _ in range(3000):
        check(mutate(rng.choice(corpus), rng))


@given(st.sampled_from(PREFIXES), st.lists(WORDS, max_size=20), st.sampled_from(registry.FAMILIES))
@settings(max_examples=600, deadline=None)
def test_any_fields(prefix: str, words: list[str], family: Family) -> None:
    check(f"AT{prefix}?\r\n{prefix}: {','.join(words)}\r\nOK\r\n", family)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    check(data.decode(errors="replace"))
