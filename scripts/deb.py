"""Build the Debian packages into build/deb: sinyal-agent (one for all releases and machines), sinyal-agent-libs, sinyal-server.

usage: python -m scripts.deb [--release bookworm|trixie] [--machine amd64|arm64|armv7] [--agent] [--no-lint]
  default: for bookworm and this kind of machine, all packages. Needs debhelper, fakeroot and lintian from Debian.

The same tree gives the same bytes: times come from the last commit, versions of foreign packages from requirements/sinyal.lock.
exit: 0 built, and lintian knows no error; 1 it knows one; 2 cannot be built here
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from email.utils import formatdate
from pathlib import Path

from agent.host.install import SERVICES
from agent.host.udev_rules import udev_rules
from agent.modems.registry import FAMILIES
from collector.server.install import EDITED
from ground.paths import ETC, STATE
from scripts.platforms import ROOT, environment_of, locked, needed, wheels_for
from scripts.reach import WORDS, file_of, reach, words

OUT = ROOT / "build" / "deb"
RELEASES = {"bookworm": ("3.11", "deb12"), "trixie": ("3.13", "deb13")}
"""Release of Debian -> its Python, and how its packages are marked."""
DEBIAN = {"amd64": "amd64", "arm64": "arm64", "armv7": "armhf"}
FROM_DEBIAN = {"cffi", "cryptography", "packaging", "pycparser", "pyserial"}
"""What the agent takes from every Debian; new enough for what it uses of them, see tests."""
BROUGHT = {"icmplib"}
"""Python alone, and new enough in no Debian: goes with the agent itself."""
AGENT = ("agent", "ground", "telemetry")
ENTRIES = ("agent.__main__", "agent.host.packaged", "agent.modems.*")
"""Where a hall begins to run the agent's modules: the program, the package's postinst, and every family (nothing lists them)."""
SERVER = ("collector", "dashboards", "ground", "telemetry")
LEFT_OUT = ("reportlab/fonts/*.pf[ab]", "bokeh/server/views/app_index.html")
"""Fonts that may not be passed on, and a page that asks the Internet; nothing of ours uses them."""
NEEDS = {"dh": "debhelper", "dpkg-buildpackage": "dpkg-dev", "fakeroot": "fakeroot", "lintian": "lintian"}
"""Program -> the package of Debian that brings it."""
SERVER_LAUNCHER = """\
#!/usr/bin/python3 -I
import os
import sys

sys.path[:0] = ["/usr/lib/sinyal-server"]
os.environ["PYTHONPATH"] = sys.path[0]  # for what it starts itself
from {package}.__main__ import main  # noqa: E402

sys.exit(main())
"""
AGENT_LAUNCHER = """\
#!/usr/bin/python3 -I
import os
import sys

here, current = os.path.realpath(__file__), "/opt/sinyal/current/bin/sinyal-agent"
if not __file__.startswith("/opt/sinyal/") and os.access(current, os.X_OK) and os.path.realpath(current) != here:
    os.execv(current, [current, *sys.argv[1:]])  # a newer version, which an update of the fleet brought
sys.path[:0] = [here.removesuffix("bin/sinyal-agent") + "share/sinyal-agent", "/usr/lib/sinyal-agent"]
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])  # for what it starts itself
from agent.__main__ import main  # noqa: E402

sys.exit(main())
"""


class Layout:
    """The files of one package, as they will lie in a system."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree

    def put(self, path: str | Path, content: str | bytes, mode: int = 0o644) -> None:
        """Write one file."""
        place = self.tree / str(path).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        place.chmod(mode)

    def program(self, name: str, package: str, launcher: str) -> None:
        """Write a command with its man page and completion."""
        self.put(f"/usr/bin/{name}", launcher, 0o755)
        run(sys.executable, "-m", package, "manual", "--into", self.tree / "usr/share")

    def ours(self, place: str, files: Iterable[Path], version: str, needs: str = "") -> None:
        """Copy files of this repository, the catalogue with their words, and what tells the version and what it needs."""
        files = list(files)
        for file in files:
            self.put(f"{place}/{file}", (ROOT / file).read_bytes())
        self.put(f"{place}/{WORDS}.mo", words(files))
        about = f"Metadata-Version: 2.1\nName: sinyal\nVersion: {version}\n{needs}"
        self.put(f"{place}/sinyal-{version}.dist-info/METADATA", about)

    def foreign(self, place: str, names: Iterable[str], machine: str, python: str) -> None:
        """Put wheels of the locked versions."""
        versions = locked(environment_of(machine, python))
        pinned = sorted(f"{name}=={versions[name]}" for name in names)
        into = self.tree / place.lstrip("/")
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile", "--target", into)
        chosen = "--ignore-requires-python"  # pip asks its own Python, not the one of --python-version; the lock has chosen
        run(*pip, chosen, *wheels_for(machine, python), *pinned)
        shutil.rmtree(into / "bin", ignore_errors=True)
        for path in (path for name in LEFT_OUT for path in into.glob(name)):
            path.unlink()
        for name in ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json"):
            for path in into.glob(f"*.dist-info/{name}"):
                path.unlink()
        for path in into.glob("*.dist-info/METADATA"):  # its head is what programs read; the rest is the project's own page
            path.write_text(path.read_text(encoding="utf-8").partition("\n\n")[0] + "\n", encoding="utf-8")
        for path in into.rglob("*"):
            if path.is_file():
                path.chmod(0o644 & ~stat.S_IXUSR)

    def units(self, names: Iterable[str], old: str) -> None:
        """Write systemd units that start the package's programs."""
        for name in names:
            text = (ROOT / "config/systemd" / name).read_text(encoding="utf-8").replace(old, "/usr/bin/")
            self.put(f"/lib/systemd/system/{name}", text)


def files_of_agent() -> set[Path]:
    """Return what travels to every hall, relative to the repository: modules that are reached, and the contract's data."""
    data = {path.relative_to(ROOT) for package in AGENT for path in (ROOT / package).rglob("*.txt")}
    return {file_of(module) for module in reach(AGENT, ENTRIES)} | data


def files_of(packages: Iterable[str]) -> set[Path]:
    """Return the files of whole packages, relative to the repository."""
    found = {path for package in packages for path in (ROOT / package).rglob("*") if path.is_file()}
    return {path.relative_to(ROOT) for path in found if path.suffix not in (".pyc", ".md") and path.name != "py.typed"}


def agent(layout: Layout, version: str) -> None:
    """Lay out sinyal-agent."""
    place, config = "/usr/share/sinyal-agent", ROOT / "config/systemd"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *(f'{wanted}; extra == "agent"' for wanted in project["optional-dependencies"]["agent"])]
    layout.ours(place, files_of_agent(), f"{version}+deb", "".join(f"Requires-Dist: {wanted}\n" for wanted in needs))
    layout.foreign(place, BROUGHT, "amd64", "3.11")
    for path in (layout.tree / place.lstrip("/")).glob("*.dist-info/LICENSE"):
        path.unlink()  # every Debian has the text; debian/copyright names it
    layout.program("sinyal-agent", "agent", AGENT_LAUNCHER)
    layout.units(["sinyal-wanted.service", *SERVICES], "/opt/sinyal/current/bin/")
    layout.put("/usr/lib/sysusers.d/sinyal-agent.conf", (config / "sinyal.sysusers").read_bytes())
    layout.put("/usr/lib/systemd/journald.conf.d/60-sinyal-agent.conf", (config / "sinyal.journald").read_bytes())
    layout.put("/usr/lib/systemd/system.conf.d/60-sinyal-agent.conf", (config / "sinyal.watchdog").read_bytes())
    layout.put("/usr/lib/sysctl.d/60-sinyal-agent.conf", (config / "sinyal.sysctl").read_bytes())
    vendors = [usb.partition(":")[0] for family in FAMILIES for usb in family.usb]
    layout.put("/lib/udev/rules.d/77-sinyal-agent.rules", udev_rules(vendors))
    for folder in (ETC, STATE):
        (layout.tree / str(folder).lstrip("/")).mkdir(parents=True)


def libs(layout: Layout, machine: str, python: str) -> None:
    """Lay out sinyal-agent-libs."""
    names = needed("agent", environment_of(machine, python)) - FROM_DEBIAN - BROUGHT
    layout.foreign("/usr/lib/sinyal-agent", names, machine, python)


def server(layout: Layout, version: str, machine: str, python: str) -> None:
    """Lay out sinyal-server."""
    place = "/usr/lib/sinyal-server"
    layout.foreign(place, needed("dashboards", environment_of(machine, python)), machine, python)
    layout.ours(place, files_of(SERVER), version)
    shutil.copytree(ROOT / "config", layout.tree / place.lstrip("/") / "config")
    for program, package in (("sinyal-collector", "collector"), ("sinyal-dashboards", "dashboards")):
        layout.program(program, package, SERVER_LAUNCHER.format(package=package))
    units = sorted(path.name for path in (ROOT / "config/systemd").glob("sinyal-*.*"))
    halls = ("agent", "update", "wanted", ".sysctl")
    layout.units([name for name in units if not any(word in name for word in halls)], "/opt/sinyal/bin/")
    user = (ROOT / "config/systemd/sinyal.sysusers").read_text(encoding="utf-8").splitlines(keepends=True)
    layout.put("/usr/lib/sysusers.d/sinyal-server.conf", "".join(line for line in user if not line.startswith("m ")))
    layout.put("/usr/lib/sysctl.d/60-sinyal-server.conf", (ROOT / "config/systemd/sinyal-server.sysctl").read_bytes())
    for name in EDITED:
        layout.put(ETC / name, (ROOT / "config" / name).read_bytes())
    text = (ROOT / "config/collector.example.toml").read_text(encoding="utf-8")
    layout.put(ETC / "collector.toml", text.replace('# folder = "rejected" ', f'folder = "{STATE}/rejected" ', 1))
    (layout.tree / str(STATE).lstrip("/")).mkdir(parents=True)


def build(source: Path, version: str, machine: str, python: str, only: list[str]) -> None:
    """Have debhelper make the packages of what was laid out."""
    low, high = python, f"3.{int(python.split('.')[1]) + 1}"
    made = int(run("git", "-C", ROOT, "log", "-1", "--format=%ct", text=True))
    change = f"sinyal ({version}) stable; urgency=medium\n\n  * See /usr/share/doc of the repository: CHANGELOG.md.\n\n"
    change += f" -- The Sinyal developers <sinyal@sinyal.example.go.id>  {formatdate(made)}\n"
    (source / "debian/changelog").write_text(change, encoding="utf-8")
    environment = {"SOURCE_DATE_EPOCH": str(made), "DH_OPTIONS": " ".join(f"-p{name}" for name in only)}
    environment["PYTHON3_EXACTLY"] = f"python3 (>= {low}~), python3 (<< {high}~)"
    run("dpkg-buildpackage", "-us", "-uc", "-b", "-d", f"-a{DEBIAN[machine]}", cwd=source, more=environment)


def run(*argv: str | Path, cwd: Path = ROOT, more: dict[str, str] | None = None, text: bool = False) -> str:
    """Run a program; return what it printed when asked for. Raises SystemExit with its last lines when it fails."""
    environment = {**os.environ, **(more or {})}
    done = subprocess.run(list(map(str, argv)), cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"deb: {argv[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}", file=sys.stderr)
        raise SystemExit(2)
    return done.stdout if text else ""


def main() -> int:
    """Build, print a table, ask lintian."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--release", choices=RELEASES, default="bookworm")
    here = {"aarch64": "arm64", "armv7l": "armv7"}.get(os.uname().machine, "amd64")
    parser.add_argument("--machine", choices=DEBIAN, default=here)
    parser.add_argument("--agent", action="store_true", help="without sinyal-server")
    parser.add_argument("--no-lint", action="store_true")
    args = parser.parse_args()
    if lacking := [package for program, package in NEEDS.items() if shutil.which(program) is None]:
        print(f"deb: sudo apt-get install {' '.join(lacking)}", file=sys.stderr)
        return 2
    python, mark = RELEASES[args.release]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    source = OUT / f"{args.release}-{args.machine}" / "sinyal"
    shutil.rmtree(source.parent, ignore_errors=True)
    shutil.copytree(ROOT / "debian", source / "debian")
    print("deb: laying out …", flush=True)
    packages = ["sinyal-agent"] if args.release == "bookworm" else []
    if packages:
        agent(Layout(source / "tree/sinyal-agent"), version)
        libs(Layout(source / "tree/sinyal-agent-libs"), args.machine, python)
        packages.append("sinyal-agent-libs")
    if not args.agent:
        server(Layout(source / "tree/sinyal-server"), version, args.machine, python)
        packages.append("sinyal-server")
    print("deb: packing …", flush=True)
    build(source, f"{version}+{mark}", args.machine, python, packages)
    shutil.rmtree(source)
    for path in sorted(source.parent.glob("*.deb")):
        print(f"{path.stat().st_size:>12,} bytes  {path.relative_to(ROOT)}")
    if args.no_lint:
        return 0
    lintian = ("lintian", "--fail-on", "error", "--tag-display-limit", "5", "--allow-root")
    return 1 if subprocess.run([*lintian, *source.parent.glob("*.deb")], check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
