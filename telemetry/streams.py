"""The five streams of contract v1 and their fields: the one place that fixes name, type, unit and range.

Everything else derives from these dataclasses: CONTRACT.md, the checks of the collector, the field types in the store.
An attribute that is None was not given by the modem; it is left out on the wire and in the store, never 0.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated


class Registration(StrEnum):
    """State of the modem towards a network. The last three are samples too: absence of service is data."""

    HOME = "home"
    ROAMING = "roaming"
    SEARCHING = "searching"
    DENIED = "denied"
    NOT_REGISTERED = "not_registered"
    NO_SIM = "no_sim"
    MODEM_SILENT = "modem_silent"


class Rat(StrEnum):
    """Radio access technology of the serving cell."""

    GSM = "gsm"
    WCDMA = "wcdma"
    LTE = "lte"
    LTE_M = "lte_m"
    NB_IOT = "nb_iot"
    NR_NSA = "nr_nsa"
    NR_SA = "nr_sa"


class Role(StrEnum):
    """What a cell of the `cell` stream is to the modem."""

    NEIGHBOUR = "neighbour"
    SCC = "scc"


class Clock(StrEnum):
    """How the time of a sample was found."""

    NTP = "ntp"
    NETWORK = "network"
    REBASED = "rebased"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class ProbeKind(StrEnum):
    """What a probe did."""

    PING = "ping"
    DNS = "dns"
    DOWNLOAD = "download"


class ClockState(StrEnum):
    """Whether the agent trusts its clock, and why."""

    NTP = "ntp"
    NETWORK = "network"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class Meta:
    """What the contract says of a field: unit, plausible range (both ends included), source of the range, meaning."""

    unit: str
    about: str
    low: float | None = None
    high: float | None = None
    source: str = ""
    example: object = None


def _f(unit: str, about: str, low: float, high: float, source: str, example: float) -> Meta:
    return Meta(unit, about, low, high, source, example)


RSRP = _f("dBm", "reference signal received power (NR: SS-RSRP)", -157, -30, "TS 36.133 9.1.4; TS 38.133 10.1.6", -97.0)
RSRQ = _f("dB", "reference signal received quality (NR: SS-RSRQ)", -43.5, 20, "TS 36.133 9.1.7; TS 38.133 10.1.11", -11.5)
SINR = _f("dB", "signal to interference and noise ratio (NR: SS-SINR)", -23.5, 40, "TS 38.133 10.1.16", 12.4)
RSSI = _f("dBm", "received wideband power (2G: RxLev)", -120, -20, "TS 27.007 8.5; TS 45.008 8.1.4", -67.0)
RSCP = _f("dBm", "received signal code power", -121, -24, "TS 25.133 9.1.1", -88.0)
ECIO = _f("dB", "energy per chip over total received power", -33, 0, "TS 25.133 9.1.2", -7.5)
PCI = _f("", "physical cell identity (3G: primary scrambling code)", 0, 1007, "TS 36.211 6.11; TS 38.211 7.4.2", 211)
EARFCN = _f("", "downlink channel number, LTE", 0, 262143, "TS 36.101 5.7.3", 1850)
NRARFCN = _f("", "downlink channel number, NR", 0, 3279165, "TS 38.101 5.4.2", 627264)
UARFCN = _f("", "downlink channel number, 3G", 0, 16383, "TS 25.101 5.4", 10563)
ARFCN = _f("", "channel number, 2G", 0, 1023, "TS 45.005 2", 98)
BAND = _f("", "operating band as the modem names it", 1, 1024, "TS 36.101 5.5; TS 38.101 5.2", 3)
BW_DL = _f("MHz", "downlink bandwidth", 0.18, 2000, "TS 36.101 5.6; TS 38.101 5.3", 20.0)
BW_UL = _f("MHz", "uplink bandwidth", 0.18, 2000, "TS 36.101 5.6; TS 38.101 5.3", 20.0)
TX = _f("dBm", "transmit power", -60, 40, "TS 36.101 6.2", 16.0)
TEMP = _f("°C", "temperature", -40, 125, "vendor manual", 46.0)
TAC = _f("", "tracking area code (2G/3G: LAC); 16 bit, 24 bit in NR", 0, 16777215, "TS 23.003 19.4.2.3", 15049)
CELL_ID = _f("", "CI, ECI (28 bit) or NCI (36 bit) as a number", 0, 68719476735, "TS 23.003 19.6", 37975309)
CQI = _f("", "channel quality indicator", 0, 15, "TS 36.213 7.2.3", 11)
TA = _f("", "timing advance", 0, 3846, "TS 36.213 4.2.3", 3)
COUNT = _f("", "count", 0, 2**53, "", 0)
RATIO = _f("%", "share", 0, 100, "", 12.5)
PLMN = Meta("", "MCC and MNC, 5 or 6 digits, leading zeros kept", source="TS 23.003 2.2", example="51010")
SCS = _f("kHz", "subcarrier spacing", 15, 960, "TS 38.211 4.2", 30)


@dataclass(slots=True)
class Signal:
    """One reading of one modem's serving cell (stream `signal`). "No service", "no SIM", "modem silent" are readings."""

    registration: Annotated[Registration | None, Meta("", "state towards the network", source="TS 27.007 7.2")] = None
    rat: Annotated[Rat | None, Meta("", "technology of the serving cell", source="TS 27.007 7.3")] = None
    plmn: Annotated[str | None, PLMN] = None
    tac: Annotated[int | None, TAC] = None
    cell_id: Annotated[int | None, CELL_ID] = None
    pci: Annotated[int | None, PCI] = None
    earfcn: Annotated[int | None, EARFCN] = None
    nrarfcn: Annotated[int | None, NRARFCN] = None
    uarfcn: Annotated[int | None, UARFCN] = None
    arfcn: Annotated[int | None, ARFCN] = None
    band: Annotated[int | None, BAND] = None
    bandwidth_dl_mhz: Annotated[float | None, BW_DL] = None
    bandwidth_ul_mhz: Annotated[float | None, BW_UL] = None
    rsrp_dbm: Annotated[float | None, RSRP] = None
    rsrq_db: Annotated[float | None, RSRQ] = None
    rssi_dbm: Annotated[float | None, RSSI] = None
    sinr_db: Annotated[float | None, SINR] = None
    rscp_dbm: Annotated[float | None, RSCP] = None
    ecio_db: Annotated[float | None, ECIO] = None
    tx_power_dbm: Annotated[float | None, TX] = None
    cqi: Annotated[int | None, CQI] = None
    timing_advance: Annotated[int | None, TA] = None
    temperature_c: Annotated[float | None, TEMP] = None
    nr_pci: Annotated[int | None, PCI] = None
    nr_nrarfcn: Annotated[int | None, NRARFCN] = None
    nr_band: Annotated[int | None, BAND] = None
    nr_bandwidth_dl_mhz: Annotated[float | None, BW_DL] = None
    nr_bandwidth_ul_mhz: Annotated[float | None, BW_UL] = None
    nr_scs_khz: Annotated[int | None, SCS] = None
    nr_rsrp_dbm: Annotated[float | None, RSRP] = None
    nr_rsrq_db: Annotated[float | None, RSRQ] = None
    nr_rssi_dbm: Annotated[float | None, RSSI] = None
    nr_sinr_db: Annotated[float | None, SINR] = None
    nr_tx_power_dbm: Annotated[float | None, TX] = None


@dataclass(slots=True)
class Cell:
    """One other cell that the modem saw in the same poll (stream `cell`)."""

    role: Annotated[Role | None, Meta("", "neighbour or secondary carrier")] = None
    rat: Annotated[Rat | None, Meta("", "technology of that cell (NR cells: nr_sa, or nr_nsa beside an LTE anchor)")] = None
    pci: Annotated[int | None, PCI] = None
    earfcn: Annotated[int | None, EARFCN] = None
    nrarfcn: Annotated[int | None, NRARFCN] = None
    uarfcn: Annotated[int | None, UARFCN] = None
    arfcn: Annotated[int | None, ARFCN] = None
    band: Annotated[int | None, BAND] = None
    bandwidth_dl_mhz: Annotated[float | None, BW_DL] = None
    rsrp_dbm: Annotated[float | None, RSRP] = None
    rsrq_db: Annotated[float | None, RSRQ] = None
    rssi_dbm: Annotated[float | None, RSSI] = None
    sinr_db: Annotated[float | None, SINR] = None
    rscp_dbm: Annotated[float | None, RSCP] = None
    ecio_db: Annotated[float | None, ECIO] = None


@dataclass(slots=True)
class Probe:
    """One active measurement (stream `probe`)."""

    kind: Annotated[ProbeKind | None, Meta("", "what was done")] = None
    target: Annotated[str | None, Meta("", "host or URL asked", example="1.1.1.1")] = None
    rtt_ms: Annotated[float | None, _f("ms", "round trip time, median", 0, 600000, "", 61.0)] = None
    jitter_ms: Annotated[float | None, _f("ms", "mean step between round trips", 0, 600000, "RFC 3550 6.4.1", 4.0)] = None
    loss_percent: Annotated[float | None, RATIO] = None
    dns_ms: Annotated[float | None, _f("ms", "time of one name look-up", 0, 600000, "", 38.0)] = None
    download_kbps: Annotated[float | None, _f("kbit/s", "payload rate", 0, 100_000_000, "", 8400.0)] = None
    bytes_used: Annotated[int | None, COUNT] = None
    error: Annotated[str | None, Meta("", "why it failed, in a few words", example="timeout")] = None


@dataclass(slots=True)
class Device:
    """Health of the Pi and its agent (stream `device`)."""

    uptime_s: Annotated[int | None, _f("s", "time since boot", 0, 10_000_000_000, "", 86400)] = None
    cpu_temperature_c: Annotated[float | None, TEMP] = None
    undervoltage: Annotated[bool | None, Meta("", "supply below 4.63 V now or since boot (get_throttled bits 0, 16)")] = None
    mains: Annotated[bool | None, Meta("", "mains power present, where the hall has a sensor")] = None
    disk_free_mb: Annotated[float | None, _f("MB", "free space where the spool is", 0, 1e12, "", 11800.0)] = None
    spool_depth: Annotated[int | None, _f("", "samples not yet acknowledged", 0, 2**53, "", 10)] = None
    spool_age_s: Annotated[int | None, _f("s", "age of the oldest of them", 0, 10_000_000_000, "", 300)] = None
    quarantined: Annotated[int | None, _f("", "samples the collector refused for ever", 0, 2**53, "", 0)] = None
    thinned: Annotated[int | None, _f("", "samples dropped on a full disk, since installation", 0, 2**53, "", 0)] = None
    clock_state: Annotated[ClockState | None, Meta("", "whether the clock is trusted, and by what")] = None
    bytes_month: Annotated[int | None, _f("B", "IP bytes to and from the broker this month", 0, 2**53, "", 2_400_000)] = None
    budget_month: Annotated[int | None, _f("B", "what the SIM may spend on it a month", 0, 2**53, "", 6_000_000)] = None
    agent_version: Annotated[str | None, Meta("", "version of the agent", example="0.1.0")] = None


@dataclass(slots=True)
class Event:
    """Something that happened (stream `event`). `kind` is a short fixed word, `detail` a sentence for a person."""

    kind: Annotated[str | None, Meta("", "boot, modem_reset, cell_change, clock_step, spool_thinned …", example="boot")] = None
    detail: Annotated[str | None, Meta("", "what happened, at most 200 characters", example="boot after power cut")] = None
    count: Annotated[int | None, COUNT] = None


Row = Signal | Cell | Probe | Device | Event
STREAMS: dict[str, type[Signal] | type[Cell] | type[Probe] | type[Device] | type[Event]] = {
    "signal": Signal,
    "cell": Cell,
    "probe": Probe,
    "device": Device,
    "event": Event,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a stream as the contract fixes it. `type` is bool, int, float, or str; `choices` only for words."""

    name: str
    type: type[bool] | type[int] | type[float] | type[str]
    meta: Meta
    choices: tuple[str, ...] = ()


def _field(name: str, hint: object) -> Field:
    base, meta = typing.get_args(hint)[:2]
    kind = next(t for t in typing.get_args(base) if t is not types.NoneType)
    if issubclass(kind, StrEnum):
        return Field(name, str, meta, tuple(kind))
    return Field(name, kind, meta)


@cache
def fields(stream: str) -> dict[str, Field]:
    """Give the fields of a stream by name, in the order of the contract. Raises KeyError for an unknown stream."""
    return {name: _field(name, hint) for name, hint in typing.get_type_hints(STREAMS[stream], include_extras=True).items()}


def plausible(field: Field, value: float) -> bool:
    """Say whether a number lies in the plausible range of its field (both ends included)."""
    low, high = field.meta.low, field.meta.high
    return (low is None or value >= low) and (high is None or value <= high)


def present(row: Row) -> dict[str, bool | int | float | str]:
    """Give the values of a row that are there, by contract name; absent ones are left out."""
    return {f.name: v for f in dataclasses.fields(row) if (v := getattr(row, f.name)) is not None}
