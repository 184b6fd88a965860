"""A bundle becomes a hall, in a throw-away root: what is where with which rights, twice, and what is refused."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.host import install
from agent.host.bundle import read_bundle
from collector.enrol import enroll_command
from lab.certificates import Authority
from tests.collector.enrol.plant import make_plant
from tests.collector.enrol.plant import run as command

SITE = "6408012001"
CONFIG = Path(__file__).parents[3] / "config"
TOML = f"""[agent]
site = "{SITE}"
[broker]
host = "broker.example"
ca = "/etc/sinyal/ca.crt"
cert = "/etc/sinyal/agent.crt"
key = "/etc/sinyal/agent.key"
[[modem]]
name = "telkomsel"
port = "/dev/serial/by-id/x"
"""
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None or shutil.which("systemctl") is None, reason="systemd is not installed"
)


def members(folder: Path, toml: str = TOML) -> dict[str, bytes]:
    authority = Authority(folder)
    pair = authority.issue(SITE)
    files = {"agent.toml": toml.encode(), "ca.crt": authority.cert.read_bytes(), "agent.crt": pair.cert.read_bytes()}
    return {**files, "agent.key": pair.key.read_bytes(), "README.txt": b"Baca ini"}


def about(files: dict[str, bytes], **changes: object) -> bytes:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    body = {"v": 1, "site": SITE, "created": "2026-11-24T00:00:00+00:00", "expires": "2036-11-24T00:00:00+00:00"}
    return json.dumps({**body, "sinyal_version": "0.1.0", "sha256": digests, **changes}).encode()


def pack(path: Path, files: dict[str, bytes], more: Callable[[tarfile.TarFile], None] | None = None) -> Path:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        if more is not None:
            more(tar)
    path.write_bytes(gzip.compress(plain.getvalue()))
    return path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    files = members(tmp_path / "ca")
    return pack(tmp_path / f"{SITE}.sinyal", {"bundle.json": about(files), **files})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\ndialout:x:20:\n")
    return root


def run(*argv: str | Path) -> int:
    parser = argparse.ArgumentParser()
    install.add_arguments(parser)
    return install.run(parser.parse_args([str(arg) for arg in argv]))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@needs_systemd
def test_a_fresh_root_becomes_the_hall_of_the_bundle(bundle: Path, root: Path) -> None:
    assert run(bundle, "--root", root) == 0
    etc = root / "etc/sinyal"
    assert (etc / "agent.toml").read_text() == TOML
    assert {f.name: mode(f) for f in etc.iterdir()} == {
        "agent.toml": 0o644,
        "ca.crt": 0o644,
        "agent.crt": 0o644,
        "agent.key": 0o640,
    }
    assert (root / "opt/sinyal/current/bin").is_dir()
    assert (root / "usr/local/bin/sinyal-agent").readlink() == Path("/opt/sinyal/current/bin/sinyal-agent")
    wants = root / "etc/systemd/system/multi-user.target.wants"
    assert {link.name for link in wants.iterdir()} == {"sinyal-agent.service", "sinyal-update.service", "sinyal-wanted.path"}
    assert "Storage=volatile" in (root / "etc/systemd/journald.conf.d/60-sinyal.conf").read_text()
    rules = (root / "etc/udev/rules.d/77-sinyal.rules").read_text()
    assert all(part in rules for part in ('ATTR{idVendor}=="2c7c"', "-port*/disable", 'GROUP="gpio"', 'GROUP="i2c"'))


@needs_systemd
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users and gives files away")
def test_the_service_has_a_user_of_its_own_with_the_right_to_serial_ports_and_ping(bundle: Path, root: Path) -> None:
    assert run(bundle, "--root", root) == 0
    user = next(line.split(":") for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("sinyal:"))
    assert user[6].strip().endswith("nologin")
    dialout = next(line for line in (root / "etc/group").read_text().splitlines() if line.startswith("dialout:"))
    assert "sinyal" in dialout.rpartition(":")[2].split(",")
    key = (root / "etc/sinyal/agent.key").stat()
    assert (key.st_uid, key.st_gid) == (0, int(user[3]))
    assert (root / "var/lib/sinyal").stat().st_uid == int(user[2])
    assert "ping_group_range = 0 2147483647" in (root / "etc/sysctl.d/60-sinyal.conf").read_text()


@needs_systemd
def test_installing_twice_changes_nothing(bundle: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(bundle, "--root", root) == 0
    before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
    capsys.readouterr()
    assert run(bundle, "--root", root) == 0
    said = capsys.readouterr().out
    assert f"{SITE}: tidak ada yang perlu dilakukan" in said
    assert {path: path.lstat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_dry_run_says_everything_and_does_nothing(bundle: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(root.rglob("*"))
    assert run(bundle, "--root", root, "--dry-run") == 0
    assert sorted(root.rglob("*")) == before
    said = capsys.readouterr().out
    for part in ("systemd-sysusers", "agent.key", "sinyal-agent.service", "enable"):
        assert re.search(rf"\(would\) .*{part}", said), part


@needs_systemd
def test_a_config_that_a_person_edited_is_kept(bundle: Path, root: Path, tmp_path: Path) -> None:
    run(bundle, "--root", root)
    place = root / "etc/sinyal/agent.toml"
    place.write_text(TOML + "[sampling]\ninterval_s = 10\n")
    assert run(bundle, "--root", root) == 0
    assert "interval_s = 10" in place.read_text()
    assert not place.with_name("agent.toml.new").exists(), "the bundle has nothing new"
    files = members(tmp_path / "ca2", TOML.replace("broker.example", "other.example"))
    newer = pack(tmp_path / "newer.sinyal", {"bundle.json": about(files), **files})
    assert run(newer, "--root", root) == 0
    assert "interval_s = 10" in place.read_text()
    assert "other.example" in place.with_name("agent.toml.new").read_text()
    assert (root / "etc/sinyal/ca.crt").read_bytes() == files["ca.crt"]


@needs_systemd
def test_a_new_bundle_replaces_a_config_that_nobody_edited(bundle: Path, root: Path, tmp_path: Path) -> None:
    run(bundle, "--root", root)
    files = members(tmp_path / "ca2", TOML.replace("broker.example", "other.example"))
    assert run(pack(tmp_path / "newer.sinyal", {"bundle.json": about(files), **files}), "--root", root) == 0
    assert "other.example" in (root / "etc/sinyal/agent.toml").read_text()


@needs_systemd
def test_a_pi_with_readings_of_another_site_is_left_alone(bundle: Path, root: Path, tmp_path: Path) -> None:
    run(bundle, "--root", root)
    (root / "var/lib/sinyal/spool.db").touch()
    files = members(tmp_path / "ca2", TOML.replace(SITE, "other-hall"))
    other = pack(tmp_path / "other.sinyal", {"bundle.json": about(files, site="other-hall"), **files})
    with pytest.raises(ConfigError, match="this Pi is 6408012001 and holds its readings, the bundle is of other-hall"):
        run(other, "--root", root)
    assert (root / "etc/sinyal/agent.toml").read_text() == TOML


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_service_is_exposed_no_more_than_promised() -> None:
    unit = CONFIG / "systemd/sinyal-agent.service"
    argv = ["systemd-analyze", "security", "--offline=true", "--threshold=30", "--no-pager", str(unit)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_a_bundle_is_read(bundle: Path) -> None:
    found = read_bundle(bundle)
    assert (found.site, found.version, found.config.broker.host) == (SITE, "0.1.0", "broker.example")
    assert found.wheels == {}


def test_what_enroll_writes_is_what_install_reads(tmp_path: Path) -> None:
    plant = make_plant(tmp_path / "server")
    out = tmp_path / "hall.sinyal"
    assert command(enroll_command, SITE, "--config", plant.config, "--out", out, "--modem", "telkomsel=/dev/ttyUSB2") == 0
    found = read_bundle(out)
    assert found.site == SITE
    assert [modem.port for modem in found.config.modem] == ["/dev/ttyUSB2"]


def bad(files: dict[str, bytes], **changes: bytes) -> dict[str, bytes]:
    return {"bundle.json": about(files), **files, **changes}


def link(tar: tarfile.TarFile) -> None:
    info = tarfile.TarInfo("agent.key")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/shadow"
    tar.addfile(info)


def outside(tar: tarfile.TarFile) -> None:
    tar.addfile(tarfile.TarInfo("../../etc/cron.d/x"))


def twice(tar: tarfile.TarFile) -> None:
    tar.addfile(tarfile.TarInfo("agent.toml"))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (link, "holds 'agent.key', which does not belong there"),
        (outside, "holds '../../etc/cron.d/x', which does not belong there"),
        (twice, "holds agent.toml twice"),
    ],
)
def test_a_bundle_with_something_foreign_is_refused(tmp_path: Path, more: Callable[[tarfile.TarFile], None], reason: str) -> None:
    files = members(tmp_path / "ca")
    with pytest.raises(ConfigError) as caught:
        read_bundle(pack(tmp_path / "x.sinyal", {"bundle.json": about(files), **files}, more))
    assert reason in str(caught.value)


def test_a_bundle_that_is_wrong_says_why(tmp_path: Path) -> None:
    files = members(tmp_path / "ca")
    other_key = Authority(tmp_path / "ca3").issue("other").key.read_bytes()
    cases: list[tuple[dict[str, bytes], str]] = [
        (bad(files, **{"agent.toml": b"changed"}), "agent.toml was changed after the bundle was made"),
        ({name: content for name, content in bad(files).items() if name != "agent.key"}, "lacks agent.key"),
        (files, "bundle.json is missing or unreadable"),
        ({**files, "bundle.json": about(files, v=2)}, "reads version 1; upgrade the older end"),
        ({**files, "bundle.json": about(files, site="../x")}, "site is not a site's name"),
        ({**files, "bundle.json": about(files, site="other")}, "agent.toml is of site 6408012001, the bundle of other"),
        ({**files, "bundle.json": about(files, sha256={})}, "names other members"),
        ({**files, "bundle.json": about(files, expires="soon")}, "Invalid isoformat string"),
        ({**files, "bundle.json": about(files) + b" " * 70_000}, "bundle.json is too large"),
    ]
    for changed, reason in (({"agent.key": other_key}, "the key of the second"), ({"agent.toml": b"x"}, "not TOML")):
        wrong = {**files, **changed}
        cases.append(({"bundle.json": about(wrong), **wrong}, reason))
    for content, reason in cases:
        with pytest.raises(ConfigError) as caught:
            read_bundle(pack(tmp_path / "x.sinyal", content))
        assert reason in str(caught.value)
        assert "x.sinyal: " in str(caught.value)


def test_what_is_no_bundle_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.sinyal"
    for content in (b"", b"hello", gzip.compress(b"hello"), gzip.compress(os.urandom(20_000))[:-100]):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"x\.sinyal: "):
            read_bundle(path)
    with pytest.raises(ConfigError, match="no such file"):
        read_bundle(tmp_path / "none.sinyal")


def test_a_bundle_that_inflates_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.host.bundle.MAX_BYTES", 1_000_000)
    path = tmp_path / "x.sinyal"
    path.write_bytes(gzip.compress(b"\x00" * 50_000_000))
    with pytest.raises(ConfigError, match="holds more than 1 MB"):
        read_bundle(path)
