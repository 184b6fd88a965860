"""What `sinyal-collector doctor` says of the halls, by what they last sent: who is silent, versions, queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from importlib.metadata import version

from collector.errors import StoreUnavailableError
from collector.server.subject import DAY_S, Server
from ground.doctor import Finding, fine, unseen, wanting
from ground.words import Figure, mark
from telemetry.release import same

NAMED = 5
"""How many halls are named; the rest is counted."""
BACKLOG_S = DAY_S


def _of_store(look: Callable[[Server], Iterator[Finding]]) -> Callable[[Server], Iterator[Finding]]:
    """Say that a check could not look where the store is away: its own check tells why."""

    @wraps(look)
    def wrapped(server: Server) -> Iterator[Finding]:
        try:
            yield from look(server)
        except StoreUnavailableError:
            yield unseen("not looked at: the database does not answer")

    return wrapped


@_of_store
def silent(server: Server) -> Iterator[Finding]:
    """Check that every hall that has ever reported did so within a day."""
    seen_s: dict[str, float] = {}
    for row in [*server.store.latest("signal"), *server.store.latest("device")]:
        site = str(row["site"])
        seen_s[site] = max(int(row["time_ns"]) / 1e9, seen_s.get(site, 0.0))
    known = [site for site in seen_s if site in server.sites]
    if not known:
        yield wanting("no hall has reported yet", mark("sudo sinyal-collector enroll SITE, then install that file in the hall"))
        return
    quiet = sorted((site for site in known if server.now_s - seen_s[site] > DAY_S), key=seen_s.__getitem__)
    if quiet:
        names = ", ".join(server.sites[site].desa for site in quiet[:NAMED]) + (", …" if len(quiet) > NAMED else "")
        cure = mark("call the village; then in the hall: sinyal-agent doctor; all of them: sinyal-collector fleet")
        yield wanting("{n} of {k} halls have said nothing for a day: {names}", cure, n=len(quiet), k=len(known), names=names)
    else:
        yield fine(
            "{n} of {k} report; {m} have not been set up yet", n=len(known), k=len(known), m=len(server.sites) - len(known)
        )


@_of_store
def versions(server: Server) -> Iterator[Finding]:
    """Check that the halls run the version of this server."""
    own = version("sinyal")
    rows = server.store.latest("device")
    others = Counter(str(row["agent_version"]) for row in rows if not same(str(row.get("agent_version", own)), own))
    if others:
        told = ", ".join(f"{name} ({count})" for name, count in sorted(others.items()))
        cure = mark("sudo sinyal-collector fleet update --help says how all halls get {own}; old ones go on working meanwhile")
        yield wanting("this server has {own}, halls run {told}", cure, own=own, told=told)
    else:
        yield fine("{own} here and in the halls", own=own)


@_of_store
def queues(server: Server) -> Iterator[Finding]:
    """Check that little waits on the cards and nothing was refused lately."""
    rows = [row for row in server.store.latest("device") if str(row["site"]) in server.sites]
    old = [str(row["site"]) for row in rows if int(row.get("spool_age_s", 0)) > BACKLOG_S]
    depth = sum(int(row.get("spool_depth", 0)) for row in rows)
    if old:
        names = ", ".join(server.sites[site].desa for site in old[:NAMED])
        cure = mark("nothing is lost: it comes by itself when the link allows; without a link: sinyal-agent export there")
        yield wanting("{n} halls hold samples older than a day: {names}", cure, n=len(old), names=names)
    refused = [path for path in server.config.rejected.folder.glob("*.rejected") if server.now_s - path.stat().st_mtime < DAY_S]
    if refused:
        folder = str(server.config.rejected.folder)
        cure = mark("the first line of each file in {folder} says why; in the hall: sinyal-agent quarantine list")
        yield wanting("{n} payloads were refused within a day", cure, n=len(refused), folder=folder)
    if not old and not refused:
        yield fine("{n} samples wait on the cards, none older than a day", n=Figure(depth))
