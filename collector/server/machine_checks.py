"""What `sinyal-collector doctor` looks at in the machine itself: rights, clock, disk, backup."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from collector.config import SqliteSection
from collector.server.backup import PATTERN
from collector.server.subject import DAY_S, Server
from ground.doctor import Finding, broken, fine, unseen, wanting
from ground.ntp import ntp_synced
from ground.paths import STATE, USER
from ground.words import Figure, mark

DAYS_WITHOUT_BACKUP = 2
FAULT_FREE_MB, WARN_FREE_MB = 500, 2_000
RELEASE_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def rights(server: Server) -> Iterator[Finding]:
    """Check that the user of the services can run and read what it needs, and nobody else the secrets."""
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        yield unseen("there is no user {user}: this machine was not set up by `sinyal-collector install`", user=USER)
        return
    groups = set(os.getgrouplist(USER, user.pw_gid))
    config, well = server.config, True
    program = Path(sys.prefix) / "bin" / "sinyal-collector"
    if program.exists() and not _may(program, user.pw_uid, groups, 0o1):
        well = False
        yield broken(
            "the user {user} cannot run {path} (installed under umask 077?)", mark("sudo chmod -R a+rX {prefix}"),
            user=USER, path=str(program), prefix=sys.prefix,
        )  # fmt: skip
    broker = config.broker
    needed = (server.file, config.sites.file, config.classes.file, server.alerts_file, broker.ca, broker.key, broker.group_file)
    for path in filter(None, needed):
        if path.exists() and not _may(path, user.pw_uid, groups, 0o4):
            well = False
            cure = mark("sudo chgrp {user} {path}; sudo chmod 640 {path}; folders above: sudo chmod a+x")
            yield broken("the user {user} cannot read {path}", cure, user=USER, path=str(path))
    for secret in (broker.key, broker.password_file, broker.group_file, config.ca.folder / "ca.key"):
        if secret is not None and secret.exists() and secret.stat().st_mode & 0o044:
            well = False
            yield wanting("{path} holds a secret and others may read it", mark("sudo chmod 600 {path}"), path=str(secret))
    if well:
        yield fine("the user {user} can read what it needs, others no secret", user=USER)


def clock(server: Server) -> Iterator[Finding]:
    """Check the clock: halls without one take theirs from it."""
    cure = mark("sudo timedatectl set-ntp true, and see that UDP port 123 goes out")
    if server.now_s < RELEASE_S:
        yield broken("the clock says {day}: it is wrong", cure, day=datetime.fromtimestamp(server.now_s, UTC).date())
    elif not ntp_synced():
        yield wanting("the clock is not kept by NTP", cure)
    else:
        yield fine("kept by NTP")


def disk(server: Server) -> Iterator[Finding]:
    """Check that there is room where things are stored."""
    store = server.config.store
    wanted = {STATE, server.backups, Path("/var/lib/influxdb"), Path("/var/log")}
    wanted |= {store.path.parent} if isinstance(store, SqliteSection) else set()
    seen: dict[int, tuple[Path, float]] = {}
    for path in sorted(p for p in wanted if p.is_dir()):
        space = os.statvfs(path)
        seen.setdefault(path.stat().st_dev, (path, space.f_bavail * space.f_frsize / 1e6))
    cure = mark("sudo du -xh / | sort -h | tail; old journals: sudo journalctl --vacuum-size=200M")
    for path, free_mb in seen.values():
        if free_mb < WARN_FREE_MB:
            tell = broken if free_mb < FAULT_FREE_MB else wanting
            yield tell(mark("{n} MB are left at {path}"), cure, n=Figure(free_mb), path=str(path))
        else:
            yield fine("{n} GB are free at {path}", n=Figure(free_mb / 1000, 1), path=str(path))


def backup(server: Server) -> Iterator[Finding]:
    """Check that a backup was written lately."""
    now = mark("sudo sinyal-collector backup; why the timer did not: sudo journalctl -u sinyal-backup -n 20")
    try:
        times = [path.stat().st_mtime for path in server.backups.iterdir() if path.match(PATTERN)]
    except FileNotFoundError:
        times = []
    except PermissionError:
        yield unseen("only root can see the backups")
        return
    if not times:
        yield wanting("there is no backup in {path} yet", now, path=str(server.backups))
        return
    days = Figure((server.now_s - max(times)) / DAY_S, 1)
    if (days.value or 0) > DAYS_WITHOUT_BACKUP:
        yield broken("the last backup is {n} days old", now, n=days)
    else:
        yield fine("the last one is {n} days old, of {k}; keep a copy in another house", n=days, k=len(times))


def _may(path: Path, uid: int, groups: set[int], bit: int) -> bool:
    """Whether a user may use a file (`bit` 4: read, 1: run) and pass the folders above it, by mode bits alone."""
    steps = [(path, bit), *((folder, 0o1) for folder in path.absolute().parents)]
    for place, need in steps:
        state = place.stat()
        shift = 6 if state.st_uid == uid else 3 if state.st_gid in groups else 0
        if not (state.st_mode >> shift) & need:
            return False
    return True
