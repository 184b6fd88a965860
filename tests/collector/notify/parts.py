"""What the tests of delivery share: a clock that is set, messages, a config in one line a section, and the senders over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collector.notify.config import NotifyConfig, load
from collector.notify.deliver import Delivery, open_channels
from collector.notify.outbox import Kind, Message, Outbox, Role, Severity, open_db
from collector.notify.route import Router
from collector.notify.sender import Sender
from ground.wita import WITA

NOON = datetime(2026, 11, 24, 12, tzinfo=WITA)


def ms(text: str) -> int:
    """2026-11-24T21:30 in WITA as ms UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=WITA).timestamp() * 1000)


@dataclass
class Clock:
    now: int = round(NOON.timestamp() * 1000)

    def __call__(self) -> int:
        return self.now

    def set(self, text: str) -> None:
        self.now = ms(text)


def message(
    key: str,
    at_ms: int,
    *,
    kind: Kind = "open",
    severity: Severity = "warning",
    kecamatan: str | None = "Sandaran",
    role: Role = "village",
    desa: str | None = None,
    link: str | None = None,
) -> Message:
    desa = desa or key
    title = {"open": f"{desa}: listrik padam", "resolve": f"{desa}: kembali normal"}[kind]
    title_en = {"open": f"{desa}: power cut", "resolve": f"{desa}: back to normal"}[kind]
    return Message(
        key=key,
        kind=kind,
        rule="mains_off",
        severity=severity,
        kecamatan=kecamatan,
        role=role,
        at_ms=at_ms,
        title_id=title,
        title_en=title_en,
        text_id="Periksa meteran dan hubungi PLN 123.",
        text_en="Check the meter and call PLN 123.",
        link=link,
    )


@dataclass
class Post:
    """An outbox with its config and clock; `sender(name)` sends from it, as after a restart."""

    folder: Path
    config: NotifyConfig
    clock: Clock

    @property
    def db(self) -> Path:
        return self.folder / "watch.db"

    def put(self, *messages: Message) -> None:
        self.outbox().put(messages)

    def outbox(self) -> Outbox:
        return Outbox(open_db(self.db), Router(self.config))

    def delivery(self) -> Delivery:
        return Delivery(self.db, self.config, open_channels(self.config, "alerts.toml"), self.clock)

    def sender(self, name: str) -> Sender:
        return self.delivery().sender(name)


def post(folder: Path, text: str) -> Post:
    path = folder / "alerts.toml"
    path.write_text(text)
    return Post(folder, load(path), Clock())
