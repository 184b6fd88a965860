"""Takes alerts of Grafana and puts them into the outbox: Grafana has no WhatsApp and no SMS, our destinations do.

Grafana's contact point is a Webhook to http://HOST:PORT/grafana with the authorization scheme Bearer and our token. An
alert is answered when it is in the outbox. Grafana repeats what goes on; the same opening is put once. Labels severity,
role, site, kecamatan, operator go along where rules have them; annotations title_id, title_en, text_id, text_en, else
summary and description for both languages.
"""

from __future__ import annotations

import hmac
import logging
import sqlite3
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from collector.errors import ConfigError
from collector.notify.config import NotifyConfig, RelaySection
from collector.notify.outbox import ROLES, SEVERITIES, Message, Outbox, open_db
from collector.notify.route import Router
from ground.edited import read_secret

log = logging.getLogger(__name__)
MAX_BYTES = 1 << 20
MAX_TITLE, MAX_TEXT = 200, 1000
TIMEOUT_S = 10
Labels = Annotated[dict[str, str], Field(default_factory=dict)]


class GrafanaAlert(BaseModel):
    """One alert in what Grafana sends; fields that are not named here are ignored."""

    status: Literal["firing", "resolved"]
    labels: Labels
    annotations: Labels
    startsAt: datetime  # noqa: N815 - Grafana's names
    endsAt: datetime  # noqa: N815
    fingerprint: Annotated[str, Field(min_length=1, max_length=64)]
    panelURL: str = ""  # noqa: N815
    generatorURL: str = ""  # noqa: N815


class GrafanaNote(BaseModel):
    """What Grafana sends to a webhook."""

    alerts: Annotated[list[GrafanaAlert], Field(max_length=1000)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], token: str, outbox: Outbox) -> None:
        super().__init__(address, _Handler)
        self.expected = f"Bearer {token}".encode()
        self._outbox = outbox
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        messages = [message(alert) for alert in GrafanaNote.model_validate_json(body).alerts]
        with self._lock:
            self._outbox.put(messages)


class _Handler(BaseHTTPRequestHandler):
    timeout = TIMEOUT_S
    server: _Server

    def do_POST(self) -> None:
        status, reason = self._answer()
        log.info("event=relay status=%d reason=%r", status, reason)
        body = reason.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, str]:
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), self.server.expected):
            return 401, "authorization scheme must be Bearer, credentials the token of [relay] token_file"
        length = self.headers.get("Content-Length", "")
        if self.path != "/grafana" or not length.isdecimal() or int(length) > MAX_BYTES:
            return 400, f"must be a POST to /grafana with a length of at most {MAX_BYTES} bytes"
        try:
            self.server.take(self.rfile.read(int(length)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            return 400, f"not a webhook of Grafana: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        except sqlite3.Error as error:
            return 503, f"outbox: {error}"
        return 200, "in the outbox"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Say nothing; `do_POST` logs in our form."""


class Relay:
    """An HTTP server in a thread. Raises ConfigError when its token cannot be read or its port is taken."""

    def __init__(self, section: RelaySection, db: Path, config: NotifyConfig) -> None:
        token = read_secret(section.token_file)
        try:
            self._server = _Server((section.host, section.port), token, Outbox(open_db(db), Router(config)))
        except OSError as error:
            raise ConfigError(f"relay.port: {section.host}:{section.port}: {error.strerror}; choose another") from None
        self.port = int(self._server.server_address[1])

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, name="relay", daemon=True).start()

    def stop(self) -> None:
        """Stop answering; Grafana tries again later."""
        self._server.shutdown()
        self._server.server_close()


def message(alert: GrafanaAlert) -> Message:
    """Write an alert of Grafana as one of ours."""
    labels, notes = alert.labels, alert.annotations
    name = labels.get("rulename") or labels.get("alertname") or "Grafana"
    title, text = notes.get("summary") or name, notes.get("description") or notes.get("message") or ""
    severity, role = labels.get("severity", ""), labels.get("role", "")
    resolved = alert.status == "resolved"
    return Message(
        key=f"grafana:{alert.fingerprint}",
        kind="resolve" if resolved else "open",
        rule=name[:MAX_TITLE],
        severity=severity if severity in SEVERITIES else "warning",
        site=labels.get("site"),
        kecamatan=labels.get("kecamatan"),
        operator=labels.get("operator"),
        role=role if role in ROLES else "network",
        at_ms=round((alert.endsAt if resolved else alert.startsAt).timestamp() * 1000),
        title_id=notes.get("title_id", title)[:MAX_TITLE],
        title_en=notes.get("title_en", title)[:MAX_TITLE],
        text_id=notes.get("text_id", text)[:MAX_TEXT],
        text_en=notes.get("text_en", text)[:MAX_TEXT],
        link=alert.panelURL or alert.generatorURL or None,
    )
