"""config/compose.yaml and what its container `setup` makes. Docker itself is not run here: the file is read and judged."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.config import Influx2Section, load
from collector.enrol import compose_command
from dashboards.grafana.publish import datasource_of
from tests.collector.enrol.plant import HOST, SHIPPED, run

COMPOSE: dict[str, Any] = yaml.safe_load((SHIPPED / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def init(folder: Path) -> dict[str, Path]:
    places = {name: folder / name for name in ("pki", "secrets", "grafana", "broker")}
    argv = [item for name, path in places.items() for item in (f"--{name}", path)]
    assert run(compose_command, "--host", HOST, *argv) == 0
    return places


def test_secrets_are_drawn_once_and_never_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = init(tmp_path / "a")
    drawn = {path.name: path.read_text() for path in first["secrets"].iterdir()}
    assert set(drawn) == {
        "influx-token",
        "influx-password",
        "grafana-password",
        "sinyal-token",
        "clickhouse-password",
        "clickhouse-grafana",
    }
    assert len(set(drawn.values())) == 4
    assert all(len(text) >= 43 for text in drawn.values())
    assert drawn["sinyal-token"] == drawn["influx-token"] == drawn["clickhouse-password"]
    out = capsys.readouterr().out
    assert not [name for name, text in drawn.items() if text in out]
    assert init(tmp_path / "a")
    assert {path.name: path.read_text() for path in first["secrets"].iterdir()} == drawn
    other = init(tmp_path / "b")
    assert not {path.read_text() for path in other["secrets"].iterdir()} & set(drawn.values())


def test_each_secret_belongs_to_one_user(tmp_path: Path) -> None:
    places = init(tmp_path)
    rules = [path for path in places["broker"].rglob("*") if path.is_file()]
    files = [*places["secrets"].iterdir(), *places["grafana"].iterdir(), *rules]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o400}
    if os.geteuid() == 0:
        owners = {path.name: path.stat().st_uid for path in [*files, *places["pki"].glob("*.key")]}
        assert owners == {
            **dict.fromkeys(["influx-token", "influx-password"], compose_command.INFLUX),
            **dict.fromkeys(["clickhouse-password", "clickhouse-grafana"], compose_command.CLICKHOUSE),
            **dict.fromkeys(["grafana-password", "sinyal.yaml"], compose_command.GRAFANA),
            **dict.fromkeys(["sinyal-token", "collector.key"], compose_command.SINYAL),
            "signer.key": 0,
            **dict.fromkeys(["broker.key", "sinyal.acl", "sinyal.conf"], compose_command.MOSQUITTO),
            "ca.key": 0,
        }


def test_grafana_gets_the_data_source_that_publish_would_make(tmp_path: Path) -> None:
    places = init(tmp_path)
    token_file = places["secrets"] / "sinyal-token"
    store = load(SHIPPED / "compose" / "collector.toml").store
    assert isinstance(store, Influx2Section)
    found = json.loads((places["grafana"] / "sinyal.yaml").read_text())["datasources"]
    assert found == [datasource_of(store.model_copy(update={"token_file": token_file}))]


def test_no_password_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        environment = service.get("environment", {})
        pairs = environment.items() if isinstance(environment, dict) else ((text, "") for text in environment)
        for key, value in pairs:
            if re.search("PASSWORD|TOKEN|SECRET", key):
                assert key.endswith("FILE"), (name, key)
                assert value.startswith("/run/sinyal/"), (name, key)


def test_only_the_halls_port_is_open_to_the_network() -> None:
    ports = {port for service in SERVICES.values() for port in service.get("ports", [])}
    assert {port for port in ports if not port.startswith("127.0.0.1:")} == {"8883:8883"}


def test_what_is_mounted_exists_and_volumes_are_declared() -> None:
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("./"):
                assert (SHIPPED / source).exists() or source == "./bundles", (name, source)
            else:
                assert source in COMPOSE["volumes"], (name, source)


def test_our_programs_run_without_rights() -> None:
    ours = {name: service for name, service in SERVICES.items() if service["image"] == "sinyal"}
    assert {"collector", "watch", "fleet", "dashboards", "setup", "office"} == set(ours)
    for service in ours.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
    assert {name for name, service in ours.items() if service.get("user") == "0"} == {"setup", "office"}
