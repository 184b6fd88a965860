"""`sinyal-collector doctor` beside installations that are broken in one way each: it names the fault and its cure, no other."""

from __future__ import annotations

import datetime as dt
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest

from collector.cli import main
from collector.config import load
from collector.enrol.ca import COLLECTOR, Authority
from collector.notify.config import load as load_delivery
from collector.notify.outbox import Message, Outbox, open_db
from collector.notify.route import Router
from collector.run import Collector
from collector.server import backup, checks, doctor, hall_checks, install, machine_checks
from collector.server.subject import Server
from collector.store.store import Placed
from collector.watch.db import WatchDb
from collector.watch.schedule import Schedule
from collector.watch.state import State as WatchState
from ground.doctor import RANK, Found, State, lines
from ground.words import said
from lab.certificates import Authority as Stranger
from lab.servers import free_port, wait_for
from telemetry.frame import Sample, Value, pack
from tests.collector.enrol.plant import HOST, SITES, run
from tests.collector.frames import SITE
from tests.integration.test_recovery import make_office

DELIVERY = """
[destination.hook]
url = "json://127.0.0.1:9/x"
[route.r]
audience = "teknisi"
to = ["hook"]
[heartbeat]
url = "http://127.0.0.1:9/beat"
"""
OF_THE_MACHINE = {"clock", "disk", "rights"}
"""Checks whose answer is this machine's, not the installation's."""
DAY_S = 86_400


class Installation:
    """A server that works: broker, collector, a hall that reported, a watch that looked, a backup of last night."""

    def __init__(self, folder: Path) -> None:
        self.office = make_office(folder)
        self.etc, self.http, self.watch, self.backups = self.office.folder, free_port(), folder / "watch.db", folder / "backups"
        (self.etc / "sites.csv").write_text(SITES)
        self.office.settle(f'engine = "sqlite"\npath = "{folder}/store/store.db"')
        (folder / "store").mkdir()
        self.edit("collector.toml", "port = 0", f"port = {self.http}")
        self.edit("alerts.toml", '"/var/lib/sinyal/watch.db"', f'"{self.watch}"')
        with (self.etc / "alerts.toml").open("a") as file:
            file.write(DELIVERY)
        self.backups.mkdir()
        (self.backups / "sinyal-20261127T184000Z.tar.gz").touch()
        self.broker = self.office.broker()
        self.broker.start()
        self.looked(0)
        self.page = f"http://127.0.0.1:{self.http}"
        self.start()
        self.reported(0)
        self._files = {path: path.read_bytes() for path in self.etc.rglob("*") if path.is_file()}

    def start(self) -> None:
        self.collector = Collector(load(self.office.config))
        self.collector.start()
        wait_for(lambda: all(self.collector.health().values()), "the collector to work")

    def put_back(self) -> None:
        """Do what the cures of files say: the key, the row, the name as it should be; out of the backup."""
        for path, content in self._files.items():
            path.write_bytes(content)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.etc / name).read_text()
        assert old in text
        (self.etc / name).write_text(text.replace(old, new, 1))

    def looked(self, seconds_ago: float) -> None:
        db = WatchDb(self.watch)
        db.save(WatchState(meta={"tick_ms": int((time.time() - seconds_ago) * 1000)}), Schedule(14, 2), [])
        db.close()

    def reported(self, seconds_ago: float, **values: Value) -> None:
        row: dict[str, Value] = {"agent_version": version("sinyal"), "spool_depth": 3, **values}
        sample = Sample(1, int((time.time() - seconds_ago) * 1000), "ntp", row)
        self.collector.store.write([Placed(pack(SITE.code, "device", None, [sample]), SITE)])

    def silent_for(self, seconds: float) -> None:
        self.collector.store.close()
        for path in (self.office.root / "store").iterdir():
            path.unlink()
        self.collector.store = type(self.collector.store)(self.office.root / "store/store.db")  # type: ignore[call-arg]
        self.reported(seconds)

    def undeliverable(self, seconds_ago: float) -> None:
        config, db = load_delivery(self.etc / "alerts.toml"), open_db(self.watch)
        at_ms = int((time.time() - seconds_ago) * 1000)
        message = Message(
            key="k",
            kind="open",
            rule="hall_dark",
            severity="critical",
            role="field",
            title_id="x",
            title_en="x",
            text_id="x",
            text_en="x",
            at_ms=at_ms,
        )
        outbox = Outbox(db, Router(config))
        outbox.put([message])
        outbox.failed(1, "hook", "refused", at_ms)
        db.close()

    def stop(self) -> None:
        self.collector.stop()
        self.broker.stop()

    def examine(self) -> list[Found]:
        door = self.office.root / "etc/nginx/sites-available/sinyal"
        found = doctor.examine(Server(self.office.config, self.etc / "alerts.toml", self.backups, door, self.page))
        return [each for each in found if each.check not in OF_THE_MACHINE]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    made.stop()


def other_key(i: Installation) -> None:
    stranger = Stranger(i.office.root / "stranger").issue("collector")
    (i.etc / "pki/collector.key").write_bytes(stranger.key.read_bytes())


def ended(i: Installation) -> None:
    pair = Authority.load(i.etc / "pki").client(COLLECTOR, dt.datetime.now(dt.UTC) - dt.timedelta(days=3))
    (i.etc / "pki/collector.crt").write_bytes(pair.cert_pem)
    (i.etc / "pki/collector.key").write_bytes(pair.key_pem)


def old_backup(i: Installation) -> None:
    for path in i.backups.iterdir():
        os.utime(path, (time.time() - 5 * DAY_S,) * 2)


def no_store(i: Installation) -> None:
    i.edit("collector.toml", "/store/store.db", "/away/store.db")
    (i.office.root / "away").write_text("a file where the folder should be")


def page_with_a_fault(i: Installation) -> None:
    class Faulty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(500)

    server = HTTPServer(("127.0.0.1", 0), Faulty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    i.page = f"http://127.0.0.1:{server.server_port}"


def not_running(i: Installation) -> None:
    i.collector.http.shutdown()
    i.collector.http.server_close()


def with_door(i: Installation) -> None:
    assert run(install, "--host", HOST, "--public", HOST, "--root", i.office.root) == 0


def refused(i: Installation) -> None:
    folder = load(i.office.config).rejected.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.rejected").write_text("{}")


# name: what is broken, the checks that must say so, a part of what they say, a part of the cure
Case = tuple[Callable[[Installation], object], set[str], str, str]
BROKEN: dict[str, Case] = {
    "a key misspelled": (
        lambda i: i.edit("collector.toml", "port =", "prot ="), {"configuration"},
        "broker.prot: unknown key", "did you mean 'port'?",
    ),
    "a bad row of sites.csv": (
        lambda i: i.edit("sites.csv", "centroid", "guess"), {"configuration"},
        "sites.csv:2: coordinate_source", "leave it empty",
    ),
    "alerts for a kecamatan that is none": (
        lambda i: i.edit("alerts.toml", 'to = ["hook"]', 'to = ["hook"]\nkecamatan = ["Sandara"]'), {"configuration"},
        "route.r.kecamatan: no site is in 'Sandara'", "known here",
    ),
    "the broker is down": (
        lambda i: i.broker.stop(), {"broker", "collector"}, "Connection refused", "systemctl restart mosquitto",
    ),
    "another key beside the certificate": (
        other_key, {"certificates", "broker"}, "is not the key of", "restore both from one backup",
    ),
    "the certificate has ended": (ended, {"certificates", "broker"}, "ended 3 days ago", "sinyal-collector install --host"),
    "the list of revoked certificates is gone": (
        lambda i: (i.etc / "pki/crl.pem").unlink(), {"certificates"},
        "crl.pem cannot be read", "restore it from the backup",
    ),
    "the database cannot be opened": (no_store, {"database"}, "the database does not answer", "belongs to the user sinyal"),
    "the collector does not run": (
        not_running, {"collector", "live page"},
        "nobody answers on port", "systemctl restart sinyal-collector",
    ),
    "the page answers with a fault": (
        page_with_a_fault, {"live page"}, "a fault of its own (500)", "journalctl -u sinyal-dashboards",
    ),
    "the watch hangs": (lambda i: i.looked(3600), {"alerts"}, "last looked 60 minutes ago", "systemctl restart sinyal-watch"),
    "a message cannot be delivered": (
        lambda i: i.undeliverable(7200), {"alerts"}, "cannot be delivered for 120 minutes", "sinyal-collector alerts test",
    ),
    "nobody is told": (
        lambda i: i.edit("alerts.toml", DELIVERY, ""), {"channels"}, "nobody is told of any alert", "[destination.NAME]",
    ),
    "nobody answers to phones": (
        with_door, {"page for phones"}, "https://sinyal.example.go.id does not answer", "sudo nginx -t",
    ),
    "no backup for five days": (old_backup, {"backup"}, "the last backup is 5 days old", "sudo sinyal-collector backup"),
    "a hall is silent": (
        lambda i: i.silent_for(3 * DAY_S), {"halls"}, "1 of 1 halls have said nothing for a day: Senyiur", "call the village",
    ),
    "a hall runs an old version": (
        lambda i: i.reported(0, agent_version="0.0.1"), {"versions"}, "halls run 0.0.1 (1)", "sinyal-collector fleet update",
    ),
    "a card holds old samples": (
        lambda i: i.reported(0, spool_age_s=2 * DAY_S), {"queues"},
        "1 halls hold samples older than a day: Senyiur", "export",
    ),
    "payloads are refused": (refused, {"queues"}, "1 payloads were refused within a day", "quarantine list"),
}  # fmt: skip


def run_again(i: Installation) -> None:
    i.collector.stop()
    i.start()


def renewed(i: Installation) -> None:
    (i.etc / "pki/collector.crt").unlink()
    assert run(install, "--host", HOST, "--root", i.office.root) == 0


def delivered(i: Installation) -> None:
    db = open_db(i.watch)
    Outbox(db, Router(load_delivery(i.etc / "alerts.toml"))).delivered(1, "hook")
    db.close()


def opened(i: Installation) -> None:
    listener = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    public = i.office.root / "etc/sinyal/public"
    listener.load_cert_chain(public / f"{HOST}.crt", public / f"{HOST}.key")
    plain = socket.create_server(("127.0.0.1", checks.HTTPS))

    def answer() -> None:
        with plain, plain.accept()[0] as line:
            listener.wrap_socket(line, server_side=True).close()

    threading.Thread(target=answer, daemon=True).start()


# What a cure says, done: `systemctl restart` is a start here. Where nothing stands, files are put back as they should be.
MENDED: dict[str, Callable[[Installation], object]] = {
    "the broker is down": lambda i: i.broker.start(),
    "the certificate has ended": renewed,
    "the collector does not run": run_again,
    "the page answers with a fault": lambda i: setattr(i, "page", f"http://127.0.0.1:{i.http}"),
    "the watch hangs": lambda i: i.looked(0),
    "a message cannot be delivered": delivered,
    "nobody answers to phones": opened,
    "no backup for five days": lambda i: run(backup, "--root", i.office.root, "--out", i.backups / "sinyal-now.tar.gz"),
    "a hall is silent": lambda i: i.reported(0),
    "a hall runs an old version": lambda i: i.reported(0),
    "a card holds old samples": lambda i: i.reported(0),
    "payloads are refused": lambda i: (load(i.office.config).rejected.folder / "x.rejected").unlink(),
}


def tried(i: Installation, name: str, port: int) -> tuple[list[Found], list[Found]]:
    """Break it, look, do what the cure says, look again. `port`: a free one for the page for phones."""
    checks.HTTPS = port
    BROKEN[name][0](i)
    if name == "the broker is down":
        wait_for(lambda: not i.collector.broker.subscribed, "the collector to notice")
    found = faults(i)
    MENDED.get(name, Installation.put_back)(i)
    if "broker" in BROKEN[name][1]:
        wait_for(lambda: all(i.collector.health().values()), "the collector to work again")
    return found, faults(i)


def faults(i: Installation) -> list[Found]:
    return [each for each in i.examine() if RANK[each.finding.state] >= RANK[State.WARNING]]


def test_nothing_is_wrong_with_an_installation_that_works(installation: Installation) -> None:
    found = installation.examine()
    assert lines(found, "en", only_faults=True) == []
    assert {each.check for each in found} == {c.name for c in (*doctor.HERE, *doctor.CONFIGURED)} - OF_THE_MACHINE


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_with_its_cure_which_cures_and_nothing_else(
    installation: Installation, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, where, text, cure = BROKEN[name]
    monkeypatch.setattr(checks, "HTTPS", checks.HTTPS)
    found, left = tried(installation, name, free_port())
    told = "\n".join(lines(found, "en"))
    assert lines(left, "en") == []
    assert {each.check for each in found} == where
    assert len(found) == len(set(found))
    assert any(text in said(each.finding.text, "en") and cure in said(each.finding.cure, "en") for each in found), told
    assert all(each.finding.cure is not None for each in found)


def test_the_command_prints_what_it_finds_and_ends_with_1(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    installation.edit("collector.toml", "port =", "prot =")
    config = ["--config", str(installation.office.config), "--alerts", str(installation.etc / "alerts.toml")]
    assert main(["doctor", *config, "--lang", "id"]) == 1
    assert "konfigurasi" in capsys.readouterr().out


def test_every_check_is_listed_once() -> None:
    looks = [check.look for check in (*doctor.HERE, *doctor.CONFIGURED)]
    assert len(set(looks)) == len(looks)
    public = {
        getattr(module, name)
        for module in (checks, hall_checks, machine_checks)
        for name in vars(module)
        if not name.startswith("_") and getattr(getattr(module, name), "__module__", "") == module.__name__
    }
    assert {look for look in public if callable(look)} == set(looks)
