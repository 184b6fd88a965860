"""Real servers for tests, chaos and benchmarks: mosquitto, influxd 1.x; on loopback, each in its own folder.

A `Server` can be started, stopped, killed with -9 and started again on the same port with the same data.
"""

from __future__ import annotations

import fcntl
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
_ours: set[int] = set()

READY_S = 120.0
"""Long enough for a busy machine: nobody waits longer than it takes."""
PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections."""
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])  # Debian keeps mosquitto in sbin

MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
"""

INFLUXD = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[logging]
  level = "warn"
"""


class MissingServerError(RuntimeError):
    """A server's program is not installed; the text says which package brings it."""


def wait_for(condition: Callable[[], T], what: str, seconds: float = READY_S) -> T:
    """Poll until the condition gives something true and return that; raises TimeoutError naming `what`."""
    end = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if result := condition():
            return result
        now = time.monotonic()
        if now > end:
            raise TimeoutError(f"waited {seconds:g} s for: {what}")
        time.sleep(max(0.05, min(0.5, 9 * (now - asked))))  # a costly question is asked less often: it slows what it waits for


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on, kept for this process: other test runs on this machine take others."""
    while True:
        port = random.choice(PORTS)
        if port not in _ours and _keep(port) and not listening(port):
            _ours.add(port)
            return port


def _keep(port: int) -> bool:
    """Mark a port as ours until this process ends, by a lock on one byte of a file that all runs share; False if it is taken."""
    try:
        fcntl.lockf(_reservations(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


@cache
def _reservations() -> int:
    """Return the one handle of that file: the locks of a process fall when it closes any."""
    return os.open(Path(tempfile.gettempdir(), f"sinyal-test-ports-{os.geteuid()}"), os.O_RDWR | os.O_CREAT, 0o600)


def listening(port: int) -> bool:
    """Whether somebody listens on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def find_program(name: str, package: str) -> str:
    """Return the path of an installed program; raises MissingServerError naming the package to install."""
    if path := shutil.which(name, path=SEARCH_PATH):
        return path
    raise MissingServerError(f"{name} is not installed (apt install {package})")


@dataclass(slots=True)
class Server:
    """One server process with its own folder and port. Use as a context manager: starts on entry, stops on exit."""

    name: str
    argv: Sequence[str]
    port: int
    folder: Path
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Address of the server's HTTP interface."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """File that holds what the process printed."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start the process (again) and return when it answers; raises TimeoutError with the end of its log."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(self.argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=self.folder)
        try:
            wait_for(lambda: self._exited() or self.ready(), f"{self.name} to answer on port {self.port}")
        except TimeoutError as error:
            self.kill()
            raise TimeoutError(f"{error}\n{self.log_tail()}") from error
        if self._exited():
            raise RuntimeError(f"{self.name} ended at once:\n{self.log_tail()}")

    def stop(self) -> None:
        """Ask the process to end (SIGTERM) and wait; kill it after 20 s."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End the process as a power cut would (SIGKILL)."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def reload(self) -> None:
        """Make the process read its configuration again (SIGHUP; mosquitto re-reads ACLs and passwords)."""
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def log_tail(self) -> str:
        """Return the last lines that the process printed."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else "(no log)"

    def _exited(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def mosquitto(folder: Path, config: str = MOSQUITTO, port: int | None = None) -> Server:
    """Prepare a mosquitto; `{port}` in the configuration text is replaced. Default: anonymous, no persistence."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    text = config.replace("{port}", str(port))
    if os.geteuid() == 0:
        text = "user root\n" + text  # else it drops to a user that cannot read certificates in our folder
    (folder / "mosquitto.conf").write_text(text)
    argv = [find_program("mosquitto", "mosquitto"), "-c", str(folder / "mosquitto.conf")]
    listeners = re.findall(r"^listener\s+(\d+)", "\n".join([text, *_included(folder, text)]), re.MULTILINE)
    return Server("mosquitto", argv, port, folder, lambda: all(listening(int(each)) for each in listeners))


def _included(folder: Path, text: str) -> Iterator[str]:
    """Yield the texts of the configuration files that `include_dir` of a mosquitto.conf names."""
    for name in re.findall(r"^include_dir\s+(.+)$", text, re.MULTILINE):
        yield from (path.read_text() for path in sorted((folder / name).glob("*.conf")))


def influxd(folder: Path, *, auth: bool = False) -> Server:
    """Prepare an InfluxDB 1.x with its data below `folder`; with or without authentication, nothing reported to anybody."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    text = INFLUXD.format(port=port, rpc=free_port(), folder=folder)
    (folder / "influxdb.conf").write_text(text.replace("[http]\n", "[http]\n  auth-enabled = true\n") if auth else text)
    argv = [find_program("influxd", "influxdb"), "-config", str(folder / "influxdb.conf")]
    path = "ping" if auth else "query?q=SHOW+DATABASES"
    return Server("influxd", argv, port, folder, lambda: _answers(f"http://127.0.0.1:{port}/{path}"))


def fetch(url: str, data: bytes | None = None) -> tuple[int, bytes]:
    """Ask an HTTP address on loopback, past any proxy; return code and body. Raises OSError when nobody answers."""
    try:
        with _NO_PROXY.open(url, data, timeout=10) as reply:
            return int(reply.status), reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _answers(url: str) -> bool:
    try:
        return 200 <= fetch(url)[0] < 300
    except OSError:
        return False
