"""The streams of contract v1 and their fields: the one place that fixes name, type, unit and range.

Everything else derives from these dataclasses: CONTRACT.md, the checks of the collector, the field types in the store,
what a hall may publish (config/mosquitto.acl), which stream waits for a slow round, what Grafana counts. `STREAMS` is their list.
An attribute that is None was not given by the modem; it is left out on the wire and in the store, never 0.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated

from telemetry.meaning import Rat, Registration, SimState
from telemetry.ranges import (
    ARFCN,
    BAND,
    BANDS,
    BW_DL,
    BW_UL,
    CARD_LIFE,
    CELL_ID,
    COUNT,
    CQI,
    EARFCN,
    EARLIER,
    ECIO,
    HOME_PLMN,
    LINE,
    NRARFCN,
    PCI,
    PLMN,
    RATIO,
    REJECT,
    RSCP,
    RSRP,
    RSRP_BRANCH,
    RSRQ,
    RSSI,
    RTC,
    SCS,
    SINR,
    TA,
    TAC,
    TARGET,
    TEMP,
    TX,
    UARFCN,
    VERSION,
    Meta,
    numeric,
)
from telemetry.vocabulary import BandsSource, Clock, ClockState, PreEol, ProbeKind, Proof, Role, ScanStatus

__all__ = [
    "BandsSource",
    "Clock",
    "ClockState",
    "PreEol",
    "ProbeKind",
    "Proof",
    "Rat",
    "Registration",
    "Role",
    "ScanStatus",
    "SimState",
]


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
    home_plmn: Annotated[str | None, HOME_PLMN] = None
    sim: Annotated[SimState | None, Meta("", "state of the SIM", source="TS 27.007 8.3")] = None
    reject_cause: Annotated[int | None, REJECT] = None
    rsrp_0_dbm: Annotated[float | None, RSRP_BRANCH] = None
    rsrp_1_dbm: Annotated[float | None, RSRP_BRANCH] = None
    rsrp_2_dbm: Annotated[float | None, RSRP_BRANCH] = None
    rsrp_3_dbm: Annotated[float | None, RSRP_BRANCH] = None


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
    target: Annotated[str | None, TARGET] = None
    rtt_ms: Annotated[float | None, numeric("ms", "round trip time, median", 0, 600000, "", 61.0)] = None
    jitter_ms: Annotated[float | None, numeric("ms", "mean step between round trips", 0, 600000, "RFC 3550 6.4.1", 4.0)] = None
    loss_percent: Annotated[float | None, RATIO] = None
    dns_ms: Annotated[float | None, numeric("ms", "time of one name look-up", 0, 600000, "", 38.0)] = None
    download_kbps: Annotated[float | None, numeric("kbit/s", "payload rate", 0, 100_000_000, "", 8400.0)] = None
    bytes_used: Annotated[int | None, COUNT] = None
    download_capped: Annotated[bool | None, Meta("", "the cap ended the download: the line gives at least `download_kbps`")] = (
        None
    )
    error: Annotated[str | None, Meta("", "why it failed, in a few words", example="timeout")] = None


@dataclass(slots=True)
class Device:
    """Health of the Pi and its agent (stream `device`)."""

    uptime_s: Annotated[int | None, numeric("s", "time since boot", 0, 10_000_000_000, "", 86400)] = None
    cpu_temperature_c: Annotated[float | None, TEMP] = None
    undervoltage: Annotated[bool | None, Meta("", "supply below 4.63 V now or since boot (get_throttled bits 0, 16)")] = None
    mains: Annotated[bool | None, Meta("", "mains power present, where the hall has a sensor")] = None
    disk_free_mb: Annotated[float | None, numeric("MB", "free space where the spool is", 0, 1e12, "", 11800.0)] = None
    spool_depth: Annotated[int | None, numeric("", "samples not yet acknowledged", 0, 2**53, "", 10)] = None
    spool_age_s: Annotated[int | None, numeric("s", "age of the oldest of them", 0, 10_000_000_000, "", 300)] = None
    spool_earlier: Annotated[int | None, EARLIER] = None
    quarantined: Annotated[int | None, numeric("", "samples the collector refused for ever", 0, 2**53, "", 0)] = None
    thinned: Annotated[int | None, numeric("", "samples dropped on a full disk, since installation", 0, 2**53, "", 0)] = None
    clock_state: Annotated[ClockState | None, Meta("", "whether the clock is trusted, and by what")] = None
    bytes_month: Annotated[int | None, numeric("B", "IP bytes to and from the broker this month", 0, 2**53, "", 2_400_000)] = None
    budget_month: Annotated[int | None, numeric("B", "what the SIM may spend on it a month", 0, 2**53, "", 6_000_000)] = None
    agent_version: Annotated[str | None, VERSION] = None
    on_battery: Annotated[bool | None, Meta("", "a battery carries the hall now, where that is measured")] = None
    battery_v: Annotated[float | None, numeric("V", "voltage of that battery", 0.1, 60, "", 12.6)] = None
    battery_percent: Annotated[float | None, numeric("%", "charge of that battery, as its gauge says", 0, 100, "", 87.5)] = None
    rtc: Annotated[str | None, RTC] = None
    rtc_trusted: Annotated[bool | None, Meta("", "at the agent's start the clock chip told a time that can be believed")] = None
    rtc_battery_ok: Annotated[bool | None, Meta("", "its battery holds, where the chip tells", source="RTC_VL_READ")] = None
    rtc_battery_v: Annotated[float | None, numeric("V", "voltage of its battery, where the chip tells", 0.01, 10, "", 3.1)] = None
    card_written_mb: Annotated[float | None, numeric("MB", "written to the spool's card since boot", 0, 1e12, "", 210.5)] = None
    card_life_used_percent: Annotated[float | None, CARD_LIFE] = None
    card_pre_eol: Annotated[PreEol | None, Meta("", "reserved blocks of an eMMC", source="JESD84-B51 7.4.43")] = None
    fs_errors: Annotated[int | None, numeric("", "faults of the spool's file system that ext4 counts", 0, 2**53, "", 0)] = None


@dataclass(slots=True)
class Event:
    """Something that happened (stream `event`). `kind` is a short fixed word, `detail` a sentence for a person."""

    kind: Annotated[
        str | None,
        Meta("", "boot, modem_reset, cell_change, clock_step, spool_thinned …", example="boot", pattern="[a-z][a-z0-9_]{0,59}"),
    ] = None
    detail: Annotated[str | None, Meta("", "what happened, at most 200 characters", example="boot after power cut")] = None
    count: Annotated[int | None, COUNT] = None


@dataclass(slots=True)
class Scan:
    """One operator or cell found by a scan of all PLMNs (stream `scan`). A scan that found nothing is one row with `found` 0."""

    plmn: Annotated[str | None, PLMN] = None
    rat: Annotated[Rat | None, Meta("", "technology of what was found", source="TS 27.007 7.3")] = None
    status: Annotated[ScanStatus | None, Meta("", "what the operator is to the SIM", source="TS 27.007 7.3")] = None
    earfcn: Annotated[int | None, EARFCN] = None
    nrarfcn: Annotated[int | None, NRARFCN] = None
    uarfcn: Annotated[int | None, UARFCN] = None
    arfcn: Annotated[int | None, ARFCN] = None
    band: Annotated[int | None, BAND] = None
    pci: Annotated[int | None, PCI] = None
    tac: Annotated[int | None, TAC] = None
    cell_id: Annotated[int | None, CELL_ID] = None
    rsrp_dbm: Annotated[float | None, RSRP] = None
    rsrq_db: Annotated[float | None, RSRQ] = None
    rssi_dbm: Annotated[float | None, RSSI] = None
    found: Annotated[int | None, numeric("", "rows of this scan, the same in each; 0: nothing found", 0, 10000, "", 3)] = None
    complete: Annotated[bool | None, Meta("", "the scan came to its end: what is not in it was not there")] = None
    method: Annotated[str | None, Meta("", "command that scanned", example="AT+COPS=?", pattern=LINE)] = None


@dataclass(slots=True)
class Instrument:
    """What the modem is and whether it is known to hear (stream `instrument`): at its start and when it changes."""

    model: Annotated[
        str | None, Meta("", "model as the modem names itself", source="TS 27.007 5.2", example="EC25", pattern=LINE)
    ] = None
    revision: Annotated[str | None, Meta("", "firmware", source="TS 27.007 5.3", example="EC25EFAR06A06M4G", pattern=LINE)] = None
    bands: Annotated[str | None, BANDS] = None
    bands_source: Annotated[BandsSource | None, Meta("", "where the bands are from")] = None
    proven: Annotated[Proof | None, Meta("", "strongest reason to believe that it hears; absent: none yet")] = None


@dataclass(slots=True)
class Position:
    """Where the hall is, from the modem's GNSS, averaged (stream `position`)."""

    lat_deg: Annotated[float | None, numeric("°", "latitude, WGS 84", -90, 90, "", 0.5345)] = None
    lon_deg: Annotated[float | None, numeric("°", "longitude, WGS 84", -180, 180, "", 117.2167)] = None
    accuracy_m: Annotated[float | None, numeric("m", "radius that holds 68 % of the fixes", 0, 100_000, "", 6.5)] = None
    fixes: Annotated[int | None, numeric("", "fixes averaged", 1, 1_000_000, "", 60)] = None


Row = Signal | Cell | Probe | Device | Event | Scan | Instrument | Position
STREAMS: dict[str, type[Row]] = {
    "signal": Signal,
    "cell": Cell,
    "probe": Probe,
    "device": Device,
    "event": Event,
    "scan": Scan,
    "instrument": Instrument,
    "position": Position,
}
LIVE_STREAMS = frozenset({"signal"})
"""Streams that people watch live; all others, also those still to come, go with slower rounds."""


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
    """Return the fields of a stream by name, in the order of the contract. Raises KeyError for an unknown stream."""
    return {name: _field(name, hint) for name, hint in typing.get_type_hints(STREAMS[stream], include_extras=True).items()}


def plausible(field: Field, value: float | str) -> bool:
    """Return whether a number lies in the plausible range of its field (both ends included), a text has its form."""
    if isinstance(value, str):
        return value in field.choices if field.choices else re.fullmatch(field.meta.pattern or ".*", value, re.DOTALL) is not None
    low, high = field.meta.low, field.meta.high
    return (low is None or value >= low) and (high is None or value <= high)


def present(row: Row) -> dict[str, bool | int | float | str]:
    """Return the values of a row that are there, by contract name; absent ones are left out."""
    return {f.name: v for f in dataclasses.fields(row) if (v := getattr(row, f.name)) is not None}
