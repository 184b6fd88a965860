"""The simulated halls: one village of each kecamatan of Kutai Timur, its radio, and the config files of the line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ground.paths import shipped

TELKOMSEL, IOH, XLSMART = "51010", "51001", "51011"

AGENT = """
[agent]
site = "{site}"
data_dir = {folder}
[broker]
host = "127.0.0.1"
port = {port}
tls = false
keepalive_s = 10
[sampling]
interval_s = 1
device_interval_s = {device_s}
frame_interval_s = 2
[budget]
bytes_month = 1_000_000_000
"""
MODEM = """
[[modem]]
name = "{name}"
port = {port}
command_timeout_s = 1
"""
COLLECTOR = """
[broker]
host = "127.0.0.1"
port = {port}
tls = false
[store]
engine = "sqlite"
path = {store}
[sites]
file = {sites}
[classes]
file = {classes}
[rejected]
folder = {rejected}
[http]
port = {http_port}
"""


@dataclass(frozen=True, slots=True)
class Modem:
    """One simulated modem: its name at the hall, its family, the network it is on, and how good the place is for it."""

    name: str
    family: str
    plmn: str
    profile: str


@dataclass(frozen=True, slots=True)
class Hall:
    """One simulated hall of the list of sites."""

    code: str
    desa: str
    modems: tuple[Modem, ...]


def _hall(code: str, desa: str, *modems: tuple[str, str, str]) -> Hall:
    named = tuple(Modem(f"modem{k}", family, plmn, profile) for k, (family, plmn, profile) in enumerate(modems, 1))
    return Hall(code, desa, named)


HALLS = (
    _hall(
        "6408041010",
        "Teluk Lingga",
        ("quectel", TELKOMSEL, "good"),
        ("simcom", IOH, "fair"),
    ),
    _hall("6408012001", "Senyiur", ("quectel", TELKOMSEL, "weak")),
    _hall("6408112001", "Sandaran", ("simcom", TELKOMSEL, "none")),
    _hall("6408062001", "Long Bentuq", ("quectel", TELKOMSEL, "edge")),
    _hall("6408092001", "Sepaso", ("simcom", XLSMART, "fair")),
    _hall("6408052001", "Kerayaan", ("generic", TELKOMSEL, "gsm")),
    _hall("6408022001", "Jak Luay", ("quectel", TELKOMSEL, "fair"), ("quectel", XLSMART, "weak")),
    _hall("6408072001", "Marah Haloq", ("generic", TELKOMSEL, "weak")),
    _hall("6408082001", "Makmur Jaya", ("simcom", TELKOMSEL, "good")),
    _hall("6408102001", "Kaliorang", ("quectel", IOH, "fair")),
    _hall("6408152001", "Bumi Etam", ("generic", TELKOMSEL, "fair")),
    _hall("6408172001", "Batu Timbau", ("quectel", TELKOMSEL, "none")),
    _hall("6408032001", "Senambah", ("simcom", TELKOMSEL, "weak")),
    _hall("6408121002", "Singa Geweh", ("quectel", IOH, "good")),
    _hall("6408132001", "Teluk Pandan", ("simcom", XLSMART, "fair")),
    _hall("6408142001", "Mukti Jaya", ("quectel", TELKOMSEL, "fair")),
    _hall("6408162001", "Karangan Dalam", ("generic", TELKOMSEL, "edge")),
    _hall("6408182001", "Sika Makmur", ("simcom", TELKOMSEL, "weak")),
)


def collector_toml(folder: Path, port: int, http_port: int) -> str:
    """Return the collector's configuration."""
    files = {"store": folder / "store.db", "rejected": folder / "rejected"}
    files |= {"sites": shipped() / "sites.csv", "classes": shipped() / "classes.toml"}
    return COLLECTOR.format(port=port, http_port=http_port, **{name: _text(path) for name, path in files.items()})


def agent_toml(hall: Hall, folder: Path, port: int, *, measuring: bool = True) -> str:
    """Return the configuration of a hall's agent; not measuring: it only sends what it still has."""
    modems = "".join(MODEM.format(name=m.name, port=_text(folder / m.name)) for m in hall.modems) if measuring else ""
    return AGENT.format(site=hall.code, folder=_text(folder), port=port, device_s=10 if measuring else 86400) + modems


def _text(path: Path) -> str:
    """Write a path as TOML does: the user's folder may have any character."""
    return json.dumps(str(path), ensure_ascii=False)
