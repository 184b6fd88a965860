"""Alerts of Grafana go along our routes: once for each opening and closing, whatever Grafana repeats and whoever asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from collector.errors import ConfigError
from collector.notify.config import load
from collector.notify.relay import Relay
from lab.servers import free_port
from tests.collector.notify.parts import Post, post

TOKEN = "token-of-the-contact-point"
CONFIG = """
[destination.first]
url = "json://127.0.0.1:9/"
[route.all]
audience = "teknisi"
to = ["first"]
[relay]
token_file = "token"
port = {port}
"""


def note(status: str = "firing", **labels: str) -> dict[str, Any]:
    """What Grafana 11 sends, shortened to the fields that say something."""
    return {
        "receiver": "sinyal", "status": status, "orgId": 1, "version": "1", "groupKey": "{}:{}", "title": "[FIRING:1]",
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": "Tanpa layanan", "kecamatan": "Sandaran", "site": "6408112003"} | labels,
                "annotations": {"summary": "Tadoan: tanpa layanan", "description": "Laporkan ke operator."},
                "startsAt": "2026-11-24T08:15:00+08:00",
                "endsAt": "2026-11-24T09:40:00+08:00" if status == "resolved" else "0001-01-01T00:00:00Z",
                "fingerprint": "c6eadffa33fcdf37",
                "values": {"A": 1.0},
                "panelURL": "http://127.0.0.1:3000/d/x?viewPanel=2",
            }
        ],
    }  # fmt: skip


class Box:
    def __init__(self, box: Post, relay: Relay) -> None:
        self.box = box
        self._url = f"http://127.0.0.1:{relay.port}/grafana"

    def ask(self, body: object, token: str = TOKEN) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(self._url, data=data, headers={"Authorization": f"Bearer {token}"}, timeout=10)


@pytest.fixture
def relayed(tmp_path: Path) -> Iterator[Box]:
    (tmp_path / "token").write_text(TOKEN + "\n")
    box = post(tmp_path, CONFIG.format(port=0))
    assert box.config.relay
    relay = Relay(box.config.relay, box.db, box.config)
    relay.start()
    yield Box(box, relay)
    relay.stop()


def test_an_alert_of_grafana_becomes_one_opening_and_one_closing(relayed: Box) -> None:
    for body in (note(), note(), note(severity="critical"), note("resolved"), note("resolved")):  # repeated every 4 hours
        assert relayed.ask(body).status_code == 200
    messages = relayed.box.outbox().messages()
    assert [(m.kind, m.severity, m.role, m.site, m.kecamatan) for m in messages] == [
        ("open", "warning", "network", "6408112003", "Sandaran"),
        ("resolve", "warning", "network", "6408112003", "Sandaran"),
    ]
    assert messages[0].key == messages[1].key
    assert (messages[0].title_id, messages[0].text_en) == ("Tadoan: tanpa layanan", "Laporkan ke operator.")
    assert messages[0].link == "http://127.0.0.1:3000/d/x?viewPanel=2"
    assert relayed.box.outbox().waiting() == {"first": 2}


@pytest.mark.parametrize(
    ("body", "token", "status"),
    [
        (note(), "wrong", 401),
        (note(), "", 401),
        (b"not json", TOKEN, 400),
        ({"alerts": [{"status": "firing"}]}, TOKEN, 400),
        ({"alerts": "x"}, TOKEN, 400),
        (b"x" * ((1 << 20) + 1), TOKEN, 400),
    ],
)
def test_who_has_no_token_or_sends_something_else_is_refused(relayed: Box, body: object, token: str, status: int) -> None:
    try:
        assert relayed.ask(body, token).status_code == status
    except requests.ConnectionError:  # refused before all of a huge body was sent
        assert isinstance(body, bytes)
    assert relayed.box.outbox().messages() == []
    assert relayed.ask(note()).status_code == 200


def test_a_token_that_is_missing_and_a_port_that_is_taken_are_config_faults(tmp_path: Path, relayed: Box) -> None:
    port = relayed._url.split(":")[2].partition("/")[0]
    path = tmp_path / "alerts.toml"
    path.write_text(CONFIG.format(port=port))
    config = load(path)
    assert config.relay
    with pytest.raises(ConfigError, match=f"relay.port: 127.0.0.1:{port}: Address already in use; choose another"):
        Relay(config.relay, tmp_path / "watch.db", config)
    path.write_text(CONFIG.format(port=free_port()).replace('"token"', '"none"'))
    config = load(path)
    assert config.relay
    with pytest.raises(ConfigError, match="no such file; write the secret there"):
        Relay(config.relay, tmp_path / "watch.db", config)
