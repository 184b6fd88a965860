"""P3 with TLS: a Pi without a clock chip boots in 2020, long before its certificates, and still connects and finds the time."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from collector.config import load
from collector.run import Collector
from lab.certificates import Authority
from lab.servers import Server, free_port, mosquitto, wait_for
from tests.collector.frames import SITE
from tests.integration.office import write_config

BOOT = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
Starter = Callable[[Callable[[], Server]], Server]

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)

pytestmark = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed (apt install faketime)")


class Plant:
    """A broker with TLS and a hall's files."""

    def __init__(self, folder: Path, start: Starter) -> None:
        self.folder, self._start = folder, start
        self.authority = Authority(folder / "ca")
        self.authority.issue(SITE.code)
        self._plain = free_port()  # for the collector, which knows the time and would not speak to a certificate that ended

    def broker(self, end: dt.datetime | None = None) -> Server:
        pair = self.authority.issue("broker", end=end)
        plain = (f"listener {self._plain} 127.0.0.1", "allow_anonymous true")
        text = self.authority.listener(pair, "use_identity_as_username true", *plain)
        return self._start(lambda: mosquitto(self.folder / "mosquitto", text))

    @contextmanager
    def collector(self) -> Iterator[Collector]:
        collector = Collector(load(write_config(self.folder, self._plain)))
        collector.start()
        wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
        yield collector
        collector.stop()

    @contextmanager
    def hall(self, port: int) -> Iterator[Path]:
        """Run the agent's program on a machine whose clock says 2020; return the file of what it logs."""
        path, log, ca = self.folder / "agent.toml", self.folder / "agent.log", self.folder / "ca"
        keys = f'ca = "{ca}/ca.crt"\ncert = "{ca}/{SITE.code}.crt"\nkey = "{ca}/{SITE.code}.key"\n'
        path.write_text(
            f'[agent]\nsite = "{SITE.code}"\ndata_dir = "{self.folder}/data"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port}\n{keys}[sampling]\nframe_interval_s = 1\n'
        )
        # The kernel's time since boot stays true, as on a Pi; only UTC is wrong. NTP says nothing, as there is none.
        env = {**os.environ, "TZ": "UTC", "LD_PRELOAD": str(FAKETIME), "FAKETIME": f"@{BOOT:%Y-%m-%d %H:%M:%S}"}
        env |= {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
        command = [sys.executable, "-m", "agent.cli", "run", "--config", str(path)]
        with log.open("wb") as out, subprocess.Popen(command, stderr=out, env=env) as program:
            try:
                yield log
            finally:
                program.terminate()


@pytest.fixture
def plant(tmp_path: Path, start_server: Starter) -> Plant:
    return Plant(tmp_path, start_server)


def test_a_pi_that_boots_in_2020_connects_finds_the_time_and_comes_back_after_a_cut(plant: Plant) -> None:
    broker = plant.broker()
    before = dt.datetime.now(dt.UTC)
    with ExitStack() as stack:
        collector = stack.enter_context(plant.collector())
        log = stack.enter_context(plant.hall(broker.port))
        wait_for(lambda: collector.counters.stored_samples >= 2, "the first readings (boot event, device)")
        moment_s = int(collector.store.latest("device", SITE.code)[0]["time_ns"]) / 1e9
        assert before.timestamp() - 5 <= moment_s <= dt.datetime.now(dt.UTC).timestamp() + 5
        stored = collector.counters.stored_samples
        broker.kill()  # now the agent knows the time and its system clock is wrong still
        broker.start()
        wait_for(lambda: log.read_text().count("event=connected") >= 2, "the connection to be back")
        wait_for(lambda: collector.counters.stored_samples >= stored, "readings after it")
    text = log.read_text()
    assert "event=clock_trusted source=collector" in text
    assert "CERTIFICATE_VERIFY_FAILED" not in text
    assert "Traceback" not in text


def test_a_certificate_that_ended_is_refused_as_soon_as_the_time_is_known(plant: Plant) -> None:
    """By the collector's time, as the system clock still says 2020: an old key of the broker opens nothing then."""
    broker = plant.broker(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    with ExitStack() as stack:
        collector = stack.enter_context(plant.collector())
        log = stack.enter_context(plant.hall(broker.port))
        wait_for(
            lambda: "event=clock_trusted source=collector" in log.read_text(), "the time, without which no date can be judged"
        )
        wait_for(lambda: collector.counters.stored_samples >= 1, "a reading")
        broker.kill()
        broker.start()
        wait_for(lambda: "the certificate of the broker is valid from" in log.read_text(), "the refusal")
