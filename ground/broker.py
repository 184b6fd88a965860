"""How a program reaches the broker: the settings that both ends share, and TLS from their files."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from ground.errors import ConfigError
from ground.toml import Section

Context = TypeVar("Context", bound=ssl.SSLContext)


class BrokerSettings(Section):
    """What [broker] holds at both ends. Plain MQTT only by the explicit `tls = false`."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = True
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    username: str | None = None
    password_file: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.tls and (self.ca or self.cert or self.key):
            raise ValueError("ca, cert and key have no use with tls = false; delete them or set tls = true")
        if bool(self.cert) != bool(self.key):
            raise ValueError("cert and key belong together; set both or none")
        if self.password_file and not self.username:
            raise ValueError("password_file needs username beside it")
        return self


def load_tls(context: Context, broker: BrokerSettings) -> Context:
    """Load the files of the config into TLS settings of a client. Raises ConfigError naming the key that is missing or wrong."""
    for key in ("ca", "cert", "key"):
        path: Path | None = getattr(broker, key)
        if path is not None and not path.is_file():
            raise ConfigError(f"broker.{key}: no such file {str(path)!r}; copy it there or correct the path")
    try:
        context.load_verify_locations(cafile=broker.ca) if broker.ca is not None else context.load_default_certs()
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"broker.ca: not a certificate in PEM form ({error})") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if broker.cert is not None:
        try:
            context.load_cert_chain(broker.cert, broker.key)
        except (ssl.SSLError, OSError) as error:
            raise ConfigError(f"broker.cert, broker.key: not a certificate and its key in PEM form ({error})") from None
    return context
