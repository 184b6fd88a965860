"""What each of those who look at a store says of it while it is sick: healthz, fleet, page, watch, doctor."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from collector.cli import main
from collector.config import HttpSection
from collector.errors import StoreUnavailableError
from collector.line.counters import Counters
from collector.server import checks
from collector.server.http import start_http
from collector.server.subject import Server
from collector.sites.classes import read_classes
from collector.store.health import ask_faults, telling
from collector.store.store import Store
from collector.watch.config import load as load_alerts
from collector.watch.facts import Reader
from dashboards.web.snapshot import Snapshot
from ground.doctor import State
from ground.words import said

SHIPPED = Path(__file__).parents[2] / "config"
LOOKERS = ("healthz", "fleet", "page", "watch", "doctor")


def told(store: Store, section: str, counters: Counters, folder: Path, now_ms: int) -> Mapping[str, str]:
    """Ask them all, as they look at a collector of these counters; an empty text is silence."""

    def health() -> dict[str, object]:
        faults = counters.store_faults()
        return {"store": counters.store_up and not faults} | ({"store_faults": faults} if faults else {})

    http = start_http("127.0.0.1", 0, counters, health)
    place = HttpSection(port=int(http.server_address[1]))
    file = folder / "collector.toml"
    file.write_text(
        f'[broker]\nhost = "127.0.0.1"\ntls = false\n[sites]\nfile = "{SHIPPED / "sites.csv"}"\n'
        f"[http]\nport = {place.port}\n[store]\n{section}\n"
    )

    def ask() -> list[StoreUnavailableError]:
        return ask_faults(place)

    try:
        return {
            "healthz": ", ".join(fault["fault"] for fault in counters.store_faults()),
            "fleet": _fleet(file),
            "page": _page(store, ask),
            "watch": str(Reader(load_alerts(SHIPPED / "alerts.toml").engine, store, ask).read(now_ms, {}, {}, {}).fault or ""),
            "doctor": _doctor(Server(file)),
        }
    finally:
        http.shutdown()
        http.server_close()


def _fleet(file: Path) -> str:
    complaint = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(complaint):
        main(["fleet", "--config", str(file), "--lang", "en"])
    return " ".join(line for line in complaint.getvalue().splitlines() if "reported" not in line)


def _page(store: Store, ask: object) -> str:
    page = Snapshot(store, {}, read_classes(SHIPPED / "classes.toml"), ask_faults=ask)  # type: ignore[arg-type]
    faults = page.faults()
    try:
        page.halls()
    except StoreUnavailableError as error:
        faults = [*faults, error]
    return "; ".join(telling(fault, "en") for fault in faults)


def _doctor(server: Server) -> str:
    found = [*checks.database(server), *checks.program(server)]
    return "; ".join(said(each.text, "en") for each in found if each.state is not State.OK)
