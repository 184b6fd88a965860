"""`sinyal-demo look`: a month of made-up halls up to now, live page, needs map and dashboards, ready to be looked at."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from collector.config import Config, SqliteSection, load
from collector.errors import ConfigError, StoreUnavailableError
from collector.rollup import bring_up_to_date
from collector.sites.sites import Site, read_sites
from collector.store.dirty_hours import DirtyHours
from collector.store.open import open_store
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Point, Store
from demo.bar import Bar
from demo.fill import Filler, Recipe
from demo.fill_all import OpenStore, fill_all
from demo.made_up import REPORT_S, reports
from demo.page import Page
from demo.profiles import Profile, plan
from demo.program import LineError, Program, answers, module
from demo.seed import claim, span_of, write_beside
from ground.ending import on_signal
from ground.paths import shipped
from ground.wita import WITA
from ground.words import Lang, mark, phrase, tr

OK, INCOMPLETE, USAGE, INTERRUPTED = 0, 1, 2, 130
HALLS, DAYS, RAW_DAYS = 141, 30, 2
INTERVAL_S = 60
FEED_S = 30
SEED = 1
FILLED = 0.8
"""Share of the time that filling the store takes; the rest is the account of the fleet, the page and the needs map."""
GRAFANA, TOKEN = "SINYAL_GRAFANA_URL", "SINYAL_GRAFANA_TOKEN"
ABOUT = f"""\
Shows everything with {DAYS} days of {HALLS} made-up halls: the live page, which goes on living, and the needs map. Nothing is
installed and nothing stays: Ctrl-C removes it, unless --folder says where to keep it.

Dashboards too: Grafana reads InfluxDB only, so give --config with an InfluxDB that is empty, and set {TOKEN} (and
{GRAFANA}, default http://127.0.0.1:3000).

  sinyal-demo look
  sinyal-demo look --folder /tmp/month                  keeps month.db and peta-kebutuhan/ there
  {TOKEN}=glsa_... sinyal-demo look --config collector.toml

exit: 0 ended by Ctrl-C, SIGTERM or --seconds; 1 a part did not come up; 2 bad usage or config, or the store holds samples already
"""


class Month:
    """The store with its halls: filled once, then fed as time goes on."""

    def __init__(self, store: Store, sites: Mapping[str, Site], halls: Mapping[str, Profile]) -> None:
        self._store, self._sites, self._halls = store, sites, halls
        self._fillers: list[Filler] = []
        self._fed_s = self._reported_s = 0
        self._dirty = DirtyHours()

    def fill(self, open_again: OpenStore, where: str, bar: Bar, lang: Lang) -> None:
        """Write the month up to now. Raises ConfigError where the store holds samples already, LineError, as the store does."""
        span = span_of(datetime.now(UTC), DAYS, RAW_DAYS)
        claim(self._store, where, f"look {span.end_s}", span)
        status: list[Point] = []
        recipes = [Recipe(self._sites[code], profile, INTERVAL_S, SEED) for code, profile in self._halls.items()]
        what = tr("{n} days of {halls} halls", lang, n=DAYS, halls=len(recipes))
        with closing(fill_all(open_again, recipes, span)) as filled:
            for recipe, hall in zip(recipes, filled, strict=True):
                self._fillers.append(Filler(self._store, recipe, hall))
                bar(what, FILLED * len(self._fillers) / len(recipes))
                status += hall.status
        write_beside(self._store, self._sites, self._halls, status, span, SEED)
        self._fed_s = self._reported_s = span.end_s
        self.feed()

    def feed(self) -> None:
        """Write what came since the last time, and its summaries every few minutes. Raises as the store does."""
        now_s = int(time.time())
        frames: list[Placed] = []
        points: list[Point] = []
        for filler in self._fillers:
            more, changes = filler.live(self._fed_s, now_s)
            frames += more
            points += changes
        self._dirty.write(self._store, frames)
        self._fed_s = now_s
        if due := range(self._reported_s + REPORT_S, now_s + 1, REPORT_S):
            self._reported_s = due[-1]
            points += reports(due, len(self._halls), SEED)
            bring_up_to_date(self._store, self._sites, now_s * 1_000_000_000)
        self._store.write_points(points)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-demo look`."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--folder", type=Path, metavar="DIR", help="a new folder that stays; default: one that is removed")
    parser.add_argument("--config", "-c", type=Path, metavar="FILE", help="collector.toml with an empty store; default: SQLite")
    parser.add_argument("--seconds", type=float, metavar="S", help="end by itself after S seconds")


def run(args: argparse.Namespace) -> int:
    """Show until Ctrl-C; return the exit code."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # while it fills, every end is the same as Ctrl-C
    try:
        config = load(args.config) if args.config else None
        with _folder(args.folder, args.lang) as folder, ExitStack() as stack:
            return _look(folder, config, args, stack, ended)
    except ConfigError as error:
        return _fail(str(error), USAGE)
    except StoreUnavailableError as error:
        return _fail(f"store: {error}", INCOMPLETE)
    except LineError as error:
        return _fail(str(error), INCOMPLETE)
    except KeyboardInterrupt:
        return INTERRUPTED


DASHBOARDS = mark("dashboards")
NEEDS = "peta-kebutuhan"


def _look(folder: Path, config: Config | None, args: argparse.Namespace, stack: ExitStack, ended: threading.Event) -> int:
    began, bar = time.monotonic(), Bar()
    database = folder / "month.db"
    where = ("--config", str(args.config.resolve())) if config else ("--sqlite", str(database))
    open_again: OpenStore = partial(open_store, config.store) if config else partial(Sqlite, database)
    store = open_again()
    stack.callback(store.close)
    sites = read_sites(config.sites.file if config else shipped() / "sites.csv")
    month = Month(store, sites, plan(sites.values(), HALLS, SEED))
    month.fill(open_again, where[1], bar, args.lang)
    page = Page(folder, *where, "--needs", str(folder / NEEDS))
    stack.callback(page.stop)
    _make(folder, where, page, bar, args.lang)
    bar("ready", 1.0)
    bar.end()
    addresses = [page.url, (folder / NEEDS / "peta-kebutuhan.html").as_uri(), *_dashboards(folder, config, where, args.lang)]
    for name, address in zip((mark("live page"), mark("needs map")), addresses[:2], strict=True):
        print(f"{tr(name, args.lang):12} {address}")
    for address in addresses[2:]:
        print(f"{tr(DASHBOARDS, args.lang):12} {address}")
    on_signal(lambda _number: ended.set(), signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    print(tr("ready in {n} s; data keep coming until Ctrl-C", args.lang, n=round(time.monotonic() - began)), flush=True)
    _open(addresses)
    end = None if args.seconds is None else time.monotonic() + args.seconds
    while not ended.wait(FEED_S if end is None else min(FEED_S, max(0.0, end - time.monotonic()))):
        page.check()
        if end is not None and time.monotonic() >= end:
            break
        month.feed()
    return OK


def _make(folder: Path, where: Sequence[str], page: Page, bar: Bar, lang: Lang) -> None:
    """Make the account of the fleet and the needs map side by side, while the page starts. Raises LineError."""
    bar(tr("the needs map", lang), FILLED)
    today = datetime.now(WITA).date()
    period = ("--from", str(today - timedelta(days=DAYS - 1)), "--to", str(today + timedelta(days=1)))
    out = ("--out", str(folder / NEEDS), "--no-pdf")  # the official document would take as long as all else
    needs = Program("needs", folder, module("dashboards.cli", "needs", *where, *period, *out))
    fleet = Program("fleet", folder, module("collector.cli", "fleet", "--write", *where))
    with _running(needs), _running(fleet):
        page.start_and_wait()


@contextmanager
def _running(program: Program) -> Iterator[None]:
    """Run a program beside what is done meanwhile; wait for its end. Raises LineError."""
    program.start()
    try:
        yield
        while not program.finished():
            time.sleep(0.05)
    finally:
        program.stop()


def _dashboards(folder: Path, config: Config | None, where: Sequence[str], lang: Lang) -> list[str]:
    """Publish the dashboards where there are a Grafana and a store that it can read; return the address."""
    url = os.environ.get(GRAFANA, "http://127.0.0.1:3000").rstrip("/")
    if not answers(f"{url}/api/health"):
        return []
    if config is None or isinstance(config.store, SqliteSection) or TOKEN not in os.environ:
        hint = phrase(
            "Grafana answers at {url}: with --config (an InfluxDB) and {token} its dashboards come too; see --help",
            url=url,
            token=TOKEN,
        )
        print(hint.word(lang))
        return []
    with _running(Program("publish", folder, module("dashboards.cli", "publish", "--url", url, *where))):
        pass
    return [f"{url}/dashboards"]


def _open(addresses: Sequence[str]) -> None:
    """Open a browser where there is a screen; the addresses are printed anyway."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        for address in addresses:
            webbrowser.open(address)


@contextmanager
def _folder(wanted: Path | None, lang: Lang) -> Iterator[Path]:
    if wanted is not None:
        try:
            wanted.mkdir(parents=True)
        except OSError as error:
            raise ConfigError(f"--folder {wanted}: cannot be made ({error.strerror}); name one that is not there yet") from None
        yield wanted.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="sinyal-look-"))
    try:
        yield folder
    except LineError:
        text = tr("logs and data are in {folder}", lang, folder=str(folder))
        print(f"sinyal-demo look: {text}", file=sys.stderr)
        raise
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def _fail(text: str, code: int) -> int:
    print(f"sinyal-demo look: {text}", file=sys.stderr)
    return code
