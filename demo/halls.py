"""The simulated halls: one village of each kecamatan of Kutai Timur, its radio, and the config files of the line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TELKOMSEL, IOH, XLSMART = "51010", "51001", "51011"

AGENT = """
[agent]
site = "{site}"
data_dir = "{folder}"
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
port = "{port}"
command_timeout_s = 1
"""
COLLECTOR = """
[broker]
host = "127.0.0.1"
port = {port}
tls = false
group = ""  # amqtt knows no shared subscriptions
[store]
engine = "sqlite"
path = "{folder}/store.db"
[sites]
file = "{folder}/sites.csv"
[rejected]
folder = "{folder}/rejected"
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
    """One simulated hall. lat and lon in degrees: the middle of the village, not the hall."""

    code: str
    kecamatan: str
    desa: str
    lat: float
    lon: float
    modems: tuple[Modem, ...]


def _hall(code: str, kecamatan: str, desa: str, lat: float, lon: float, *modems: tuple[str, str, str]) -> Hall:
    named = tuple(Modem(f"modem{k}", family, plmn, profile) for k, (family, plmn, profile) in enumerate(modems, 1))
    return Hall(code, kecamatan, desa, lat, lon, named)


HALLS = (
    _hall(
        "6408041010",
        "Sangatta Utara",
        "Teluk Lingga",
        0.52299,
        117.58671,
        ("quectel", TELKOMSEL, "good"),
        ("simcom", IOH, "fair"),
    ),
    _hall("6408012001", "Muara Ancalong", "Senyiur", 0.30347, 116.53742, ("quectel", TELKOMSEL, "weak")),
    _hall("6408112001", "Sandaran", "Sandaran", 0.94458, 118.78262, ("simcom", TELKOMSEL, "none")),
    _hall("6408062001", "Busang", "Long Bentuq", 0.74318, 116.61865, ("quectel", TELKOMSEL, "edge")),
    _hall("6408092001", "Bengalon", "Sepaso", 0.76789, 117.56534, ("simcom", XLSMART, "fair")),
    _hall("6408052001", "Sangkulirang", "Kerayaan", 1.08954, 118.20740, ("generic", TELKOMSEL, "gsm")),
    _hall(
        "6408022001", "Muara Wahau", "Jak Luay", 1.00028, 116.98933, ("quectel", TELKOMSEL, "fair"), ("quectel", XLSMART, "weak")
    ),
    _hall("6408072001", "Telen", "Marah Haloq", 1.07234, 116.62095, ("generic", TELKOMSEL, "weak")),
    _hall("6408082001", "Kombeng", "Makmur Jaya", 1.12268, 116.99980, ("simcom", TELKOMSEL, "good")),
    _hall("6408102001", "Kaliorang", "Kaliorang", 0.83894, 117.91846, ("quectel", IOH, "fair")),
    _hall("6408152001", "Kaubun", "Bumi Etam", 1.08982, 117.85176, ("generic", TELKOMSEL, "fair")),
    _hall("6408172001", "Batu Ampar", "Batu Timbau", 0.63835, 116.83874, ("quectel", TELKOMSEL, "none")),
    _hall("6408032001", "Muara Bengkal", "Senambah", 0.33594, 116.77769, ("simcom", TELKOMSEL, "weak")),
    _hall("6408121002", "Sangatta Selatan", "Singa Geweh", 0.43766, 117.56562, ("quectel", IOH, "good")),
    _hall("6408132001", "Teluk Pandan", "Teluk Pandan", 0.23843, 117.34771, ("simcom", XLSMART, "fair")),
    _hall("6408142001", "Rantau Pulung", "Mukti Jaya", 0.60631, 117.34359, ("quectel", TELKOMSEL, "fair")),
    _hall("6408162001", "Karangan", "Karangan Dalam", 1.41749, 117.45002, ("generic", TELKOMSEL, "edge")),
    _hall("6408182001", "Long Mesangat", "Sika Makmur", 0.67143, 116.70832, ("simcom", TELKOMSEL, "weak")),
)


def write_sites(path: Path, halls: Sequence[Hall]) -> None:
    """Write the collector's list of sites."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("code", "kecamatan", "desa", "lat", "lon", "coordinate_source"))
        table.writerows((h.code, h.kecamatan, h.desa, h.lat, h.lon, "centroid") for h in halls)


def collector_toml(folder: Path, port: int, http_port: int) -> str:
    """Give the collector's configuration."""
    return COLLECTOR.format(folder=folder, port=port, http_port=http_port)


def agent_toml(hall: Hall, folder: Path, port: int, *, measuring: bool = True) -> str:
    """Give the configuration of a hall's agent; not measuring: it only sends what it still has."""
    modems = "".join(MODEM.format(name=m.name, port=folder / m.name) for m in hall.modems) if measuring else ""
    return AGENT.format(site=hall.code, folder=folder, port=port, device_s=10 if measuring else 86400) + modems
