"""Unit, plausible range and source of the quantities that the streams of contract v1 share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meta:
    """What the contract says of a field: unit, plausible range (both ends included), source of the range, meaning.

    `pattern` is what the whole of a short text must match (regular expression); empty: any text.
    """

    unit: str
    about: str
    low: float | None = None
    high: float | None = None
    source: str = ""
    example: object = None
    pattern: str = ""


def numeric(unit: str, about: str, low: float, high: float, source: str, example: float) -> Meta:
    """Return what the contract says of a number: its range has both ends."""
    return Meta(unit, about, low, high, source, example)


RSRP = numeric("dBm", "reference signal received power (NR: SS-RSRP)", -157, -30, "TS 36.133 9.1.4; TS 38.133 10.1.6", -97.0)
RSRQ = numeric("dB", "reference signal received quality (NR: SS-RSRQ)", -43.5, 20, "TS 36.133 9.1.7; TS 38.133 10.1.11", -11.5)
SINR = numeric("dB", "signal to interference and noise ratio (NR: SS-SINR)", -23.5, 40, "TS 38.133 10.1.16", 12.4)
RSSI = numeric("dBm", "received wideband power (2G: RxLev)", -120, -20, "TS 27.007 8.5; TS 45.008 8.1.4", -67.0)
RSCP = numeric("dBm", "received signal code power", -121, -24, "TS 25.133 9.1.1", -88.0)
ECIO = numeric("dB", "energy per chip over total received power", -33, 0, "TS 25.133 9.1.2", -7.5)
PCI = numeric("", "physical cell identity (3G: primary scrambling code)", 0, 1007, "TS 36.211 6.11; TS 38.211 7.4.2", 211)
EARFCN = numeric("", "downlink channel number, LTE", 0, 262143, "TS 36.101 5.7.3", 1850)
NRARFCN = numeric("", "downlink channel number, NR", 0, 3279165, "TS 38.101 5.4.2", 627264)
UARFCN = numeric("", "downlink channel number, 3G", 0, 16383, "TS 25.101 5.4", 10563)
ARFCN = numeric("", "channel number, 2G", 0, 1023, "TS 45.005 2", 98)
BAND = numeric("", "operating band as the modem names it", 1, 1024, "TS 36.101 5.5; TS 38.101 5.2", 3)
BW_DL = numeric("MHz", "downlink bandwidth", 0.18, 2000, "TS 36.101 5.6; TS 38.101 5.3", 20.0)
BW_UL = numeric("MHz", "uplink bandwidth", 0.18, 2000, "TS 36.101 5.6; TS 38.101 5.3", 20.0)
TX = numeric("dBm", "transmit power", -60, 40, "TS 36.101 6.2", 16.0)
TEMP = numeric("°C", "temperature", -40, 125, "vendor manual", 46.0)
TAC = numeric("", "tracking area code (2G/3G: LAC); 16 bit, 24 bit in NR", 0, 16777215, "TS 23.003 19.4.2.3", 15049)
CELL_ID = numeric("", "CI, ECI (28 bit) or NCI (36 bit) as a number", 0, 68719476735, "TS 23.003 19.6", 37975309)
CQI = numeric("", "channel quality indicator", 0, 15, "TS 36.213 7.2.3", 11)
TA = numeric("", "timing advance", 0, 3846, "TS 36.213 4.2.3", 3)
COUNT = numeric("", "count", 0, 2**53, "", 0)
RATIO = numeric("%", "share", 0, 100, "", 12.5)
_PLMN = "[0-9]{5,6}"
PLMN = Meta("", "MCC and MNC, 5 or 6 digits, leading zeros kept", source="TS 23.003 2.2", example="51010", pattern=_PLMN)
SCS = numeric("kHz", "subcarrier spacing", 15, 960, "TS 38.211 4.2", 30)
HOME_PLMN = Meta(
    "", "home network of the SIM: first 5 or 6 digits of the IMSI", source="TS 23.003 2.2", example="51010", pattern=_PLMN
)
LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,100}"
"""Pattern of a name that others gave: one line, nothing that moves a cursor."""
REJECT = numeric("", "cause by which the network refused", 0, 255, "TS 24.008 10.5.3.6; TS 24.301 9.9.3.9", 11)
RSRP_BRANCH = numeric("dBm", "RSRP of one receive branch", -157, -30, "TS 36.214 5.1.1", -97.0)
VERSION = Meta("", "version of the agent", source="PEP 440", example="0.1.0", pattern="[0-9A-Za-z.+!_-]{1,60}")
RTC = Meta("", "clock chip, as the device tree names it", example="ds3231", pattern="[0-9A-Za-z._-]{1,40}")
CARD_LIFE = numeric("%", "share of its life that an eMMC has used, upper end", 10, 110, "JESD84-B51 7.4.44", 20)
EARLIER = numeric("", "samples waiting or refused that an earlier installation numbered", 0, 2**53, "", 3)
TARGET = Meta("", "host or URL asked", example="1.1.1.1", pattern=r"[^\x00-\x20\x7f-\xa0]{1,300}")
BANDS = Meta("", "E-UTRA bands it supports, separated by commas", example="1,3,5,8,40", pattern="[0-9]{1,4}(,[0-9]{1,4})*")
