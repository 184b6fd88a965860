"""The current ClickHouse engine (chdb-core) behind HTTP, as its server answers: `python lab/chdb_http.py PORT FOLDER`.

A process of its own, run by a Python that has chdb-core; nothing of ours is imported.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb.session import Session  # type: ignore[import-not-found]

OWN = ("query", "wait_end_of_query")


class Handler(BaseHTTPRequestHandler):
    """One statement a request."""

    protocol_version = "HTTP/1.1"
    session: Session
    one = threading.Lock()

    def do_GET(self) -> None:
        """Answer a question."""
        self.do_POST()

    def do_POST(self) -> None:
        """Run a statement; 200 with its answer or 500 with the engine's own words."""
        params = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        query = f"{params['query']}\n{body}" if "query" in params else body
        given = [f"{name} = {value}" for name, value in params.items() if name not in OWN]
        try:
            with self.one:
                for setting in given:
                    self.session.query(f"SET {setting}")
                status, answer = 200, self.session.query(query).bytes() or b""
        except Exception as error:  # noqa: BLE001 - whatever it says is the answer
            status, answer = 500, str(error).encode()
        self.send_response(status)
        self.send_header("X-ClickHouse-Server-Display-Name", "chdb")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Handler.session = Session(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
