"""Certificates over the years, with the clock moved: `.venv/bin/pytest tests/years.py`, a minute.

A hall renews its own through the line; the authority changes under it. The clock is moved by libfaketime, the programs are real.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tarfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509

from collector.enrol import enroll_command
from lab.plant import python
from lab.servers import wait_for
from tests.collector.enrol.plant import Plant, make_plant, run
from tests.collector.frames import SITE

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
pytestmark = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed (apt install faketime)")
IN_THE_LAST_YEAR, AFTER_THE_END = 1600, 2000
"""Days from now; a hall's certificate lasts five years."""


class Years:
    """A server as we ship it and one hall with its own bundle; every program is started at a day that the test names."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plant: Plant = make_plant(folder / "server")
        self._patch = monkeypatch
        bundle, self.etc = folder / "hall.sinyal", folder / "etc"
        assert run(enroll_command, SITE.code, "--out", bundle, "--config", self.plant.config) == 0
        with tarfile.open(bundle) as tar:
            tar.extractall(self.etc, filter="data")
        self.data = folder / "data"
        text = (self.etc / "agent.toml").read_text().replace("/etc/sinyal", str(self.etc))
        text = text.replace('host = "sinyal.example.go.id"', 'host = "127.0.0.1"')
        text = text.replace("[agent]\n", f'[agent]\ndata_dir = "{self.data}"\n')
        (self.etc / "agent.toml").write_text(text + "[sampling]\nframe_interval_s = 1\n")
        self.broker = self.plant.broker()
        self.collector = python("collector", folder / "c", "collector.cli", "run", "--config", str(self.plant.config))
        self.agent = python("agent", folder / "a", "agent.cli", "run", "--config", str(self.etc / "agent.toml"))

    def day(self, days: int) -> None:
        """Start programs so many days from now, from now on."""
        self._patch.setenv("LD_PRELOAD", str(FAKETIME))
        self._patch.setenv("FAKETIME", f"+{days}d")
        self._patch.setenv("DONT_FAKE_MONOTONIC", "1")
        self._patch.setenv("FAKETIME_DONT_RESET", "1")

    def ca(self, *argv: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "collector.cli", "ca", *argv, "--config", str(self.plant.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ})

    def said(self, text: str) -> bool:
        return text in self.agent.log.read_text()

    def ends(self) -> dt.datetime:
        cert = x509.load_pem_x509_certificate((self.data / "identity" / "agent.pem").read_bytes())
        return cert.not_valid_after_utc


@pytest.fixture
def years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Years:
    return Years(tmp_path, monkeypatch)


def test_a_hall_renews_its_certificate_through_the_line_and_the_authority_changes_under_it(years: Years) -> None:
    years.day(IN_THE_LAST_YEAR)
    with ExitStack() as stack:
        for program in (years.broker, years.collector, years.agent):
            stack.enter_context(program)
        wait_for(lambda: "renewed until" in years.ca("renew").stdout, "the request of the hall", 60)
        wait_for(lambda: years.said("event=certificate_renewed"), "the new certificate to be taken", 60)
        wait_for(lambda: years.ca("roll", "status").returncode == 0, "the hall to say so", 60)
    years.day(AFTER_THE_END)
    with ExitStack() as stack:
        for program in (years.broker, years.collector, years.agent):
            stack.enter_context(program)
        connected = years.agent.log.read_text().count("event=connected")
        wait_for(lambda: years.agent.log.read_text().count("event=connected") > connected, "the hall after the old end", 60)
        old = x509.load_pem_x509_certificate((years.etc / "agent.crt").read_bytes()).not_valid_after_utc
        assert old < dt.datetime.now(dt.UTC) + dt.timedelta(days=AFTER_THE_END) < years.ends()
        for step in ("start", "switch", "finish"):
            done = years.ca("roll", step)
            assert done.returncode == 0, done.stdout + done.stderr
            for program in (years.collector, years.broker):
                program.stop()
            for program in (years.broker, years.collector):
                program.start()
            wait_for(lambda: not years.ca("renew").stdout and years.ca("roll", "status").returncode == 0, f"all after {step}", 90)
    believed = x509.load_pem_x509_certificates((years.data / "identity" / "ca.crt").read_bytes())
    assert [cert.subject.rfc4514_string() for cert in believed] == ["CN=Sinyal CA 2"]
    assert not years.said("Traceback")
