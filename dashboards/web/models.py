"""What the JSON API gives; OpenAPI is made from these. A value that is not known is left out, never null, 0 or a guess."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from telemetry.meaning import Standing

Key = Annotated[str, Field(description="Key of a class of classes.toml, or of one of its states")]
Number = float | None
LICENCE = "CC-BY-4.0"
"""Of the open data: who uses them names the source (SPDX id)."""


class ModemNow(BaseModel):
    """One modem at a hall, judged by its samples of the last 15 minutes; where it is silent, by its last sample."""

    modem: str
    operator: str | None = Field(None, description="Operator group of its SIM; the last one known where it does not tell now")
    heard: str | None = Field(None, description="Whose cell it hears while it is not served: the operator group")
    state: Key
    last_known: Key | None = Field(None, description="Only where state is `silent`: what the last sample said")
    registration: str | None = None
    technology: str | None = Field(None, description="gsm, wcdma, lte, lte_m, nb_iot, nr_nsa, nr_sa")
    time: datetime = Field(description="Time of the newest sample, UTC")
    clock: str | None = Field(None, description="How that time was found: ntp, network, rebased, estimated, unknown")
    samples: int = Field(description="Samples in the last 15 minutes")
    rsrp_dbm: Number = Field(None, description="Median of the last 15 minutes; the last value where the modem is silent")
    rsrq_db: Number = None
    sinr_db: Number = None
    rssi_dbm: Number = None
    plmn: str | None = None
    band: int | None = None
    channel: int | None = Field(None, description="EARFCN, NR-ARFCN, UARFCN or ARFCN, as the technology has it")
    bandwidth_dl_mhz: Number = None
    nr_band: int | None = None
    nr_rsrp_dbm: Number = None


class HallNow(BaseModel):
    """A hall: its best modem gives the state. `not_measured` means that no sample ever came; it is never `no_service`."""

    code: str
    desa: str
    kecamatan: str
    kecamatan_id: str = Field(description="Stays when the name changes: the Kemendagri code, 6 digits")
    lat: float
    lon: float
    coordinate_source: Literal["centroid", "gnss", "office", "map"] = Field(
        description="centroid: middle of the village's polygon, can be 10 km from the hall"
    )
    accuracy_m: float | None = Field(
        None, description="Of a position that the modem measured: radius that holds 68 % of the fixes"
    )
    state: Key
    last_known: Key | None = None
    operator: str | None = Field(None, description="Operator of the modem that gave the state")
    rsrp_dbm: Number = None
    updated: datetime | None = Field(None, description="Newest sample of any modem, UTC; left out where nothing was measured")
    operators: list[str] = Field(description="Operators measured here, and those that the register names")
    modems: list[ModemNow]
    antenna: str | None = None
    booster: bool | None = Field(None, description="A repeater lifts the readings here")
    power: str | None = None
    population: int | None = None


class Point(BaseModel):
    """GeoJSON point, longitude before latitude, WGS84."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class Feature(BaseModel):
    """One hall as GeoJSON."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Point
    properties: HallNow


class Halls(BaseModel):
    """All halls as GeoJSON, with the moment of the snapshot."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    generated: datetime = Field(description="Moment of this snapshot, UTC")
    classes_version: str
    licence: str = LICENCE
    stale: bool = Field(False, description="The store cannot be read now: this is the last snapshot that could be made")
    counts: dict[str, int] = Field(description="Halls by state")
    features: list[Feature]


class DeviceNow(BaseModel):
    """Newest health sample of the measuring device."""

    time: datetime
    uptime_s: int | None = None
    cpu_temperature_c: Number = None
    undervoltage: bool | None = None
    mains: bool | None = None
    disk_free_mb: Number = None
    spool_depth: int | None = None
    spool_age_s: int | None = None
    quarantined: int | None = None
    clock_state: str | None = None
    bytes_month: int | None = None
    budget_month: int | None = None
    agent_version: str | None = None
    on_battery: bool | None = None
    battery_v: Number = None
    battery_percent: Number = None
    rtc: str | None = None
    rtc_trusted: bool | None = None
    rtc_battery_ok: bool | None = None
    card_life_used_percent: Number = None
    fs_errors: int | None = None


class EventItem(BaseModel):
    """Something that happened at the device."""

    time: datetime
    modem: str | None = None
    kind: str = Field(description="A word of the contract; its free text is not public")


class AlertItem(BaseModel):
    """One alert over its life, as its newest change left it."""

    key: str
    rule: str | None = None
    state: Literal["open", "acknowledged", "resolved"]
    severity: Literal["info", "warning", "critical"]
    since: datetime
    until: datetime | None = Field(None, description="When it was resolved")
    site: str | None = None
    kecamatan: str | None = None
    desa: str | None = None
    operator: str | None = None
    modem: str | None = None
    count: int | None = Field(None, description="Halls concerned, where it is more than one hall's")
    title_id: str
    title_en: str
    text_id: str = ""
    text_en: str = ""


class Alerts(BaseModel):
    """Alerts of a period, open ones first, then the newest."""

    generated: datetime
    days: int
    alerts: list[AlertItem]


class HallDetail(BaseModel):
    """A hall with its device, recent events and alerts."""

    generated: datetime
    classes_version: str
    hall: HallNow
    device: DeviceNow | None = None
    events: list[EventItem]
    alerts: list[AlertItem]


class Curve(BaseModel):
    """A value on the grid of its series; null where nothing was measured, so that gaps stay gaps."""

    median: list[float | None]
    low: list[float | None] = Field(description="10th percentile")
    high: list[float | None] = Field(description="90th percentile")


class ModemSeries(BaseModel):
    """One modem and operator over time."""

    modem: str
    operator: str | None = None
    service: list[str | None] = Field(description="What most samples of a step said: " + ", ".join(Standing))
    curves: dict[str, Curve] = Field(description="By rsrp_dbm, rsrq_db, sinr_db, rssi_dbm; a metric never measured is left out")


class Series(BaseModel):
    """Curves of a hall on one regular grid of time: step i begins at start + i x step_s."""

    site: str
    range: Literal["24h", "7d", "30d", "1y"]
    start: datetime
    step_s: int
    steps: int
    modems: list[ModemSeries]


class StoreFault(BaseModel):
    """What is wrong with the database: a fixed word, the database's own reason, and what to do."""

    fault: str
    reason: str
    cure: str


class Health(BaseModel):
    """Whether this page can work, and how fresh its data are."""

    status: Literal["ok", "store_unavailable"]
    store_faults: list[StoreFault] = Field([], description="What the page or the running collector finds wrong with the database")
    sites: int
    measured: int = Field(description="Halls that ever sent a sample")
    newest: datetime | None = Field(None, description="Newest sample of all halls, UTC")
    classes_version: str


class Totals(BaseModel):
    """What the halls of a kecamatan or of the whole register come to now; each hall counts once."""

    id: str = Field(description="Stays when the name changes")
    name: str
    halls: int
    kinds: dict[str, int] = Field(
        description="adequate, weak, older (2G or 3G only), no_service, served (level not told), not_seen (silent or faulty), "
        "not_measured"
    )
    states: dict[str, int] = Field(description="By class or state; one that no hall has is left out")
    updated: datetime | None = Field(None, description="Newest sample of any of them, UTC")


class Regency(BaseModel):
    """The totals of all halls, and of each kecamatan."""

    generated: datetime
    classes_version: str
    licence: str
    regency: Totals
    kecamatan: list[Totals]


class Period(BaseModel):
    """An hour or a day (of WITA) of one modem and operator; what was not measured is left out."""

    start: datetime
    modem: str
    operator: str | None = None
    samples: int
    served: int
    lte: int = Field(description="Of the served: on 4G or newer")
    no_service: int
    availability_percent: Number = Field(None, description="Of the samples that could have service, those that had it")
    rsrp_median_dbm: Number = None
    rsrp_p10_dbm: Number = None
    rsrp_p90_dbm: Number = None
    sinr_median_db: Number = None


class History(BaseModel):
    """The past of one hall."""

    site: str
    licence: str
    step: Literal["hour", "day"]
    start: datetime
    end: datetime
    periods: list[Period]
