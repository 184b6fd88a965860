"""What the live page costs on a slow link: `python -m bench.page` prints bytes and times; takes about five minutes.

usage: python -m bench.page [--url http://127.0.0.1:8080] [--path /] [--poll-s 120]
Without --url it fills a store with made-up halls that go on, and serves it. First: an empty browser; without script: the same,
no script fetched; again: the same browser once more; open: what a page takes that stays open. Bytes are those on the wire
without TLS, with headers, down and up; times count from the start of the visit: list is when its first ten rows are painted. The
link is imitated by bench/slow.py; TLS 1.3 is one more round trip, and its certificates some 3 kB.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.slow import Link, SlowLink, slow
from collector.sites.classes import read_classes
from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from dashboards.web.serve import serve_in_thread
from dashboards.web.warm import Warm
from demo.seed import seed
from ground.paths import shipped
from lab.servers import find_program

LINKS = (
    Link("64 kbit/s, 600 ms", 64e3, 0.6),
    Link("slow 3G: 400 kbit/s, 400 ms", 400e3, 0.4),
    Link("4G: 9 Mbit/s, 60 ms", 9e6, 0.06),
)
HALLS = 116
QUIET_S, LONGEST_S = 3.0, 180.0
ROWS = 10
PHONE = {"width": 360, "height": 740}
SEEN = """
const seen = { rows: 0, map: 0 };
window.seen = seen;
(function look() {
  const there = { rows: "#halls tbody tr:nth-child(10)", map: "#map[data-ready], #sheet path" };
  for (const [name, what] of Object.entries(there))
    if (!seen[name] && document.querySelector(what))
      requestAnimationFrame(() => setTimeout(() => { seen[name] ||= performance.now(); }));
  if (!seen.map || !seen.rows) requestAnimationFrame(look);
})();
"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)[0] || 0"
Cells = tuple[str, ...]


@contextmanager
def _served() -> Iterator[str]:
    """Serve made-up halls that send for the next hour."""
    config = shipped()
    sites = read_sites(config / "sites.csv")
    with tempfile.TemporaryDirectory() as folder:
        store = Sqlite(Path(folder) / "store.db")
        seed(store, sites, days=1.1, halls=HALLS, end=datetime.now(UTC) + timedelta(hours=1))
        with serve_in_thread(store, sites, read_classes(config / "classes.toml"), port=0) as server, Warm(server.url):
            yield server.url
        store.close()


def _first_rows(url: str, link: Link) -> str:
    """Tell how far into the answer its first ten rows are, and when an idle server's answer is there over a link."""
    reply = requests.get(url, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=60)
    unpack, text, size = zlib.decompressobj(zlib.MAX_WBITS | 16), b"", sum(len(k) + len(v) + 4 for k, v in reply.headers.items())
    while text.partition(b"<tbody>")[2].count(b"</tr>") < ROWS and (part := reply.raw.read(64)):
        text, size = text + unpack.decompress(part), size + len(part)
    seconds = 2 * link.round_trip_s + 8 * size / link.bits_s
    return f"first {ROWS} rows: {size} bytes, {seconds:.2f} s ({link.name}; to connect, ask and take)"


def _settled(page: Page, link: SlowLink) -> None:
    """Wait until nothing has come for a while."""
    last, since, end = -1, time.monotonic(), time.monotonic() + LONGEST_S
    while time.monotonic() < end and time.monotonic() - since < QUIET_S:
        if link.down != last:
            last, since = link.down, time.monotonic()
        page.wait_for_timeout(100)


def _visit(context: BrowserContext, link: SlowLink, path: str, *, script: bool = True) -> Cells:
    """Open the page and tell: bytes down and up, first paint, rows of the list, map, seconds."""
    page = context.new_page()
    page.add_init_script(SEEN)
    if not script:
        page.route("**/*.js", lambda route: route.abort())
    down, up = link.down, link.up
    page.goto(link.url + path, wait_until="commit", timeout=1000 * LONGEST_S)
    _settled(page, link)
    seen = page.evaluate("() => window.seen || { rows: 0, map: 0 }")
    times = (page.evaluate(PAINT), seen["rows"], seen["map"])
    page.close()
    return (_bytes(link.down - down), _bytes(link.up - up), *(f"{value / 1000:.1f} s" if value else "" for value in times))


def _open(context: BrowserContext, link: SlowLink, path: str, seconds: float) -> Cells:
    """Leave the page open and tell the bytes of an hour."""
    page = context.new_page()
    page.goto(link.url + path, timeout=1000 * LONGEST_S)
    _settled(page, link)
    down, up = link.down, link.up
    page.wait_for_timeout(1000 * seconds)
    cells = tuple(_bytes(round(3600 / seconds * n)) for n in (link.down - down, link.up - up))
    page.close()
    return (*cells, "", "", "")


def _bytes(count: int) -> str:
    return f"{count / 1000:.1f} kB"


def _measure(browser: Browser, url: str, path: str, poll_s: float) -> Iterator[Cells]:
    for kind in LINKS:
        with slow(kind, url) as link:
            plain = browser.new_context(viewport=PHONE, service_workers="block")  # type: ignore[arg-type]
            context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
            yield kind.name, "first", *_visit(context, link, path)
            yield kind.name, "without script", *_visit(plain, link, path, script=False)
            yield kind.name, "again", *_visit(context, link, path)
            if kind is LINKS[0]:
                yield kind.name, "open, per hour", *_open(context, link, path, poll_s)
            context.close()
            plain.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a page that runs; default: one with made-up halls")
    parser.add_argument("--path", default="/", help="default: %(default)s")
    parser.add_argument("--poll-s", type=float, default=120, help="how long the open page is watched, seconds")
    args = parser.parse_args()
    with sync_playwright() as playwright, _given(args.url) if args.url else _served() as url:
        browser = playwright.chromium.launch(executable_path=find_program("chromium", "chromium"), args=["--no-sandbox"])
        print(f"{_first_rows(url + args.path, LINKS[0])}\n")
        print("| link | visit | down | up | first paint | list | map |\n|---|---|---|---|---|---|---|")
        for cells in _measure(browser, url, args.path, args.poll_s):
            print(f"| {' | '.join(cells)} |", flush=True)
        browser.close()


@contextmanager
def _given(url: str) -> Iterator[str]:
    yield url


if __name__ == "__main__":
    main()
