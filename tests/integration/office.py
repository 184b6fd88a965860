"""A collector's configuration for tests: two halls in its list of sites, a broker on loopback, a store."""

from __future__ import annotations

from pathlib import Path

from collector.sites.sites import Site
from tests.collector.frames import OTHER, SITE

Sites = tuple[Site, ...]
BOTH = (SITE, OTHER)
SQLITE = 'engine = "sqlite"\npath = "store.db"'


def write_config(
    folder: Path, port: int, store: str = SQLITE, extra: str = "", *, http_port: int = 0, group: str = "", sites: Sites = BOTH
) -> Path:
    """Write sites.csv and collector.toml; return the latter."""
    folder.mkdir(exist_ok=True)
    rows = [f"{s.code},{s.kecamatan},{s.desa},{s.lat},{s.lon},centroid\n" for s in sites]
    (folder / "sites.csv").write_text("".join(["code,kecamatan,desa,lat,lon,coordinate_source\n", *rows]))
    path = folder / "collector.toml"
    broker_text = f'[broker]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
    if group:
        (folder / "group").write_text(group)
        broker_text += 'group_file = "group"\n'
    path.write_text(f"{broker_text}[store]\n{store}\n[ingest]\nlinger_ms = 5\n{extra}\n[http]\nport = {http_port}\n")
    return path
