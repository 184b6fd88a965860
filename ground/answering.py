"""How the small HTTP servers of the programs answer: whole, with a length, and without a line for each request."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    """A handler of requests; who derives from it writes `do_GET` and the like."""

    def answer(self, code: int, kind: str, body: bytes) -> None:
        """Send a status, the media type and the body."""
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing: what matters is in the log by itself, a line for every scrape helps nobody."""
