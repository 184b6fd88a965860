"""Fixtures that start real servers; a missing program skips the test with its reason, and fails it where CI=true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab import servers
from lab.servers import Server
from scripts.words import compile_words


def pytest_configure() -> None:
    """Let the programs under test read the catalogue of words as it is now."""
    compile_words()


def _started(stack: ExitStack, prepare: Callable[[], Server]) -> Server:
    try:
        server = prepare()
    except servers.MissingServerError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
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


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Server]:
    """Run an empty VictoriaMetrics."""
    with ExitStack() as stack:
        yield _started(stack, lambda: servers.victoria_metrics(tmp_path / "victoria"))
