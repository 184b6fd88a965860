"""A node above with letters of made-up regencies, for tests and pictures of its page."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from collector.federate import keys
from collector.federate.chain import Chain
from collector.federate.command import node
from collector.federate.take import MONTHLY
from collector.store.open import open_store
from collector.store.store import Point
from ground.paths import shipped
from ground.wita import WITA, midnight_ns
from lab.federation import DAY, Above, Regency
from lab.plant import python
from lab.servers import Server, free_port, listening

TODAY = datetime.now(UTC).astimezone(WITA).date()
MONTH = (TODAY - DAY).replace(day=1)
NAMES = {"6408": "Kutai Timur", "6472": "Kota Samarinda", "7201": "Banggai", "6501": "Bulungan"}
SILENT = "6501"


def node_above(folder: Path) -> Above:
    """Make a node of four regencies: the second is served worst, the last was admitted and has not sent a letter."""
    made = Above(folder / "above")
    shutil.copy(shipped() / "classes.toml", made.folder)
    taker, _ = node(made.config, made.folder)
    for code, name in NAMES.items():
        regency = Regency(folder / code, code)
        keys.admit(made.letters, code, name, regency.key)
        if code != SILENT:
            regency.measure(TODAY - DAY)
            regency.publish(TODAY - DAY)
            regency.write_letters(TODAY - DAY)
        for _, data in Chain(regency.letters, code).after(0):
            taker.take(data)
    with closing(open_store(made.config.store)) as store:
        bad = {"samples": 100, "served": 40, "no_service": 60, "lte": 0, "days": 1}
        store.write_points([Point(MONTHLY, {"site": "6472012001", "modem": "m2", "operator": "XL"}, bad, midnight_ns(MONTH) + 9)])
    return made


def page_of(above: Above) -> tuple[Server, str]:
    """Prepare the program itself, told by its configuration alone that it is a node above; return it and its address."""
    port = free_port()
    words = ("serve", "--config", str(above.config_file), "--state", str(above.folder), "--port", str(port))
    server: Server = python("page", above.folder, "dashboards.cli", *words)
    server.ready = lambda: listening(port)
    return server, f"http://127.0.0.1:{port}"
