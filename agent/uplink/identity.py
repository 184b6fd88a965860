"""The hall's certificate over the years: renewed through the line before it ends, and authorities that change, without a visit.

Once a day a child process looks (credentials.py); what the hall has, and a request where it needs one, goes to the server; what
comes back is judged there too. A new certificate is tried on the next connection, and kept when the broker takes it; when it is
refused three times the old one goes on. A new bundle in /etc/sinyal rules over all that was renewed here. One thread uses it.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agent.errors import ConfigError
from agent.uplink.tls import ResumingContext, tls_context
from ground.durable import write_durably
from telemetry.identity import MAX_BYTES, Identity, encode_identity
from telemetry.streams import Event

if TYPE_CHECKING:
    from agent.config import BrokerSection

log = logging.getLogger(__name__)

LOOK_EVERY_S = 86_400.0
TELL_AGAIN_S = 30 * 86_400.0
"""The broker keeps what a hall says; it may have lost it."""
CHILD_S = 60.0
TRIES = 3


def files_in_force(broker: BrokerSection, data_dir: Path) -> BrokerSection:
    """Return the broker section with the files that hold now: the newest that was given, else those of the bundle."""
    folder = data_dir / "identity"
    if not (broker.tls and broker.cert and broker.ca) or _state(data_dir).get("of") != _digest(broker.cert):
        return broker  # a new bundle was installed: what was renewed before is of another one
    pem = next((path for path in (folder / "next.pem", folder / "agent.pem") if path.exists()), None)
    files = {"ca": folder / "ca.crt"} if (folder / "ca.crt").exists() else {}
    return broker.model_copy(update=files | ({} if pem is None else {"cert": pem, "key": pem}))


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _state(data_dir: Path) -> dict[str, Any]:
    try:
        return dict(orjson.loads((data_dir / "identity.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


class Credentials:
    """Which files the connection uses, and what is to be told. `changed`: the next connection must be made with others."""

    def __init__(self, broker: BrokerSection, data_dir: Path, record_event: Callable[[Event], None]) -> None:
        self._broker, self._data_dir, self._record = broker, data_dir, record_event
        self._folder = data_dir / "identity"
        self.enabled = broker.tls and broker.cert is not None and broker.ca is not None
        self.changed = False
        self._tries = 0
        self._look_at = 0.0
        self._request: bytes | None = None
        """What was told and is not known to have arrived, or asked and not answered: it is told again on each connection."""
        self._ask_again = self._asks = False
        self._state = _state(data_dir)
        origin = _digest(broker.cert) if broker.cert is not None else ""
        if self.enabled and self._state.get("of") != origin:
            self._forget()
            self._state = {"of": origin}

    @property
    def broker(self) -> BrokerSection:
        """The broker section with the files that hold now."""
        return files_in_force(self._broker, self._data_dir)

    def context(self) -> ResumingContext | None:
        """Make the TLS settings of the next connection. Raises ConfigError where the bundle itself is not usable."""
        if not self._broker.tls:
            return None
        try:
            return tls_context(self.broker)
        except ConfigError as error:
            if self.broker == self._broker:
                raise
            log.error("event=credentials_damaged reason=%r", str(error))  # noqa: TRY400  (the reason is the whole text)
            self._forget()
            self._state = {"of": self._state.get("of")}  # the list of authorities is gone too: it is to be sent again
            self._keep()
            return tls_context(self._broker)

    def _forget(self) -> None:
        for file in self._folder.glob("*"):
            file.unlink(missing_ok=True)

    @property
    def _next(self) -> Path:
        return self._folder / "next.pem"

    def accepted(self) -> None:
        """Note that the broker took the connection: a certificate on trial is proven."""
        self._tries, self._ask_again = 0, self._request is not None
        if self.enabled and self._next.exists():
            self._next.rename(self._folder / "agent.pem")
            (self._folder / "next.key").unlink(missing_ok=True)
            self._look_at = 0.0
            log.warning("event=certificate_renewed")
            self._record(Event(kind="certificate_renewed", detail="the broker takes the new certificate"))

    def refused(self) -> None:
        """Note that a connection that reached the broker came to nothing; after a few the certificate on trial is given up."""
        if not self.enabled or not self._next.exists():
            return
        self._tries += 1
        if self._tries >= TRIES:
            self._next.unlink()
            (self._folder / "next.key").unlink(missing_ok=True)
            self._tries, self.changed, self._look_at = 0, True, time.monotonic() + LOOK_EVERY_S
            log.error("event=certificate_refused")
            self._record(Event(kind="certificate_refused", detail="the broker refuses the new certificate: the old one goes on"))

    def due(self, now_ms: int | None) -> bytes | None:
        """Look once a day, as soon as the time is known; return what is to be told to the server, once."""
        if not self.enabled or now_ms is None:
            return None
        if time.monotonic() < self._look_at:
            again, self._ask_again = self._ask_again, False
            return self._request if again else None
        self._look_at = time.monotonic() + LOOK_EVERY_S
        found = self._ask({"do": "examine", "now_ms": now_ms})
        if "serial" not in found:
            return None
        payload = encode_identity(Identity(**found, trusts=self._state.get("n", 0)))
        self._request, self._ask_again, self._asks = payload, False, "csr" in found
        told = hashlib.sha256(payload).hexdigest()
        again = now_ms - self._state.get("told_ms", 0) >= TELL_AGAIN_S * 1000
        if told == self._state.get("told") and "csr" not in found and not again:
            return None
        self._keep(told=told, told_ms=now_ms)
        return payload

    def told(self) -> None:
        """Note that the broker has what `due` returned last."""
        if not self._asks:
            self._request = None

    def given(self, payload: bytes, peer: bytes | None, now_ms: int | None) -> bool:
        """Take what the server gives; return whether the connection should be made anew."""
        if not self.enabled or not payload or len(payload) > MAX_BYTES or now_ms is None:
            return False
        question = {"do": "take", "payload": payload.decode(errors="replace"), "known": self._state.get("n", 0)}
        news = self._ask(question | {"peer": None if peer is None else peer.hex(), "now_ms": now_ms})
        for reason in news.get("refused", ()):
            log.error("event=trust_refused reason=%r", reason)
            self._record(Event(kind="trust_refused", detail=str(reason)[:200]))
        if "ca" in news:
            self._keep(n=news["ca"])
            self._look_at = 0.0
            log.warning("event=authorities_changed n=%d", news["ca"])
            self._record(Event(kind="authorities_changed", detail=f"list {news['ca']} of authorities is believed"))
        self.changed = self.changed or "ca" in news or "cert" in news
        return "cert" in news

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        files = self.broker
        paths = {"folder": str(self._folder), "cert": str(files.cert), "ca": str(files.ca)}
        command = [sys.executable, "-P", "-m", "agent.uplink.credentials"]
        try:
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as child:
                guard = threading.Timer(CHILD_S, child.kill)
                guard.start()
                answer, _ = child.communicate(orjson.dumps(question | paths))
                guard.cancel()
            return dict(orjson.loads(answer))
        except (OSError, ValueError) as error:
            log.warning("event=credentials_failed reason=%r", str(error))
            return {}

    def _keep(self, **news: object) -> None:
        self._state |= news
        try:
            write_durably(self._data_dir / "identity.json", orjson.dumps(self._state))
        except OSError as error:
            log.warning("event=credentials_not_kept reason=%r", str(error))
