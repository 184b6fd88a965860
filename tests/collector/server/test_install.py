"""`install` below another root: what it writes is complete, closed to strangers, and survives a second run."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collector.config import load
from collector.enrol import enroll_command
from collector.errors import ConfigError
from collector.server import install
from ground.paths import shipped
from lab.servers import free_port, influxd, wait_for
from tests.collector.enrol.plant import HOST, run

UNITS = shipped() / "systemd"
OURS = tuple(name for name in install.UNIT_FILES if name.endswith(".service"))
MOST_EXPOSED = 3.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    assert run(install, "--host", HOST, "--root", tmp_path) == 0
    return tmp_path


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p.relative_to(root)): (p.stat().st_mode & 0o7777, p.read_bytes()) for p in root.rglob("*") if p.is_file()}


def test_a_second_run_changes_nothing_and_an_edited_file_stays(root: Path) -> None:
    edited = root / "etc/sinyal/collector.toml"
    edited.write_text(edited.read_text() + "# mine\n")
    before = tree(root)
    assert run(install, "--host", HOST, "--root", root) == 0
    assert tree(root) == before


def test_an_upgrade_brings_rules_and_services_up_to_date(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = tree(root)
    for name in ("etc/mosquitto/sinyal.acl", "etc/systemd/system/sinyal-collector.service"):
        (root / name).write_text("of an older version\n")
    capsys.readouterr()
    assert run(install, "--host", HOST, "--root", root, "--verbose") == 0
    assert tree(root) == whole
    assert f"{root}/etc/mosquitto/sinyal.acl" in capsys.readouterr().out


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(install, "--host", HOST, "--root", tmp_path, "--dry-run") == 0
    assert list(tmp_path.iterdir()) == []
    assert f"(would) {tmp_path}/etc/mosquitto/conf.d/sinyal.conf" in capsys.readouterr().out


def test_the_configuration_that_it_writes_loads_and_enrolls(root: Path, tmp_path: Path) -> None:
    path = root / "etc/sinyal/collector.toml"
    config = load(path)
    assert config.broker.port == 8884
    assert config.rejected.folder == Path("/var/lib/sinyal/rejected")
    assert config.broker.key == root / "etc/sinyal/pki/collector.key"
    assert config.sites.file.is_file()
    assert config.classes.file.is_file()
    assert run(enroll_command, "6408012001", "--config", path, "--out", tmp_path / "hall.sinyal") == 0


def test_secrets_are_closed(root: Path) -> None:
    files = tree(root)
    secret = {name: mode for name, (mode, content) in files.items() if b"PRIVATE KEY" in content}
    assert sorted(secret) == [f"etc/sinyal/pki/{name}.key" for name in ("broker", "ca", "collector", "signer")]
    assert set(secret.values()) == {0o600}
    assert files["etc/sinyal/collector.toml"][0] == 0o640


def test_the_database_is_bound_to_this_machine(root: Path, tmp_path: Path) -> None:
    """Debian's own influxdb.conf, with the environment that we give the service; only ports are other ones."""
    text = (root / "etc/systemd/system/influxdb.service.d/sinyal.conf").read_text()
    environment = dict(re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE))
    for name, value in environment.items():
        if name.endswith("BIND_ADDRESS"):
            environment[name] = value.rpartition(":")[0] + f":{free_port()}"
    debian = Path("/etc/influxdb/influxdb.conf")
    if not debian.exists():
        pytest.skip("Debian's influxdb is not installed")
    plain = re.sub(r'"/var/lib/influxdb', f'"{tmp_path}/influx', debian.read_text())
    server = influxd(tmp_path / "influxd")
    (server.folder / "influxdb.conf").write_text(plain)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(server.argv, env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        wait_for(lambda: len(_listening(process.pid)) == 2, "InfluxDB to listen on its two ports")
        assert _listening(process.pid) == {environment["INFLUXDB_HTTP_BIND_ADDRESS"], environment["INFLUXDB_BIND_ADDRESS"]}
    finally:
        process.kill()
        process.wait()


def _listening(pid: int) -> set[str]:
    """Return the addresses on which a process listens."""
    sockets = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            sockets.add(str(path.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and f"socket:[{cells[9]}]" in sockets:
                address, port = cells[1].split(":")
                host = ".".join(str(byte) for byte in reversed(bytes.fromhex(address))) if table == "tcp" else address
                found.add(f"{host}:{int(port, 16)}")
    return found


def test_without_the_shipped_files_it_says_where_they_should_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ground.paths.__file__", str(tmp_path / "ground" / "paths.py"))
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    with pytest.raises(ConfigError, match="share/sinyal"):
        shipped()


@pytest.mark.parametrize("name", OURS)
def test_services_are_closed_in(name: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (apt install systemd)")
    argv = [program, "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", str(UNITS / name)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_no_timer_names_a_zone_that_a_small_debian_lacks() -> None:
    timers = {path.name: re.findall(r"(?m)^OnCalendar=.*$", path.read_text()) for path in UNITS.glob("*.timer")}
    zoned = [(name, when) for name, found in timers.items() for when in found if re.search(r" [A-Z]\w+/", when)]
    assert timers["sinyal-backup.timer"] == ["OnCalendar=*-*-* 18:40:00 UTC"]
    assert zoned == []


def test_services_run_programs_that_exist_and_only_who_needs_the_ca_key_as_root() -> None:
    for name in install.UNIT_FILES:
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read(UNITS / name)
        if not name.endswith(".service"):
            continue
        assert unit["Service"]["User"] == ("root" if name in ("sinyal-backup.service", "sinyal-renew.service") else "sinyal"), (
            name
        )
        program, command = unit["Service"]["ExecStart"].split()[:2]
        assert program in ("/opt/sinyal/bin/sinyal-collector", "/opt/sinyal/bin/sinyal-dashboards"), name
        assert command in ("run", "fleet", "watch", "serve", "backup", "doctor", "ca", "archive", "federate"), name
