"""The broker as `install` sets it up: run as its own user, on the files as they lie there, it has nothing to complain of."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.enrol import compose_command
from collector.server import install
from ground.paths import shipped
from lab.servers import Server, free_port, mosquitto, wait_for
from tests.collector.enrol.plant import DEBIAN, HOST, run

COMPLAINTS = ("warning", "error", "deprecated", "refuse", "future version", "unknown", "invalid")


@pytest.fixture
def root() -> Iterator[Path]:
    """Give a folder that every user may pass, as /etc is; those of pytest are closed."""
    folder = Path(tempfile.mkdtemp(prefix="sinyal-broker-"))
    folder.chmod(0o755)
    (folder / "etc").mkdir()
    for name in ("passwd", "group"):  # the system has the broker's package
        shutil.copy(f"/etc/{name}", folder / "etc")
    yield folder
    shutil.rmtree(folder)


def broker_of(root: Path) -> Server:
    """Prepare the broker as Debian starts it: as `mosquitto` where we may choose."""
    text = (root / "etc/mosquitto/conf.d/sinyal.conf").read_text()
    local, hall = free_port(), free_port()
    text = text.replace("listener 8883", f"listener {hall} 127.0.0.1").replace("8884", str(local))
    folder = root / "broker"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "conf.d/sinyal.conf").write_text(text.replace(" /etc/", f" {root}/etc/"))
    server = mosquitto(folder, DEBIAN.replace("{folder}", str(folder)), hall)
    own = folder / "mosquitto.conf"
    own.write_text(own.read_text().replace("user root\n", "user mosquitto\n"))
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "mosquitto", "mosquitto")
    server.ready = lambda: "running" in told(server) and hears_sighup(server)  # a mere look at a port of TLS makes it complain
    return server


def hears_sighup(server: Server) -> bool:
    """Whether the process handles SIGHUP: 2.1 says that it runs a moment before, and would be ended by one."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    caught = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) & 1 << (signal.SIGHUP - 1))


def told(server: Server) -> str:
    """Return what the broker wrote: our file takes its log away from Debian's."""
    assert not (server.folder / "debian.log").exists()
    return server.log.read_text().casefold()


def complaints(server: Server) -> list[str]:
    """Return the lines with a complaint."""
    return [line for line in told(server).splitlines() if any(word in line for word in COMPLAINTS)]


def fits_2_1(path: Path, uid: int, gid: int) -> bool:
    """Whether Mosquitto 2.1 opens a closed file without a word: the user's and group's own, nothing for others, no symlink."""
    state = path.lstat()
    return stat.S_ISREG(state.st_mode) and (state.st_uid, state.st_gid, state.st_mode & 0o007) == (uid, gid, 0)


def test_the_broker_starts_and_reads_again_without_a_complaint(root: Path) -> None:
    assert run(install, "--host", HOST, "--root", root) == 0
    with broker_of(root) as server:
        server.reload()
        wait_for(lambda: "reloading config" in told(server), "the broker to read its files again")
        server.stop()
        assert told(server).count("terminating") == 1, "it lived until it was told to end"
        assert complaints(server) == []


def test_what_2_0_is_silent_about_is_looked_for(root: Path) -> None:
    """The log of a broker with an option that is going away does complain: the test above can fail."""
    assert run(install, "--host", HOST, "--root", root) == 0
    server = broker_of(root)
    conf = server.folder / "mosquitto.conf"
    conf.write_text(conf.read_text() + "max_inflight_bytes -1\n" + f"port {free_port()}\n")
    with server:
        assert complaints(server)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_access_list_is_as_2_1_wants_it(root: Path, tmp_path: Path) -> None:
    assert run(install, "--host", HOST, "--root", root) == 0
    user = pwd.getpwnam("mosquitto")
    assert fits_2_1(root / "etc/mosquitto/sinyal.acl", user.pw_uid, user.pw_gid)
    argv = [item for name in ("pki", "secrets", "grafana", "broker") for item in (f"--{name}", tmp_path / name)]
    assert run(compose_command, "--host", HOST, *argv) == 0
    place = tmp_path / "broker"
    assert fits_2_1(place / "sinyal.acl", compose_command.MOSQUITTO, compose_command.MOSQUITTO)
    assert (place / "sinyal.acl").read_text() == (shipped() / "mosquitto.acl").read_text()
    assert (place / "conf.d/sinyal.conf").read_text() == (shipped() / "mosquitto.conf").read_text()
