"""Settings from the server, kept only while the line proves that it lives.

Desired settings are laid over the hall's own file and judged by the same models. They are on the card as a trial before they
take effect; the first answer of the collector after that makes them lasting. No answer in time, or a reboot in the middle, and
the settings before are back. Pure of MQTT and threads: the agent calls `received` (any thread) and `tick` (one thread).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agent.errors import ConfigError
from ground.durable import write_durably
from telemetry.settings import KEYS, Desired, Reported, Settings, State, check_names, decode_desired, encode_reported
from telemetry.streams import Event

if TYPE_CHECKING:
    from agent.config import Config

log = logging.getLogger(__name__)

CONFIRM_S = 600.0
"""How long new settings may go without an answer of the collector."""
TRIES = 3
"""Power and link fail daily, so a trial that failed may be chance; the broker brings it again with the next connection."""
MAX_DETAIL = 200


def in_force(config: Config) -> Settings:
    """Return the values of everything that can be set from the server."""
    values = {section: {key: getattr(getattr(config, section), key) for key in keys} for section, keys in KEYS.items()}
    return {section: {key: _told(value) for key, value in each.items() if value is not None} for section, each in values.items()}


class Remote:
    """`effective` is the config to live by; `notices` collects events; `report` is the payload for `reported` (None: no news)."""

    def __init__(self, config: Config, path: Path, *, confirm_s: float = CONFIRM_S) -> None:
        """Take up what is on the card; a trial that a reboot or crash cut off is rolled back."""
        self.notices: list[Event] = []
        self.report: bytes | None = None
        self._file, self._path, self._confirm_ms = config, path, int(confirm_s * 1000)
        self._inbox: bytes | None = None
        self._since_ms = 0
        self._told = ""
        self._good = Desired()
        self._trial: Desired | None = None
        self._tried, self._tries = "", 0
        self.effective = config
        self._load()

    @property
    def waiting(self) -> bool:
        """Return whether settings are on trial."""
        return self._trial is not None

    def received(self, payload: bytes) -> None:
        """Take a payload from the topic `config`; only the newest counts."""
        self._inbox = payload

    def tick(self, mono_ms: int, last_ack_mono_ms: int | None) -> Config | None:
        """Look at what came and what is on trial; return the config to live by when it changed. Times are since boot, ms."""
        before = self.effective
        payload, self._inbox = self._inbox, None
        if payload is not None:
            self._judge(payload, mono_ms)
        elif self._trial is not None and last_ack_mono_ms is not None and last_ack_mono_ms > self._since_ms:
            self._confirm()
        elif self._trial is not None and mono_ms - self._since_ms >= self._confirm_ms:
            self._roll_back(f"no answer of the collector within {self._confirm_ms // 1000} s")
        return None if self.effective == before else self.effective

    def _judge(self, payload: bytes, mono_ms: int) -> None:
        desired = Desired(_id_of(payload))
        try:
            desired = decode_desired(payload)
            wanted = self._file.overlaid(desired.settings)
        except (ValueError, ConfigError) as error:
            self._tell(desired.id, State.REJECTED, str(error))
            return
        if self._trial == desired:
            self._tell(desired.id, State.TRIAL)
        elif desired == self._good or (self._trial is None and wanted == self.effective):
            self._good, self._trial = desired, None
            self.effective = wanted
            self._keep()
            self._tell(desired.id, State.APPLIED if desired.settings else State.FILE)
        elif self._tried == desired.id and self._tries >= TRIES:
            self._tell(desired.id, State.ROLLED_BACK, f"failed {TRIES} times; send it again under a new id")
        else:
            self._begin(desired, wanted, mono_ms)

    def _begin(self, desired: Desired, wanted: Config, mono_ms: int) -> None:
        self._tries = self._tries + 1 if self._tried == desired.id else 1
        self._tried, self._trial, self._since_ms = desired.id, desired, mono_ms
        if not self._keep():  # what is not on the card would outlive a reboot as neither old nor new
            self._trial = None
            self._tell(desired.id, State.REJECTED, "the card cannot be written")
            return
        self.effective = wanted
        self._tell(desired.id, State.TRIAL)

    def _confirm(self) -> None:
        if self._trial is None:
            return
        self._good, self._trial = self._trial, None
        self._tries = 0
        self._keep()
        self._tell(self._good.id, State.APPLIED if self._good.settings else State.FILE)

    def _roll_back(self, reason: str) -> None:
        failed, self._trial = self._trial, None
        self.effective = self._lasting()
        self._keep()
        if failed is not None:
            self._tell(failed.id, State.ROLLED_BACK, reason)

    def _lasting(self) -> Config:
        try:
            return self._file.overlaid(self._good.settings)
        except ConfigError as error:
            lost, self._good = self._good, Desired()
            self._tell(lost.id, State.REJECTED, f"they do not fit the changed agent.toml: {error}")
            return self._file

    def _tell(self, name: str, state: State, reason: str = "") -> None:
        self.report = encode_reported(Reported(name, state, in_force(self.effective), reason))
        detail = f"settings {name or 'of the file'}: {state}" + (f": {reason}" if reason else "")
        if detail != self._told:
            self._told = detail
            log.info("event=config_%s id=%s reason=%r", state, name, reason)
            self.notices.append(Event(kind=f"config_{state}", detail=detail[:MAX_DETAIL]))

    def _load(self) -> None:
        try:
            data = orjson.loads(self._path.read_bytes())
            self._good = _desired(data["good"])
            self._trial = None if data["trial"] is None else _desired(data["trial"])
            self._tried, self._tries = str(data["tried"]), int(data["tries"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("event=config_state_unreadable file=%s reason=%r", self._path, str(error))
            self.notices.append(Event(kind="config_lost", detail=f"{self._path.name} is damaged; agent.toml rules"))
            return
        if self._trial is not None:
            self._roll_back("the agent was restarted before the collector answered")
        else:
            self.effective = self._lasting()
            if self._good.id:
                self.report = encode_reported(Reported(self._good.id, State.APPLIED, in_force(self.effective)))

    def _keep(self) -> bool:
        state: Mapping[str, Any] = {"good": self._good, "trial": self._trial, "tried": self._tried, "tries": self._tries}
        try:
            write_durably(self._path, orjson.dumps(state))
        except OSError as error:
            log.critical("event=config_state_not_written reason=%r", str(error))
            return False
        return True


def _told(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _desired(data: Any) -> Desired:
    return Desired(str(data["id"]), check_names(data["settings"]))


def _id_of(payload: bytes) -> str:
    """Find the id in a payload that may be wrong otherwise, so that the answer can name it."""
    try:
        return str(orjson.loads(payload[:4096])["id"])[:64]
    except (ValueError, KeyError, TypeError):
        return ""
