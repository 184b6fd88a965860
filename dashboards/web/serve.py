"""`sinyal-dashboards serve`: the live page of one collector's store."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from collector.config import Config
from collector.errors import ConfigError
from collector.federate.keys import REGENCIES
from collector.federate.send import FOLDER
from collector.federate.table import Tables
from collector.server.program import add_store, store_config
from collector.sites.classes import Classes, read_classes
from collector.sites.sites import Site, read_sites
from collector.store.health import ask_faults
from collector.store.open import open_store
from collector.store.store import Store
from dashboards.web.app import create_app
from dashboards.web.printer import Printer
from dashboards.web.snapshot import Snapshot
from dashboards.web.warm import Warm
from ground.ending import on_signal
from ground.paths import STATE

OK, INCOMPLETE, INTERRUPTED = 0, 1, 130
PORT = 8080
STOP_S = 10
log = logging.getLogger(__name__)

ABOUT = """\
Shows the store of a collector as a web page, on this machine: a map and list of all halls, a page for each, alerts, and the
same as open data under /api/v1. It only reads. Nothing is loaded from other hosts, so it works without internet.
At a node above (docs/scale.md) it shows the regencies whose letters came, worst served first, to who has a reader's secret.
"""
EXAMPLES = """\
examples:
  sinyal-dashboards serve --config /etc/sinyal/collector.toml
  sinyal-dashboards serve --sqlite month.db           what `sinyal-demo seed` made
  sinyal-dashboards serve --port 0                    any free port; the address is printed
  sinyal-dashboards serve --host 0.0.0.0              for the whole network: there is no sign-in, and no TLS; better put a
                                                      web server with both in front and stay on 127.0.0.1

SIGHUP reads sites.csv again. exit: 0 ended by SIGTERM; 1 the store cannot be opened; 2 bad usage or config, or the port is
taken; 130 Ctrl-C
"""


class Server:
    """The page, served by a thread of this process. `url` is where; `stop` ends it. A context manager, too."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._feed = app.state.feed
        try:
            self._socket = socket.create_server((host, port), family=_family(host))
        except OSError as error:
            raise ConfigError(f"--host {host} --port {port}: cannot listen ({error.strerror}); choose another port") from None
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, lifespan="off", timeout_graceful_shutdown=STOP_S // 2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=[[self._socket]], name="web", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it and wait until it has ended."""
        self._feed.ended = True
        self._server.should_exit = True
        self._thread.join(STOP_S)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def serve_in_thread(
    store: Store,
    sites: Mapping[str, Site],
    classes: Classes,
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    needs: Path | None = None,
    record: Path | None = None,
    printer: Printer | None = None,
) -> Server:
    """Serve the page beside other work of this process; port 0 takes any free one. Raises ConfigError where it cannot listen."""
    return Server(create_app(Snapshot(store, sites, classes), needs, record=record, printer=printer), host, port)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `serve` and its options."""
    parser.description, parser.epilog = ABOUT, EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_store(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1, this machine only")
    parser.add_argument(
        "--needs",
        type=Path,
        metavar="DIR",
        default=STATE / "needs",
        help="needs maps (of `needs --out DIR/2026-10`), the last is shown under /needs/; default: %(default)s",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="folder of the agreement: villages get their own pages under /r/ (`sinyal-collector agreement link`)",
    )
    parser.add_argument("--state", type=Path, metavar="DIR", default=STATE, help=f"where {FOLDER}/ is; default: %(default)s")
    parser.add_argument("--contact", default="", metavar="ADDRESS", help="e-mail address for reports of problems")
    parser.add_argument("--port", type=_port, default=PORT, help=f"default: {PORT}")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code. Raises ConfigError, StoreUnavailableError."""
    config = store_config(args)
    store = open_store(config.store)
    snapshot = Snapshot(
        store,
        read_sites(config.sites.file),
        read_classes(config.classes.file),
        ask_faults=lambda: ask_faults(config.http) if args.sqlite is None else [],
    )
    ended, numbers = threading.Event(), list[int]()

    def end(number: int) -> None:
        numbers.append(number)
        ended.set()

    def reload(_number: int) -> None:
        try:
            snapshot.register(read_sites(config.sites.file))
            log.info("event=sites_read sites=%d", len(snapshot.sites))
        except ConfigError as error:
            log.error("event=sites_kept error=%r", str(error))  # noqa: TRY400 - the reason is the text; a trace adds nothing

    on_signal(end, signal.SIGTERM, signal.SIGINT)
    on_signal(reload, signal.SIGHUP)
    printer = Printer(args.config, args.record) if args.record and args.sqlite is None else None
    tables = None if args.sqlite else _above(config, args.state / FOLDER, store)
    app = create_app(snapshot, args.needs, args.contact, args.record, printer, tables=tables)
    with Server(app, args.host, args.port) as server, Warm(server.url) if tables is None else contextlib.nullcontext():
        if not _is_loopback(args.host):
            log.warning("event=open_to_network host=%s cure='no sign-in and no TLS here: put a web server in front'", args.host)
        print(server.url, flush=True)
        ended.wait()
    return INTERRUPTED if signal.SIGINT in numbers else OK


def _above(config: Config, letters: Path, store: Store) -> Tables | None:
    """Return the tables of a node above; None for a server with halls of its own."""
    return Tables(store, letters) if not config.federation.regency and (letters / REGENCIES).exists() else None


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be an integer, 0 to 65535 (got {text})")
    return int(text)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
