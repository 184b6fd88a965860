"""Configuration of the agent: one strict model per section of `agent.toml`, and errors that a person in a hall can act on.

Validation touches no network, no serial port and no file except the TOML itself. Secrets live in files of their own, never here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from ground import toml
from ground.broker import BrokerSettings
from ground.errors import ConfigError
from ground.paths import STATE
from telemetry.topics import is_site_id

MB = 1_000_000
EXAMPLE = "agent.example.toml"


def _site(value: str) -> str:
    if not is_site_id(value):
        raise ValueError("must be a village code without dots (6408012001) or 1..32 of a-z 0-9 -")
    return value


def _port(value: str) -> str:
    if not value.startswith(("/", "socket://", "http://")):
        raise ValueError(
            "must be a full path (/dev/serial/by-id/...; `sinyal-agent detect` prints it), socket://host:port, "
            "or http://192.168.8.1/ for a HiLink stick"
        )
    if "@" in value and value.startswith("http://"):
        raise ValueError("must not hold a password; switch the password off in the web page of the stick")
    return value


def _family(value: str | None) -> str | None:
    from agent.modems.registry import FAMILIES  # noqa: PLC0415 - status and export do without the families

    names = [family.name for family in FAMILIES]
    if value is not None and value not in names:
        raise ValueError(f"must be one of {', '.join(names)}; leave it out to have it found from the modem's answers")
    return value


def _modem(value: str) -> str:
    if not is_site_id(value):
        raise ValueError("must be 1..32 of a-z 0-9 -")
    return value


def _cuts(value: tuple[float, ...]) -> tuple[float, ...]:
    if list(value) != sorted(set(value)) or any(not -157 <= cut <= -30 for cut in value):
        raise ValueError("must rise from left to right within -157..-30, as [-115, -105, -95]")
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}", value):
        raise ValueError("must be a host name or address, as 1.1.1.1 or example.go.id")
    return value


def _url(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]_-]+(/[!-~]*)?", value):
        raise ValueError("must be an address such as https://example.go.id/file, without user and password")
    return value


Host = Annotated[str, AfterValidator(_host)]


class Section(toml.Section):
    """What every section of `agent.toml` shares: types as they are written."""

    model_config = ConfigDict(strict=True)


class AgentSection(Section):
    """[agent]: who this hall is and where its data lives."""

    site: Annotated[str, AfterValidator(_site)]
    """Village code of Kemendagri without dots, or a short name."""
    data_dir: Path = STATE
    """Folder of the spool, the floor of the numbers and the status file; must survive a reboot."""
    spool: Path | None = None
    """Spool file; absent: `spool.db` in data_dir."""

    @property
    def spool_path(self) -> Path:
        """Return the path of the spool file."""
        return self.spool or self.data_dir / "spool.db"

    @property
    def status_path(self) -> Path:
        """Return the path of the file that `run` writes for `status`."""
        return self.data_dir / "status.json"


class BrokerSection(BrokerSettings, Section):
    """[broker]: where readings go."""

    keepalive_s: Annotated[int, Field(ge=10, le=3600)] = 900
    """Longest silence on the line, s. Long saves SIM bytes; a NAT that forgets sooner needs less."""


class SamplingSection(Section):
    """[sampling]: how often things are measured and sent. Times in seconds, levels in dBm."""

    interval_s: Annotated[float, Field(ge=1, le=3600)] = 30
    device_interval_s: Annotated[float, Field(ge=1, le=86400)] = 300
    frame_interval_s: Annotated[float, Field(ge=0.1, le=86400)] = 300
    rsrp_cuts_dbm: Annotated[tuple[float, ...], AfterValidator(_cuts)] = (-110, -100, -90, -80)
    """Borders between classes of RSRP, rising, as in the server's classes.toml; a change of class is sent at once."""
    rsrp_hysteresis_db: Annotated[float, Field(ge=0, le=20)] = 3
    """How far past a border a reading must be before it counts as another class."""


class BudgetSection(Section):
    """[budget]: what the SIM may spend on the broker connection."""

    bytes_month: Annotated[int, Field(ge=100_000)] = 6_000_000
    """IP bytes both ways per UTC month for each modem. Over it, publishing slows; measuring never does."""


class ProbeSection(Section):
    """[probe]: active measurements through each modem that has an `interface`. Without targets nothing is sent."""

    interval_s: Annotated[float, Field(ge=60, le=86400)] = 900
    """Time between two rounds of ping and DNS of a modem, spread by a fifth so that 141 halls do not ask at once."""
    ping_hosts: Annotated[tuple[Host, ...], Field(max_length=4)] = ()
    ping_count: Annotated[int, Field(ge=2, le=20)] = 5
    dns_server: Host | None = None
    dns_names: Annotated[tuple[Host, ...], Field(max_length=4)] = ()
    download_url: Annotated[str | None, AfterValidator(_url)] = None
    """Never set from the server: a request can do things in the web page of a stick."""
    download_interval_s: Annotated[float, Field(ge=600, le=604_800)] = 21_600
    download_max_bytes: Annotated[int, Field(ge=10_000, le=20_000_000)] = 500_000
    """A download ends when its interface has moved this; with 500 kB every 6 h it costs 60 MB per month."""

    @model_validator(mode="after")
    def _resolver(self) -> Self:
        if self.dns_names and self.dns_server is None:
            raise ValueError("dns_names needs dns_server beside it: the address of the resolver to ask, as 1.1.1.1")
        return self

    @property
    def active(self) -> bool:
        """Return whether there is anything to do."""
        return bool(self.ping_hosts or self.dns_names or self.download_url)


class SpoolSection(Section):
    """[spool]: bounds of the backlog on the card."""

    max_rows: Annotated[int, Field(ge=100)] = 2_000_000
    max_mb: Annotated[int, Field(ge=1)] = 500
    min_free_mb: Annotated[int, Field(ge=0)] = 100
    """Free space that is left to the system; below it the backlog is thinned."""


class ScanSection(Section):
    """[scan]: looking for all operators. A scan takes one to three minutes; the modem that carries the connection never scans."""

    per_day: Annotated[int, Field(ge=0, le=24)] = 4
    """At most so many a day for each modem, evenly apart; 0: never."""
    quiet_hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=0, le=23)]] = (1, 4)
    """From and to, WITA: once a night between them."""
    no_service_s: Annotated[float, Field(ge=1, le=604_800)] = 3600
    """After so long without service a scan says who else is there."""


class PositionSection(Section):
    """[position]: where the hall is, by the GNSS receiver of a modem that has one."""

    every_days: Annotated[int, Field(ge=0, le=366)] = 30
    """Time between two positions; 0: never."""
    fixes: Annotated[int, Field(ge=1, le=10_000)] = 60
    """So many fixes are averaged, one a poll; then the receiver is switched off."""


class MainsSection(Section):
    """[mains]: what tells mains and battery of this hall. Without the section nobody measures them, and they are absent."""

    gpio_chip: Path = Path("/dev/gpiochip0")
    gpio_line: Annotated[int | None, Field(ge=0, le=1000)] = None
    """Line that tells whether the mains are present."""
    gpio_high_is_mains: bool = True
    ups: Literal["ina219", "max17040", "pisugar3"] | None = None
    """Chip of the UPS board; its name and address stand in the board's manual."""
    i2c_bus: Path = Path("/dev/i2c-1")
    i2c_address: Annotated[int | None, Field(ge=0x08, le=0x77)] = None
    """Address of the chip; absent: 0x42 of an ina219, 0x36 of a max17040, 0x57 of a pisugar3."""
    power_supply: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_.:-]{1,60}$")] = None
    """Name below /sys/class/power_supply, of a UPS that the kernel has a driver for."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.gpio_line is None and self.ups is None and self.power_supply is None:
            raise ValueError("needs gpio_line, ups or power_supply; without a sensor leave [mains] out")
        return self


class RecoverySection(Section):
    """[modem.recovery]: how often per hour each step of recovery may be taken."""

    reopen_per_hour: Annotated[int, Field(ge=0, le=60)] = 12
    at_reset_per_hour: Annotated[int, Field(ge=0, le=12)] = 2
    usb_reset_per_hour: Annotated[int, Field(ge=0, le=12)] = 1
    deaf_after_s: Annotated[float, Field(ge=1, le=604_800)] = 3600
    """A modem that answers, searches, and hears no cell for so long has a deaf radio, or there is nobody."""
    deaf_settle_s: Annotated[float, Field(ge=1, le=86_400)] = 600
    """How long the radio may search after each of the two steps: off and on, reset."""
    deaf_per_day: Annotated[int, Field(ge=0, le=24)] = 1
    """How often a day the two steps are taken; 0: never."""


class ModemSection(Section):
    """[[modem]]: one modem, read in parallel with the others."""

    name: Annotated[str, AfterValidator(_modem)]
    port: Annotated[str, AfterValidator(_port)]
    """Path of the AT port, by-id for choice (/dev/serial/by-id/...), socket://host:port, or http:// of a HiLink stick."""
    family: Annotated[str | None, AfterValidator(_family)] = None
    """Name of the family; absent: found from the modem's own answers."""
    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 115200
    command_timeout_s: Annotated[float | None, Field(ge=0.1, le=180)] = None
    """Longest wait for one answer; absent: what the family says of each command."""
    poll_timeout_s: Annotated[float, Field(ge=1, le=600)] = 25
    """Longest one poll may take before the modem counts as silent."""
    interface: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_.-]{1,15}$")] = None
    """Network interface of this modem (wwan0, usb0): its bytes are counted and probes go through it. Absent: neither."""
    sim_bytes_month: Annotated[int | None, Field(ge=1_000_000)] = None
    """All that this SIM may move in a UTC month, by the kernel's counters of `interface`. Probes stop at four fifths of it."""
    recovery: RecoverySection = RecoverySection()


class Config(Section):
    """The whole of `agent.toml`."""

    agent: AgentSection
    broker: BrokerSection
    sampling: SamplingSection = SamplingSection()
    budget: BudgetSection = BudgetSection()
    probe: ProbeSection = ProbeSection()
    spool: SpoolSection = SpoolSection()
    scan: ScanSection = ScanSection()
    position: PositionSection = PositionSection()
    mains: MainsSection | None = None
    modem: tuple[ModemSection, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for what in ("name", "port", "interface"):
            values = [value for m in self.modem if (value := getattr(m, what)) is not None]
            twice = sorted({v for v in values if values.count(v) > 1})
            if twice:
                raise ValueError(f"two [[modem]] sections have the {what} {twice[0]!r}; give each its own")
        return self

    @model_validator(mode="after")
    def _interfaces(self) -> Self:
        if self.probe.active and not any(m.interface for m in self.modem):
            raise ValueError('probe has targets but no [[modem]] has an interface; add `interface = "wwan0"` (see `ip link`)')
        for m in self.modem:
            if m.sim_bytes_month is not None and m.interface is None:
                raise ValueError(f"sim_bytes_month of modem {m.name!r} needs interface beside it, whose bytes are counted")
        return self

    @property
    def budget_month(self) -> int:
        """Return the bytes of all modems' plans together: the line may use any of them."""
        return self.budget.bytes_month * max(1, len(self.modem))

    def overlaid(self, settings: Mapping[str, Mapping[str, Any]]) -> Config:
        """Lay settings over a hall's file, judged as strictly as the file is. Raises ConfigError, one line for each fault."""
        data = self.model_dump(mode="json", exclude_unset=True)
        for section, values in settings.items():
            data[section] = {**data.get(section, {}), **values}
        try:
            return Config.model_validate_json(json.dumps(data))
        except ValidationError as error:
            raise ConfigError("; ".join(toml.faults(error, Config, data, EXAMPLE))) from None


def load(path: Path) -> Config:
    """Read and check a config file. Raises ConfigError whose text has one line for each fault."""
    return toml.load(Config, path, EXAMPLE)
