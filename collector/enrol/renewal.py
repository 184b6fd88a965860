"""Renewing halls' certificates through the line: requests that the broker keeps, answered with what the authority signs.

Run by a timer, once an hour, in a process that can open the key of the CA and speaks with the broker of this machine alone; the
collector cannot do either. It signs for whom a request's topic names, which only the holder of that hall's certificate may write.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from collector.config import BrokerSection, Config
from collector.enrol.ca import RESERVED, SIGNER, Authority, common_name
from collector.enrol.register import Register
from collector.errors import ConfigError
from collector.retained import RetainedLink
from telemetry.identity import Identity, Trust, decode_identity, decode_trust, encode_trust
from telemetry.topics import ROOT, trust_topic

MOST_ACTIVE = 8
"""Certificates of a hall that are good at a time: who asks for more is no hall that renews in its last year."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hall is to be given, and what happened, in a word for the log."""

    trust: Trust
    done: str


class TrustLink(RetainedLink):
    """What halls say of their certificates, and what they were given and have not taken yet."""

    def __init__(self, config: Config) -> None:
        super().__init__(signer(config), [f"{ROOT}/+/{kind}" for kind in ("identity", "trust")])
        self.identities: dict[str, Identity] = {}
        self.given: dict[str, Trust] = {}

    def take(self, site: str, kind: str, payload: bytes) -> None:
        """Take what the broker keeps of a site."""
        try:
            if kind == "identity" and payload:
                self.identities[site] = decode_identity(payload)
            elif kind == "trust":
                self.given[site] = decode_trust(payload)
        except ValueError as error:
            log.warning("event=unreadable site=%s kind=%s reason=%r", site, kind, str(error))

    def give(self, site: str, trust: Trust) -> None:
        """Have the broker keep it for the hall; nothing at all where there is nothing to give."""
        if self.given.get(site, Trust()) != trust:
            self.put(trust_topic(site), b"" if trust == Trust() else encode_trust(trust))


def signer(config: Config) -> BrokerSection:
    """Return how the signer reaches the broker: as the collector does, with its own certificate."""
    files = {"cert": config.ca.folder / f"{SIGNER}.crt", "key": config.ca.folder / f"{SIGNER}.key"}
    return config.broker.model_copy(update=files)


def trust_list(folder: Path) -> Trust:
    """Return the list of authorities that halls are to believe; nothing where they never changed."""
    try:
        return decode_trust((folder / "trust.json").read_bytes())
    except FileNotFoundError:
        return Trust()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder / 'trust.json'}: {error}; restore it from the backup") from None


def answers(
    authority: Authority, register: Register, identities: Mapping[str, Identity], sites: Iterable[str], listed: Trust
) -> dict[str, Answer]:
    """Decide what each hall is given. `sites`: who has a good certificate, whether it said anything or not."""
    found = {}
    for site in sites:
        identity = identities.get(site)
        done, trust = "", Trust()
        if identity is not None and identity.csr is not None:
            done, trust = _renew(authority, register, site, identity)
        if listed.n is not None and (identity is None or identity.trusts < listed.n):
            trust = replace(listed, cert=trust.cert)
            done = done or f"is to believe list {listed.n}"
        found[site] = Answer(trust, done)
    return found


def _renew(authority: Authority, register: Register, site: str, identity: Identity) -> tuple[str, Trust]:
    """Sign for the key of a request, once; return what happened and what to give."""
    try:
        key = _key_of(identity.csr or "", site)
    except ValueError as error:
        return f"request refused: {error}", Trust()
    active = register.active(site)
    if not any(f"{cert.serial_number:x}" == identity.serial for cert in active):
        return "request refused: by nobody whose certificate is good", Trust()
    known = next((c for c in active if c.public_key() == key and c.issuer == authority.cert.subject), None)
    if known is None and len(active) >= MOST_ACTIVE:
        return f"request refused: {len(active)} certificates are good already; revoke this hall, and enrol it anew", Trust()
    cert = known or authority.renewed(site, key)
    if known is None:
        register.record(site, cert)  # before it leaves: what is out there must be revocable
    done = "waits for the hall" if known else f"renewed until {cert.not_valid_after_utc:%Y-%m-%d}"
    return done, Trust(cert=cert.public_bytes(Encoding.PEM).decode())


def _key_of(pem: str, site: str) -> ec.EllipticCurvePublicKey:
    csr = x509.load_pem_x509_csr(pem.encode())
    key = csr.public_key()
    if not csr.is_signature_valid:
        raise ValueError("whoever wrote it does not have the key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise ValueError("the key is not of EC P-256")
    if common_name(csr) != site:
        raise ValueError("is for another hall")
    return key


def renew_all(config: Config) -> dict[str, Answer]:
    """Answer everything that waits, once. Raises ConfigError, CollectorError."""
    folder = config.ca.folder
    authority, register, listed = Authority.load(folder), Register(folder), trust_list(folder)
    sites = sorted(register.sites() - RESERVED)
    found: dict[str, Answer] = {}
    for broker in config.broker.pool:  # each by itself: what a hall said at one that it left is old
        with TrustLink(config.model_copy(update={"broker": broker})) as line:
            active = [site for site in sites if register.active(site)]
            here = answers(authority, register, line.identities, active, listed)
            for site, answer in here.items():
                line.give(site, answer.trust)
        found |= here
    return found
