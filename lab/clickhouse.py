"""ClickHouse for tests: Debian's server alone or as three replicas with ZooKeeper, and the current engine (chdb) behind HTTP.

What chdb brings is the engine itself in a process of ours (lab/chdb_http.py): its SQL, not its server. Which one tests take says
SINYAL_CLICKHOUSE: `server` for Debian's, else the path of a Python that has chdb-core; `make test-cluster` sets it.
"""

from __future__ import annotations

import os
import socket
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from lab.servers import MissingServerError, Server, find_program, free_port

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SESSION_MS = 4000
"""How long ZooKeeper waits for a node that says nothing, and a node for ZooKeeper; as they come it is 30 and 10 s."""

SERVER = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <http_port>{http}</http_port>
  <tcp_port>{tcp}</tcp_port>
  <interserver_http_port>{inter}</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host>
  <listen_host>127.0.0.1</listen_host>
  <max_connections>200</max_connections>
  <keep_alive_timeout>1</keep_alive_timeout>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <user_files_path>{folder}/files/</user_files_path>
  <format_schema_path>{folder}/schemas/</format_schema_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>134217728</mark_cache_size>
  {replication}
</yandex>
"""
REPLICATION = """<zookeeper>
    {keepers}
    <session_timeout_ms>{session}</session_timeout_ms>
    <operation_timeout_ms>{session}</operation_timeout_ms>
  </zookeeper>
  <macros><shard>1</shard><replica>{name}</replica></macros>"""
NODE = "<node><host>127.0.0.1</host><port>{port}</port></node>"
USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
  <quotas><default/></quotas>
</yandex>
"""
KEEPER = """tickTime=500
initLimit=20
syncLimit=10
dataDir={folder}/data
clientPort={port}
clientPortAddress=127.0.0.1
maxClientCnxns=0
admin.enableServer=false
minSessionTimeout=1000
autopurge.purgeInterval=1
standaloneEnabled=false
4lw.commands.whitelist=srvr
{peers}
"""


def answers(url: str) -> bool:
    """Whether a ClickHouse answers a query."""
    try:
        with _NO_PROXY.open(f"{url}/?query=SELECT%201", timeout=5) as reply:
            return bool(reply.read() == b"1\n")
    except OSError:
        return False


def clickhouse(folder: Path, keepers: Sequence[int] = (), name: str = "") -> Server:
    """Prepare Debian's ClickHouse, 18.16; with ZooKeeper's ports as a replica of that name. Raises MissingServerError."""
    program = find_program("clickhouse-server", "clickhouse-server")
    http, tcp, inter = free_port(), free_port(), free_port()
    for part in ("data", "tmp", "files", "schemas"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    nodes = "".join(NODE.format(port=port) for port in keepers)
    replication = REPLICATION.format(keepers=nodes, session=SESSION_MS, name=name) if keepers else ""
    (folder / "config.xml").write_text(SERVER.format(http=http, tcp=tcp, inter=inter, folder=folder, replication=replication))
    (folder / "users.xml").write_text(USERS)
    argv = [program, f"--config-file={folder}/config.xml"]
    return Server(name or "clickhouse", argv, http, folder, lambda: answers(f"http://127.0.0.1:{http}"))


def chosen(folder: Path) -> Server:
    """Prepare the ClickHouse that SINYAL_CLICKHOUSE names. Raises MissingServerError."""
    which = os.environ.get("SINYAL_CLICKHOUSE", "")
    if which == "server":
        return clickhouse(folder)
    if not which:
        raise MissingServerError("ClickHouse is not installed (make test-cluster installs it)")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    argv = [which, str(Path(__file__).with_name("chdb_http.py")), str(port), str(folder / "data")]
    return Server("chdb", argv, port, folder, lambda: answers(f"http://127.0.0.1:{port}"))


def zookeepers(folder: Path, count: int) -> list[Server]:
    """Prepare Debian's ZooKeeper, an ensemble; it answers when more than half run. Raises MissingServerError."""
    java, jars = find_program("java", "zookeeper"), Path("/usr/share/java")
    if not (jars / "zookeeper.jar").exists():
        raise MissingServerError("zookeeper is not installed (apt install zookeeper)")
    peers = "\n".join(f"server.{n}=127.0.0.1:{free_port()}:{free_port()}" for n in range(1, count + 1))
    made = []
    for n in range(1, count + 1):
        own, port = folder / str(n), free_port()
        (own / "data").mkdir(parents=True, exist_ok=True)
        (own / "data" / "myid").write_text(str(n))
        (own / "zoo.cfg").write_text(KEEPER.format(folder=own, port=port, peers=peers))
        argv = [java, "-Xmx192m", "-cp", f"{jars}/*", "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(own / "zoo.cfg")]
        made.append(Server("zookeeper", argv, port, own, lambda port=port: _serves(port)))  # type: ignore[misc]
    return made


def _serves(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as line:
            line.sendall(b"srvr")
            return b"Mode: " in line.recv(1000)
    except OSError:
        return False
