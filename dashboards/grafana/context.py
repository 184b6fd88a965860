"""What every dashboard is built from: a language, the signal classes, and texts that exist in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from collector.sites.classes import Classes

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = ("id", "en")
GENERATED = Path(__file__).parent / "generated"
DATASOURCE_UID = "sinyal-influxdb"
"""Of the data source that publish and the provisioning files make; dashboards let their reader choose, alert rules cannot."""


class Text(NamedTuple):
    """A text for people: Indonesian, English."""

    id: str
    en: str


@dataclass(frozen=True, slots=True)
class Context:
    """The language a dashboard is written in, and the classes whose colours and cuts it shows."""

    language: Language
    classes: Classes

    def say(self, text: Text) -> str:
        """Return a text in the language of the dashboard."""
        return text.id if self.language == "id" else text.en

    def uid(self, name: str) -> str:
        """Return the uid of a dashboard; it stays for ever, because links and bookmarks hold it."""
        return f"sinyal-{name}" if self.language == "id" else f"sinyal-{name}-{self.language}"
