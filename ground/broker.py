"""How a program reaches the broker: the settings that both ends share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from ground.toml import Section


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
