"""The real servers and tools from Debian, for the tests; standard library only."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from scripts.setup_base import SetupError, apt_install, apt_update, root_prefix, run, say, works

POLICY = Path("/usr/sbin/policy-rc.d")
SERVERS = {"mosquitto": "mosquitto", "influxd": "influxdb", "nginx": "nginx"}
"""Program to find -> Debian package that brings it."""
TOOLS = {"chromium": "chromium", "faketime": "faketime"}
"""The same for what is no service: a browser for the pages, a wrong clock for TLS."""
CLUSTER = {
    "clickhouse-server": "clickhouse-server",
    "/usr/share/zookeeper/bin/zkServer.sh": "zookeeper",
    "haproxy": "haproxy",
    "iptables": "iptables",
}
"""The same for the clustered profile, which `make test-cluster` alone runs."""
LIBRARIES = {
    "libatomic.so.1": "libatomic1",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
"""The same for libraries: what drives the browser needs the first, what prints the official PDF the others."""
SBIN = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def missing_servers() -> dict[str, str]:
    """Return program or library -> package of what this machine lacks."""
    programs = {program: package for program, package in (SERVERS | TOOLS).items() if not shutil.which(program, path=SBIN)}
    return programs | {library: package for library, package in LIBRARIES.items() if not loads(library)}


def loads(library: str) -> bool:
    """Return whether a shared library is there."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def forbid_starts(prefix: list[str]) -> bool:
    """Keep Debian from starting what it installs; False when the machine has a policy of its own, which stays as it is."""
    if POLICY.exists():
        return False
    run(*prefix, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}")
    return True


def install_servers(prefix: list[str], packages: list[str]) -> dict[str, str]:
    """Install server packages one by one, started neither now nor at boot; return package -> why it could not be installed."""
    failed: dict[str, str] = {}
    apt_update(prefix)
    ours = forbid_starts(prefix)
    try:
        for package in packages:
            if not works("apt-cache", "show", package):
                failed[package] = "this system's package archive has no such package"
                continue
            try:
                apt_install(prefix, package)
            except SetupError as error:
                failed[package] = str(error)
    finally:
        if ours:
            run(*prefix, "rm", "-f", POLICY)
    services = [p for p in packages if p not in failed and p in {*SERVERS.values(), *CLUSTER.values()}]
    if services and Path("/run/systemd/system").is_dir():
        run(*prefix, "systemctl", "disable", "--now", "--quiet", *services)
    if services:
        say(f"installed for the tests, left stopped and disabled: {', '.join(services)}")
    return failed


def missing_cluster() -> dict[str, str]:
    """Return program -> package of what the clustered profile lacks here."""
    return {program: package for program, package in CLUSTER.items() if not shutil.which(program, path=SBIN)}


def set_up_servers(missing_now: Callable[[], dict[str, str]] = missing_servers) -> None:
    """Bring the real servers where this machine allows it, and say plainly which tests are skipped where it does not."""
    missing = missing_now()
    if not missing:
        return
    why: dict[str, str] = {}
    prefix = root_prefix()
    if not shutil.which("apt-get"):
        why = dict.fromkeys(missing.values(), "this system has no apt-get")
    elif prefix is None:
        why = dict.fromkeys(missing.values(), "needs root; as root: apt-get install " + " ".join(missing.values()))
    else:
        try:
            why = install_servers(prefix, list(missing.values()))
        except SetupError as error:
            why = dict.fromkeys(missing.values(), str(error))
    for program, package in missing_now().items():
        reason = why.get(package, "not found after installing")
        lines = reason.strip().splitlines()
        short = lines[0] if len(lines) < 2 else f"{lines[0]} … {lines[-1]}"
        say(f"NOT INSTALLED: {package}. Tests that need a real {program} are skipped ({short})")
