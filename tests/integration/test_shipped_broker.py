"""The mosquitto.conf and ACL that we ship, with certificates made for the test: the collector works, a stranger does not."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion

from collector.config import load
from collector.run import Collector
from telemetry.ack import decode_ack
from telemetry.frame import encode
from telemetry.topics import ack_topic, stream_topic
from tests.collector.frames import OTHER, SITE, signal_frame
from tests.servers import Server, mosquitto, wait_for

SHIPPED = Path(__file__).parents[2] / "config"
SITES = "code,kecamatan,desa,lat,lon,coordinate_source\n" + "".join(f"{s.code},A,B,0.5,117,centroid\n" for s in (SITE, OTHER))
Starter = Callable[[Callable[[], Server]], Server]


class Authority:
    """A certificate authority of the test; certificates last an hour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test ca")])
        self._save("ca", self._sign(self.name, self.key, ca=True), self.key)
        now = dt.datetime.now(dt.UTC)
        revoked = x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(now - dt.timedelta(hours=1))
        crl = revoked.next_update(now + dt.timedelta(hours=1)).sign(self.key, hashes.SHA256())
        (folder / "crl.pem").write_bytes(crl.public_bytes(serialization.Encoding.PEM))

    def issue(self, file: str, common_name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._save(file, self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]), key), key)

    def context(self, file: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        if file:
            context.load_cert_chain(self.folder / f"{file}.crt", self.folder / f"{file}.key")
        return context

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool = False) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(hours=1))
        builder = builder.not_valid_after(now + dt.timedelta(hours=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = builder.add_extension(address, critical=False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        if ca:
            usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def _save(self, name: str, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        (self.folder / f"{name}.crt").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (self.folder / f"{name}.key").write_bytes(pem)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path / "pki")
    for name in ("broker", "collector", SITE.code, OTHER.code):
        authority.issue(name, name)
    return authority


@pytest.fixture
def tls_broker(tmp_path: Path, authority: Authority, start_server: Starter) -> Server:
    text = (SHIPPED / "mosquitto.conf").read_text().replace("listener 8883", "listener {port} 127.0.0.1")
    text = text.replace("/etc/sinyal/pki", str(authority.folder)).replace("/etc/mosquitto/sinyal.acl", str(tmp_path / "acl"))
    (tmp_path / "acl").write_text((SHIPPED / "mosquitto.acl").read_text())
    (tmp_path / "acl").chmod(0o600)
    return start_server(lambda: mosquitto(tmp_path / "mosquitto", text))


@pytest.fixture
def collector(tmp_path: Path, tls_broker: Server) -> Iterator[Collector]:
    (tmp_path / "sites.csv").write_text(SITES)
    path = tmp_path / "collector.toml"
    path.write_text(
        f'[broker]\nhost = "127.0.0.1"\nport = {tls_broker.port}\n'
        'ca = "pki/ca.crt"\ncert = "pki/collector.crt"\nkey = "pki/collector.key"\n'
        '[store]\nengine = "sqlite"\npath = "store.db"\n[http]\nport = 0\n'
    )
    collector = Collector(load(path))
    collector.start()
    wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
    yield collector
    collector.stop()


def hall(authority: Authority, port: int, site: str, got: list[mqtt.MQTTMessage]) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.tls_set_context(authority.context(site))
    subscribed: list[object] = []
    client.on_connect = lambda client, *_: client.subscribe(ack_topic(SITE.code), 1)
    client.on_subscribe = lambda *_: subscribed.append(1)
    client.on_message = lambda _client, _data, message: got.append(message)
    client.connect("127.0.0.1", port)
    client.loop_start()
    wait_for(lambda: subscribed, "hall to be subscribed")
    return client


def test_a_hall_reaches_the_store_and_cannot_speak_or_listen_for_another(
    authority: Authority, tls_broker: Server, collector: Collector
) -> None:
    mine: list[mqtt.MQTTMessage] = []
    foreign: list[mqtt.MQTTMessage] = []
    honest, thief = hall(authority, tls_broker.port, SITE.code, mine), hall(authority, tls_broker.port, OTHER.code, foreign)
    thief.publish(stream_topic(SITE.code, "signal"), encode(signal_frame(101, 10)), 1).wait_for_publish(10)
    honest.publish(stream_topic(SITE.code, "signal"), encode(signal_frame(1, 10)), 1)
    wait_for(lambda: mine, "ack")
    assert decode_ack(bytes(mine[0].payload)).ok[0].count == 10
    thief.publish(stream_topic(OTHER.code, "signal"), encode(signal_frame(1, 10, OTHER.code)), 1)
    wait_for(lambda: collector.counters.stored_samples == 20, "the other hall's own frame")
    assert collector.store.seqs(SITE.code) == list(range(1, 11))
    assert foreign == []
    for client in (honest, thief):
        client.disconnect()
        client.loop_stop()


def test_no_certificate_no_connection(authority: Authority, tls_broker: Server) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.tls_set_context(authority.context(None))
    connected: list[object] = []
    lost: list[object] = []
    client.on_connect = lambda _client, _data, _flags, code, _props: connected.append(code)
    client.on_disconnect = lambda *_: lost.append(1)
    client.connect("127.0.0.1", tls_broker.port)
    client.loop_start()
    wait_for(lambda: lost or connected, "the broker to close the connection")
    client.loop_stop()
    assert connected == []
