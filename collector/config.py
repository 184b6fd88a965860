"""Configuration of the collector: one strict model per section of `collector.toml`; errors name file, key and cure.

Loading touches no network. Secrets are never in this file: they come from files of their own or from the environment.
Relative paths count from the folder of the config file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails

from collector import toml
from collector.errors import ConfigError

MIB = 1 << 20


def _below_config(path: Path, info: ValidationInfo) -> Path:
    return Path(info.context or ".") / path


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or len(text.split("://")[1]) == 0:
        raise ValueError("must be an address such as http://127.0.0.1:8086")
    return text


FilePath = Annotated[Path, AfterValidator(_below_config)]
Url = Annotated[str, AfterValidator(_url)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Section(BaseModel):
    """What every section shares: unknown keys are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class BrokerSection(Section):
    """[broker]: where frames come from. Plain MQTT only by the explicit `tls = false`."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = True
    ca: FilePath | None = None
    cert: FilePath | None = None
    key: FilePath | None = None
    username: str | None = None
    password_file: FilePath | None = None
    group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")] = "sinyal"
    """Name of the shared subscription: collectors with the same name share the work. Empty: each collector gets everything."""
    client_id: Annotated[str, Field(max_length=64)] = ""
    """Empty: one is drawn by chance. Two collectors must not have the same."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.tls and (self.ca or self.cert or self.key):
            raise ValueError("ca, cert and key have no use with tls = false; delete them or set tls = true")
        if bool(self.cert) != bool(self.key):
            raise ValueError("cert and key belong together; set both or none")
        if self.password_file and not self.username:
            raise ValueError("password_file needs username beside it")
        return self


class SqliteSection(Section):
    """[store] engine = "sqlite": one file."""

    engine: Literal["sqlite"]
    path: FilePath


class Influx1Section(Section):
    """[store] engine = "influx1": InfluxDB 1.x."""

    engine: Literal["influx1"]
    url: Url = "http://127.0.0.1:8086"
    database: Name = "sinyal"
    username: str | None = None
    password_file: FilePath | None = None
    retention_days: Annotated[int, Field(ge=0, le=36500)] = 0
    """Used when the collector makes the database; 0 keeps everything."""


class Influx2Section(Section):
    """[store] engine = "influx2": InfluxDB 2.x, 3.x, VictoriaMetrics."""

    engine: Literal["influx2"]
    url: Url = "http://127.0.0.1:8086"
    org: Annotated[str, Field(min_length=1)]
    bucket: Annotated[str, Field(min_length=1)]
    token_file: FilePath | None = None


StoreSection = SqliteSection | Influx1Section | Influx2Section


class IngestSection(Section):
    """[ingest]: how the line works. Times in seconds."""

    batch_frames: Annotated[int, Field(ge=1, le=10_000)] = 50
    linger_ms: Annotated[int, Field(ge=0, le=5000)] = 10
    """How long a batch waits for more frames."""
    inbox_mib: Annotated[int, Field(ge=1, le=4096)] = 64
    """Memory for frames that wait for the store; beyond it the oldest are forgotten and come again."""
    late_after_s: Annotated[int, Field(ge=1)] = 900
    report_every_s: Annotated[int, Field(ge=1, le=3600)] = 60


class SitesSection(Section):
    """[sites]: the register of halls."""

    file: FilePath = Path("sites.csv")


class ClassesSection(Section):
    """[classes]: thresholds of the signal classes."""

    file: FilePath = Path("classes.toml")


class RejectedSection(Section):
    """[rejected]: where payloads go that can never be stored."""

    folder: FilePath = Path("rejected")
    max_files: Annotated[int, Field(ge=1, le=100_000)] = 1000
    max_mib: Annotated[int, Field(ge=1, le=10_000)] = 50


class CaSection(Section):
    """[ca]: the certificate authority; `ca init`, `enroll` and `revoke` use it, `run` does not."""

    folder: FilePath = Path("pki")
    hall_port: Annotated[int, Field(ge=1, le=65535)] = 8883
    """Port of the broker's listener for the halls, on broker.host."""
    broker_reload: Annotated[str, Field(min_length=1)] = "systemctl reload mosquitto"
    """Command that makes the broker read crl.pem again (SIGHUP); run without a shell."""


class HttpSection(Section):
    """[http]: /metrics and /healthz."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464


class Config(Section):
    """The whole of `collector.toml`."""

    broker: BrokerSection
    store: Annotated[StoreSection, Field(discriminator="engine")]
    ingest: IngestSection = IngestSection()
    sites: SitesSection = Field(default_factory=dict, validate_default=True)
    classes: ClassesSection = Field(default_factory=dict, validate_default=True)
    rejected: RejectedSection = Field(default_factory=dict, validate_default=True)
    ca: CaSection = Field(default_factory=dict, validate_default=True)
    http: HttpSection = HttpSection()


def secret(path: Path | None, variable: str) -> str | None:
    """Read a secret from its file, or from the environment where no file is named. Raises ConfigError."""
    if path is None:
        return os.environ.get(variable)
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: secret cannot be read ({error}); make the file readable for this user") from None


def load(path: Path) -> Config:
    """Read and check a config file. Raises ConfigError whose text has one line for each fault."""
    data = toml.read(path, "collector.example.toml")
    try:
        return Config.model_validate(data, context=path.parent)
    except ValidationError as error:
        faults = (f"{path.name}: {_explain(fault, data)}" for fault in error.errors(include_url=False))
        raise ConfigError("\n".join(faults)) from None


ENGINES: dict[str, type[Section]] = {"sqlite": SqliteSection, "influx1": Influx1Section, "influx2": Influx2Section}
SECTIONS: dict[str, type[Section]] = {
    "broker": BrokerSection,
    "ingest": IngestSection,
    "sites": SitesSection,
    "classes": ClassesSection,
    "rejected": RejectedSection,
    "ca": CaSection,
    "http": HttpSection,
}


def _explain(fault: ErrorDetails, data: dict[str, Any]) -> str:
    place = [part for part in fault["loc"] if part not in ENGINES]
    key, kind = ".".join(str(part) for part in place), fault["type"]
    if kind == "missing":
        where = f"`{place[-1]} = ...` under [{place[0]}]" if len(place) > 1 else f"a section [{key}]"
        return f"{key}: missing; add {where}, as config/collector.example.toml shows"
    if kind.startswith("union_tag"):
        return f"store.engine: must be one of {', '.join(ENGINES)}{toml.got(data, ['store', 'engine'])}"
    if kind == "extra_forbidden":
        return f"{key}: unknown key; {toml.near(str(place[-1]), list(_known(place, data)))}"
    return f"{key}: {_reason(fault)}{toml.got(data, place)}"


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] in toml.TYPES:
        return f"must be {toml.TYPES[fault['type']]}"
    if fault["type"] == "string_pattern_mismatch":
        return "must be letters, digits, '_' and '-' only, and not too long"
    return toml.reason(fault["msg"])


def _known(place: list[int | str], data: dict[str, Any]) -> Iterator[str]:
    if len(place) == 1:
        return iter(Config.model_fields)
    section: type[Section] = ENGINES[data["store"]["engine"]] if place[0] == "store" else SECTIONS[str(place[0])]
    return iter(section.model_fields)
