"""A hall whose root is read-only: whatever it writes has a place, and what must outlive another root is on the data partition."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from agent.config import AgentSection
from agent.host.install import INSTALLED
from agent.host.trial import Place
from agent.host.versions import FOLDER
from agent.spool.installation import BOARD
from ground.paths import AGENT, ETC, PROGRAMS, STATE
from scripts.image import DATA, MACHINE_ID, MEMORY, fstab

ROOT = Path(__file__).parents[2]
UNITS = sorted(
    {ROOT / "config/systemd" / f"sinyal-{name}" for name in ("agent.service", "update.service", "wanted.service", "wanted.path")}
)
BASES = {
    "StateDirectory": "/var/lib",
    "ConfigurationDirectory": "/etc",
    "LogsDirectory": "/var/log",
    "CacheDirectory": "/var/cache",
}
NAMED = ("ReadWritePaths", "ConditionPathExists", "PathChanged", "ExecStart")
VIRTUAL = ("/run", "/sys", "/dev")


def of_units() -> set[str]:
    """Return the paths that the units of a hall name as theirs to write or to find."""
    found = set()
    for unit in UNITS:
        for key, value in re.findall(r"^(\w+)=-?(\S*)", unit.read_text(), re.MULTILINE):
            found |= {f"{BASES[key]}/{value}"} if key in BASES else set()
            found |= {value} if key in NAMED else set()
    return found


def of_package() -> set[str]:
    """Return the paths that the package's scripts make, turn, own or remove, of those that are not the package's files."""
    text = "".join((ROOT / "debian" / f"sinyal-agent.{name}").read_text() for name in ("postinst", "postrm"))
    return {path.rstrip("/") for path in re.findall(r"(?<![\w.])/(?:opt|etc|var)/[\w./*-]+", text)}


def of_program() -> set[str]:
    """Return where the program writes by itself when nobody says otherwise."""
    agent = AgentSection(site="6408012001")
    place = Place(FOLDER, agent.status_path)
    own = [ETC, STATE, PROGRAMS, AGENT, INSTALLED, FOLDER, agent.spool_path, agent.status_path, place.folder]
    return {str(path) for path in own} | {"/tmp"}  # noqa: S108  (tempfile's)


def home_of(path: str) -> str | None:
    """Return the place of the table that a path is in."""
    return next((place for place in (*DATA, *MEMORY) if PurePosixPath(path).is_relative_to(place)), None)


@pytest.mark.parametrize("path", sorted(of_units() | of_package() | of_program()))
def test_whatever_a_hall_writes_has_a_place(path: str) -> None:
    assert home_of(path) or path.startswith(VIRTUAL), f"{path}: name it in config/image/places.toml"


def test_what_must_outlive_another_root_is_on_the_data_partition_and_nothing_else_is() -> None:
    kept = {str(path) for path in (ETC, PROGRAMS, STATE)}
    assert f"/{BOARD[1]}" == MACHINE_ID, "the installation's id comes of it"
    assert set(DATA) == kept | {MACHINE_ID, "/var/lib/systemd"}
    assert all(home_of(path) in DATA for path in of_units() | of_package() if not path.startswith(VIRTUAL))


def test_fstab_has_one_line_a_place_and_a_root_that_nobody_writes() -> None:
    rows = [line.split() for line in fstab().splitlines()]
    mounts = {row[1]: row for row in rows}
    assert len(mounts) == len(rows)
    assert set(mounts) == {"/", "/boot/firmware", "/data", *MEMORY, *DATA} - {MACHINE_ID}
    assert all("ro" in mounts[place][3].split(",") for place in ("/", "/boot/firmware"))
    assert all(mounts[place][:1] == [f"/data{place}"] for place in DATA if place != MACHINE_ID)
    assert MACHINE_ID in (ROOT / "config/image/card.sh").read_text()
