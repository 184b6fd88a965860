"""What every dashboard is built from: a language, and the signal classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from collector.sites.classes import Classes
from ground.words import Lang, Phrase, said, tr

GENERATED = Path(__file__).parent / "generated"
MAP_FILE = "maps/sinyal-kutim.geojson"
"""The base layer of the map: below `generated/`, and below Grafana's `public/`."""
NATION = "nation"
"""Folder of the board of a node above, below `generated/`: one file a language and dialect."""
DATASOURCE_UID = "sinyal-influxdb"
"""Of the data source that publish and the provisioning files make; dashboards let their reader choose, alert rules cannot."""
PLUGINS = {"influxdb": "influxdb", "clickhouse": "grafana-clickhouse-datasource"}
"""Type of the data source, by how a board asks it (dialect.py, which only making boards needs)."""


@dataclass(frozen=True, slots=True)
class Context:
    """The language a dashboard is written in, and the classes whose colours and cuts it shows."""

    language: Lang
    classes: Classes

    def say(self, text: str | Phrase) -> str:
        """Return a message in the language of the dashboard."""
        return tr(text, self.language) if isinstance(text, str) else said(text, self.language)

    def uid(self, name: str) -> str:
        """Return the uid of a dashboard; it stays for ever, because links and bookmarks hold it."""
        return f"sinyal-{name}" if self.language == "id" else f"sinyal-{name}-{self.language}"
