"""An engine's library is loaded only when the engine is chosen: it costs memory and half the time of a start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OPEN = """
import sys
import collector.run
from collector.config import load
from collector.store.open import open_store
from pathlib import Path
open_store(load(Path(sys.argv[1])).store)
print("influxdb_client" in sys.modules)
"""
SECTIONS = {
    "sqlite": ('engine = "sqlite"\npath = "store.db"', False),
    "influx1": ('engine = "influx1"', False),
    "clickhouse": ('engine = "clickhouse"', False),
    "influx2": ('engine = "influx2"\norg = "o"\nbucket = "b"\ntoken_file = "token"', True),
}


@pytest.mark.parametrize("engine", SECTIONS)
def test_an_engine_is_loaded_only_when_it_is_chosen(engine: str, tmp_path: Path) -> None:
    section, loaded = SECTIONS[engine]
    (tmp_path / "token").write_text("secret")
    config = tmp_path / "collector.toml"
    config.write_text(f'[broker]\nhost = "localhost"\n[store]\n{section}\n')
    done = subprocess.run([sys.executable, "-c", OPEN, str(config)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)
