"""A hall's certificate and the authorities that it believes, judged and renewed: in a process of its own, a second a day.

`python -m agent.uplink.credentials` reads one question as JSON and prints one answer; the agent itself never loads the library,
which would cost a sixth of its memory. Files in the folder `identity`: `agent.pem` (key and certificate), `next.key` (asked for),
`next.pem` (given, not proven yet), `ca.crt` (the authorities believed). Nothing is believed that an authority has not signed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ground.durable import write_durably
from telemetry.identity import Trust, decode_trust, signed_text

DAY_MS = 86_400_000
WINDOW_MS = 365 * DAY_MS
"""A certificate is renewed in its last year, or last third where it is short: a hall may be without a link for months."""
_PEM = serialization.Encoding.PEM


class RefusedError(Exception):
    """What was given is not taken; the text says why."""


def examine(folder: Path, cert: Path, ca: Path, now_ms: int | None) -> dict[str, Any]:
    """Say what the hall has, and make a request where it needs another certificate. Without a trusted time none is asked for."""
    own, authorities = _first(cert.read_bytes()), _load_all(ca.read_bytes())
    start_ms, ends_ms = (round(when.timestamp() * 1000) for when in (own.not_valid_before_utc, own.not_valid_after_utc))
    old = own.issuer != authorities[0].subject  # another authority signs now
    late = now_ms is not None and ends_ms - now_ms < min(WINDOW_MS, (ends_ms - start_ms) // 3)
    answer = {"serial": f"{own.serial_number:x}", "issuer": name_of(own.issuer), "ends_ms": ends_ms}
    return answer | ({"csr": _request(folder, own)} if now_ms is not None and (old or late) else {})


def take(folder: Path, cert: Path, ca: Path, payload: bytes, known: int, peer: bytes | None, now_ms: int) -> dict[str, Any]:
    """Judge what was given and put it onto the card; say what is new: `ca` (number of the list), `cert`, `refused` (reasons)."""
    own, authorities = _first(cert.read_bytes()), _load_all(ca.read_bytes())
    news: dict[str, Any] = {}
    refused: list[str] = []
    trust = decode_trust(payload)
    if trust.n is not None and trust.n > known:
        try:
            authorities = _believe(trust, authorities, peer)
            folder.mkdir(mode=0o700, exist_ok=True)
            write_durably(folder / "ca.crt", str(trust.ca).encode())
            news["ca"] = trust.n
        except (RefusedError, ValueError) as error:
            refused.append(f"authorities {trust.n}: {error}")
    if trust.cert is not None and (folder / "next.key").exists():
        try:
            given = _judge(x509.load_pem_x509_certificate(trust.cert.encode()), own, authorities, now_ms)
            key = (folder / "next.key").read_bytes()
            _fits(key, given)
            write_durably(folder / "next.pem", key + given.public_bytes(_PEM), 0o600)
            news["cert"] = f"{given.serial_number:x}"
        except (RefusedError, ValueError) as error:
            refused.append(f"certificate: {error}")
    return news | ({"refused": refused} if refused else {})


def name_of(name: x509.Name) -> str:
    """Return the CN."""
    return str(name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _believe(trust: Trust, before: Sequence[x509.Certificate], peer: bytes | None) -> list[x509.Certificate]:
    if trust.n is None or trust.ca is None or trust.sig is None:
        raise RefusedError("is not signed")
    text, signature = signed_text(trust.n, trust.ca), bytes.fromhex(trust.sig)
    if not any(_signed(authority, signature, text) for authority in before):
        raise RefusedError("is not signed by an authority that is believed here")
    authorities = _load_all(trust.ca.encode())
    if not all(each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for each in authorities):
        raise RefusedError("holds a certificate that is no authority's")
    if peer is None or not any(_issued(x509.load_der_x509_certificate(peer), each) for each in authorities):
        raise RefusedError("would not believe the broker that this hall is connected to")
    return authorities


def _judge(
    given: x509.Certificate, own: x509.Certificate, authorities: Sequence[x509.Certificate], now_ms: int
) -> x509.Certificate:
    if given.subject != own.subject:
        raise RefusedError("is for another hall")
    if not any(_issued(given, authority) for authority in authorities):
        raise RefusedError("is not signed by an authority that is believed here")
    start_ms, ends_ms = (when.timestamp() * 1000 for when in (given.not_valid_before_utc, given.not_valid_after_utc))
    if not start_ms <= now_ms < ends_ms:
        raise RefusedError("is not valid now")
    return given


def _fits(key: bytes, given: x509.Certificate) -> None:
    if _key(key).public_key() != given.public_key():
        raise RefusedError("is not for the key that this hall made")


def _request(folder: Path, own: x509.Certificate) -> str:
    """Return the request for the key that waits, made the first time."""
    waiting = folder / "next.key"
    if waiting.exists() and _key(waiting.read_bytes()).public_key() == own.public_key():
        waiting.unlink()  # a power cut left it behind: it is in use already, and would bring the old certificate again
    if not waiting.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_durably(waiting, pem, 0o600)
    builder = x509.CertificateSigningRequestBuilder().subject_name(own.subject)
    return builder.sign(_key(waiting.read_bytes()), hashes.SHA256()).public_bytes(_PEM).decode()


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise RefusedError("the key on the card is of another kind")
    return key


def _load_all(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


def _first(pem: bytes) -> x509.Certificate:
    return _load_all(pem)[0]


def _issued(cert: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        cert.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _signed(authority: x509.Certificate, signature: bytes, text: bytes) -> bool:
    key = authority.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
            return True
    except InvalidSignature:
        pass
    return False


def main() -> int:
    """Answer one question from stdin."""
    question = orjson.loads(sys.stdin.buffer.read())
    folder, cert, ca = (Path(question[name]) for name in ("folder", "cert", "ca"))
    try:
        if question["do"] == "examine":
            answer = examine(folder, cert, ca, question["now_ms"])
        else:
            peer = None if question["peer"] is None else bytes.fromhex(question["peer"])
            payload = question["payload"].encode()
            answer = take(folder, cert, ca, payload, question["known"], peer, question["now_ms"])
    except (RefusedError, ValueError, OSError) as error:
        answer = {"refused": [str(error)]}
    sys.stdout.buffer.write(orjson.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
