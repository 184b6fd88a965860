"""The delivery half of `alerts.toml`: [destination.*], [route.*], [quiet], [digest], [heartbeat]; errors name file, key and cure.

An address of apprise holds passwords and tokens, so it comes from a file of its own or from the environment. Written
in the config it is taken only where it can hold no secret: a webhook or a mail server without a password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic.config import JsonDict

from collector.config import FilePath, Section
from collector.errors import ConfigError
from collector.notify.outbox import ROLES, Severity
from collector.notify.outbox import Role as RoleName
from ground import toml
from ground.edited import clean_secret, read_secret, same
from ground.words import Lang

Audience = Literal["desa", "camat", "teknisi", "pimpinan"]
CONCERNS: dict[Audience, tuple[str, ...]] = {
    "desa": ("village",),
    "camat": ("village", "field", "network"),
    "teknisi": ROLES,
    "pimpinan": ("network", "server"),
}
"""Messages that an audience gets unless its route says otherwise, by the role whom the message concerns."""
GATHERED: dict[Audience, tuple[RoleName, ...]] = {"teknisi": ("village",), "camat": ("field", "network")}
"""Of these, what an audience need not act upon at once: it comes with the digest, unless it grows old."""
OPEN_SCHEMES = ("json", "jsons", "form", "forms", "xml", "xmls", "mailto", "mailtos")
OPEN_KEYS = ("from", "to", "cc", "bcc", "reply", "name", "smtp", "mode", "method", "verify", "cto", "rto", "format")
TOKEN = re.compile(r"(?=[^/]*\d)[A-Za-z0-9_-]{16,}")  # a long word with a digit in a path is what webhook tokens look like
STUCK_AFTER_MIN = 60
EXAMPLE = "alerts.toml"
VARIABLE: JsonDict = {"must": "the name of an environment variable: letters, digits and '_'"}
C = TypeVar("C", bound="NotifyConfig")


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("must be a time of day in quotes as '21:00'")
    return time.fromisoformat(value)


def _role(name: str) -> str:
    if name not in ROLES:
        raise ValueError(f"must be one of {', '.join(ROLES)}")
    return name


Clock = Annotated[time, BeforeValidator(_clock)]
Role = Annotated[str, AfterValidator(_role)]


class Address(Section):
    """Where something is sent: one of `url_file`, `url_env`, `url`."""

    TELLS_VALUES = False

    url_file: FilePath | None = None
    url_env: Annotated[str | None, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", json_schema_extra=VARIABLE)] = None
    url: SecretStr | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(given is not None for given in (self.url_file, self.url_env, self.url)) != 1:
            raise ValueError("needs exactly one of url_file, url_env, url")
        return self

    def secret(self) -> str:
        """Read the address. Raises ValueError whose text names the key and the cure, never the address."""
        if self.url is not None:
            return self.url.get_secret_value()
        source = "url_env" if self.url_env is not None else "url_file"
        if self.url_env is not None and not os.environ.get(self.url_env, "").strip():
            raise ValueError(f"url_env: {self.url_env} is not set; set it, for a service in its EnvironmentFile=")
        try:
            text = (
                clean_secret(os.environ[self.url_env], self.url_env) if self.url_env else read_secret(Path(self.url_file or ""))
            )
        except ConfigError as error:
            raise ValueError(f"{source}: {error}") from None
        if len(text.split()) != 1:
            raise ValueError(f"{source}: {self.url_env or self.url_file}: must hold one address and nothing else")
        return text


class DestinationSection(Address):
    """[destination.NAME]: one recipient over one channel."""

    lang: Lang = "id"
    """Language of what goes there."""
    form: Literal["full", "line", "sms"] = "full"
    segments: Annotated[int, Field(ge=1, le=2)] = 1
    """SMS only: one of 160 characters, or two joined, 306 together, at twice the price."""
    second: str | None = None
    """Destination that is used where this one fails."""
    second_after: Annotated[int, Field(ge=1, le=20)] = 3
    """Failures in a row before the second channel is tried too."""
    per_hour: Annotated[int, Field(ge=1, le=3600)] = 60
    """A sixth of these may go at once; what is beyond waits and goes as one message."""
    timeout_s: Annotated[float, Field(ge=1, le=60)] = 10

    @model_validator(mode="after")
    def _open(self) -> Self:
        if self.url is not None and (reason := secret_in(self.url.get_secret_value())):
            raise ValueError(f"url: {reason}; write it to a file and name that in url_file, or use url_env")
        return self


class RouteSection(Section):
    """[route.NAME]: which messages go where."""

    audience: Audience
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    kecamatan: tuple[str, ...] | None = None
    """Absent: all, and also what belongs to no kecamatan."""
    severity: Severity = "info"
    concerns: tuple[Role, ...] | None = None
    gather: tuple[Role, ...] | None = None
    """Roles whose messages come with the digest. Absent: what the audience need not act upon at once."""
    digest: bool = False
    quiet: bool | None = None
    """Absent: only for desa."""
    critical_passes: bool = True
    """Critical messages wait neither for the morning nor for the digest."""

    def roles(self) -> tuple[str, ...]:
        """Return the roles whose messages this route takes."""
        return CONCERNS[self.audience] if self.concerns is None else self.concerns

    def gathers(self, role: str) -> bool:
        """Whether messages that concern a role wait for the digest on this route."""
        return self.digest or role in (GATHERED.get(self.audience, ()) if self.gather is None else self.gather)

    def keeps_quiet(self) -> bool:
        """Return whether the quiet hours hold for this route."""
        return self.audience == "desa" if self.quiet is None else self.quiet


class QuietSection(Section):
    """[quiet]: hours in which routes with quiet = true send nothing, WITA; start after end goes over midnight."""

    start: Clock = time(21)
    end: Clock = time(6)


class DigestSection(Section):
    """[digest]: moments of the day, WITA, at which routes with digest = true send what has gathered."""

    at: Annotated[tuple[Clock, ...], Field(min_length=1)] = (time(7),)


class HeartbeatSection(Address):
    """[heartbeat]: an address outside that is asked as long as the watch works, and raises the alarm when it is not."""

    every_s: Annotated[int, Field(ge=1, le=3600)] = 60
    stuck_after_min: Annotated[int, Field(ge=1, le=1440)] = STUCK_AFTER_MIN
    """It is also left unasked while a message could not be delivered for this long."""


class NotifyConfig(Section):
    """The sections of `alerts.toml` that delivery reads."""

    destination: dict[str, DestinationSection] = Field(default_factory=dict)
    route: dict[str, RouteSection] = Field(default_factory=dict)
    quiet: QuietSection = QuietSection()
    digest: DigestSection = DigestSection()
    heartbeat: HeartbeatSection | None = None
    relay: dict[str, object] | None = None
    """[relay] of 0.1: read and ignored. What Grafana alerts on is told by its own contact points."""

    def faults(self) -> Iterator[str]:
        """Yield what is wrong between the sections: names that nothing answers to."""
        names = list(self.destination)
        for name, route in self.route.items():
            if not route.roles():
                yield f"route.{name}.concerns: is empty, so the route takes nothing; name roles or delete the key"
            for target in route.to:
                if target not in names:
                    yield f"route.{name}.to: no [destination.{target}]; {toml.near(target, names)}"
        for name, destination in self.destination.items():
            if destination.second == name:
                yield f"destination.{name}.second: is itself; name another destination"
            elif destination.second is not None and destination.second not in names:
                yield f"destination.{name}.second: no [destination.{destination.second}]; {toml.near(destination.second, names)}"


def load(path: Path) -> NotifyConfig:
    """Read and check the delivery sections alone. Raises ConfigError whose text has one line for each fault."""
    whole = toml.read(path, EXAMPLE)
    return checked(
        toml.judge(NotifyConfig, {key: whole[key] for key in whole if key in NotifyConfig.model_fields}, path, EXAMPLE), path
    )


def checked(config: C, path: Path) -> C:
    """Return a config whose sections fit each other. Raises ConfigError as `load` does."""
    if faults := list(config.faults()):
        raise ConfigError("\n".join(f"{path.name}: {fault}" for fault in faults))
    return config


def check_kecamatan(config: NotifyConfig, known: Collection[str], file: str = "alerts.toml") -> None:
    """Raise ConfigError where a route names a kecamatan that no site has: its messages would never come."""
    spelled = {same(name) for name in known}
    faults = [
        f"{file}: route.{name}.kecamatan: no site is in {wanted!r}; {toml.near(wanted, sorted(known))}"
        for name, route in config.route.items()
        for wanted in route.kecamatan or ()
        if same(wanted) not in spelled
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def secret_in(url: str) -> str | None:
    """Say why an address may hold a secret; None where it cannot. The text never repeats the address."""
    parts = urlsplit(url)
    if parts.scheme not in OPEN_SCHEMES:
        return f"an address with this scheme holds a secret (only {', '.join(OPEN_SCHEMES)} may stand here)"
    if "@" in parts.netloc:
        return "holds a user or password before the host"
    if TOKEN.search(parts.path):
        return "holds what looks like a token in its path"
    keys = {key for key, _value in parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)}
    return "holds parameters that may be secret" if keys - set(OPEN_KEYS) else None
