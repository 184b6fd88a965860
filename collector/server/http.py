"""`/metrics` for Prometheus, `/healthz` for who sends work here, `/livez` for who restarts; on loopback unless told otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from collector.line.counters import Counters, PrometheusCounters
from ground.answering import Answering

Health = Callable[[], Mapping[str, object]]


def start_http(host: str, port: int, counters: Counters, health: Health) -> ThreadingHTTPServer:
    """Serve in a thread of its own; port 0 takes a free one. `/healthz` is 200 when no part of `health` is False, else 503.

    `/livez` asks the line alone: a restart does not cure broker or store.
    """
    registry = CollectorRegistry()
    registry.register(PrometheusCounters(counters))

    class Handler(Answering):
        def do_GET(self) -> None:  # noqa: N802  (a name of http.server)
            if self.path == "/metrics":
                self.answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/healthz":
                state = dict(health())
                self.answer(503 if False in state.values() else 200, "application/json", json.dumps(state).encode())
            elif self.path == "/livez":
                self.answer(503 if health().get("line") is False else 200, "text/plain", b"")
            else:
                self.answer(404, "text/plain", b"/metrics, /healthz and /livez are here\n")

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
