"""Where the halls are, as the dashboards read it from the store."""

from __future__ import annotations

from pathlib import Path

from collector.config import load
from collector.run import Collector
from collector.sites.sites import Site
from collector.store.site_points import HOUR_NS, site_points
from collector.store.sqlite import Sqlite
from lab.servers import Server, wait_for
from tests.collector.frames import OTHER, SITE

CONFIG = """
[broker]
host = "127.0.0.1"
port = {port}
tls = false
[store]
engine = "sqlite"
path = "store.db"
[ingest]
report_every_s = 1
[http]
port = 0
"""
SITES = "code,kecamatan,desa,lat,lon,coordinate_source\n6408042001,Sangatta Utara,Sangatta Utara,{lat},117.5,centroid\n"


def test_points_read_back_and_the_same_hour_overwrites_itself(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    known = Site("6408042002", "Sangatta Utara", "Sangatta Utara", 0.5, 117.5, "gnss", population=900, power="grid", booster=True)
    for now_ns in (5 * HOUR_NS + 7, 5 * HOUR_NS + 99):
        store.write_points(site_points([SITE, known], now_ns))
    first, second = store.samples("site", 0, 2**62)
    assert first == {
        "time_ns": 5 * HOUR_NS,
        "site": SITE.code,
        "kecamatan": SITE.kecamatan,
        "desa": SITE.desa,
        "lat": SITE.lat,
        "lon": SITE.lon,
        "coordinate_source": "centroid",
    }
    assert (second["population"], second["power"], second["booster"]) == (900, "grid", True)
    assert OTHER.code == second["site"]


def test_a_running_collector_writes_them_and_again_after_a_correction(tmp_path: Path, broker: Server) -> None:
    (tmp_path / "collector.toml").write_text(CONFIG.format(port=broker.port))
    (tmp_path / "sites.csv").write_text(SITES.format(lat=0.5))
    collector = Collector(load(tmp_path / "collector.toml"))

    def places() -> set[object]:
        return {row["lat"] for row in collector.store.samples("site", 0, 2**62)}

    collector.start()
    try:
        wait_for(lambda: places() == {0.5}, "the place of the hall")
        (tmp_path / "sites.csv").write_text(SITES.format(lat=0.25))
        collector.reload_sites()
        wait_for(lambda: 0.25 in places(), "its corrected place")
    finally:
        collector.stop()
