from __future__ import annotations

import pytest

from agent.at.mask import mask

MASKED = [
    ("867556040000001", "000000000000000"),
    ("IMEI: 867556040000001", "IMEI: 000000000000000"),
    ("35-209900-176148-1", "00-000000-000000-0"),
    ("510100123456789", "000000000000000"),
    ("+ICCID: 8962100012345678901F", "+ICCID: 0000000000000000000F"),
    ('+CNUM: ,"08123",129', '+CNUM: ,"00000",000'),
    ('+CMTI: "+628123456789"', '+CMTI: "+000000000000"'),
    ('+CGPADDR: 1,"10.20.30.40"', '+CGPADDR: 0,"00.00.00.00"'),
    ('#RFSTS: "222 88",1350,-99,-70,-11,3AC9,,-10,128,19,0,"222881234567890","VERY",3,3', None),
    ('AT+CMGS="+628123456789"', 'AT+CMGS="+000000000000"'),
]
KEPT = [
    '+QENG: "servingcell","NOCONN","LTE","FDD",222,88,243750D,406,3350,7,5,5,3AC9,-99,-11,-70,14,-',
    "+CPSI: LTE,Online,460-11,0x775C,117004595,399,EUTRAN-BAND3,1650,5,5,-98,-892,-591,12",
    '+C5GREG: 2,1,"00775C","0000000123456789",11',
    '+CCLK: "26/11/24,15:45:35+32"',
    'AT+QENG="servingcell"',
    '+XMCI: 4,510,10,"0x3AC9","0x0243750D","0x0196","0x00000D16","0x00000D16","0xFFFFFFFF",42,18,8,"0x00000001","0x00000000"',
]


@pytest.mark.parametrize(("line", "masked"), MASKED)
def test_identities_become_zeros_of_the_same_length(line: str, masked: str | None) -> None:
    assert len(mask(line)) == len(line)
    if masked is None:
        assert "222881234567890" not in mask(line)
        assert mask(line).startswith('#RFSTS: "222 88",1350,-99')
    else:
        assert mask(line) == masked


@pytest.mark.parametrize("line", KEPT)
def test_measurements_stay(line: str) -> None:
    assert mask(line) == line
