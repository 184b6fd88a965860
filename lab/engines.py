"""Every engine of the store for tests, by name: SQLite, InfluxDB 1.x as `influxd` on the PATH, 2.x as SINYAL_INFLUXD2 names it.

`make test-engines` sets both, `make test-cluster` ClickHouse (lab/clickhouse.py); `make test` runs with what Debian brings.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from collector.store.clickhouse.engine import ClickHouse
from collector.store.clickhouse.nodes import Nodes
from collector.store.influx1 import Influx1
from collector.store.influx2 import Influx2
from collector.store.sqlite import Sqlite
from collector.store.store import Store
from lab.clickhouse import chosen
from lab.servers import MissingServerError, Server, free_port, influxd

ENGINES = (
    "sqlite",
    "influx1",
    *(("influx2",) if os.environ.get("SINYAL_INFLUXD2") else ()),
    *(("clickhouse",) if os.environ.get("SINYAL_CLICKHOUSE") else ()),
)
ORG, BUCKET, TOKEN = "kutim", "sinyal", "token-of-a-test"
Start = Callable[[Callable[[], Server]], Server]
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def influxd2(folder: Path) -> Server:
    """Prepare an InfluxDB 2.x with an organisation, a bucket and a token. Raises MissingServerError."""
    program = os.environ.get("SINYAL_INFLUXD2")
    if not program:
        raise MissingServerError("InfluxDB 2.x is not installed (make test-engines builds it)")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    paths = (f"--bolt-path={folder}/bolt", f"--sqlite-path={folder}/sqlite", f"--engine-path={folder}/engine")
    quiet = ("--reporting-disabled", "--log-level=error")
    argv = [program, *paths, f"--http-bind-address=127.0.0.1:{port}", *quiet]
    return Server("influxd2", argv, port, folder, lambda: _set_up(f"http://127.0.0.1:{port}"))


def ask2(url: str, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """Ask the API of a 2.x as its owner; return code and body. Raises OSError when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}{path}", data, headers, method=method)  # noqa: S310 - our own loopback server
    try:
        with _NO_PROXY.open(request, timeout=10) as reply:
            return int(reply.status), reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _set_up(url: str) -> bool:
    try:
        owner = {"username": "owner", "password": "password-of-a-test", "org": ORG, "bucket": BUCKET, "token": TOKEN}
        return ask2(url, "POST", "/api/v2/setup", owner)[0] in (201, 422)  # 422: it was set up before it was killed
    except OSError:
        return False


def start_engine(engine: str, folder: Path, start: Start) -> Server | None:
    """Start the server of an engine; SQLite has none."""
    if engine == "sqlite":
        return None
    prepare = {"influx1": influxd, "influx2": influxd2, "clickhouse": chosen}[engine]
    return start(lambda: prepare(folder / engine))


def store_section(engine: str, folder: Path, server: Server | None) -> str:
    """Return the lines of [store] in collector.toml."""
    if server is None:
        return 'engine = "sqlite"\npath = "store.db"'
    if engine == "influx1":
        return f'engine = "influx1"\nurl = "{server.url}"'
    if engine == "clickhouse":
        return f'engine = "clickhouse"\nurls = ["{server.url}"]'
    token = folder / "store-token"
    token.parent.mkdir(parents=True, exist_ok=True)
    token.write_text(TOKEN)
    return f'engine = "influx2"\nurl = "{server.url}"\norg = "{ORG}"\nbucket = "{BUCKET}"\ntoken_file = "{token}"'


def open_engine(engine: str, folder: Path, start: Start) -> Store:
    """Start an engine and open an empty store in it."""
    server = start_engine(engine, folder, start)
    if server is None:
        return Sqlite(folder / "store.db")
    store: Store
    if engine == "clickhouse":
        store = ClickHouse(Nodes([server.url]), BUCKET)
    else:
        store = Influx1(server.url, BUCKET) if engine == "influx1" else Influx2(server.url, ORG, BUCKET, TOKEN)
    store.check()
    return store
