"""Find or build newer InfluxDB servers for `make test-engines`, and a small Telegraf for `make bench-peer`; standard library.

usage: python3 scripts/engines.py {influxd1,influxd2,telegraf}...
  Prints one line `name=path` for each program that is there: InfluxDB 1.12, InfluxDB 2.7, Telegraf 1.37 with MQTT in and InfluxDB
  out. Looked for in this order: the path in SINYAL_INFLUXD1, SINYAL_INFLUXD2 or SINYAL_TELEGRAF, the PATH, what was built before,
  a build from the Go module (needs go and gcc, for InfluxDB also cargo and pkg-config; some 10 minutes on two cores, 6 GB). Ends
  with 1 and says what is missing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sinyal" / "engines"
FLUX = ("github.com/influxdata/flux", "v0.196.1")
"""The query language that both servers link; its core is Rust."""


class Target(NamedTuple):
    """A program: its Go module, what of it is built and how, its name on the PATH, what its `version` says."""

    module: str
    version: str
    program: str
    tags: str
    says: str
    flux: bool = False


INFLUX_TAGS = "sqlite_foreign_keys,sqlite_json"
TARGETS = {
    "influxd1": Target(
        "github.com/influxdata/influxdb", "v1.12.4", "influxd", INFLUX_TAGS, r"InfluxDB v?1\.(?:[89]|1\d)", flux=True
    ),
    "influxd2": Target("github.com/influxdata/influxdb/v2", "v2.7.12", "influxd", INFLUX_TAGS, r"InfluxDB v?2\.", flux=True),
    "telegraf": Target(
        *("github.com/influxdata/telegraf", "v1.37.2", "telegraf"),
        *("custom,inputs.mqtt_consumer,outputs.influxdb,parsers.influx", "Telegraf"),
    ),
}
PKG_CONFIG = (
    "Name: flux\nVersion: {version}\nDescription: core of Flux\nLibs: -L{lib} -lflux -lm -ldl -lpthread\nCflags: -I{include}\n"
)


class BuildError(Exception):
    """What could not be built, with the end of what the tool printed."""


def say(text: str) -> None:
    """Print one line for people; the answers go to standard output."""
    print(f"engines: {text}", file=sys.stderr, flush=True)


def run(*argv: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a tool and return what it printed. Raises BuildError."""
    try:
        done = subprocess.run(argv, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(f"{argv[0]}: {error}") from None
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise BuildError(f"`{' '.join(argv)}` failed ({done.returncode}):\n{tail}")
    return done.stdout


def found(name: str) -> Path | None:
    """Return the program where it is on the machine already, or None."""
    target = TARGETS[name]
    named = os.environ.get(f"SINYAL_{name.upper()}")
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for path in [*([Path(named)] if named else []), *(Path(folder) / target.program for folder in folders), CACHE / name]:
        if os.access(path, os.X_OK) and path.is_file():
            version = subprocess.run([path, "version"], capture_output=True, text=True, check=False).stdout
            if re.search(target.says, version):
                return path
    return None


def module(path: str, version: str) -> Path:
    """Fetch a Go module and return its folder. Raises BuildError."""
    return Path(json.loads(run("go", "mod", "download", "-json", f"{path}@{version}", cwd=CACHE))["Dir"])


def copy(source: Path, name: str) -> Path:
    """Return a copy of a module that may be written into; modules are read-only."""
    target = CACHE / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def build_flux() -> Path:
    """Build the core of Flux as a static library and return the folder with its flux.pc. Raises BuildError."""
    lib = CACHE / "lib"
    if (lib / "libflux.a").exists():
        return lib
    say("building libflux (Rust)")
    source = copy(module(*FLUX), "flux") / "libflux"
    (source.parent / "rust-toolchain.toml").unlink(missing_ok=True)  # it asks for an old one; any newer stable builds it
    env = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_TARGET_DIR": str(CACHE / "target")}
    options = ("--release", "--locked", "-p", "flux", "--no-default-features", "--features", "cffi")
    run("cargo", "build", *options, cwd=source, env=env)
    lib.mkdir(exist_ok=True)
    (lib / "flux.pc").write_text(PKG_CONFIG.format(version=FLUX[1][1:], lib=lib, include=source / "include"))
    shutil.copy(CACHE / "target" / "release" / "libflux.a", lib)  # alone in its folder, so that nothing links the shared one
    shutil.rmtree(CACHE / "target")
    return lib


def build(name: str) -> Path:
    """Build one program and return it. Raises BuildError."""
    target = TARGETS[name]
    env = {"CGO_ENABLED": "1"} | ({"PKG_CONFIG_PATH": str(build_flux())} if target.flux else {})
    say(f"building {name} (Go)")
    source = copy(module(target.module, target.version), f"{name}-source")
    made = CACHE / f".{name}"
    options = ("-tags", target.tags, "-ldflags", f"-s -w -X main.version={target.version}")
    run("go", "build", *options, "-o", str(made), f"./cmd/{target.program}", cwd=source, env=env)
    made.replace(CACHE / name)
    shutil.rmtree(source)
    return CACHE / name


def main(names: list[str]) -> int:
    """Print what there is; 1 where a program is neither there nor can be built, 2 for a wrong word."""
    if not names or not set(names) <= TARGETS.keys():
        print(__doc__)
        return 2
    CACHE.mkdir(parents=True, exist_ok=True)
    complete = True
    for name in names:
        target, program = TARGETS[name], found(name)
        tools = ("go", "gcc", "cargo", "pkg-config") if target.flux else ("go", "gcc")
        missing = [tool for tool in tools if not shutil.which(tool)]
        if program is None and missing:
            say(f"NO {name}: to build {target.module}@{target.version}, install {', '.join(missing)}")
            complete = False
            continue
        try:
            program = program or build(name)
        except BuildError as error:
            say(f"NO {name}: {error}")
            complete = False
            continue
        print(f"{name}={program}", flush=True)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
