"""The dead man's switch: systemd hears that the loop turns, an address outside hears that a look at the halls succeeded.

Whoever watches that address (a healthchecks service, an office's own monitor) raises the alarm when it goes quiet: then the
watch, its machine or its link is dead, or alerts cannot be delivered.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from urllib.parse import urlsplit

import requests

from collector.errors import ConfigError
from collector.notify.channel import contain_logging
from collector.notify.config import HeartbeatSection

log = logging.getLogger(__name__)
TIMEOUT_S = 10.0
NOTIFY_TIMEOUT_S = 1.0


class Heartbeat:
    """Beats for the engine's loop; the address outside is asked in a thread, so that a slow network never stops the loop."""

    def __init__(self, section: HeartbeatSection | None, file: str = "alerts.toml") -> None:
        contain_logging()  # the address holds a token that urllib3 would log at debug level
        self._every_s = section.every_s if section else 0
        self._url = _address(section, file) if section else None
        self._asked_s = float("-inf")
        self._due = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._ask_when_due, name="heartbeat", daemon=True)
        if self._url:
            self._thread.start()

    def ready(self) -> None:
        """Tell systemd that the start is over (Type=notify)."""
        notify("READY=1")

    def beat(self, *, succeeded: bool = True) -> None:
        """Call after each turn of the loop. `succeeded`: the halls were judged, and what had to be told could be told."""
        notify("WATCHDOG=1")
        if succeeded and self._url and time.monotonic() - self._asked_s >= self._every_s:
            self._asked_s = time.monotonic()
            self._due.set()

    def stop(self) -> None:
        """Tell systemd that the end is on purpose; nothing is asked any more."""
        notify("STOPPING=1")
        self._ending = True
        self._due.set()

    def _ask_when_due(self) -> None:
        with requests.Session() as session:
            while self._due.wait() and not self._ending:
                self._due.clear()
                self._ask(session)

    def _ask(self, session: requests.Session) -> None:
        try:
            reply = session.get(self._url or "", timeout=TIMEOUT_S)
        except requests.RequestException as error:
            log.warning("event=heartbeat_failed error=%s", type(error).__name__)  # its text repeats the address
            return
        if not reply.ok:
            log.warning("event=heartbeat_failed status=%d", reply.status_code)


def notify(state: str) -> None:
    """Tell the service manager a state (sd_notify(3)); without one, or when it does not listen, nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.settimeout(NOTIFY_TIMEOUT_S)  # its queue is short: a manager that hangs must not stop the loop
            out.connect("\0" + address[1:] if address.startswith("@") else address)
            out.sendall(state.encode())
    except OSError as error:
        log.warning("event=systemd_not_told state=%s error=%s", state, type(error).__name__)


def _address(section: HeartbeatSection, file: str) -> str:
    try:
        url = section.secret()
    except ValueError as error:
        raise ConfigError(f"{file}: heartbeat.{error}") from None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigError(f"{file}: heartbeat: must be an address that begins with https:// or http://")
    return url
