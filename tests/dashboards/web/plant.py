"""Halls of every state for tests of the page, written into a real store the way the collector writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from httpx import Client

from collector.sites.classes import Classes, read_classes
from collector.sites.sites import Site
from collector.store.store import Placed, Point, Store
from dashboards.web.serve import serve_in_thread
from telemetry.frame import Sample, Value, pack

ROOT = Path(__file__).resolve().parents[3]
CLASSES: Classes = read_classes(ROOT / "config" / "classes.toml")
S = 1_000_000_000
Values = dict[str, Value]
EVIL = '<img src="/evil" onerror="window.evil=1">\'"&</script>'

GOOD = Site("6408012001", "Muara Ancalong", "Senyiur", 0.30347, 116.53742, "gnss", 1234, "grid", "outdoor", booster=True)
TWO_G = Site("6408012002", "Muara Ancalong", "Kelinjau Ilir", 0.44595, 116.48849, "centroid")
DEAD_SPOT = Site("6408022001", "Muara Wahau", "Muara Wahau", 1.1, 116.8, "centroid", operators=("Telkomsel", "XLSMART"))
FAULTY = Site("6408022002", "Muara Wahau", "Nehas", 1.2, 116.6, "centroid")
SILENT = Site("6408112001", "Sandaran", "Marukangan", 0.98, 118.4, "centroid")
NEVER = Site("6408112002", "Sandaran", EVIL, 0.95, 118.6, "centroid")
SITES = {site.code: site for site in (GOOD, TWO_G, DEAD_SPOT, FAULTY, SILENT, NEVER)}

LTE: Values = {"registration": "home", "rat": "lte", "plmn": "51010", "band": 3, "earfcn": 1850, "pci": 7, "tac": 11}
IOH: Values = {"registration": "home", "rat": "lte", "plmn": "51001", "band": 8, "earfcn": 3600, "cell_id": 99}
GSM: Values = {"registration": "roaming", "rat": "gsm", "plmn": "51010", "rssi_dbm": -80.0}


class Planter:
    """Writes samples of halls, seq by seq, at times before `now_ns`."""

    def __init__(self, store: Store, now_ns: int) -> None:
        self._store = store
        self._now_ns = now_ns
        self._seq = 0

    def samples(self, site: Site, stream: str, modem: str | None, ages_s: Sequence[float], values: Sequence[Values]) -> None:
        """Write one sample for each age, oldest first."""
        made = []
        for age_s, fields in sorted(zip(ages_s, values, strict=True), key=lambda pair: -pair[0]):
            self._seq += 1
            made.append(Sample(self._seq, self._now_ns // 1_000_000 - int(age_s * 1000), "ntp", fields))
        self._store.write([Placed(pack(site.code, stream, modem, made), site)])

    def signal(self, site: Site, modem: str, values: Values, *, first_s: float = 0, count: int = 20, **changes: Value) -> None:
        """Write `count` samples of 30 s, the newest `first_s` ago."""
        ages = [first_s + 30 * i for i in range(count)]
        self.samples(site, "signal", modem, ages, [values | changes for _ in ages])

    def alert(self, key: str, state: str, age_s: float, tags: dict[str, str], **fields: Value) -> None:
        """Write one change of an alert."""
        at = self._now_ns - int(age_s * S)
        values: Values = {
            "key": key,
            "rule": "outage",
            "state": state,
            "severity": "critical",
            "since_ms": at // 1_000_000,
            "title_id": "Gangguan layanan",
            "title_en": "Outage",
            "text_id": "",
            "text_en": "",
        }
        self._store.write_points([Point("alert", tags, values | fields, at)])


def plant(store: Store, now_ns: int) -> None:
    """Write one hall of every state."""
    p = Planter(store, now_ns)
    steady: Values = {"rsrq_db": -9.0, "sinr_db": 15.0, "rssi_dbm": -60.0}
    levels: list[Values] = [LTE | steady | {"rsrp_dbm": -85.0 - i % 3} for i in range(21)]
    p.samples(GOOD, "signal", "m1", [30.0 * i for i in range(21)], levels)
    p.signal(GOOD, "m2", IOH, rsrp_dbm=-113.0, sinr_db=-2.0)
    p.signal(TWO_G, "m1", GSM)
    p.signal(DEAD_SPOT, "m1", LTE, first_s=3600, rsrp_dbm=-111.0)
    p.signal(DEAD_SPOT, "m1", {"registration": "searching"})
    p.signal(FAULTY, "m1", {"registration": "modem_silent"})
    p.signal(SILENT, "m1", LTE, first_s=7200, rsrp_dbm=-95.0)
    device: Values = {"undervoltage": True, "clock_state": "untrusted", "spool_depth": 1200, "spool_age_s": 7200}
    p.samples(GOOD, "device", None, [60], [device])
    p.samples(GOOD, "event", "m1", [300], [{"kind": "modem_reset", "detail": EVIL}])
    place = {"site": GOOD.code, "kecamatan": GOOD.kecamatan, "desa": GOOD.desa}
    p.alert("hall", "open", 7200, place, severity="warning")
    p.alert("hall", "resolved", 3600, place, severity="warning", since_ms=(now_ns - 7200 * S) // 1_000_000)
    p.alert("common", "open", 1800, {"kecamatan": "Sandaran", "operator": "Telkomsel"}, count=2, text_id=EVIL, text_en=EVIL)


@contextmanager
def browsing(store: Store) -> Iterator[Client]:
    """Serve the page over a store, and give a client of it."""
    with (
        serve_in_thread(store, SITES, CLASSES, port=0) as server,
        Client(base_url=server.url, trust_env=False, timeout=60) as client,  # no proxy between us and loopback
    ):
        yield client
