"""A node above listens: `GET /federation/6408` says how far it is, `POST` brings a letter, `/federation/table.csv` is the table.

A letter needs no login, its signature says whose it is; the table needs the secret of a reader. TLS is that of nginx in front.
"""

from __future__ import annotations

import json
import logging
from http.server import ThreadingHTTPServer
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

from collector.errors import ConfigError, StoreUnavailableError
from collector.federate.chain import Head
from collector.federate.keys import scope_in
from collector.federate.letter import MOST_BYTES, REGENCY, VERSION, LetterRefusedError
from collector.federate.table import Tables
from collector.federate.take import Node
from ground.answering import Answering

ROOT = "/federation/"
STALLED_S = 60
log = logging.getLogger(__name__)


class _Handler(Answering):
    node: Node
    tables: Tables
    timeout = STALLED_S

    def do_GET(self) -> None:  # noqa: N802  (a name of http.server)
        url = urlsplit(self.path)
        name = url.path.removeprefix(ROOT)
        try:
            if REGENCY.fullmatch(name):
                self._say(200, _head(self.node.head(name)))
            elif name == "table.csv":
                self._table({key: values[-1] for key, values in parse_qs(url.query).items()})
            else:
                self._say(404, {"detail": f"{ROOT}6408 and {ROOT}table.csv are here"})
        except LetterRefusedError as error:
            self._say(403, {"detail": str(error)})
        except StoreUnavailableError as error:
            self._say(503, {"detail": str(error)})

    def do_POST(self) -> None:  # noqa: N802  (a name of http.server)
        size, name = self.headers.get("Content-Length", ""), self.path.removeprefix(ROOT)
        if not size.isdecimal() or int(size) > MOST_BYTES:
            self.close_connection = True
            self._say(413, {"detail": f"a letter has at most {MOST_BYTES} bytes"})
            return
        data = self.rfile.read(int(size))
        try:
            self._say(200, _head(self.node.take(data, name).head))
        except LetterRefusedError as error:
            log.warning("event=letter_refused regency=%s from=%s reason=%r", name, self.client_address[0], str(error))
            self._say(422, {"detail": str(error)})
        except StoreUnavailableError as error:
            self._say(503, {"detail": str(error)})

    def _table(self, asked: dict[str, str]) -> None:
        scope = scope_in(self.node.folder, self.headers.get("Authorization", ""))
        if scope is None:
            self._say(401, {"detail": "Authorization: Bearer SECRET, as `sinyal-collector federate reader` gave it"})
            return
        try:
            text = self.tables.csv(asked.get("month"), scope, halls=asked.get("level") == "hall")
        except ConfigError as error:
            self._say(400, {"detail": str(error)})
        else:
            self.answer(200, "text/csv; charset=utf-8", text.encode("utf-8-sig"))

    def _say(self, code: int, what: dict[str, object]) -> None:
        self.answer(code, "application/json", json.dumps(what).encode())


def _head(head: Head) -> dict[str, object]:
    return {"v": VERSION, "program": version("sinyal"), "number": head.number, "digest": head.digest}


def listen(host: str, port: int, node: Node, tables: Tables) -> ThreadingHTTPServer:
    """Make the server; port 0 takes a free one. Raises ConfigError where it cannot listen."""
    handler = type("Handler", (_Handler,), {"node": node, "tables": tables})
    try:
        server = ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        raise ConfigError(f"federation.port: cannot listen on {host}:{port}: {error}") from None
    server.daemon_threads = True
    return server
