"""`sinyal-collector settings`: what halls should do (intervals, probes, budget), and what they say of it.

Each hall has its own retained message; `--all` writes them all, so a hall needs no right to read anything but its own topic.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from collector.config import BrokerSection, load
from collector.errors import ConfigError
from collector.retained import RetainedLink
from collector.sites.sites import read_sites
from ground.paths import add_config
from ground.words import Lang, add_lang, mark, tr
from telemetry.settings import KEYS, Desired, Reported, Settings, State, decode_desired, decode_reported, encode_desired
from telemetry.topics import config_topic, reported_topic

ABOUT = """\
Sets what halls do, without a boat: intervals, probes, budget. Without KEY=VALUE: shows what is wanted and what halls say.

  sinyal-collector settings 6408012001                              show
  sinyal-collector settings 6408012001 sampling.interval_s=60       change one thing, keep the rest
  sinyal-collector settings --all 'probe.ping_hosts=["1.1.1.1"]' probe.interval_s=1800
  sinyal-collector settings 6408012001 --unset probe.ping_hosts     the hall's own file rules again
  sinyal-collector settings --all --clear                           for everything

The broker keeps the desired settings for halls that are away. A hall judges them as strictly as its own file, tries them, and
goes back to what it had when the collector does not answer within 10 minutes or the Pi restarts meanwhile. Nothing else can be
set from here.

keys: {keys}

exit: 0 done; 1 a hall refused, or has not answered (it does when it comes); 2 bad usage or config
"""
ENDED = (State.APPLIED, State.REJECTED, State.ROLLED_BACK, State.FILE)


class SettingsLink(RetainedLink):
    """Reads what is wanted and what halls say of it, and writes wishes."""

    def __init__(self, broker: BrokerSection, sites: Iterable[str]) -> None:
        super().__init__(broker, [topic(site) for site in sites for topic in (config_topic, reported_topic)])
        self.desired: dict[str, Desired] = {}
        self._told: defaultdict[str, list[str]] = defaultdict(list)
        self.reported: dict[str, Reported] = {}

    def take(self, site: str, kind: str, payload: bytes) -> None:
        """Take what the broker keeps of a site, or a hall says now."""
        try:
            if kind == "config":
                desired = decode_desired(payload)
                self._told[site].append(desired.id)
                self.desired[site] = max(desired, self.desired.get(site, desired), key=_newer)
            elif payload:
                reported = decode_reported(payload)
                self.reported[site] = max(reported, self.reported.get(site, reported), key=_newer)
        except ValueError as error:
            print(f"{site}: unreadable {kind}: {error}", file=sys.stderr)

    def __enter__(self) -> Self:
        """Read; a broker of a pool that has older settings, or none, is given the newest."""
        super().__enter__()
        for site, desired in list(self.desired.items()):
            if self._told[site].count(desired.id) < len(self._lines):
                self.wish(site, desired)
        return self

    def wish(self, site: str, desired: Desired) -> None:
        """Keep a wish at the broker for a hall. One without settings is kept too: a hall that is away must learn of it."""
        self.put(config_topic(site), encode_desired(desired))
        self.desired[site] = desired

    def answer(self, site: str) -> Reported | None:
        """Return what a hall says of its desired settings; None while it has not answered these."""
        reported, desired = self.reported.get(site), self.desired.get(site, Desired())
        return reported if reported is not None and reported.id == desired.id else None


def _newer(said: Desired | Reported) -> str:
    """Return what orders settings: a name begins with the moment that it was given."""
    return said.id


def changed(before: Settings, assign: Mapping[str, Any], unset: Iterable[str]) -> Settings:
    """Return settings with some keys set and some taken away. Keys are `section.key`. Raises ConfigError for an unknown one."""
    after = {section: dict(values) for section, values in before.items()}
    for name in (*assign, *unset):
        section, _, key = name.partition(".")
        if key not in KEYS.get(section, ()):
            raise ConfigError(f"{name}: cannot be set from the server; can be: {', '.join(_names())}")
        if name in assign:
            after.setdefault(section, {})[key] = assign[name]
        else:
            after.get(section, {}).pop(key, None)
    return {section: values for section, values in after.items() if values}


def _names() -> list[str]:
    return [f"{section}.{key}" for section, keys in KEYS.items() for key in keys]


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE, as sampling.interval_s=60")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value  # text without quotes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `settings`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT.format(keys=", ".join(_names()))
    parser.add_argument("site", nargs="?", metavar="SITE", help="code of the site as in sites.csv")
    parser.add_argument("assign", nargs="*", type=_assignment, metavar="KEY=VALUE", help="value as in TOML")
    parser.add_argument("--all", action="store_true", help="every site of sites.csv")
    parser.add_argument("--unset", action="append", default=[], metavar="KEY", help="leave this to the hall's file; repeatable")
    parser.add_argument("--clear", action="store_true", help="leave everything to the hall's file")
    parser.add_argument("--wait", type=float, default=20.0, metavar="S", help="how long to wait for answers, s (default: 20)")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Do `settings`; return the exit code."""
    config = load(args.config)
    known, assign = read_sites(config.sites.file), dict(args.assign)
    if args.all and args.site is not None:
        name, value = _assignment_of(args.site)
        assign = {name: value, **assign}
        args.site = None
    sites = list(known) if args.all else [args.site]
    if sites == [None]:
        raise ConfigError("settings: name a SITE, or --all")
    if strange := [site for site in sites if site not in known]:
        raise ConfigError(f"{strange[0]}: is not in {config.sites.file}; correct the code or add its row")
    changed({}, assign, args.unset)
    with SettingsLink(config.broker, sites) as line:
        if not (assign or args.unset or args.clear):
            return _show(line, sites, args.lang)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        for site in sites:
            before = {} if args.clear else line.desired.get(site, Desired()).settings
            after = changed(before, assign, args.unset)
            try:
                line.wish(site, Desired(name, after))
            except ValueError as error:
                raise ConfigError(f"{site}: {error}") from None
        _wait(line, sites, args.wait)
        return _show(line, sites, args.lang)


def _assignment_of(text: str) -> tuple[str, Any]:
    try:
        return _assignment(text)
    except argparse.ArgumentTypeError as error:
        raise ConfigError(f"--all takes no SITE: {error}") from None


def _wait(line: SettingsLink, sites: list[str], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answers = [line.answer(site) for site in sites]
        if all(answer is not None and answer.state in ENDED for answer in answers):
            return
        time.sleep(0.1)


STATES = {
    State.FILE: mark("as the hall's file says"),
    State.TRIAL: mark("on trial"),
    State.APPLIED: mark("applied"),
    State.REJECTED: mark("rejected"),
    State.ROLLED_BACK: mark("rolled back"),
}


def _show(line: SettingsLink, sites: list[str], lang: Lang) -> int:
    well = True
    for site in sites:
        desired, answer = line.desired.get(site, Desired()), line.answer(site)
        wanted = " ".join(f"{s}.{k}={v}" for s, values in desired.settings.items() for k, v in values.items())
        if answer is None:
            waiting = mark("no answer yet; the broker keeps it for the hall") if desired.id else mark("nothing set")
            said = tr(waiting, lang)
            well = well and not desired.id
        else:
            said = tr(STATES[answer.state], lang) + (f": {answer.reason}" if answer.reason else "")
            well = well and answer.state in (State.APPLIED, State.FILE)
        print(f"{site}: {said}" + (f" [{wanted}]" if wanted else ""))
    return 0 if well else 1
