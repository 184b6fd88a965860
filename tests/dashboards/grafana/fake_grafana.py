"""A small server that answers as Grafana's HTTP API does, for what publishing needs; it counts what was written.

Codes and words of answers are those in the sources of Grafana, 9.4 and newer: `pkg/services/accesscontrol/middleware.go` (rights
are asked before the handler, and the scope of a folder that does not exist is nobody's), `pkg/api/apierrors/folder.go`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "glsa_test"
Answer = tuple[int, Any]


class FakeGrafana:
    """What the server holds. `role` is the token's: an Editor may not touch data sources, and sees no folder that is not there.

    `version` None: the server hides it. Calls by number of a data source are gone from 12 on.
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
            return 401, {"message": "Invalid API key"}
        parts = path.removeprefix("/grafana/api/").split("/")
        if method != "GET":
            self.writes.append(f"{method} {'/'.join(parts)}")
        kinds = {"folders": self._folder, "datasources": self._datasource, "dashboards": self._dashboard}
        return kinds[parts[0]](method, parts[1:], body)

    def _denied(self, right: str) -> Answer:
        words = f"You'll need additional permissions to perform this action. Permissions needed: {right}"
        return 403, {"accessErrorId": "ACE0123456789", "message": words, "title": "Access denied"}

    def _folder(self, method: str, parts: list[str], body: Any) -> Answer:
        right = {"POST": "folders:create", "PUT": "folders:write"}.get(method, "folders:read")
        unseen = method == "GET" and self.role == "Editor" and parts[0] not in self.folders
        if right in self.lacking or unseen:
            return self._denied(right)
        if method == "POST":
            if body["uid"] in self.folders or any(f["title"] == body["title"] for f in self.folders.values()):
                return 409, {"message": "a folder with the same name already exists"}
            self.folders[body["uid"]] = {"uid": body["uid"], "title": body["title"], "version": 1}
            return 200, self.folders[body["uid"]]
        folder = self.folders.get(parts[0])
        if folder is None:
            return 404, {"message": "folder not found"}
        if method == "PUT":
            if not body.get("overwrite") and body.get("version") != folder["version"]:
                return 412, {"message": "the folder has been changed by someone else"}
            folder |= {"title": body["title"], "version": folder["version"] + 1}
        return 200, folder

    def _datasource(self, method: str, parts: list[str], body: Any) -> Answer:
        if self.role != "Admin":
            return self._denied({"POST": "datasources:create", "PUT": "datasources:write"}.get(method, "datasources:read"))
        if method == "POST":
            if any(d["name"] == body["name"] for d in self.datasources.values()):
                return 409, {"message": "data source with the same name already exists"}
        elif parts[:1] != ["uid"] or parts[1] not in self.datasources:
            return 404, {"message": "Data source not found"}
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
            return self._denied(right)
        if method == "GET":
            found = self.dashboards.get(parts[1])
            return (200, found) if found else (404, {"message": "Dashboard not found"})
        assert parts == ["db"]
        model, folder = body["dashboard"], body["folderUid"]
        if folder not in self.folders:
            return 400, {"message": "folder not found"}
        old = self.dashboards.get(model["uid"])
        if old and not body.get("overwrite"):
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
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
