"""TLS towards the broker from the files of a configuration, without what judges the configuration."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ground.errors import ConfigError

if TYPE_CHECKING:
    from ground.broker import BrokerSettings

Context = TypeVar("Context", bound=ssl.SSLContext)


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
