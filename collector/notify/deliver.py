"""Delivery beside the engine: a thread for each destination, so that a slow service delays neither engine nor other services."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from collector.errors import ConfigError
from collector.notify.channel import Channel
from collector.notify.config import STUCK_AFTER_MIN, NotifyConfig
from collector.notify.outbox import Outbox, open_db, transaction
from collector.notify.route import Router
from collector.notify.sender import Clock, Sender

log = logging.getLogger(__name__)
POLL_S = 1.0
AFTER_FAULT_S = 30.0
STOP_S = 30.0
FAR_MS = 1 << 62


def now_ms() -> int:
    """Return the time of this machine, ms UTC."""
    return time.time_ns() // 1_000_000


def open_channels(config: NotifyConfig, file: str) -> dict[str, Channel]:
    """Read every address and see that apprise can use it; touches no network. Raises ConfigError, one line for each fault."""
    channels, faults = {}, []
    for name, section in config.destination.items():
        try:
            channels[name] = Channel(name, section)
        except ValueError as error:
            faults.append(f"{file}: destination.{name}: {error}")
    if faults:
        raise ConfigError("\n".join(faults))
    return channels


class Delivery:
    """Sends until it is stopped; what is not sent stays in the outbox for the next start."""

    def __init__(self, db: Path, config: NotifyConfig, channels: dict[str, Channel], clock: Clock = now_ms) -> None:
        self._db = db
        self._config = config
        self._channels = channels
        self._clock = clock
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._health = self._outbox()
        stuck_after_min = config.heartbeat.stuck_after_min if config.heartbeat else STUCK_AFTER_MIN
        self._stuck_after_ms = stuck_after_min * 60_000

    def start(self) -> None:
        """Start one thread per destination. Raises StoreUnavailableError when the outbox cannot be opened."""
        self._adopt()
        for name in self._channels:
            thread = threading.Thread(target=self._run, args=(self.sender(name),), name=f"deliver-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End after what is being sent now, at most 30 s; what is cut off then goes out again after the next start."""
        self._stop.set()
        end = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def sender(self, name: str) -> Sender:
        """Make the sender of one destination, with a connection of its own to the outbox."""
        section = self._config.destination[name]
        second = self._channels[section.second] if section.second else None
        return Sender(section, self._channels[name], second, self._outbox(), self._clock)

    def healthy(self) -> bool:
        """Return whether every thread lives and no message failed for longer than stuck_after_min. For the engine's thread."""
        since = self._health.failing_since_ms()
        return all(thread.is_alive() for thread in self._threads) and (
            since is None or self._clock() - since < self._stuck_after_ms
        )

    def _outbox(self) -> Outbox:
        return Outbox(open_db(self._db), Router(self._config))

    def _adopt(self) -> None:
        """Send what waits for a destination that is gone from the config along the routes of today."""
        db, route = open_db(self._db), Router(self._config)
        outbox = Outbox(db, route)
        for gone in outbox.waiting().keys() - self._config.destination.keys():
            messages = [message for message, _ in outbox.pending(FAR_MS, gone)]
            log.warning("event=destination_gone destination=%s messages=%d", gone, len(messages))
            with transaction(db):
                for message in messages:
                    for name, due_ms in route(message):
                        outbox.add(message.id, name, due_ms)
                    outbox.failed(message.id, gone, "no longer in the config", None)
        db.close()

    def _run(self, sender: Sender) -> None:
        while not self._stop.is_set():
            pause = POLL_S
            try:
                sender.step()
            except Exception:  # the top of the thread: a fault here must not silence a destination for good
                log.exception("event=delivery_fault")
                pause = AFTER_FAULT_S
            self._stop.wait(pause)
