"""The plant under attack: real mosquitto (no persistence, queues of 10), real InfluxDB, two collectors, real agents on ptys."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from demo.modem import SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from lab.count import measured
from lab.engines import influxd2, store_section
from lab.servers import Server, find_program, free_port, influxd, mosquitto, wait_for
from telemetry.ack import frame_id
from telemetry.topics import ROOT

DATABASE = "sinyal"
ENGINE = os.environ.get("SINYAL_PLANT_ENGINE", "influx1")

BROKER = """
listener {port} 127.0.0.1
use_username_as_clientid true
max_connections 1000
listener %INNER% 127.0.0.1
max_connections 50
allow_anonymous false
persistence false
max_queued_messages 10
max_inflight_messages 5
max_packet_size 1049600
password_file %FOLDER%/passwords
acl_file %FOLDER%/acl
"""
"""The listeners and rules of config/mosquitto.conf; a name and a password stand for the certificate."""
PASSWORD = "plant"
OPEN_ACL = (Path(__file__).parents[1] / "config" / "mosquitto.acl").read_text() + f"\nuser doubler\ntopic readwrite {ROOT}/#\n"
SHUT_ACL = f"pattern read {ROOT}/%u/#\nuser collector\ntopic read {ROOT}/#\n"

AGENT = """
[agent]
site = "{site}"
data_dir = "{folder}"
[broker]
host = "127.0.0.1"
port = {port}
tls = false
username = "{site}"
password_file = "{folder}/password"
[sampling]
interval_s = 1
device_interval_s = {device_s}
frame_interval_s = 2
"""
MODEM = """
[[modem]]
name = "{name}"
port = "{link}"
family = "{family}"
"""
COLLECTOR = """
[broker]
host = "127.0.0.1"
port = {port}
tls = false
client_id = "{name}"
username = "collector"
password_file = "{folder}/password"
group_file = "{group}"
[store]
{store}
[sites]
file = "{sites}"
[rejected]
folder = "{folder}/rejected"
[http]
port = {http}
"""


def python(name: str, folder: Path, *argv: str) -> Server:
    """Prepare one of our own programs as a process that can be killed and started again."""
    folder.mkdir(parents=True, exist_ok=True)
    return Server(name, [sys.executable, "-P", "-m", *argv], 0, folder, lambda: True)


class Doubler:
    """A client that publishes each frame it sees once more: duplicate delivery, as a broker may do at any time."""

    def __init__(self, port: int) -> None:
        self.doubled = 0
        self._seen: set[int] = set()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="doubler")
        self._client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/+/+")
        self._client.on_message = self._again
        self._client.username_pw_set("doubler", PASSWORD)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def _again(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith(("/ack", "/status", "/config", "/reported")):
            return
        crc = frame_id(message.payload)
        if crc in self._seen:
            return
        self._seen.add(crc)
        self.doubled += 1
        client.publish(message.topic, message.payload)

    def stop(self) -> None:
        """Leave the broker."""
        self._client.loop_stop()
        self._client.disconnect()


@dataclass(slots=True)
class Plant:
    """Everything that runs, by name."""

    folder: Path
    broker: Server
    store: Server
    collectors: list[Server]
    agents: dict[str, Server]
    modems: list[SimulatedModem]

    @property
    def acl(self) -> Path:
        """Return the path of the broker's access list."""
        return self.broker.folder / "acl"

    def spool(self, site: str) -> Path:
        """Return the path of a hall's spool."""
        return self.folder / site / "spool.db"

    def set_acl(self, text: str) -> None:
        """Give the broker another access list at once."""
        self.acl.write_text(text)
        self.broker.reload()

    def stop_measuring(self, site: str) -> None:
        """Restart an agent without modems: it sends what it has and measures nothing more."""
        agent = self.agents[site]
        agent.stop()
        folder = self.folder / site
        config = AGENT.format(site=site, folder=folder, port=self.broker.port, device_s=86400)
        (folder / "agent.toml").write_text(config)
        agent.start()


def _broker(folder: Path, inner: int, users: Sequence[str]) -> Server:
    folder.mkdir(parents=True)
    (folder / "acl").write_text(OPEN_ACL)
    passwords = folder / "passwords"
    passwords.write_text("".join(f"{user}:{PASSWORD}\n" for user in users))
    subprocess.run([find_program("mosquitto_passwd", "mosquitto"), "-U", passwords], check=True)
    return mosquitto(folder, BROKER.replace("%FOLDER%", str(folder)).replace("%INNER%", str(inner)))


def _password(folder: Path) -> None:
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text(PASSWORD)


def collector(name: str, folder: Path, broker: Server, store: Server) -> Server:
    """Prepare a collector that reads from the broker and writes to the database."""
    folder.mkdir(parents=True)
    config = folder / "collector.toml"
    sites = Path(__file__).parents[1] / "config" / "sites.csv"
    group = broker.folder / "collectors-group"
    group.write_text("the-collectors-of-the-plant-under-attack")
    text = COLLECTOR.format(
        port=broker.port,
        name=name,
        group=group,
        store=store_section(ENGINE, folder, store),
        folder=folder,
        sites=sites,
        http=free_port(),
    )
    config.write_text(text)
    _password(folder)
    return python(name, folder, "collector.cli", "run", "--config", str(config))


def _agent(site: str, folder: Path, broker: Server, links: dict[str, Path]) -> Server:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "agent.toml"
    modems = "".join(MODEM.format(name=family, link=link, family=family) for family, link in links.items())
    config.write_text(AGENT.format(site=site, folder=folder, port=broker.port, device_s=5) + modems)
    _password(folder)
    return python(f"agent-{site}", folder, "agent.cli", "run", "--config", str(config))


@contextmanager
def running(
    folder: Path, sites: Sequence[str], families: Sequence[str] = ("quectel", "simcom"), guests: Sequence[str] = ()
) -> Iterator[Plant]:
    """Start the plant: one broker, one database, two collectors, and an agent with a modem of each family at every site.

    `guests` are enrolled too, and somebody else plays them.
    """
    with ExitStack() as stack:
        port = free_port()
        broker = stack.enter_context(_broker(folder / "broker", port, ("collector", "doubler", *sites, *guests)))
        inner = Server("inner", [], port, broker.folder, lambda: True)
        store = stack.enter_context((influxd if ENGINE == "influx1" else influxd2)(folder / "store"))
        names = ("collector-a", "collector-b")
        collectors = [stack.enter_context(collector(name, folder / name, inner, store)) for name in names]
        doubler = Doubler(inner.port)
        stack.callback(doubler.stop)
        agents, modems = {}, []
        for number, site in enumerate(sites):
            links = {family: folder / site / f"tty-{family}" for family in families}
            (folder / site).mkdir()
            for family, link in links.items():
                modem = SimulatedModem(family_answers(family, Radio(seed=number)), link)
                modems.append(stack.enter_context(modem))
            agents[site] = stack.enter_context(_agent(site, folder / site, broker, links))
        plant = Plant(folder, broker, store, collectors, agents, modems)
        for site in sites:
            wait_for(lambda site=site: measured(plant.spool(site)) > 10, f"{site} to measure")  # type: ignore[misc]
        yield plant
