"""Configuration of the agent: one strict model per section of `agent.toml`, and errors that a person in a hall can act on.

Validation touches no network, no serial port and no file except the TOML itself. Secrets live in files of their own, never here.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.errors import ConfigError
from telemetry.topics import is_site_id

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MB = 1_000_000


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


class Section(BaseModel):
    """What every section shares: unknown keys are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class AgentSection(Section):
    """[agent]: who this hall is and where its data lives."""

    site: Annotated[str, AfterValidator(_site)]
    """Village code of Kemendagri without dots, or a short name."""
    data_dir: Path = Path("/var/lib/sinyal")
    """Folder of the spool, the floor of the numbers and the status file; must survive a reboot."""
    spool: Path | None = None
    """Spool file; absent: `spool.db` in data_dir."""

    @property
    def spool_path(self) -> Path:
        """Give the path of the spool file."""
        return self.spool or self.data_dir / "spool.db"

    @property
    def status_path(self) -> Path:
        """Give the path of the file that `run` writes for `status`."""
        return self.data_dir / "status.json"


class BrokerSection(Section):
    """[broker]: where readings go. Plain MQTT only by the explicit `tls = false`."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = True
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    keepalive_s: Annotated[int, Field(ge=10, le=3600)] = 900
    """Longest silence on the line, s. Long saves SIM bytes; a NAT that forgets sooner needs less."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.tls and (self.ca or self.cert or self.key):
            raise ValueError("ca, cert and key have no use with tls = false; delete them or set tls = true")
        if bool(self.cert) != bool(self.key):
            raise ValueError("cert and key belong together; set both or none")
        if self.password_file and not self.username:
            raise ValueError("password_file needs username beside it")
        return self


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


class SpoolSection(Section):
    """[spool]: bounds of the backlog on the card."""

    max_rows: Annotated[int, Field(ge=100)] = 2_000_000
    max_mb: Annotated[int, Field(ge=1)] = 500
    min_free_mb: Annotated[int, Field(ge=0)] = 100
    """Free space that is left to the system; below it the backlog is thinned."""


class RecoverySection(Section):
    """[modem.recovery]: how often an hour the ladder may go as far as each step."""

    reopen_per_hour: Annotated[int, Field(ge=0, le=60)] = 12
    at_reset_per_hour: Annotated[int, Field(ge=0, le=12)] = 2
    usb_reset_per_hour: Annotated[int, Field(ge=0, le=12)] = 1


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
    recovery: RecoverySection = RecoverySection()


class Config(Section):
    """The whole of `agent.toml`."""

    agent: AgentSection
    broker: BrokerSection
    sampling: SamplingSection = SamplingSection()
    budget: BudgetSection = BudgetSection()
    spool: SpoolSection = SpoolSection()
    modem: tuple[ModemSection, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for what in ("name", "port"):
            values = [getattr(m, what) for m in self.modem]
            twice = sorted({v for v in values if values.count(v) > 1})
            if twice:
                raise ValueError(f"two [[modem]] sections have the {what} {twice[0]!r}; give each its own")
        return self

    @property
    def budget_month(self) -> int:
        """Give the bytes of all modems' plans together: the line may use any of them."""
        return self.budget.bytes_month * max(1, len(self.modem))


def load(path: Path) -> Config:
    """Read and check a config file. Raises ConfigError whose text has one line for each fault."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy config/agent.example.toml there and edit it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); make it a text file that this user may read") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: not TOML: {error}; a text value needs quotes, a section is [name]") from None
    try:
        return Config.model_validate_json(
            json.dumps(data, default=str)
        )  # as JSON: strict types, yet paths and lists as TOML has them
    except ValidationError as error:
        lines = (_explain(e, data) for e in error.errors(include_url=False))
        raise ConfigError("\n".join(f"{path.name}: {line}" for line in lines)) from None


BOUNDS = ("greater_than_equal", "less_than_equal")
TYPES = {
    "int_type": "a whole number without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number without quotes",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "tuple_type": "a list in [ ]",
    "model_type": "a section",
}
SECTIONS: dict[str, type[Section]] = {
    "agent": AgentSection,
    "broker": BrokerSection,
    "sampling": SamplingSection,
    "budget": BudgetSection,
    "spool": SpoolSection,
    "modem": ModemSection,
    "recovery": RecoverySection,
}


def _explain(error: ErrorDetails, data: Mapping[str, Any]) -> str:
    loc, kind = error["loc"], error["type"]
    key, got = _key(loc), _at(data, loc)
    if kind == "missing":
        return f"{key}: missing; {_hint(loc)}"
    if kind == "extra_forbidden":
        return f"{key}: unknown key; {_near(loc)}"
    if kind in BOUNDS:
        return f"{key}: must be {_range(loc)} (got {got!r})"
    if kind in TYPES:
        return f"{key}: must be {TYPES[kind]} (got {got!r})"
    text = "must not be empty" if kind == "string_too_short" else error["msg"].removeprefix("Value error, ")
    return f"{key}: {text}" if isinstance(got, Mapping) else f"{key}: {text} (got {got!r})"


def _key(loc: Sequence[int | str]) -> str:
    return "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".") or "file"


def _at(data: Any, loc: Sequence[int | str]) -> Any:
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _section(loc: Sequence[int | str]) -> type[Section]:
    names = [p for p in loc[:-1] if isinstance(p, str)]
    return SECTIONS.get(names[-1], Config) if names else Config


def _range(loc: Sequence[int | str]) -> str:
    limits: dict[str, float] = {}
    for item in _section(loc).model_fields[str(loc[-1])].metadata:
        limits |= {name: getattr(item, name) for name in ("ge", "le") if hasattr(item, name)}
    return f"{limits['ge']}..{limits['le']}" if "le" in limits else f"{limits['ge']} or more"


def _hint(loc: Sequence[int | str]) -> str:
    if len(loc) == 1:
        return f"add a section [{loc[0]}]; config/agent.example.toml shows every one"
    table = "[[modem]]" if loc[0] == "modem" else f"[{loc[0]}]"
    return f"add `{loc[-1]} = ...` under {table}"


def _near(loc: Sequence[int | str]) -> str:
    known = list(_section(loc).model_fields)
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known)}"
