"""The small certificate authority of one regency: EC P-256, one CA, certificates for the broker, the collector and the halls.

Validity: a hall's certificate lasts five years and is renewed through the line in its last (renewal.py); all others end with
2049, and can be changed without a visit (roll.py). The start lies far back because a Pi without a battery clock wakes in the past
(the agent does not check dates before its clock is trusted; this holds for those that think it is). 2049 is the last year that
X.509 writes in its short form (RFC 5280 4.1.2.5), which every TLS library reads; an authority made after 2029 lasts 20 years.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import secrets
import ssl
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from collector.errors import ConfigError
from ground.durable import write_durably

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2049, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
LONG = dt.timedelta(days=20 * 365)
HALL = dt.timedelta(days=5 * 365)
"""Life of a hall's certificate."""
COLLECTOR = "collector"
"""CN of the collector; the broker's ACL gives it all sites."""
SIGNER = "signer"
"""CN of the program that renews the halls' certificates: it hears requests and answers them, nothing else."""
RESERVED = frozenset({COLLECTOR, SIGNER, "broker", "ca"})
"""Names that a hall must never get."""
PREVIOUS, NEXT = "previous", "next"
"""Folders below that of the CA: the authority that signed before, and the one that shall sign (roll.py)."""
PASSPHRASE = "SINYAL_CA_PASSPHRASE"  # noqa: S105 - name of the variable, not a secret
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key; `key_pem` never goes into a log or onto a command line."""

    cert: x509.Certificate
    key_pem: bytes

    @property
    def cert_pem(self) -> bytes:
        """Return the certificate in PEM form."""
        return self.cert.public_bytes(_PEM)


class Authority:
    """Signs. `create` makes a new CA in a folder, `load` opens the one that is there."""

    def __init__(self, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.cert = cert
        self._key = key

    @classmethod
    def create(cls, folder: Path, name: str = "Sinyal CA") -> Authority:
        """Make a CA: ca.key (mode 0600, encrypted where SINYAL_CA_PASSPHRASE is set) and ca.crt."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, subject, key.public_key(), max(END, dt.datetime.now(dt.UTC) + LONG))
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(sign=False), critical=True)
        cert = builder.sign(key, hashes.SHA256())
        folder.mkdir(mode=0o751, exist_ok=True)
        passphrase = os.environ.get(PASSPHRASE, "").encode()
        lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        write_durably(folder / "ca.key", key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, lock), 0o600)
        write_durably(folder / "ca.crt", cert.public_bytes(_PEM), 0o644)
        return cls(cert, key)

    @classmethod
    def load(cls, folder: Path) -> Authority:
        """Open the CA of a folder. Raises ConfigError naming the file and the cure."""
        passphrase = os.environ.get(PASSPHRASE, "").encode() or None
        try:
            certs = x509.load_pem_x509_certificates((folder / "ca.crt").read_bytes())
            pem = (folder / "ca.key").read_bytes()
        except FileNotFoundError as error:
            raise ConfigError(
                f"{error.filename}: no such file; make the CA with `sinyal-collector ca init --host NAME`"
            ) from None
        except (OSError, ValueError) as error:
            raise ConfigError(f"{folder}: CA cannot be read ({error}); run this as root, on the server") from None
        try:
            key = serialization.load_pem_private_key(pem, passphrase if b"ENCRYPTED" in pem else None)
        except (TypeError, ValueError):
            raise ConfigError(f"{folder / 'ca.key'}: cannot be opened; set {PASSPHRASE} to its passphrase") from None
        # All that are believed stand in ca.crt: while they change, the key alone says which of them signs.
        cert = next((each for each in certs if each.public_key() == key.public_key()), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or cert is None:
            raise ConfigError(f"{folder / 'ca.key'}: is not the key of ca.crt; restore both from the same backup")
        return cls(cert, key)

    @property
    def name(self) -> str:
        """Its CN."""
        return common_name(self.cert)

    @classmethod
    def load_all(cls, folder: Path) -> list[Authority]:
        """Open all authorities that are believed now, the one that signs first. Raises ConfigError."""
        others = [folder / place for place in (PREVIOUS, NEXT) if (folder / place / "ca.key").exists()]
        return [cls.load(each) for each in (folder, *others)]

    def server(self, names: Sequence[str]) -> Pair:
        """Sign a certificate for the broker under these host names or addresses; the first is what halls connect to."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._leaf(names[0], self.cert.not_valid_after_utc, ExtendedKeyUsageOID.SERVER_AUTH, key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        return self._sign(builder, key)

    def client(self, name: str, end: dt.datetime | None = None) -> Pair:
        """Sign a certificate whose CN is the user name at the broker: a site, or `collector`. It cannot act as a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = end or self.cert.not_valid_after_utc
        return self._sign(self._leaf(name, end, ExtendedKeyUsageOID.CLIENT_AUTH, key.public_key()), key)

    def renewed(self, name: str, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """Sign a hall's next certificate, for a key that only the hall has."""
        end = dt.datetime.now(dt.UTC) + HALL
        return self._leaf(name, end, ExtendedKeyUsageOID.CLIENT_AUTH, key).sign(self._key, hashes.SHA256())

    def signature(self, text: bytes) -> str:
        """Sign a list of authorities; hex."""
        return self._key.sign(text, ec.ECDSA(hashes.SHA256())).hex()

    def crl(self, number: int, revoked: Iterable[x509.RevokedCertificate]) -> bytes:
        """Sign the list of revoked certificates. It has no end in practice: a list that ran out would lock every hall out.

        Its date is not today's but rises with its number from 2020: a server whose clock fell back still accepts it, and OpenSSL,
        which keeps the older lists in memory after a reload, takes the one with the latest date.
        """
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.cert.subject).next_update(END)
        builder = builder.last_update(START + dt.timedelta(seconds=number))
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        builder = builder.add_extension(self._issuer(), critical=False)
        for entry in revoked:
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM)

    def _issuer(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())

    def _leaf(
        self, name: str, end: dt.datetime, purpose: x509.ObjectIdentifier, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        """Begin a certificate that is as short as it may be: a hall's rides in the ticket of each connection that is taken up."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self.cert.subject, key, min(end, self.cert.not_valid_after_utc))
        builder = builder.add_extension(_usage(sign=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return builder.add_extension(self._issuer(), critical=False)

    def _sign(self, builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> Pair:
        pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return Pair(builder.sign(self._key, hashes.SHA256()), pem)


def common_name(cert: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """Return the CN of a certificate or request."""
    return str(cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def server_names(cert: x509.Certificate) -> list[str]:
    """Return the host names and addresses that a broker's certificate is for, in order."""
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]


@contextmanager
def client_context(ca_file: Path, pair: Pair) -> Iterator[ssl.SSLContext]:
    """Make TLS settings of a client from a pair that is only in memory; its file exists for the moment of loading."""
    context = ssl.create_default_context(cafile=ca_file)
    with tempfile.TemporaryDirectory(prefix="sinyal-") as folder:  # mode 0700
        path = Path(folder) / "pair.pem"
        write_durably(path, pair.key_pem + pair.cert_pem, 0o600)
        context.load_cert_chain(path)
    yield context


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, end: dt.datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(secrets.randbits(63) | 1 << 62).not_valid_before(START).not_valid_after(end)


def _usage(*, sign: bool) -> x509.KeyUsage:
    """Return the key usage of a leaf (`sign`: signs handshakes) or of the CA (signs certificates and lists)."""
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not sign,
        crl_sign=not sign,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
