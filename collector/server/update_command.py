"""`sinyal-collector fleet update`: a version goes through the halls, ring by ring, and stops where a ring falls behind.

The file rollout.json is the whole memory: it is written before the broker has a wish, and each step makes the wishes there what
the file says. So a step may be cut anywhere, and done again. The rule is in rings.py.
"""

from __future__ import annotations

import argparse
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from collector.config import BrokerSection, Config, load
from collector.errors import ConfigError
from collector.retained import RetainedLink
from collector.server.rings import HEARD_MS, PILOTS, RINGS, Hall, by_chance, offer_for, step
from collector.server.rollout import Offer, Rollout, read_rollout, shown
from collector.sites.sites import read_sites
from collector.store.open import open_store
from collector.store.store import Row, Store
from ground import pack
from ground.durable import write_durably
from ground.paths import ROLLOUT, add_config
from ground.signed import verify, version_of
from ground.words import add_lang, mark, tr
from telemetry.release import Release, encode_release, id_of, same
from telemetry.topics import release_topic

ABOUT = """\
Brings a signed version to the halls, first the pilot halls, then 10, 25, 50 percent, then all. Without FILE: shows how far it is.

  sinyal-collector fleet update https://sinyal.example.go.id/updates/sinyal-0.2.0-from-0.1.0.pack --ring pilot
  sinyal-collector fleet update                   how far it is, and why it waits
  sinyal-collector fleet update --ring all        on through all rings, each as soon as the one before is well
  sinyal-collector fleet update --stop            no hall takes it any more that has not yet
  sinyal-collector fleet update --go-on           after a stop, when somebody has looked

Each FILE is an address with its signature beside it (.sig); one pack for each version that halls run, or a whole wheel for all.
Halls take it between 00:00 and 05:00 WITA, when their month has the bytes. A ring is watched for a day. It stops by itself when
more than 5 % of the halls that were told failed (went back, refused, measure no more, restart again and again), or when 20 % more
of them are silent than of the others. sinyal-rollout.timer looks every quarter of an hour, --step does it now.

exit: 0 told, shown or on its way; 1 it is stopped; 2 bad usage, signature or config; 3 there is none
"""
FETCH_S = 60.0
MAX_BYTES = 50_000_000
DAY_MS = 24 * 3_600_000
NS = 1_000_000
EVENT = "update_"


class ReleaseLink(RetainedLink):
    """What the broker keeps for halls as versions to take."""

    def __init__(self, broker: BrokerSection, sites: Sequence[str]) -> None:
        super().__init__(broker, [release_topic(site) for site in sites])
        self.kept: dict[str, bytes] = {}

    def take(self, site: str, kind: str, payload: bytes) -> None:
        """Take what the broker keeps of a site."""
        if kind == "release":
            self.kept[site] = payload

    def wish(self, site: str, release: Release | None) -> None:
        """Make the broker keep a wish, or none."""
        payload = encode_release(release)
        if self.kept.get(site, b"") != payload:
            self.put(release_topic(site), payload)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `fleet update`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("files", nargs="*", metavar="FILE", help="address of a signed pack or wheel")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="FILE", help="signed wheel it needs")
    parser.add_argument("--ring", choices=RINGS, help="go no further than this ring; default: all")
    parser.add_argument("--pilot", metavar="SITE,SITE", help=f"the first ring; default: {PILOTS} that report, by chance")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--stop", action="store_true", help="stop it")
    what.add_argument("--go-on", action="store_true", help="go on after a stop; who failed is asked once more")
    what.add_argument("--step", action="store_true", help="look now, as the timer does")
    parser.add_argument("--state", type=Path, default=ROLLOUT, metavar="FILE", help="default: %(default)s")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Do `fleet update`; return the exit code."""
    config, now_ms = load(args.config), time.time_ns() // NS
    rollout = read_rollout(args.state)
    changes = bool(args.files or args.ring or args.stop or args.go_on or args.step)
    if args.files:
        rollout = _begin(config, args, rollout, now_ms)
    if rollout is None:
        print(tr("no version is on its way", args.lang))
        return 3
    if changes:
        rollout = _changed(rollout, args, now_ms)
        store = open_store(config.store)
        halls = halls_now(store, read_sites(config.sites.file), rollout, now_ms)
        store.close()
        rollout = step(rollout, halls, now_ms)
        write_durably(args.state, rollout.model_dump_json(indent=1).encode())
        publish(config.broker, rollout, halls)
    print("\n".join(shown(rollout, args.lang)))
    return 1 if rollout.stopped else 0


def _begin(config: Config, args: argparse.Namespace, before: Rollout | None, now_ms: int) -> Rollout:
    """Check the files as a hall will, and make the rollout of them. Raises ConfigError."""
    if before is not None and not (before.stopped or before.done):
        raise ConfigError(f"fleet update: {before.version} is on its way; end it with --stop first")
    key, offers, versions = config.ca.folder / "update.pub", dict[str, Offer](), set[str]()
    others = [(source, fetch(source, key)[1]) for source in args.others]
    for source in args.files:
        content, cost = fetch(source, key)
        base = "*"
        if content[:2] == b"PK":
            version = version_of(content)
        else:
            try:
                found = pack.read(content)
            except pack.PackError as error:
                raise ConfigError(f"{source}: {error}") from None
            version, base = found.version, found.base
        versions.add(version.partition("+")[0])
        files = (source, *(other for other, _ in others))
        offers[base] = Offer(files=files, bytes=cost + sum(bytes_ for _, bytes_ in others))
    if len(versions) != 1:
        raise ConfigError(f"fleet update: the files make different versions ({', '.join(sorted(versions))}); give those of one")
    version = versions.pop()
    rollout = Rollout(id=_id(version, now_ms), version=version, offers=offers, pilot=())
    return rollout.model_copy(update={"pilot": _pilots(config, args.pilot, rollout, now_ms)})


def _pilots(config: Config, named: str | None, rollout: Rollout, now_ms: int) -> tuple[str, ...]:
    sites = read_sites(config.sites.file)
    if named is not None:
        pilot = tuple(named.split(","))
        if strange := [code for code in pilot if code not in sites]:
            raise ConfigError(f"--pilot {strange[0]}: is not in {config.sites.file}; correct the code or add its row")
    store = open_store(config.store)
    halls = halls_now(store, sites, rollout, now_ms)
    store.close()
    if named is not None:
        for code in pilot:
            if code not in halls or offer_for(rollout, halls[code].version) is None:
                runs = halls[code].version if code in halls else "-"
                raise ConfigError(f"--pilot {code}: runs {runs}, of which no file makes {rollout.version}; name another hall")
        return pilot
    fit = [code for code, hall in halls.items() if hall.heard_ms > now_ms - HEARD_MS and offer_for(rollout, hall.version)]
    if not fit:
        ran = ", ".join(sorted({hall.version for hall in halls.values()})) or "-"
        raise ConfigError(f"fleet update: no hall that reports runs a version of which these files make another (they run {ran})")
    return tuple(by_chance(fit, rollout.version)[:PILOTS])


def fetch(source: str, key: Path) -> tuple[bytes, int]:
    """Return a file for halls, and its bytes with the signature. Raises ConfigError where a hall could not take it."""
    if not source.startswith(("http://", "https://")):
        raise ConfigError(
            f"{source}: halls fetch it by an address; put it and its .sig on the web server (docs/how-to/upgrade.md)"
        )
    parts = []
    for name in (source, f"{source}.sig"):
        try:
            with urllib.request.urlopen(name, timeout=FETCH_S) as reply:  # noqa: S310  (scheme is checked)
                parts.append(reply.read(MAX_BYTES))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{name}: cannot be read ({error}); halls could not either") from None
    content, signature = parts
    verify(content, signature[:64], key)
    return content, len(content) + len(signature)


def _changed(rollout: Rollout, args: argparse.Namespace, now_ms: int) -> Rollout:
    news: dict[str, object] = {}
    if args.ring is not None:
        news["limit"] = args.ring
    if args.stop:
        news |= {"stopped": True, "said": (mark("stopped by hand"), {})}
    if args.go_on:  # under another id, so that those are asked once more that refused it or went back
        news |= {"stopped": False, "id": _id(rollout.version, now_ms), "told": {}, "ring": -1, "well_at_ms": None}
    return rollout.model_copy(update=news)


def _id(version: str, now_ms: int) -> str:
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%dT%H%M%S}-{version}"


def halls_now(store: Store, sites: Iterable[str], rollout: Rollout, now_ms: int) -> dict[str, Hall]:
    """Return how the halls are that have ever said their version. Raises StoreUnavailableError."""
    device, signal = store.latest("device"), store.latest("signal")
    online = [row for row in store.latest("site_status") if row.get("state") == "online"]
    heard = _newest([*device, *signal, *online])
    measured = _newest(row for row in signal if row.get("registration") is not None)
    since_ms = min([now_ms - DAY_MS, *(told.at_ms for told in rollout.told.values())])
    boots, outcomes = Counter[str](), dict[str, str]()
    for row in store.samples("event", since_ms * NS, now_ms * NS, names=("kind", "detail")):
        code, kind, detail = str(row["site"]), str(row.get("kind")), str(row.get("detail", ""))
        boots[code] += kind == "boot" and int(row["time_ns"]) > (now_ms - DAY_MS) * NS
        if kind.startswith(EVENT) and id_of(detail) == rollout.id:
            outcomes[code] = kind.removeprefix(EVENT)
    versions = {str(row["site"]): str(row["agent_version"]) for row in device if "agent_version" in row}
    return {
        code: Hall(versions[code], heard[code], measured.get(code, 0), boots[code], outcomes.get(code))
        for code in sites
        if code in versions
    }


def _newest(rows: Iterable[Row]) -> dict[str, int]:
    """Return when the newest row of each site was taken, ms UTC."""
    newest: dict[str, int] = {}
    for row in rows:
        newest[str(row["site"])] = max(int(row["time_ns"]) // NS, newest.get(str(row["site"]), 0))
    return newest


def publish(broker: BrokerSection, rollout: Rollout, halls: Mapping[str, Hall]) -> None:
    """Make the wishes at the broker what the rollout says. Raises CollectorError."""
    with ReleaseLink(broker, [*halls]) as line:
        for code, hall in halls.items():
            offer = offer_for(rollout, hall.version)
            wanted = code in rollout.told and not rollout.stopped and not same(hall.version, rollout.version)
            line.wish(code, Release(rollout.id, rollout.version, offer.files, offer.bytes) if wanted and offer else None)
