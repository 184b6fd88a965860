"""Which certificates are out there: `issued/SITE-SERIAL.crt` for each, and crl.pem for those that are no longer good."""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from collector.enrol.ca import Authority, common_name
from collector.errors import ConfigError
from ground.durable import write_durably

END_OF_LIST = b"-----END X509 CRL-----\n"


class Register:
    """The issued and the revoked certificates of a CA folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._issued = folder / "issued"
        self.crl_file = folder / "crl.pem"

    def start(self, authority: Authority) -> None:
        """Write an empty list of revoked certificates of an authority that has none yet."""
        lists = self._lists() if self.crl_file.exists() else {}
        self._write({**lists, authority.name: x509.load_pem_x509_crl(authority.crl(1, []))})

    def forget(self, name: str) -> None:
        """Drop the list of an authority that signs no more and is believed no more."""
        self._write({issuer: crl for issuer, crl in self._lists().items() if issuer != name})

    def record(self, name: str, cert: x509.Certificate) -> None:
        """Remember a certificate that was signed for a name."""
        self._issued.mkdir(exist_ok=True)
        self._issued.chmod(0o755)  # certificates are no secret, and the doctor looks when they end
        pem = cert.public_bytes(Encoding.PEM)
        write_durably(self._issued / f"{name}-{cert.serial_number:x}.crt", pem, 0o644)

    def issued(self, name: str) -> list[x509.Certificate]:
        """Return every certificate that was ever signed for a name."""
        certs = [x509.load_pem_x509_certificate(path.read_bytes()) for path in self._issued.glob(f"{name}-*.crt")]
        return [cert for cert in certs if common_name(cert) == name]  # `hall-2-…` is not a certificate of `hall`

    def sites(self) -> set[str]:
        """Return every name that has a certificate."""
        return {path.stem.rpartition("-")[0] for path in self._issued.glob("*.crt")}

    def active(self, name: str) -> list[x509.Certificate]:
        """Return the certificates of a name that are not revoked. Raises ConfigError."""
        lists = self._lists()
        return [cert for cert in self.issued(name) if not _revoked(cert, lists)]

    def revoke(self, authorities: Sequence[Authority], certs: Sequence[x509.Certificate]) -> None:
        """Put certificates onto their authorities' lists. Two revocations at a time wait for each other. Raises ConfigError."""
        with self._alone():
            lists = self._lists()
            builder = x509.RevokedCertificateBuilder().revocation_date(dt.datetime.now(dt.UTC))
            for authority in authorities:
                own = [cert for cert in certs if cert.issuer == authority.cert.subject]
                crl = lists[authority.name]
                number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
                new = [builder.serial_number(cert.serial_number).build() for cert in own]
                lists[authority.name] = x509.load_pem_x509_crl(authority.crl(number + 1, [*crl, *new]))
            self._write(lists)

    def _lists(self) -> dict[str, x509.CertificateRevocationList]:
        """Return the list of each authority by its name."""
        try:
            found = self.crl_file.read_bytes().split(END_OF_LIST)
            crls = [x509.load_pem_x509_crl(pem + END_OF_LIST) for pem in found if pem.strip()]
            return {str(crl.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value): crl for crl in crls}
        except (OSError, ValueError) as error:
            # A new empty list would let every stolen Pi in again.
            raise ConfigError(f"{self.crl_file}: list of revoked certificates: {error}; restore it from the backup") from None

    def _write(self, lists: Mapping[str, x509.CertificateRevocationList]) -> None:
        write_durably(self.crl_file, b"".join(crl.public_bytes(Encoding.PEM) for crl in lists.values()), 0o644)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _revoked(cert: x509.Certificate, lists: Mapping[str, x509.CertificateRevocationList]) -> bool:
    """Whether a certificate is on the list of its authority, or nobody keeps that list any more."""
    name = str(cert.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    return name not in lists or lists[name].get_revoked_certificate_by_serial_number(cert.serial_number) is not None
