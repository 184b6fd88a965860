"""`sinyal-agent doctor`, and what `status` takes from it: halls that are broken in one way each, and their cures."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import orjson
import pytest

from agent.cli import main
from agent.host import checks, doctor, sensors
from agent.host.checks import Hall
from agent.spool import clock as clocks
from agent.spool.alone import only_one
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from ground.doctor import RANK, Found, State, lines
from ground.words import said
from lab.certificates import Authority
from lab.servers import Server, mosquitto

OF_THE_MACHINE = {"power supply", "clock"}
YEARS = dt.timedelta(days=3000)


class Broken:
    """A hall that works; its parts can be broken one by one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.toml, self.tty = folder, folder / "agent.toml", folder / "tty"
        self.authority = Authority(folder / "ca")
        end = dt.datetime.now(dt.UTC) + YEARS
        server, self.pair = self.authority.issue("server", end=end), self.authority.issue("hall", end=end)
        self.broker: Server = mosquitto(folder / "mosquitto", self.authority.listener(server, "allow_anonymous true"))
        self.tty.touch()
        self.write()
        self.state()
        Spool(folder / "spool.db", clocks.boot_id()).close()
        (folder / "programs").mkdir()

    def write(self, host: str = "127.0.0.1", ca: Path | None = None, more: str = "") -> None:
        modem = f'[[modem]]\nname = "m1"\nport = "{self.tty}"\ninterface = "wwan0"\nsim_bytes_month = 1000000000\n'
        keys = f'ca = "{ca or self.authority.cert}"\ncert = "{self.pair.cert}"\nkey = "{self.pair.key}"\n'
        head = f'[agent]\nsite = "hall"\ndata_dir = "{self.folder}"\n[broker]\nhost = "{host}"\nport = {self.broker.port}\n'
        self.toml.write_text(head + keys + more + modem)

    def state(self, **changes: object) -> None:
        last = {"m1": {"at_mono_ms": clocks.monotonic_ms(), "registration": "home"}}
        state = {"boot": clocks.boot_id(), "pid": os.getpid(), "running": True, "connected": True, "refusal": None}
        state |= {"clock": "ntp", "device_interval_s": 300, "last": last, "version": version("sinyal"), "sim_bytes_month": {}}
        (self.folder / "status.json").write_bytes(orjson.dumps(state | changes))

    def waits(self, hours: float) -> None:
        with_spool = Spool(self.folder / "spool.db", "another boot")
        t_ms = int((time.time() - hours * 3600) * 1000)
        with_spool.append([Entry(stream="event", modem=None, mono_ms=1, t_ms=t_ms, clock="ntp", body=b'{"kind":"boot"}')])
        with_spool.close()

    def acknowledged(self) -> None:
        spool = Spool(self.folder / "spool.db", "another boot")
        assert spool.delete(range(spool.newest() + 1)) == 1
        spool.close()

    def on_trial(self) -> None:
        (self.folder / "programs/trial.json").write_text("{}")

    def renewed(self) -> None:
        self.pair = self.authority.issue("hall", end=dt.datetime.now(dt.UTC) + YEARS)
        self.write()

    def ending(self) -> None:
        self.pair = self.authority.issue("hall", end=dt.datetime.now(dt.UTC) + dt.timedelta(days=9, hours=1))
        self.write()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Broken]:
    made = Broken(tmp_path)
    with made.broker:
        yield made


def lacks_library(hall: Broken) -> None:
    hall.write(more='[mains]\nups = "ina219"\n')
    hall.state(unread={"ina219": [65, "not installed"]})


def silent(hall: Broken) -> None:
    hall.state(last={"m1": {"at_mono_ms": clocks.monotonic_ms(), "registration": "modem_silent"}})


# name: what is broken, the check that must say so, a part of what it says, a part of the cure
BROKEN: dict[str, tuple[Callable[[Broken], object], set[str], str, str]] = {
    "a word in a number": (
        lambda h: h.toml.write_text(h.toml.read_text().replace("port = ", 'port = "x" #', 1)), {"configuration"},
        "broker.port: must be an integer without quotes", "",
    ),
    "the modem is not plugged in": (lambda h: h.tty.unlink(), {"modem"}, "is not there", "plug the modem in"),
    "the modem does not answer": (silent, {"measuring"}, "m1: the modem does not answer", "check cable and USB plug"),
    "the agent does not run": (lambda h: h.state(pid=2**22 + 1), {"measuring"}, "the agent does not run", "systemctl start"),
    "nothing is measured": (lambda h: h.state(last={}), {"measuring"}, "m1: no new sample", "journalctl"),
    "the library of a sensor is missing": (
        lacks_library,
        {"sensors"}, "ina219 gives nothing (not installed)", "apt-get install python3-periphery",
    ),
    "the certificate ends soon": (lambda h: h.ending(), {"certificate"}, "ends on", "sinyal-collector ca renew"),
    "the server is another one": (
        lambda h: h.write(ca=Authority(h.folder / "other", "other").cert), {"server"},
        "another server, or a wrong name", "the name in",
    ),
    "the name of the server is not found": (
        lambda h: h.write(host="sinyal.invalid"), {"server"}, "the name is not found", "check data plan",
    ),
    "the server is down": (lambda h: h.broker.stop(), {"server"}, "does not answer", "nothing is lost"),
    "samples wait for two days": (lambda h: h.waits(48), {"queues"}, "the oldest for 48 hours", "sinyal-agent export"),
    "the plan is spent": (
        lambda h: h.state(sim_bytes_month={"m1": 900_000_000}), {"data plan"}, "90 % of the month's plan", "larger plan",
    ),
    "a version is on trial": (lambda h: h.on_trial(), {"program"}, "a new version is on trial", "wait 20 minutes"),
    "an old version still runs": (lambda h: h.state(version="0.0.1"), {"program"}, "0.0.1 runs", "systemctl restart"),
    "the card is nearly full": (
        lambda h: h.write(more="[spool]\nmin_free_mb = 100000000\n"), {"card"}, "MB are left on the card", "vacuum-size",
    ),
}  # fmt: skip


# What a cure says, done. Where nothing stands: the configuration as it should be, an agent that runs and measures.
MENDED: dict[str, Callable[[Broken], object]] = {
    "the modem is not plugged in": lambda h: h.tty.touch(),
    "the certificate ends soon": lambda h: h.renewed(),
    "the server is down": lambda h: h.broker.start(),
    "samples wait for two days": lambda h: h.acknowledged(),
    "a version is on trial": lambda h: (h.folder / "programs/trial.json").unlink(),
}


def tried(hall: Broken, name: str) -> tuple[list[Found], list[Found]]:
    """Break it, look, do what the cure says, look again."""
    BROKEN[name][0](hall)
    found = faults(hall)
    MENDED.get(name, lambda h: (h.write(), h.state()))(hall)
    return found, faults(hall)


def faults(hall: Broken) -> list[Found]:
    return [each for each in found_in(hall) if RANK[each.finding.state] >= RANK[State.WARNING]]


def found_in(hall: Broken) -> list[Found]:
    everything = doctor.examine(Hall(hall.toml, hall.folder / "programs"), far=True)
    return [each for each in everything if each.check not in OF_THE_MACHINE]


def test_nothing_is_wrong_with_a_hall_that_works(hall: Broken) -> None:
    assert lines(found_in(hall), "en", only_faults=True) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_with_its_cure_which_cures_and_nothing_else(hall: Broken, name: str) -> None:
    _, where, text, cure = BROKEN[name]
    found, left = tried(hall, name)
    assert lines(left, "en") == []
    assert {each.check for each in found} == where
    cures = ["" if each.finding.cure is None else said(each.finding.cure, "en") for each in found]
    assert any(text in said(each.finding.text, "en") and cure in what for each, what in zip(found, cures, strict=True)), cures


def test_status_ends_with_what_is_wrong_and_its_cure(hall: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    hall.tty.unlink()
    assert main(["status", "--config", str(hall.toml), "--lang", "id"]) == 1
    assert "pasang modem dan pastikan lampunya menyala" in " ".join(capsys.readouterr().out.split())


def test_status_waits_for_an_agent_that_has_just_started(hall: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    (hall.folder / "status.json").unlink()
    with only_one(hall.folder):  # as a starting agent holds its folder
        telling = threading.Timer(0.5, hall.state)
        telling.start()
        main(["status", "--config", str(hall.toml), "--lang", "en"])
        telling.join()
    assert "NOT running" not in capsys.readouterr().out


def test_doctor_ends_with_1_where_something_is_to_be_done(hall: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    hall.state(last={})
    assert main(["doctor", "--config", str(hall.toml), "--json"]) == 1
    assert any(row["check"] == "measuring" and row["state"] == "warning" for row in orjson.loads(capsys.readouterr().out))


def test_every_check_is_listed_once() -> None:
    looks = [check.look for check in (*doctor.HERE, *doctor.CONFIGURED, *doctor.FAR)]
    named = {name: f for module in (checks, sensors) for name, f in vars(module).items() if not name.startswith("_")}
    public = {f for f in named.values() if getattr(f, "__module__", "") in (checks.__name__, sensors.__name__)}
    assert len(set(looks)) == len(looks)
    assert public - {Hall} == set(looks)
