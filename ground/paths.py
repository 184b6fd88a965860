"""Where an installation of Sinyal has its files: the same on server and hall. Every default of a program comes from here."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ground.errors import ConfigError

ETC = Path("/etc/sinyal")
STATE = Path("/var/lib/sinyal")
BACKUPS = Path("/var/backups/sinyal")
PROGRAMS = Path("/opt/sinyal")
COMMANDS = Path("/usr/local/bin")
UNITS = Path("/etc/systemd/system")
HEALTH = STATE / "doctor.json"
"""What the server's doctor last found, for the live page."""
ROLLOUT = STATE / "rollout.json"
"""Which version goes through the halls, and how far it is."""
NGINX = Path("/etc/nginx/sites-available/sinyal")
"""The door of the live page to phones, where there is one."""
USER = "sinyal"
"""The user of all services."""
COLLECTOR, ALERTS, AGENT, PKI = ETC / "collector.toml", ETC / "alerts.toml", ETC / "agent.toml", ETC / "pki"


def add_config(parser: argparse.ArgumentParser | argparse._MutuallyExclusiveGroup, default: Path = COLLECTOR) -> None:
    """Add `--config FILE`."""
    parser.add_argument("--config", "-c", type=Path, default=default, metavar="FILE", help="default: %(default)s")


def shipped() -> Path:
    """Return the folder with the files of config/: in the source folder, or where the wheel put them. Raises ConfigError."""
    places = (Path(__file__).resolve().parents[1] / "config", Path(sys.prefix) / "share" / "sinyal")
    for place in places:
        if (place / "sites.csv").is_file():
            return place
    raise ConfigError(f"the files of config/ are neither in {places[0]} nor in {places[1]}; install the package again")
