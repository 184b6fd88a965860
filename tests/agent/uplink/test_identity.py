"""A hall's certificate and the authorities it believes: what is taken, what is refused, and what a bad card leaves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agent.config import BrokerSection
from agent.uplink import credentials
from agent.uplink.identity import TRIES, Credentials, files_in_force
from collector.enrol.ca import Authority, Pair
from collector.enrol.register import Register
from collector.enrol.renewal import MOST_ACTIVE, answers
from collector.enrol.roll import behind, finish, start, switch
from collector.enrol.server_pairs import init_ca
from telemetry.identity import Identity, Trust, decode_identity, encode_trust, signed_text
from telemetry.streams import Event

SITE, OTHER = "6408012001", "6408042002"
NOW = dt.datetime.now(dt.UTC)
NOW_MS = round(NOW.timestamp() * 1000)
YEAR = dt.timedelta(days=365)


class Hall:
    """The files of one hall as they came in its bundle, and a server's CA folder."""

    def __init__(self, folder: Path, end: dt.datetime = NOW + YEAR / 2) -> None:
        self.pki, self.etc, self.data = folder / "pki", folder / "etc", folder / "data"
        init_ca(self.pki, ["sinyal.example.go.id"], lambda _: None, "en")
        for place in (self.etc, self.data):
            place.mkdir()
        self.authority, self.register = Authority.load(self.pki), Register(self.pki)
        self.install(self.authority.client(SITE, end))
        self.broker = BrokerSection(host="h", ca=self.etc / "ca.crt", cert=self.etc / "agent.crt", key=self.etc / "agent.key")
        self.events: list[Event] = []

    def install(self, pair: Pair) -> None:
        self.register.record(SITE, pair.cert)
        self.serial = f"{pair.cert.serial_number:x}"
        (self.etc / "ca.crt").write_bytes((self.pki / "ca.crt").read_bytes())
        (self.etc / "agent.crt").write_bytes(pair.cert_pem)
        (self.etc / "agent.key").write_bytes(pair.key_pem)

    @property
    def folder(self) -> Path:
        return self.data / "identity"

    @property
    def peer(self) -> bytes:
        return x509.load_pem_x509_certificate((self.pki / "broker.crt").read_bytes()).public_bytes(Encoding.DER)

    def running(self) -> Credentials:
        return Credentials(self.broker, self.data, self.events.append)

    def asks(self) -> str:
        found = credentials.examine(self.folder, self.etc / "agent.crt", self.etc / "ca.crt", NOW_MS)
        return str(found["csr"])

    def take(self, trust: Trust, known: int = 0) -> dict[str, Any]:
        files = (self.folder, self.etc / "agent.crt", self.etc / "ca.crt")
        return credentials.take(*files, encode_trust(trust), known, self.peer, NOW_MS)

    def signed(self, authority: Authority | None = None, site: str = SITE) -> Trust:
        key = x509.load_pem_x509_csr(self.asks().encode()).public_key()
        cert = (authority or self.authority).renewed(site, key)  # type: ignore[arg-type]
        return Trust(cert=cert.public_bytes(Encoding.PEM).decode())


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


def test_a_request_is_made_in_the_last_year_once_and_only_when_the_time_is_known(hall: Hall, tmp_path: Path) -> None:
    assert hall.asks().startswith("-----BEGIN CERTIFICATE REQUEST")
    assert x509.load_pem_x509_csr(hall.asks().encode()).public_key() == x509.load_pem_x509_csr(hall.asks().encode()).public_key()
    files = (hall.folder, hall.etc / "agent.crt", hall.etc / "ca.crt")
    assert "csr" not in credentials.examine(*files, None)
    (tmp_path / "young").mkdir()
    young = Hall(tmp_path / "young", NOW + 3 * YEAR)
    assert "csr" not in credentials.examine(young.folder, young.etc / "agent.crt", young.etc / "ca.crt", NOW_MS)


def test_only_what_an_authority_signed_for_this_hall_and_its_key_is_taken(hall: Hall, tmp_path: Path) -> None:
    stranger = Authority.create(tmp_path / "stranger")
    for given, why in (
        (hall.signed(site=OTHER), "for another hall"),
        (hall.signed(stranger), "not signed by an authority"),
        (Trust(cert=hall.authority.client(SITE).cert_pem.decode()), "not for the key"),
        (Trust(cert="-----BEGIN nonsense"), "certificate: "),
    ):
        assert why in hall.take(given)["refused"][0]
        assert not (hall.folder / "next.pem").exists()
    assert "cert" in hall.take(hall.signed())
    assert (hall.folder / "next.pem").stat().st_mode & 0o777 == 0o600


def test_authorities_change_only_by_the_word_of_one_that_is_believed(hall: Hall, tmp_path: Path) -> None:
    stranger = Authority.create(tmp_path / "stranger")
    ca, other = (hall.pki / "ca.crt").read_text(), stranger.cert.public_bytes(Encoding.PEM).decode()
    both = ca + other
    for trust, known, why in (
        (Trust(n=1, ca=both), 0, "is not signed"),
        (Trust(n=1, ca=both, sig=stranger.signature(signed_text(1, both))), 0, "believed here"),
        (Trust(n=2, ca=both, sig=hall.authority.signature(signed_text(1, both))), 0, "believed here"),
        (Trust(n=1, ca=other, sig=hall.authority.signature(signed_text(1, other))), 0, "would not believe the broker"),
    ):
        assert why in hall.take(trust, known)["refused"][0]
    good = Trust(n=1, ca=both, sig=hall.authority.signature(signed_text(1, both)))
    assert hall.take(good, known=1) == {}, "an old list comes again"
    assert hall.take(good) == {"ca": 1}
    assert (hall.folder / "ca.crt").read_text() == both


def test_a_certificate_on_trial_is_kept_when_the_broker_takes_it_and_given_up_when_it_does_not(hall: Hall) -> None:
    mine = hall.running()
    payload = mine.due(NOW_MS)
    assert payload is not None
    assert decode_identity(payload).serial == hall.serial
    assert mine.due(NOW_MS) is None
    assert mine.given(encode_trust(hall.signed()), hall.peer, NOW_MS)
    for _ in range(TRIES):
        assert mine.broker.cert == hall.folder / "next.pem"
        mine.refused()
    assert mine.broker.cert == hall.etc / "agent.crt"
    again = hall.running()
    again.due(NOW_MS)
    assert again.given(encode_trust(hall.signed()), hall.peer, NOW_MS)
    again.accepted()
    assert again.broker.cert == again.broker.key == hall.folder / "agent.pem"
    assert hall.running().broker.cert == hall.folder / "agent.pem"
    assert [event.kind for event in hall.events] == ["certificate_refused", "certificate_renewed"]
    hall.install(hall.authority.client(SITE))  # a new bundle
    assert files_in_force(hall.broker, hall.data) == hall.broker
    assert hall.running().broker == hall.broker


def test_a_damaged_certificate_on_the_card_leads_back_to_the_bundle(hall: Hall) -> None:
    hall.running()._keep()
    hall.folder.mkdir(exist_ok=True)
    (hall.folder / "agent.pem").write_bytes(b"\0" * 300)
    mine = hall.running()
    mine._keep(n=4)
    assert mine.context() is not None
    assert mine.broker == hall.broker
    assert "n" not in hall.running()._state, "the list of authorities went with it, and is to be sent again"


def test_a_key_that_is_in_use_is_not_asked_for_again(hall: Hall) -> None:
    """A power cut after the new certificate was taken into use leaves its key under the name of the next one."""
    hall.folder.mkdir(exist_ok=True)
    (hall.folder / "next.key").write_bytes((hall.etc / "agent.key").read_bytes())
    own = x509.load_pem_x509_certificate((hall.etc / "agent.crt").read_bytes())
    assert x509.load_pem_x509_csr(hall.asks().encode()).public_key() != own.public_key()


def test_the_signer_signs_once_and_only_for_whom_the_topic_names(hall: Hall) -> None:
    def answer(serial: str, csr: str) -> tuple[Trust, str]:
        said = {SITE: Identity(serial, "Sinyal CA", NOW_MS, csr=csr)}
        found = answers(hall.authority, hall.register, said, [SITE], Trust())[SITE]
        return found.trust, found.done

    csr = hall.asks()
    for serial, request, why in ((hall.serial, "x", "refused"), ("ff", csr, "nobody whose certificate is good")):
        trust, done = answer(serial, request)
        assert (trust, why in done) == (Trust(), True)
    trust, done = answer(hall.serial, csr)
    assert done.startswith("renewed until")
    assert answer(hall.serial, csr) == (trust, "waits for the hall")
    said = {OTHER: Identity(hall.serial, "Sinyal CA", NOW_MS, csr=csr)}
    assert "for another hall" in answers(hall.authority, hall.register, said, [OTHER], Trust())[OTHER].done
    for _ in range(MOST_ACTIVE):
        hall.register.record(SITE, hall.authority.client(SITE).cert)
    (hall.folder / "next.key").unlink()
    assert "are good already" in answer(hall.serial, hall.asks())[1]


def test_the_authority_changes_in_three_steps_and_revoking_goes_on(hall: Hall) -> None:
    start(hall.pki)
    listed = behind(hall.pki, {SITE: Identity(hall.serial, "Sinyal CA", NOW_MS)}, [SITE, OTHER])
    assert listed == {SITE: "believes list 0, not yet 1", OTHER: "has not said what it believes: away, or of an older version"}
    assert behind(hall.pki, {SITE: Identity(hall.serial, "Sinyal CA", NOW_MS, trusts=1)}, [SITE]) == {}
    switch(hall.pki)
    assert Authority.load(hall.pki).name == "Sinyal CA 2"
    said = {SITE: Identity(hall.serial, "Sinyal CA", NOW_MS, trusts=2)}
    assert behind(hall.pki, said, [SITE]) == {SITE: "has a certificate of Sinyal CA still"}
    new = Authority.load(hall.pki).client(SITE)
    hall.register.record(SITE, new.cert)
    assert len(hall.register.active(SITE)) == 2
    hall.register.revoke(Authority.load_all(hall.pki), hall.register.active(SITE))
    assert hall.register.active(SITE) == []
    finish(hall.pki)
    assert [cert.subject for cert in x509.load_pem_x509_certificates((hall.pki / "ca.crt").read_bytes())] == [new.cert.issuer]
    assert hall.register.active(SITE) == [], "what an authority of before signed is good no more"
    assert not (hall.pki / "previous").exists()
