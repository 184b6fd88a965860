"""Configuration of the collector: one strict model per section of `collector.toml`; errors name file, key and cure.

Loading touches no network. Secrets are never in this file: they come from files of their own or from the environment.
Relative paths count from the folder of the config file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, model_validator

from ground import toml
from ground.broker import BrokerSettings
from ground.edited import clean_secret, read_secret

MIB = 1 << 20
EXAMPLE = "collector.example.toml"
GROUP_CURE = (
    "delete the line where one collector runs; for several: `openssl rand -hex 32` into one file, the same beside each "
    "collector.toml, readable for the user sinyal alone, and group_file names it"
)


def _below_config(path: Path, info: ValidationInfo) -> Path:
    return Path(info.context or ".") / path


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or len(text.split("://")[1]) == 0:
        raise ValueError("must be an address such as http://127.0.0.1:8086")
    return text


FilePath = Annotated[Path, AfterValidator(_below_config)]
Url = Annotated[str, AfterValidator(_url)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Section(toml.Section):
    """What every section of the server's files shares: paths count from the folder of the file, also those of the defaults."""

    model_config = ConfigDict(validate_default=True)


class BrokerSection(BrokerSettings, Section):
    """[broker]: where frames come from."""

    ca: FilePath | None = None
    cert: FilePath | None = None
    key: FilePath | None = None
    password_file: FilePath | None = None
    group_file: FilePath | None = None
    """Holds the secret name of the shared subscription of several collectors. None: this one gets everything."""
    client_id: Annotated[str, Field(max_length=64)] = ""
    """Empty: one is drawn by chance. Two collectors must not have the same."""

    others: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+(:[0-9]{1,5})?$")], ...] = ()
    """The other brokers of a pool, as "10.0.0.2:8884": settings, renewals and revocations go to each (docs/scale.md)."""

    @property
    def pool(self) -> list[Self]:
        """Return this broker and the others, each by itself."""
        parts = [(host, int(port or self.port)) for host, _, port in (other.partition(":") for other in self.others)]
        places = [(self.host, self.port), *parts]
        return [self.model_copy(update={"host": host, "port": port, "others": ()}) for host, port in places]

    @model_validator(mode="before")
    @classmethod
    def _no_open_group(cls, given: Any) -> Any:
        """Refuse the name of a group as it was written here before: whoever knows it takes its messages away."""
        if not isinstance(given, dict) or "group" not in given:
            return given
        if given["group"]:
            raise ValueError("group is no key any more, for a name that can be guessed lets a hall take readings; " + GROUP_CURE)
        return {key: value for key, value in given.items() if key != "group"}


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
    """[store] engine = "influx2": InfluxDB 2.x, 3.x."""

    engine: Literal["influx2"]
    url: Url = "http://127.0.0.1:8086"
    org: Annotated[str, Field(min_length=1)]
    bucket: Annotated[str, Field(min_length=1)]
    token_file: FilePath | None = None


class ClickHouseSection(Section):
    """[store] engine = "clickhouse": one ClickHouse, or replicas of one store."""

    engine: Literal["clickhouse"]
    urls: Annotated[tuple[Url, ...], Field(min_length=1, max_length=16)] = ("http://127.0.0.1:8123",)
    """Each holds everything; one is asked, the next where it does not answer."""
    database: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")] = "sinyal"
    username: str | None = None
    password_file: FilePath | None = None
    quorum: Annotated[int, Field(ge=0, le=16)] = 0
    """How many replicas have a reading before it is answered; 0: the server stands alone, tables are not replicated."""
    retention_days: Annotated[int, Field(ge=0, le=36500)] = 0
    """What is older is dropped, week by week, without the rollups; 0 keeps everything."""

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.quorum == 1 or (self.quorum == 0) != (len(self.urls) == 1) or self.quorum > len(self.urls):
            raise ValueError("quorum is 0 with one address in urls, and at least 2 and at most their number with several")
        return self


StoreSection = SqliteSection | Influx1Section | Influx2Section | ClickHouseSection


class IngestSection(Section):
    """[ingest]: how the line works. Times in seconds."""

    batch_frames: Annotated[int, Field(ge=1, le=10_000)] = 500
    """At most in one batch; when it is quiet a batch is what there is."""
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


class FederationSection(Section):
    """[federation]: what goes up to a province or ministry, and what comes from regencies (docs/scale.md)."""

    regency: Annotated[str, Field(pattern=r"^([0-9]{4})?$")] = ""
    """The first 4 digits of the villages' codes; empty: this server is no regency of its own, and has no halls."""
    above: Url | None = None
    """Address of the node above, as https://sinyal.example.go.id/federation. None: nothing goes up."""
    ca: FilePath | None = None
    """Authority that signed its certificate; None: those that this machine trusts."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9465
    """Where `federate receive` listens; TLS is nginx's."""
    hours: bool = False
    """Whether the hourly rollups of regencies go into the store too; they stay in their letters."""


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
    federation: FederationSection = Field(default_factory=dict, validate_default=True)


def secret(path: Path | None, variable: str) -> str | None:
    """Return a secret from its file, or from the environment where no file is named. Raises ConfigError."""
    if path is not None:
        return read_secret(path)
    given = os.environ.get(variable)
    return clean_secret(given, variable) if given else None


def load(path: Path) -> Config:
    """Read and check a config file. Raises ConfigError whose text has one line for each fault."""
    return toml.load(Config, path, EXAMPLE)
