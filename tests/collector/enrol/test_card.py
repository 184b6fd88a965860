"""The file for a fresh card: what cloud-init gets, and that its script may be cut off anywhere and leaves no key behind."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.host.bundle import read_bundle
from collector.enrol import enroll_command, revoke_command
from collector.enrol.ca import Authority
from collector.enrol.card import FIRST, PLACE
from collector.enrol.register import Register
from collector.errors import ConfigError
from tests.collector.enrol.plant import Plant, make_plant, run
from tests.collector.frames import OTHER, SITE


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    (tmp_path / "sinyal-agent_1_all.deb").write_bytes(b"package")
    return make_plant(tmp_path / "server")


def card(plant: Plant, folder: Path, *argv: str) -> int:
    deb = plant.folder.parent / "sinyal-agent_1_all.deb"
    return run(enroll_command, *argv, "--card", folder, "--deb", deb, "--config", plant.config)


def parsed(file: Path) -> dict[str, Any]:
    text = file.read_text()
    assert text.startswith("#cloud-config\n")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_one_file_holds_all_that_a_fresh_card_needs(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "user-data").write_text("#cloud-config\n# packages:\n")  # as the image brings it
    assert card(plant, tmp_path, SITE.code) == 0
    config = parsed(tmp_path / "user-data")
    files = {file["path"]: base64.b64decode(file["content"]) for file in config["write_files"]}
    assert files[f"{PLACE}/sinyal-agent_1_all.deb"] == b"package"
    (tmp_path / "b.sinyal").write_bytes(files[f"{PLACE}/{SITE.code}.sinyal"])
    assert read_bundle(tmp_path / "b.sinyal").site == SITE.code
    assert files[f"{PLACE}/first.sh"].decode() == FIRST
    assert [file["permissions"] for file in config["write_files"] if file["path"].endswith(".sinyal")] == ["0600"]
    with pytest.raises(ConfigError, match="has a certificate already"):
        card(plant, tmp_path, SITE.code)
    with pytest.raises(ConfigError, match="already exists"):  # the card of another hall is not written over
        card(plant, tmp_path, OTHER.code)


def test_what_somebody_wrote_for_the_card_stays_and_no_key_is_made(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "user-data").write_text("#cloud-config\nssh_pwauth: true\n")
    for folder, fault in ((tmp_path, "somebody else"), (tmp_path / "not-mounted", "no such folder")):
        with pytest.raises(ConfigError, match=fault):
            card(plant, folder, SITE.code)
    assert "ssh_pwauth" in (tmp_path / "user-data").read_text()
    assert Register(plant.pki).active(SITE.code) == []


def test_cards_of_all_halls_lie_in_a_folder_each(plant: Plant, tmp_path: Path) -> None:
    assert card(plant, tmp_path / "cards", "--all") == 0
    names = {path.parent.name: parsed(path)["hostname"] for path in (tmp_path / "cards").glob("*/user-data")}
    assert names == {code: f"sinyal-{code}" for code in names}
    assert {SITE.code, OTHER.code} <= set(names)


@pytest.mark.parametrize("code", [0, 1])
def test_a_new_card_for_a_hall_is_made_only_when_the_old_one_is_out(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    (tmp_path / "new").mkdir()
    assert card(plant, tmp_path, SITE.code) == 0

    def shut_out(_args: object) -> int:  # the real one is shown with a broker in test_revoke
        if code == 0:
            Register(plant.pki).revoke([Authority.load(plant.pki)], Register(plant.pki).active(SITE.code))
        return code

    monkeypatch.setattr(revoke_command, "run", shut_out)
    assert card(plant, tmp_path / "new", SITE.code, "--again") == code
    assert (tmp_path / "new/user-data").exists() is (code == 0)
    assert len(Register(plant.pki).active(SITE.code)) == 1


class Pi:
    """A root with what the script calls, each step of which can be made to fail."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("bin", "boot/firmware", "etc/cloud", f"{PLACE[1:]}", "var/lib/cloud/instances/i"):
            (root / folder).mkdir(parents=True)
        (root / "boot/firmware/user-data").write_text("SECRET")
        (root / "var/lib/cloud/instances/i/user-data.txt").write_text("SECRET")
        for name in ("x.deb", "1.sinyal"):
            (root / PLACE[1:] / name).write_text("SECRET")
        text = FIRST
        for path in (PLACE, "/boot/firmware", "/etc/cloud/", "/var/lib/cloud/"):
            text = text.replace(path, f"{root}{path}")
        text = text.replace(f"{root}/boot/firmware /boot", f"{root}/boot/firmware {root}/boot")
        (root / "first.sh").write_text(text)

    def boot(self, fails: str = "") -> tuple[int, list[str]]:
        for name in ("dpkg-query", "dpkg", "apt-get", "sinyal-agent", "systemctl", "touch", "sync", "rm"):
            real = f"/bin/{name}" if name in ("rm", "touch") else "true"
            says = "cat installed 2>/dev/null" if name == "dpkg-query" else f'{real} "$@"'
            then = "[ $1 = install ] && echo install ok installed >installed; true" if name == "apt-get" else "true"
            failing = "exit 1" if name == fails else "true"
            stub = self.root / "bin" / name
            stub.write_text(f"#!/bin/sh\ncd {self.root}\necho {name} >>calls\n{failing}\n{says} && {then}\n")
            stub.chmod(0o755)
        (self.root / "calls").write_text("")
        path = f"{self.root}/bin:/usr/bin:/bin"
        done = subprocess.run(["sh", self.root / "first.sh"], env={"PATH": path}, check=False, capture_output=True, timeout=30)
        return done.returncode, (self.root / "calls").read_text().split()

    @property
    def secrets(self) -> list[str]:
        found = [path for path in self.root.rglob("*") if path.is_file() and path.parent.name != "bin"]
        return [path.name for path in found if path.read_bytes() == b"SECRET"]


@pytest.mark.parametrize("cut", ["dpkg", "apt-get", "sinyal-agent", "touch", "sync", "rm", "systemctl"])
def test_cut_off_at_any_step_the_next_boot_ends_it(tmp_path: Path, cut: str) -> None:
    pi = Pi(tmp_path / "pi")
    code, _ = pi.boot(fails=cut)
    assert code != 0
    code, calls = pi.boot()
    assert (code, pi.secrets) == (0, [])
    assert ("apt-get" in calls) is (cut in ("dpkg", "apt-get")), "what is installed is not fetched again over the SIM"
    assert (pi.root / "boot/firmware/user-data").read_text() == "#cloud-config\n{}\n"
    assert (pi.root / "etc/cloud/cloud-init.disabled").exists()
    assert not (pi.root / PLACE[1:]).exists()
