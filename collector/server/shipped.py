"""Where the files of config/ are: in the source folder, or where the wheel put them."""

from __future__ import annotations

import sys
from pathlib import Path

from collector.errors import ConfigError


def shipped() -> Path:
    """Return the folder. Raises ConfigError when the installation lacks it."""
    places = (Path(__file__).resolve().parents[2] / "config", Path(sys.prefix) / "share" / "sinyal")
    for place in places:
        if (place / "sites.csv").is_file():
            return place
    raise ConfigError(f"the files of config/ are neither in {places[0]} nor in {places[1]}; install the package again")
