"""A small server that answers as Grafana's HTTP API does, for what publishing needs; it counts what was written.

What it refuses, and in which words, stands in `answers.toml` by version, each with its source.
"""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RECORDED = tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))["answer"]
NEWEST = "13.2.3"
TOKEN = "glsa_test"
Answer = tuple[int, Any]


class FakeGrafana:
    """What the server holds. `role` is the token's: an Editor may not touch data sources, and has no wildcard for folders.

    `version` None: the server hides it, and answers as the newest.
    """

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, Any]] = {}
        self.datasources: dict[str, dict[str, Any]] = {}
        self.dashboards: dict[str, dict[str, Any]] = {}
        self.writes: list[str] = []
        self.role = "Admin"
        self.lacking: set[str] = set()
        self.version: str | None = "9.4.7"
        self.clients: set[str] = set()
        self.url = ""

    def answer(self, method: str, path: str, authorization: str | None, body: Any) -> Answer:
        if path == "/grafana/api/health":
            return 200, {"commit": "abc", "database": "ok", **({"version": self.version} if self.version else {})}
        if authorization != f"Bearer {TOKEN}":
            return self.refusal("token unknown")
        parts = path.removeprefix("/grafana/api/").split("/")
        if method != "GET":
            self.writes.append(f"{method} {'/'.join(parts)}")
        kinds = {"folders": self._folder, "datasources": self._datasource, "dashboards": self._dashboard}
        return kinds[parts[0]](method, parts[1:], body)

    def refusal(self, case: str, **values: str) -> Answer:
        """Return what this version answers in a case; 200 where it does not refuse."""
        version = [int(part) for part in (self.version or NEWEST).split(".")]
        known = [answer for answer in RECORDED if answer["case"] == case and answer["since"] <= version]
        newest = max(known, key=lambda answer: answer["since"])
        text = newest["body"]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return newest["status"], json.loads(text) if text else {}

    def _folder(self, method: str, parts: list[str], body: Any) -> Answer:
        right = {"POST": "folders:create", "PUT": "folders:write"}.get(method, "folders:read")
        if right in self.lacking:
            return self.refusal("right lacks", right=right)
        if method == "POST":
            return self._new_folder(body)
        folder = self.folders.get(parts[0])
        if folder is None:
            return self.refusal(f"{self.role} asks for a folder that is not there", uid=parts[0])
        if method == "PUT":
            if not body.get("overwrite") and body.get("version") != folder["version"]:
                return self.refusal("a folder is changed that changed meanwhile")
            folder |= {"title": body["title"], "version": folder["version"] + 1}
        return 200, folder

    def _new_folder(self, body: Any) -> Answer:
        if body["uid"] in self.folders:
            return self.refusal("a folder is made whose uid is there")
        if any(folder["title"] == body["title"] for folder in self.folders.values()):
            code, answer = self.refusal("a folder is made whose title is there")
            if code != 200:
                return code, answer
        self.folders[body["uid"]] = {"uid": body["uid"], "title": body["title"], "version": 1}
        return 200, self.folders[body["uid"]]

    def _datasource(self, method: str, parts: list[str], body: Any) -> Answer:
        if self.role != "Admin":
            right = {"POST": "datasources:create", "PUT": "datasources:write"}.get(method, "datasources:read")
            return self.refusal("right lacks", right=right)
        if method == "POST":
            if any(d["name"] == body["name"] for d in self.datasources.values()):
                return self.refusal("a data source is made whose name is there")
        elif parts[:1] != ["uid"]:
            return self.refusal("a data source is asked for by its number")
        elif parts[1] not in self.datasources:
            return self.refusal("a data source is not there")
        if method == "GET":
            return 200, self.datasources[parts[1]]
        kept = {key: value for key, value in body.items() if key != "secureJsonData"}
        secrets = dict.fromkeys(body.get("secureJsonData", {}), True)
        if method == "POST" and str(self.version).startswith("9.4"):
            kept["database"] = ""
        self.datasources[body["uid"]] = {"id": 1, "orgId": 1, "isDefault": False, **kept, "secureJsonFields": secrets}
        return 200, {"datasource": self.datasources[body["uid"]], "id": 1, "message": "Datasource added", "name": body["name"]}

    def _dashboard(self, method: str, parts: list[str], body: Any) -> Answer:
        right = "dashboards:read" if method == "GET" else "dashboards:create"
        if right in self.lacking:
            return self.refusal("right lacks", right=right)
        if method == "GET":
            found = self.dashboards.get(parts[1])
            return (200, found) if found else self.refusal(f"{self.role} asks for a dashboard that is not there")
        assert parts == ["db"]
        model, folder = body["dashboard"], body["folderUid"]
        if folder not in self.folders:
            return self.refusal("a dashboard is saved into a folder that is not there")
        old = self.dashboards.get(model["uid"])
        if old and not body.get("overwrite"):
            return self.refusal("a dashboard is saved that changed meanwhile")
        version = old["dashboard"]["version"] + 1 if old else 1
        stored = {**model, "id": len(self.dashboards) + 1, "version": version}
        self.dashboards[model["uid"]] = {"dashboard": stored, "meta": {"folderUid": folder, "version": version}}
        return 200, {"uid": model["uid"], "status": "success", "version": version}


@contextmanager
def serving(grafana: FakeGrafana) -> Iterator[FakeGrafana]:
    """Serve it on a free loopback port, below the path /grafana as behind a proxy."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            grafana.clients.add(str(self.headers.get("User-Agent")).split("/")[0])
            code, answer = grafana.answer(self.command, self.path, self.headers.get("Authorization"), body)
            data = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _reply  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    grafana.url = f"http://127.0.0.1:{server.server_port}/grafana"
    try:
        yield grafana
    finally:
        server.shutdown()
        server.server_close()
