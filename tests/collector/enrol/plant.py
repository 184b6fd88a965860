"""A server as `sinyal-collector` sets it up, in a folder of the test: CA, configuration, and the mosquitto that we ship."""

from __future__ import annotations

import argparse
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from collector.enrol import ca_command
from collector.enrol.ca import Pair, client_context
from lab.servers import Server, free_port, mosquitto
from tests.collector.frames import OTHER, SITE

SHIPPED = Path(__file__).parents[3] / "config"
HOST = "sinyal.example.go.id"
SITES = "code,kecamatan,desa,lat,lon,coordinate_source\n" + "".join(
    f"{s.code},{s.kecamatan},{s.desa},{s.lat},{s.lon},{s.coordinate_source}\n" for s in (SITE, OTHER)
)
DEBIAN = """
persistence true
persistence_location {folder}/
log_dest file {folder}/debian.log
include_dir {folder}/conf.d
"""
"""What Debian's /etc/mosquitto/mosquitto.conf says, but for the places."""


def run(module: ModuleType, *argv: str | Path) -> int:
    """Run a command module as the program would."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return int(module.run(parser.parse_args([str(arg) for arg in argv])))


@dataclass(frozen=True, slots=True)
class Plant:
    """One server's folder; the configuration file, the CA folder and the two ports of the broker."""

    folder: Path
    hall_port: int
    local_port: int

    @property
    def config(self) -> Path:
        return self.folder / "collector.toml"

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    def broker(self, address: str = "127.0.0.1") -> Server:
        """Prepare the shipped mosquitto.conf below Debian's; only paths, addresses and ports are other ones."""
        text = (SHIPPED / "mosquitto.conf").read_text()
        text = text.replace("listener 8883", f"listener {self.hall_port} {address}")
        text = text.replace("listener 8884 127.0.0.1", f"listener {self.local_port} {address}")
        text = text.replace("/etc/sinyal/pki", str(self.pki)).replace("/etc/mosquitto/sinyal.acl", str(self.folder / "acl"))
        own = self.folder / ("mosquitto" if address == "127.0.0.1" else f"mosquitto-{address}")
        (own / "conf.d").mkdir(parents=True)
        (own / "conf.d" / "sinyal.conf").write_text(text)
        (self.folder / "acl").write_text((SHIPPED / "mosquitto.acl").read_text())
        (self.folder / "acl").chmod(0o600)
        return mosquitto(own, DEBIAN.replace("{folder}", str(own)), self.hall_port)

    def reload_by(self, command: str) -> None:
        """Name the command that makes the broker read its files again."""
        text = self.config.read_text()
        self.config.write_text(text.replace('broker_reload = "false"', f'broker_reload = "{command}"'))

    def context(self, pair: Pair | None) -> ssl.SSLContext:
        """Return TLS settings with this certificate, or with none."""
        if pair is None:
            return ssl.create_default_context(cafile=self.pki / "ca.crt")
        with client_context(self.pki / "ca.crt", pair) as context:
            return context


def make_plant(folder: Path, *hosts: str) -> Plant:
    """Make a folder with configuration, two sites and a CA; the broker has these names, too."""
    folder.mkdir(exist_ok=True)
    plant = Plant(folder, free_port(), free_port())
    (folder / "sites.csv").write_text(SITES)
    plant.config.write_text(
        f'[broker]\nhost = "127.0.0.1"\nport = {plant.local_port}\n'
        'ca = "pki/ca.crt"\ncert = "pki/collector.crt"\nkey = "pki/collector.key"\n'
        f'[store]\nengine = "sqlite"\npath = "store.db"\n[http]\nport = 0\n[ca]\nhall_port = {plant.hall_port}\n'
        'broker_reload = "false"\n'
    )
    assert run(ca_command, "init", *[word for host in (HOST, *hosts) for word in ("--host", host)], "--config", plant.config) == 0
    return plant
