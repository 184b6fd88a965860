"""Which certificates are out there: `issued/SITE-SERIAL.crt` for each, and crl.pem for those that are no longer good."""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from collector.enrol.ca import Authority, common_name
from collector.errors import ConfigError
from ground.durable import write_durably


class Register:
    """The issued and the revoked certificates of a CA folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._issued = folder / "issued"
        self.crl_file = folder / "crl.pem"

    def start(self, authority: Authority) -> None:
        """Write an empty list of revoked certificates; of a folder that has none."""
        write_durably(self.crl_file, authority.crl(1, []), 0o644)

    def record(self, name: str, cert: x509.Certificate) -> None:
        """Remember a certificate that was signed for a name."""
        self._issued.mkdir(mode=0o750, exist_ok=True)
        pem = cert.public_bytes(Encoding.PEM)
        write_durably(self._issued / f"{name}-{cert.serial_number:x}.crt", pem, 0o644)

    def issued(self, name: str) -> list[x509.Certificate]:
        """Return every certificate that was ever signed for a name."""
        certs = [x509.load_pem_x509_certificate(path.read_bytes()) for path in self._issued.glob(f"{name}-*.crt")]
        return [cert for cert in certs if common_name(cert) == name]  # `hall-2-…` is not a certificate of `hall`

    def active(self, name: str) -> list[x509.Certificate]:
        """Return the certificates of a name that are not revoked. Raises ConfigError."""
        crl = self._crl()
        return [cert for cert in self.issued(name) if crl.get_revoked_certificate_by_serial_number(cert.serial_number) is None]

    def revoke(self, authority: Authority, certs: Sequence[x509.Certificate]) -> None:
        """Put certificates onto the list. Two revocations at a time wait for each other. Raises ConfigError."""
        with self._alone():
            crl = self._crl()
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
            now = dt.datetime.now(dt.UTC)
            builder = x509.RevokedCertificateBuilder().revocation_date(now)
            new = [builder.serial_number(cert.serial_number).build() for cert in certs]
            write_durably(self.crl_file, authority.crl(number + 1, [*crl, *new]), 0o644)

    def _crl(self) -> x509.CertificateRevocationList:
        try:
            return x509.load_pem_x509_crl(self.crl_file.read_bytes())
        except (OSError, ValueError) as error:
            # A new empty list would let every stolen Pi in again.
            raise ConfigError(f"{self.crl_file}: list of revoked certificates: {error}; restore it from the backup") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
