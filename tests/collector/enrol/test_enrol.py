"""The CA, the register of certificates and the bundle, without a broker."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import tarfile
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from agent.host.bundle import read_bundle
from collector.enrol import ca_command, enroll_command, revoke_command
from collector.enrol.ca import PASSPHRASE, Authority, common_name, server_names
from collector.enrol.register import Register
from collector.errors import ConfigError
from tests.collector.enrol.plant import HOST, Plant, make_plant, run
from tests.collector.frames import OTHER, SITE

MODEM = "telkomsel=/dev/serial/by-id/usb-Quectel_EC25-if02-port0"


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return make_plant(tmp_path / "server")


def enroll(plant: Plant, *argv: str | Path, site: str = SITE.code) -> Path:
    out = plant.folder / "hall.sinyal"
    assert run(enroll_command, site, "--out", out, "--config", plant.config, *argv) == 0
    return out


def members(bundle: Path) -> dict[str, bytes]:
    with tarfile.open(bundle) as tar:
        return {member.name: file.read() for member in tar if (file := tar.extractfile(member))}


def test_keys_are_for_their_owner_alone(plant: Plant) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in plant.pki.iterdir() if path.suffix == ".key"}
    assert modes == {"ca.key": 0o600, "broker.key": 0o600, "collector.key": 0o600, "signer.key": 0o600}


def test_certificates_hold_in_2020_and_in_2049(plant: Plant) -> None:
    certs = [*Register(plant.pki).issued("collector"), *(_cert(plant.pki / f"{name}.crt") for name in ("ca", "broker"))]
    for cert in certs:
        assert cert.not_valid_before_utc <= dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        assert cert.not_valid_after_utc >= dt.datetime(2049, 12, 31, tzinfo=dt.UTC)
        key = cert.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"


def _cert(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_list_of_revoked_never_runs_out_and_is_never_from_the_future(plant: Plant) -> None:
    register = Register(plant.pki)
    for _ in range(3):
        register.revoke([Authority.load(plant.pki)], [])
    crl = x509.load_pem_x509_crl(register.crl_file.read_bytes())
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 4
    assert crl.last_update_utc < dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    assert crl.next_update_utc is not None
    assert crl.next_update_utc.year == 2049


def test_ca_init_again_keeps_the_ca_and_renews_only_the_broker_for_another_name(plant: Plant) -> None:
    before = {path.name: path.read_bytes() for path in plant.pki.glob("*.*")}
    assert run(ca_command, "init", "--host", HOST, "--config", plant.config) == 0
    assert {path.name: path.read_bytes() for path in plant.pki.glob("*.*")} == before
    assert run(ca_command, "init", "--host", "203.0.113.7", "--host", HOST, "--config", plant.config) == 0
    changed = {path.name for path in plant.pki.glob("*.*") if path.read_bytes() != before[path.name]}
    assert changed == {"broker.crt", "broker.key"}
    assert server_names(_cert(plant.pki / "broker.crt")) == ["203.0.113.7", HOST, "localhost", "127.0.0.1"]


def test_a_passphrase_locks_the_ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE, "kunci sangat rahasia")
    plant = make_plant(tmp_path / "server")
    assert b"ENCRYPTED" in (plant.pki / "ca.key").read_bytes()
    enroll(plant)
    for wrong in ("", "lain"):
        monkeypatch.setenv(PASSPHRASE, wrong)
        with pytest.raises(ConfigError, match=PASSPHRASE):
            run(revoke_command, SITE.code, "--config", plant.config)


def test_the_bundle_is_what_the_hall_needs_and_nothing_else(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = plant.folder / "sinyal-1.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    bundle = enroll(plant, "--modem", MODEM, "--wheel", wheel)
    assert bundle.stat().st_mode & 0o777 == 0o600
    with tarfile.open(bundle) as tar:
        assert all(member.isreg() and "/" not in member.name for member in tar)
        assert tar.getmember("agent.key").mode == 0o600
    content = members(bundle)
    assert list(content) == ["bundle.json", "agent.toml", "ca.crt", "agent.crt", "agent.key", "README.txt", wheel.name]
    about = json.loads(content.pop("bundle.json"))
    assert about["v"] == 1
    assert about["site"] == SITE.code
    assert (
        dt.timedelta(days=1824) < dt.datetime.fromisoformat(about["expires"]) - dt.datetime.now(dt.UTC) < dt.timedelta(days=1826)
    )
    assert about["sha256"] == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    assert common_name(x509.load_pem_x509_certificate(content["agent.crt"])) == SITE.code
    assert content["ca.crt"] == (plant.pki / "ca.crt").read_bytes()
    assert content["README.txt"].decode().startswith("Paket pemasangan Sinyal untuk 6408012001 (Senyiur, Muara Ancalong)")
    assert "PRIVATE KEY" not in capsys.readouterr().out


def test_the_key_for_updates_goes_along_where_the_office_has_one(plant: Plant) -> None:
    (plant.pki / "update.pub").write_bytes(b"public key")
    assert members(enroll(plant))["update.pub"] == b"public key"


def test_the_agent_takes_the_bundle(plant: Plant) -> None:
    bundle = read_bundle(enroll(plant, "--modem", MODEM, "--modem", "ioh=/dev/ttyUSB6"))
    config = bundle.config
    assert (config.agent.site, config.broker.host, config.broker.port, config.broker.tls) == (
        SITE.code,
        HOST,
        plant.hall_port,
        True,
    )
    assert [(modem.name, modem.port) for modem in config.modem] == [tuple(MODEM.split("=")), ("ioh", "/dev/ttyUSB6")]


def test_the_private_key_of_a_hall_stays_nowhere_on_the_server(plant: Plant) -> None:
    key = members(enroll(plant))["agent.key"]
    (plant.folder / "hall.sinyal").unlink()
    assert [path for path in plant.folder.rglob("*") if path.is_file() and key in path.read_bytes()] == []


@pytest.mark.parametrize("name", ["collector", "broker", "ca"])
def test_no_hall_gets_the_name_of_a_program_of_the_server(plant: Plant, name: str) -> None:
    sites = plant.folder / "sites.csv"
    sites.write_text(sites.read_text().replace(SITE.code, name))
    with pytest.raises(ConfigError, match="no hall may have it"):
        enroll(plant, site=name)


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--modem", MODEM, "--modem", "telkomsel=/dev/ttyUSB1"], "same name"),
        (["--wheel", "/nowhere/sinyal.whl"], "No such file"),
        (["--card", "/nowhere"], "name the packages too"),
        (["--deb", "/nowhere/x.deb"], "both or none"),
        (["--wheel", "/etc/passwd"], r"is not a \*\.whl"),
    ],
)
def test_a_wrong_argument_leaves_no_certificate_behind(plant: Plant, argv: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        enroll(plant, *argv)
    assert Register(plant.pki).issued(SITE.code) == []


@pytest.mark.parametrize("text", ["telkomsel", "Telkomsel=/dev/ttyUSB0", "a=ttyUSB0", 'a=/dev/x"\n[agent]'])
def test_a_wrong_modem_is_a_usage_error(plant: Plant, text: str) -> None:
    with pytest.raises(SystemExit) as end:
        enroll(plant, "--modem", text)
    assert end.value.code == 2


def test_an_unknown_site_or_a_second_enrolment_is_refused_with_the_cure(plant: Plant) -> None:
    with pytest.raises(ConfigError, match=r"6408019999: is not in .*sites.csv; add its row"):
        enroll(plant, site="6408019999")
    enroll(plant)
    with pytest.raises(ConfigError, match=f"sinyal-collector enroll {SITE.code} --again"):
        enroll(plant)


def test_names_that_begin_alike_are_told_apart(plant: Plant) -> None:
    authority, register = Authority.load(plant.pki), Register(plant.pki)
    register.record("hall-2", authority.client("hall-2").cert)
    assert register.issued("hall") == []


def test_a_lost_list_of_revoked_certificates_is_not_made_anew(plant: Plant) -> None:
    enroll(plant)
    (plant.pki / "crl.pem").unlink()
    with pytest.raises(ConfigError, match=r"crl.pem.*restore it from the backup"):
        run(revoke_command, SITE.code, "--config", plant.config)
    assert run(ca_command, "init", "--host", HOST, "--config", plant.config) == 0
    assert not (plant.pki / "crl.pem").exists()


def test_what_was_never_there_cannot_be_revoked(plant: Plant) -> None:
    assert run(revoke_command, SITE.code, "--config", plant.config) == 3


def test_a_desa_with_quotes_gives_no_broken_configuration(plant: Plant) -> None:
    sites = plant.folder / "sites.csv"
    sites.write_text(sites.read_text().replace("Senyiur", '"Desa ""Lama"" =\'#"'))
    toml = tomllib.load(io.BytesIO(members(enroll(plant))["agent.toml"]))
    assert toml["agent"] == {"site": SITE.code}


def test_all_halls_at_once_get_a_file_each_and_again_only_those_without_a_certificate(
    plant: Plant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enroll(plant)
    capsys.readouterr()
    folder = tmp_path / "halls"
    call = ("--all", "--out", folder, "--config", plant.config, "--lang", "en")
    assert run(enroll_command, *call) == 0
    assert [path.name for path in folder.iterdir()] == [f"{OTHER.code}.sinyal"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert read_bundle(folder / f"{OTHER.code}.sinyal").site == OTHER.code
    assert f"1 files are new in {folder}; 1 halls had a certificate" in capsys.readouterr().out
    assert run(enroll_command, *call) == 0
    assert "0 files are new" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "cure"), [((), "name the folder"), (("--out", "x", "--modem", MODEM), "is of one hall")])
def test_all_halls_need_a_folder_and_no_modem(plant: Plant, words: tuple[str, ...], cure: str) -> None:
    with pytest.raises(ConfigError, match=cure):
        run(enroll_command, "--all", *words, "--config", plant.config)
