"""The installation that `sinyal-collector doctor` examines: its files read once, and what its checks ask of other programs."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import paho.mqtt.client as mqtt
import requests
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from collector.config import BrokerSection, Config, load, secret
from collector.errors import CollectorError, ConfigError, StoreUnavailableError
from collector.line.broker import tls_context
from collector.sites.sites import Site, read_sites
from collector.store.open import open_store
from collector.store.store import Store
from collector.watch.config import Alerts
from collector.watch.config import load as load_alerts
from ground.paths import ALERTS, BACKUPS, COLLECTOR, NGINX

ANSWER_S = 5.0
DAY_S = 86_400
PAGE_PORT = 8080


@dataclass
class Server:
    """An installed server. Properties read files once and raise ConfigError, or StoreUnavailableError."""

    file: Path = COLLECTOR
    alerts_file: Path = ALERTS
    backups: Path = BACKUPS
    door: Path = NGINX
    page_url: str = f"http://127.0.0.1:{PAGE_PORT}"

    @cached_property
    def now_s(self) -> float:
        """UTC of this machine when the examination began, s."""
        return time.time()

    @cached_property
    def config(self) -> Config:
        """The collector's configuration."""
        return load(self.file)

    @cached_property
    def alerts(self) -> Alerts:
        """Rules and delivery."""
        return load_alerts(self.alerts_file)

    @cached_property
    def sites(self) -> dict[str, Site]:
        """The register."""
        return read_sites(self.config.sites.file)

    @cached_property
    def store(self) -> Store:
        """The store, as the collector opens it."""
        try:
            return open_store(self.config.store)
        except OSError as error:
            raise StoreUnavailableError(str(error)) from None


def knock(broker: BrokerSection) -> None:
    """Connect to the broker as the collector does, and leave. Raises CollectorError with the reason, ConfigError, OSError."""
    if missing := next((path for path in (broker.ca, broker.cert, broker.key) if path is not None and not path.exists()), None):
        raise ConfigError(f"{missing}: no such file; make it with `sinyal-collector ca init --host NAME`")
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    if broker.username is not None:
        client.username_pw_set(broker.username, secret(broker.password_file, "SINYAL_BROKER_PASSWORD"))
    if broker.tls:
        client.tls_set_context(tls_context(broker))
    client.connect_timeout = ANSWER_S
    answered, refusal = threading.Event(), list[str]()

    def on_connect(_client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _props: object) -> None:
        if code.is_failure:
            refusal.append(str(code))
        answered.set()

    client.on_connect = on_connect
    client.connect(broker.host, broker.port)
    client.loop_start()
    came = answered.wait(ANSWER_S)
    client.disconnect()
    client.loop_stop()
    if not came or refusal:
        raise CollectorError(refusal[0] if refusal else f"no answer within {ANSWER_S:.0f} s")


def ask(url: str) -> requests.Response:
    """Ask a program of this machine. Raises OSError (requests.RequestException) where nobody answers."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the user's session has no place here
        return session.get(url, timeout=ANSWER_S)


def watch_state(path: Path) -> tuple[float | None, float | None, int]:
    """Return when the watch last looked, since when a message cannot be delivered (both s UTC), and how many wait.

    Raises sqlite3.Error, also where there is no file.
    """
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=ANSWER_S)
    try:
        looked = db.execute("SELECT value FROM meta WHERE name = 'tick_ms'").fetchone()
        failing = db.execute(
            "SELECT min(m.at_ms) FROM delivery d JOIN message m ON m.id = d.message"
            " WHERE d.delivered = 0 AND d.attempts > 0 AND d.due_ms IS NOT NULL"
        ).fetchone()
        waiting = db.execute("SELECT count(*) FROM delivery WHERE delivered = 0 AND due_ms IS NOT NULL").fetchone()
    finally:
        db.close()
    return looked and looked[0] / 1000, failing[0] and failing[0] / 1000, waiting[0]
