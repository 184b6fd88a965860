"""A hall of the Debian package: its updates lie beside the package, its program hands over to the version in force.

`python -m tests.debrollouts` does all of it with real packages, apt and a fleet.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from agent.host import versions
from agent.host.packaged import settle
from agent.host.trial import Place, Version, start
from agent.host.update import unpack
from ground import pack
from scripts.deb import AGENT_LAUNCHER

PROGRAM = "def main():\n    import needed\n    print('{version} with', needed.VALUE)\n"


def files_of(version: str) -> dict[str, bytes]:
    """Return what a small package of the agent brings, by its place below the root."""
    modules, info = "usr/share/sinyal-agent", f"usr/share/sinyal-agent/sinyal-{version}.dist-info"
    return {
        f"{modules}/agent/__init__.py": b"",
        f"{modules}/agent/__main__.py": PROGRAM.format(version=version).encode(),
        f"{modules}/agent/old.py" if version == "0.1.0+deb" else f"{modules}/agent/new.py": b"# of this version alone\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: sinyal\nVersion: {version}\n".encode(),
        "usr/bin/sinyal-agent": AGENT_LAUNCHER.encode(),
        "usr/share/doc/sinyal-agent/copyright": b"MIT",
    }


def deb_of(version: str) -> bytes:
    """Return a Debian package, as far as a pack reads it (deb(5))."""
    data = BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as tar:
        for name, content in files_of(version).items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            tar.addfile(info, BytesIO(content))
    out = b"!<arch>\n"
    for name, content in (("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), ("data.tar.xz", data.getvalue())):
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) % 2)
    return out


@pytest.fixture
def usr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay the package out as dpkg does, with its library, below another root; return its /usr."""
    home = tmp_path / "usr"
    launcher = AGENT_LAUNCHER.replace("/usr/bin/python3", sys.executable).replace("/opt/sinyal", str(tmp_path / "opt"))
    launcher = launcher.replace("/usr/lib/sinyal-agent", str(home / "lib/sinyal-agent"))
    monkeypatch.setattr("tests.agent.host.test_packaged.AGENT_LAUNCHER", launcher)
    monkeypatch.setattr(versions, "_python", lambda _version: sys.executable)
    for name, content in files_of("0.1.0+deb").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (home / "bin/sinyal-agent").chmod(0o755)
    (home / "lib/sinyal-agent").mkdir(parents=True)
    (home / "lib/sinyal-agent/needed.py").write_text("VALUE = 42\n")
    (tmp_path / "opt").mkdir()
    settle(tmp_path / "opt", "", home)
    return home


def says(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, timeout=30, check=True).stdout.strip()


def test_a_pack_of_two_packages_becomes_the_version_in_force_and_goes_back(usr: Path, tmp_path: Path) -> None:
    opt, program = tmp_path / "opt", usr / "bin/sinyal-agent"
    assert says(program) == "0.1.0+deb with 42"
    content = pack.make(deb_of("0.1.0+deb"), deb_of("0.2.0+deb"))
    wheel = unpack(content, opt / "current", versions.running(opt))
    start(Version("0.2.0+deb", wheel), Place(opt, tmp_path / "status.json", ("true",), ("true",)))
    assert says(program) == says(opt / "current/bin/sinyal-agent") == "0.2.0+deb with 42"
    assert says(opt / "previous/bin/sinyal-agent") == "0.1.0+deb with 42", "what watches the trial is the version before"
    made = opt / "0.2.0+deb/share/sinyal-agent/agent"
    assert (made / "new.py").exists()
    assert not (made / "old.py").exists()
    (opt / "current").unlink()
    assert says(program) == "0.1.0+deb with 42", "whatever happens to /opt, there is an agent"


@pytest.mark.parametrize(
    ("beside", "before", "stays"),
    [
        ("0.2.0+deb", "0.0.9+deb12", True),
        ("0.2.0+deb", "0.1.0+deb12", True),  # dpkg --reinstall
        ("0.1.0+deb", "0.0.9+deb12", False),  # the package caught up
        ("0.0.5+deb", "0.0.1+deb12", False),
        ("0.2.0+deb", "0.3.0+deb12", False),  # a person put the package back
        ("0.2.0rc1+deb", "", True),
        ("venv", "", False),  # what `sinyal-agent install` of a venv left
    ],
)
def test_the_newer_of_package_and_update_runs_and_a_package_that_was_put_back_wins(
    usr: Path, tmp_path: Path, beside: str, before: str, *, stays: bool
) -> None:
    opt = tmp_path / "opt"
    place = opt / beside / ("lib/python3.11/site-packages" if beside == "venv" else "share/sinyal-agent")
    (place / f"sinyal-{beside}.dist-info").mkdir(parents=True)
    said = "9.9" if beside == "venv" else beside
    (place / f"sinyal-{beside}.dist-info/METADATA").write_text(f"Metadata-Version: 2.1\nName: sinyal\nVersion: {said}\n")
    (opt / "current").unlink()
    (opt / "current").symlink_to(opt / beside)
    (opt / "trial.json").write_text("{}")
    settle(opt, before, usr)
    assert (opt / "current").readlink() == (opt / beside if stays else usr)
    assert (opt / "trial.json").exists() is stays, "a trial of what does not run any more is none"
    assert (opt / beside).exists() is (stays or beside == "venv")


@pytest.mark.parametrize("content", [b"!<arch>\n", b"!<arch>\ndata.tar.xz" + b"x" * 80, deb_of("0.1.0")[:-300]])
def test_a_damaged_package_is_an_error(content: bytes) -> None:
    with pytest.raises(pack.PackError):
        pack.make(content, deb_of("0.2.0+deb"))
