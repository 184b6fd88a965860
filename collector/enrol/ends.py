"""When the certificates that are in use end: of every hall that is enrolled, of this server, and of the authority behind them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cryptography import x509

from collector.enrol.ca import COLLECTOR, RESERVED, SIGNER
from collector.enrol.register import Register

LAST_DAYS = 180
"""A hall renews its certificate in its last year: half of that without one means that something is in the way."""
OWN = ("ca", "broker", COLLECTOR, SIGNER)


def hall_ends(folder: Path) -> dict[str, dt.datetime]:
    """Return the end of each hall's last certificate that is not revoked. Raises ConfigError, PermissionError."""
    register = Register(folder)
    found = {site: register.active(site) for site in sorted(register.sites() - RESERVED)}
    return {site: max(cert.not_valid_after_utc for cert in certs) for site, certs in found.items() if certs}


def own_ends(folder: Path) -> dict[str, dt.datetime]:
    """Return the ends of the server's own certificates, by the names of their files; one that cannot be read is left out."""
    ends = {}
    for name in OWN:
        try:
            cert = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        except (OSError, ValueError):
            continue  # the doctor says so
        ends[f"{name}.crt"] = cert.not_valid_after_utc
    return ends


def soon(ends: dict[str, dt.datetime], now: dt.datetime) -> dict[str, dt.datetime]:
    """Return those that end within half a year, the first one first."""
    border = now + dt.timedelta(days=LAST_DAYS)
    return dict(sorted(((name, end) for name, end in ends.items() if end < border), key=lambda item: item[1]))
