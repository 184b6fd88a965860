"""What `status` says of the last sample: operator, generation, level and class; never a level where nothing serves."""

from __future__ import annotations

from typing import Any

import pytest

from agent.host.status import _reading

CUTS = (-110, -100, -90, -80)


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"registration": "home", "rat": "lte", "plmn": "51010", "rsrp_dbm": -101.0}, "Telkomsel 4G, −101 dBm (Buruk)"),
        ({"registration": "home", "rat": "nr_sa", "plmn": "51011", "nr_rsrp_dbm": -85.0}, "XLSMART 5G, −85 dBm (Baik)"),
        ({"registration": "home", "rat": "gsm", "plmn": "51001", "rssi_dbm": -71.0}, "Indosat (IOH) 2G, −71 dBm"),
        ({"registration": "home", "plmn": "51010"}, "Telkomsel"),
        ({"registration": "home"}, "terdaftar, tanpa nilai"),
        ({"registration": "searching", "rsrp_dbm": -101.0}, "mencari jaringan"),
        ({"registration": "no_sim"}, "tanpa kartu SIM"),
    ],
)
def test_the_last_sample_in_words(last: dict[str, Any], said: str) -> None:
    assert _reading(last, CUTS, "id") == said
