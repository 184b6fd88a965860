"""A thread that breaks its promise is stuck; systemd hears what it asked for."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from ground import alive


def test_a_thread_is_stuck_when_it_breaks_its_promise_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    me, now = threading.Thread(), 1000.0
    monkeypatch.setattr("ground.alive.time.monotonic", lambda: now)
    monkeypatch.setattr("ground.alive.threading.current_thread", lambda: me)
    assert not alive.stuck(me)
    alive.expect(60)
    now += 60 + alive.PATIENCE_S
    assert not alive.stuck(me)
    now += 1
    assert alive.stuck(me)
    alive.expect()
    assert not alive.stuck(me)


def test_systemd_hears_that_the_program_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        alive.tell_systemd()
        assert systemd.recv(64) == b"WATCHDOG=1"
    monkeypatch.delenv("NOTIFY_SOCKET")
    alive.tell_systemd()
