"""A server is ready when everything that a test uses answers; runs beside each other never take the same port."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.servers import Server, free_port, mosquitto

TWO = "listener {port} 127.0.0.1\nlistener %d 127.0.0.1\nallow_anonymous true\n"
ASK = "from lab.servers import free_port; print([free_port() for _ in range(2000)]); input()"
pytest_plugins = ("pytester",)


def test_a_broker_with_two_listeners_is_ready_when_both_answer(
    tmp_path: Path, start_server: Callable[[Callable[[], Server]], Server]
) -> None:
    second = free_port()
    server = start_server(lambda: mosquitto(tmp_path, TWO % second))
    assert server.ready()
    server.stop()
    for port in (server.port, second):
        with socket.create_server(("127.0.0.1", port)):
            assert not server.ready()


def test_processes_beside_each_other_get_different_ports() -> None:
    runs = [
        subprocess.Popen([sys.executable, "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    ports = []
    for run in runs:
        assert run.stdout is not None
        ports += run.stdout.readline().strip("[]\n").split(", ")
    for run in runs:
        run.communicate("\n")
    assert len(set(ports)) == 4000


@pytest.mark.parametrize(("ci", "failed", "skipped"), [("true", 1, 1), ("", 0, 2)])
def test_in_ci_a_test_without_its_program_has_failed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, failed: int, skipped: int
) -> None:
    monkeypatch.setenv("CI", ci)
    hook = (Path(__file__).parents[1] / "conftest.py").read_text()
    pytester.makeconftest(hook)
    pytester.makepyfile(
        "import pytest\n"
        "def test_a():\n    pytest.skip('mosquitto is not installed (apt install mosquitto)')\n"
        "def test_b():\n    pytest.skip('only root')\n"
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(failed=failed, skipped=skipped)
