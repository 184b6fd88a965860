"""Fixtures that start real servers. A missing program skips the test and names its package; where CI=true it fails the test."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

from lab import servers
from lab.servers import Server
from scripts.words import compile_words

# A slow machine must not fail a test: no deadlines.
settings.register_profile("sinyal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sinyal")

USUAL: dict[signal.Signals, Callable[[int, FrameType | None], None] | signal.Handlers] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGQUIT: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
"""What ends a program. A run in the background ignores these signals, and so would the programs under test."""


def pytest_configure() -> None:
    """Let the programs under test read the catalogue of words as it is now."""
    gc.disable()  # till all is collected: every round over what only grows is in vain
    compile_words()
    for name in ("LC_ALL", "LC_MESSAGES"):  # what a program says must not hang on who runs the tests
        os.environ.pop(name, None)
    os.environ["LANG"] = "en_GB.UTF-8"
    for number, usual in USUAL.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


SERVERS = {"start_server", "broker", "influx", "chromium", "database"}
"""Fixtures behind which a server or a browser runs."""
WHOLE = (
    *("tests/integration/", "tests/chaos/", "tests/demo/", "tests/scripts/"),
    *("tests/agent/aim/test_aim", "tests/agent/host/test_update", "tests/agent/poll/test_faults"),
    *("tests/collector/notify/test_deliver", "tests/collector/notify/test_heartbeat"),
    *("tests/collector/watch/test_kill", "tests/collector/watch/test_month", "tests/collector/server/test_door"),
    *("tests/dashboards/web/test_serve", "tests/agent/probe/test_probes", "tests/agent/uplink/test_remote"),
)
"""Tests of whole programs and lines, and those that wait for a real time-out."""
SPREAD = (
    "tests/integration/",
    "tests/chaos/",
    "tests/demo/",
    "tests/scripts/",
    "tests/world/",
    "tests/dashboards/web/test_office",
)
"""The longest of them, that share no costly fixture within a file."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is more than a unit, for `make test-fast`; share the longest out among the workers, first: they wait."""
    for item in items:
        if SERVERS.intersection(getattr(item, "fixturenames", ())) or item.nodeid.startswith(WHOLE):
            item.add_marker("whole")
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    programs = [item for item in items if item.nodeid.startswith(SPREAD)]
    rest = [item for item in items if not item.nodeid.startswith(SPREAD)]
    items[:] = [
        item
        for n in range(workers)  # the n-th worker begins with the n-th part of the list
        for item in (*programs[n::workers], *rest[n * len(rest) // workers : (n + 1) * len(rest) // workers])
    ]


def pytest_collection_finish() -> None:
    """Leave the modules and tests, which stay to the end, out of every later search for cycles."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI=true a test that was skipped for want of a program has failed: there all that Debian has can be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if "not installed" in reason and "make test-engines" not in reason:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: {reason}; in CI every test runs"
    return report


def _started(stack: ExitStack, prepare: Callable[[], Server]) -> Server:
    try:
        server = prepare()
    except servers.MissingServerError as error:
        pytest.skip(str(error))
    return stack.enter_context(server)


@pytest.fixture
def start_server() -> Iterator[Callable[[Callable[[], Server]], Server]]:
    """Start any server that a test prepares, and stop it after the test: `start_server(lambda: mosquitto(tmp_path, TEXT))`."""
    with ExitStack() as stack:
        yield lambda prepare: _started(stack, prepare)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """Run a mosquitto: anonymous on loopback, no persistence."""
    with ExitStack() as stack:
        yield _started(stack, lambda: servers.mosquitto(tmp_path / "mosquitto"))


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[Server]:
    """Run an empty InfluxDB 1.x."""
    with ExitStack() as stack:
        yield _started(stack, lambda: servers.influxd(tmp_path / "influxd"))
