"""The server is lost: what `backup` wrote makes an empty machine the same server again, for the halls and for the store."""

from __future__ import annotations

import io
import re
import shutil
import signal
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cryptography import x509

from collector.config import load
from collector.enrol import enroll_command, revoke_command
from collector.enrol.ca import Pair
from collector.errors import ConfigError
from collector.run import Collector
from collector.server import backup, install, restore, settings
from collector.store.sqlite import Sqlite
from collector.store.store import Placed
from lab.servers import Server, free_port, influxd, mosquitto, wait_for
from telemetry.ack import decode_ack, frame_id
from telemetry.frame import Frame, encode
from telemetry.settings import decode_desired
from telemetry.topics import ack_topic, config_topic, stream_topic
from tests.collector.enrol.plant import DEBIAN, HOST, SITES, Plant, run
from tests.collector.frames import OTHER, SITE, signal_frame
from tests.integration.test_security import Client

Starter = Callable[[Callable[[], Server]], Server]
ALL_TIME = (0, 2**62)
SQLITE = 'engine = "sqlite"\npath = "../../var/lib/sinyal/store.db"'
TOML = """\
[broker]
host = "127.0.0.1"
port = {local_port}
ca = "pki/ca.crt"
cert = "pki/collector.crt"
key = "pki/collector.key"
[rejected]
folder = "../../var/lib/sinyal/rejected"
[http]
port = 0
[ca]
hall_port = {hall_port}
broker_reload = "false"
[store]
{store}
"""


class Office(Plant):
    """A server as `install` makes it, below a folder: only the ports are other ones, and paths that it would find below /."""

    @property
    def root(self) -> Path:
        return self.folder.parents[1]

    @property
    def retained(self) -> Path:
        return self.root / "var/lib/mosquitto/mosquitto.db"

    def settle(self, store: str) -> None:
        """Make collector.toml speak of the ports of this office."""
        self.config.write_text(TOML.format(local_port=self.local_port, hall_port=self.hall_port, store=store))

    def broker(self, address: str = "127.0.0.1") -> Server:
        """Prepare the mosquitto that `install` has configured."""
        text = (self.root / "etc/mosquitto/conf.d/sinyal.conf").read_text()
        text = text.replace("listener 8883", f"listener {self.hall_port} {address}").replace("8884", str(self.local_port))
        folder = self.root / "mosquitto"
        (folder / "conf.d").mkdir(parents=True)
        (folder / "conf.d/sinyal.conf").write_text(text.replace(" /etc/", f" {self.root}/etc/"))
        self.retained.parent.mkdir(parents=True, exist_ok=True)
        debian = DEBIAN.replace("persistence_location {folder}", f"persistence_location {self.retained.parent}")
        return mosquitto(folder, debian.replace("{folder}", str(folder)), self.hall_port)


def make_office(root: Path) -> Office:
    root.mkdir(exist_ok=True)
    assert run(install, "--host", HOST, "--root", root) == 0
    return Office(root / "etc/sinyal", free_port(), free_port())


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = make_office(tmp_path / "before")
    (office.folder / "sites.csv").write_text(SITES)
    office.settle(SQLITE)
    return office


@pytest.fixture
def written(office: Office, tmp_path: Path) -> Path:
    """Make a backup of an office with a hall that has stored ten readings."""
    enroll(office, SITE.code)
    with closing(Sqlite(office.root / "var/lib/sinyal/store.db")) as store:
        store.write([Placed(signal_frame(1, 10), SITE)])
    out = tmp_path / "sinyal.tar.gz"
    assert run(backup, "--root", office.root, "--out", out) == 0
    return out


def enroll(office: Office, site: str) -> Pair:
    """Enroll a hall; return what is on its Pi afterwards."""
    out = office.root / f"{site}.sinyal"
    assert run(enroll_command, site, "--config", office.config, "--out", out) == 0
    with tarfile.open(out) as tar:
        cert, key = (tar.extractfile(f"agent.{end}") for end in ("crt", "key"))
        assert cert is not None
        assert key is not None
        return Pair(x509.load_pem_x509_certificate(cert.read()), key.read())


@contextmanager
def collecting(office: Office) -> Iterator[Collector]:
    collector = Collector(load(office.config))
    collector.start()
    wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
    yield collector
    collector.stop()


def say(hall: Client, *frames: Frame) -> None:
    """Send frames and wait until the collector has answered that they are stored."""
    hall.subscribe(ack_topic(frames[0].site))
    for frame in frames:
        hall.publish(stream_topic(frame.site, "signal"), encode(frame))
    sent = {frame_id(encode(frame)) for frame in frames}
    wait_for(lambda: sent <= answered(hall), "acks")


def answered(hall: Client) -> set[int]:
    acks = [message for message in hall.heard if message.topic.endswith("/ack")]
    return {crc for message in acks for crc in decode_ack(bytes(message.payload)).ok}


@pytest.mark.parametrize("engine", ["sqlite", "influx1"])
def test_a_lost_server_comes_back_for_its_halls_and_its_store(
    office: Office, tmp_path: Path, start_server: Starter, engine: str
) -> None:
    store, places, database = SQLITE, ["--rpc", "127.0.0.1:1"], None
    if engine == "influx1":
        database = start_server(lambda: influxd(tmp_path / "influxd"))
        store = f'engine = "influx1"\nurl = "{database.url}"'
        rpc = re.search(r'^bind-address = "(.*)"', (database.folder / "influxdb.conf").read_text(), re.MULTILINE)
        assert rpc is not None
        places = ["--rpc", rpc[1]]
    office.settle(store)
    broker = start_server(office.broker)
    assert broker.process is not None
    office.reload_by(f"kill -HUP {broker.process.pid}")
    ours, stolen = enroll(office, SITE.code), enroll(office, OTHER.code)
    first, lost, waiting = (signal_frame(number, 10) for number in (1, 11, 21))
    out = tmp_path / "sinyal.tar.gz"
    with collecting(office):
        hall, thief = Client(office, ours), Client(office, stolen)
        say(hall, first)
        say(thief, signal_frame(1, 5, OTHER.code))
        assert run(revoke_command, OTHER.code, "--config", office.config) == 0
        run(settings, SITE.code, "sampling.interval_s=60", "--wait", "0", "--config", office.config)
        broker.process.send_signal(signal.SIGUSR1)  # what autosave_interval does every five minutes
        wait_for(
            lambda: office.retained.exists() and config_topic(SITE.code).encode() in office.retained.read_bytes(), "autosave"
        )
        assert run(backup, "--root", office.root, "--out", out, *places) == 0
        say(hall, lost)
    hall.close()
    thief.close()
    broker.kill()
    shutil.rmtree(office.root)
    if database is not None:
        database.kill()
        for part in ("data", "meta", "wal"):
            shutil.rmtree(database.folder / part)
        database.start()

    new = make_office(tmp_path / "after")
    new.settle(store)
    assert run(restore, "--root", new.root, out, *places) == 0

    new.settle(store)  # the ports of this machine are other ones
    broker = start_server(new.broker)
    assert not Client(new, stolen).connected
    hall = Client(new, ours)
    hall.subscribe(config_topic(SITE.code))
    wait_for(lambda: hall.heard, "the settings that the old server had retained")
    assert decode_desired(bytes(hall.heard[0].payload)).settings == {"sampling": {"interval_s": 60}}
    with collecting(new) as collector:
        say(hall, first, waiting)  # of the first its card missed the answer
        assert collector.store.seqs(SITE.code) == [*range(1, 11), *range(21, 31)]
        assert len(list(collector.store.samples("signal", *ALL_TIME, SITE.code))) == 20
        assert collector.store.seqs(OTHER.code) == [*range(1, 6)]
        admitted = Client(new, enroll(new, OTHER.code))
        say(admitted, signal_frame(6, 5, OTHER.code))
        assert collector.store.seqs(OTHER.code) == [*range(1, 11)]
    for client in (hall, admitted):
        client.close()


def test_every_file_comes_back_as_it_was(office: Office, tmp_path: Path) -> None:
    """Also what a database has not yet moved out of its log, as that of the alerts all the time."""
    alerts = office.root / "var/lib/sinyal/watch.db"
    (office.folder / "alerts.env").write_text("TELEGRAM=secret\n")
    (office.folder / "alerts.env").chmod(0o600)
    with closing(sqlite3.connect(alerts)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE state (key TEXT)")
        db.execute("INSERT INTO state VALUES ('hall_dark')")
        db.commit()
        assert run(backup, "--root", office.root, "--out", tmp_path / "b.tar.gz") == 0
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o777 == 0o600
    before = tree(office.folder)

    new = make_office(tmp_path / "after")
    assert run(restore, "--root", new.root, tmp_path / "b.tar.gz") == 0

    assert tree(new.folder) == before
    with closing(sqlite3.connect(new.root / "var/lib/sinyal/watch.db")) as db:
        assert db.execute("SELECT key FROM state").fetchall() == [("hall_dark",)]


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    paths = folder.rglob("*")
    return {str(p.relative_to(folder)): (p.stat().st_mode, p.read_bytes() if p.is_file() else b"") for p in paths}


def test_a_server_at_work_is_left_alone(office: Office, written: Path) -> None:
    before = tree(office.root)
    with pytest.raises(ConfigError, match="has 1 halls; --force replaces it"):
        run(restore, "--root", office.root, written)
    with pytest.raises(ConfigError, match="has readings; --force"):
        run(restore, "--root", office.root, written, "--store-only")
    assert tree(office.root) == before


def test_only_the_store_comes_back_where_only_that_was_lost(office: Office, written: Path) -> None:
    enroll(office, OTHER.code)  # after the backup
    file = office.root / "var/lib/sinyal/store.db"
    with closing(Sqlite(file)) as store:
        store.write([Placed(signal_frame(11, 10), SITE)])
    before = tree(office.folder)
    assert run(restore, "--root", office.root, written, "--store-only", "--force") == 0
    with closing(Sqlite(file)) as store:
        assert store.seqs(SITE.code) == [*range(1, 11)]
    assert tree(office.folder) == before
    (aside,) = file.parent.glob("store.db.before-restore-*Z")
    with closing(Sqlite(aside)) as store:
        assert store.seqs(SITE.code) == [*range(1, 21)]


def test_force_keeps_what_was_there_aside(office: Office, written: Path) -> None:
    (office.folder / "sites.csv").write_text("mine\n")
    assert run(restore, "--root", office.root, written, "--force") == 0
    assert (office.folder / "sites.csv").read_text() == SITES
    (aside,) = office.folder.parent.glob("sinyal.before-restore-*")
    assert (aside / "sites.csv").read_text() == "mine\n"


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def forge(content: bytes) -> bytes:
    """Change one file and leave the archive itself whole."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=out, mode="w:gz") as new:
        for member in old:
            file = old.extractfile(member)
            inside = b"" if file is None else file.read()
            if member.name.endswith("crl.pem"):
                inside = inside[::-1]
            new.addfile(member, io.BytesIO(inside))
    return out.getvalue()


def climb(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as new:
        new.addfile(tarfile.TarInfo("../../etc/passwd"), io.BytesIO(content[:0]))
    return out.getvalue()


@pytest.mark.parametrize("damage", [cut, flip, forge, climb, lambda _: b"not a tar"])
def test_a_damaged_file_touches_nothing(written: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    new = make_office(tmp_path / "after")
    before = tree(new.root)
    written.write_bytes(damage(written.read_bytes()))
    with pytest.raises(ConfigError, match="take another copy, or an older one"):
        run(restore, "--root", new.root, written)
    assert tree(new.root) == before


def test_the_newest_seven_of_the_nightly_files_stay(office: Office) -> None:
    folder = office.root / "var/backups/sinyal"
    folder.mkdir(parents=True)
    for day in range(10, 18):
        (folder / f"sinyal-202611{day}T184000Z.tar.gz").touch()
    (folder / "note.txt").touch()
    assert run(backup, "--root", office.root) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names[:-1] == ["note.txt", *(f"sinyal-202611{day}T184000Z.tar.gz" for day in range(12, 18))]
    assert names[-1] > "sinyal-20261117T184000Z.tar.gz"


def test_without_its_store_no_half_backup_is_left(office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office.settle(f'engine = "influx1"\nurl = "http://127.0.0.1:{free_port()}"')
    out = tmp_path / "backups" / "b.tar.gz"
    out.parent.mkdir()
    assert run(backup, "--root", office.root, "--out", out) == 1
    assert "backup: http://127.0.0.1:" in capsys.readouterr().err
    assert list(out.parent.iterdir()) == []
    assert run(backup, "--root", office.root, "--out", out, "--without-store") == 0


def test_a_store_with_a_backup_of_its_own_is_named(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINYAL_STORE_TOKEN", "x")
    office.settle('engine = "influx2"\norg = "kutim"\nbucket = "sinyal"')
    with pytest.raises(ConfigError, match=r"`influx backup`.*--without-store"):
        run(backup, "--root", office.root, "--out", tmp_path / "b.tar.gz")


@pytest.mark.parametrize("path", ["../../var/lib/sinyal/store.db", "{root}/var/lib/sinyal/store.db"])
def test_a_store_is_found_by_a_short_and_by_a_whole_path(tmp_path: Path, path: str) -> None:
    stage, root = tmp_path / "office/var/lib/.stage", tmp_path / "office"
    file = stage / "etc/sinyal/collector.toml"
    file.parent.mkdir(parents=True)
    store = f'engine = "sqlite"\npath = "{path.format(root=root)}"'
    file.write_text(TOML.format(local_port=1883, hall_port=8883, store=store))
    assert backup.sqlite_part(load(file), stage, root) == "var/lib/sinyal/store.db"
