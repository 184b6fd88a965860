"""The dead man's switch: who stops hearing what when the watch fails, hangs or dies."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.notify.deliver import now_ms
from lab.servers import free_port, wait_for
from tests.collector.notify.parts import message, post
from tests.collector.notify.services import Hook
from tests.collector.notify.test_deliver import running

UNIT = Path(__file__).parents[3] / "config" / "systemd" / "sinyal-watch.service"


class Systemd:
    """What systemd does for Type=notify: listens on NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0.5)

    def hear(self) -> str | None:
        """Return the next message, None after half a second of silence (the loop beats 20 times a second)."""
        try:
            return self._socket.recv(100).decode()
        except TimeoutError:
            return None

    def until_silent(self) -> bool:
        return self.hear() is None

    def close(self) -> None:
        self._socket.close()


def silent(hook: Hook, systemd: Systemd) -> Callable[[], bool]:
    """Say that the address was left unasked over 30 turns of the loop: half as long again as its interval."""

    def check() -> bool:
        before = hook.asked
        heard = [systemd.hear() for _ in range(30)]
        return hook.asked == before and set(heard) == {"WATCHDOG=1"}

    return check


def test_who_hears_what_while_the_watch_works_fails_hangs_and_dies(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path / "notify")
    with Hook() as hook:
        (tmp_path / "beat").write_text(f"http://127.0.0.1:{hook.port}/ping/3f6c-secret")
        box = post(
            tmp_path,
            '[heartbeat]\nurl_file = "beat"\nevery_s = 1\n'
            f'[destination.dead]\nurl = "json://127.0.0.1:{free_port()}/"\n'
            '[route.all]\naudience = "teknisi"\ngather = []\nto = ["dead"]\n',
        )
        with running("watch", tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as process:
            assert wait_for(systemd.hear, "the start") == "READY=1"
            wait_for(lambda: systemd.hear() and len(hook.got) >= 2, "the address to be asked again and again")
            assert hook.got[0]["path"] == "/ping/3f6c-secret"

            (tmp_path / "store-down").touch()  # the loop turns, its looks fail: systemd is content, the address goes quiet
            wait_for(silent(hook, systemd), "the address to go quiet while the loop turns")
            (tmp_path / "store-down").unlink()
            asked = hook.asked
            wait_for(lambda: systemd.hear() and hook.asked > asked, "the address to be asked again")

            box.put(message("Tadoan", now_ms() - 61 * 60_000))  # told to a service that is away: nobody would hear of any alert
            wait_for(silent(hook, systemd), "the address to go quiet while alerts cannot be delivered")

            (tmp_path / "hang").touch()  # the loop hangs: systemd hears nothing and replaces the process after WatchdogSec
            wait_for(systemd.until_silent, "the watchdog to go quiet")
            assert process.poll() is None
        asked = hook.asked
        assert systemd.until_silent()  # killed: both are quiet
        assert hook.asked == asked
    systemd.close()
    assert "3f6c" not in (tmp_path / "log").read_text()


def test_an_address_that_does_not_answer_stops_nothing_and_is_logged_without_itself(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path / "notify")
    (tmp_path / "beat").write_text(f"http://127.0.0.1:{free_port()}/ping/3f6c-secret")
    post(tmp_path, '[heartbeat]\nurl_file = "beat"\nevery_s = 1\n')
    with running("watch", tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")):
        wait_for(lambda: "event=heartbeat_failed error=ConnectionError" in (tmp_path / "log").read_text(), "the failure")
        assert [systemd.hear() for _ in range(3)].count(None) == 0
    systemd.close()
    assert "3f6c" not in (tmp_path / "log").read_text()


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/sinyal/bin/sinyal-collector", "/bin/true").replace("User=sinyal\n", ""))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert unit.name not in done.stderr, done.stderr
    lines = UNIT.read_text().splitlines()
    assert {"Type=notify", "WatchdogSec=5min", "Restart=always"} <= set(lines)
