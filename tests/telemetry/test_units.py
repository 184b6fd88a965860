"""Index to value: edges of each scale, with the clause's own examples."""

from collections.abc import Callable

import pytest

from telemetry import units

TABLE: list[tuple[Callable[[int | None], float | None], int, float, int, float, int]] = [
    (units.csq_rssi_dbm, 0, -113, 31, -51, 99),
    (units.rxlev_dbm, 0, -111, 63, -48, 99),
    (units.rscp_dbm, 0, -121, 96, -25, 255),
    (units.ecno_db, 0, -24.5, 49, 0, 255),
    (units.rsrq_db, 0, -20, 34, -3, 255),
    (units.rsrp_dbm, 0, -141, 97, -44, 255),
    (units.ss_rsrq_db, 0, -43.5, 126, 19.5, 255),
    (units.ss_rsrp_dbm, 0, -157, 126, -31, 255),
    (units.ss_sinr_db, 0, -23.5, 127, 40, 255),
    (units.lte_bandwidth_mhz, 0, 1.4, 5, 20, 6),
    (units.lte_resource_blocks_mhz, 6, 1.4, 100, 20, 7),
]


@pytest.mark.parametrize(
    ("convert", "low", "low_value", "top", "top_value", "unknown"), TABLE, ids=lambda x: getattr(x, "__name__", None)
)
def test_edges_and_unknown(
    convert: Callable[[int | None], float | None], low: int, low_value: float, top: int, top_value: float, unknown: int
) -> None:
    assert convert(low) == low_value
    assert convert(top) == top_value
    assert convert(unknown) is None
    assert convert(top + 1) is None
    assert convert(-1) is None
    assert convert(None) is None


def test_every_bandwidth_of_lte() -> None:
    """TS 36.101 table 5.6-1: resource blocks and channel bandwidth; TS 36.331 dl-Bandwidth: the same in this order."""
    table = {6: 1.4, 15: 3.0, 25: 5.0, 50: 10.0, 75: 15.0, 100: 20.0}
    assert {blocks: units.lte_resource_blocks_mhz(blocks) for blocks in table} == table
    assert [units.lte_bandwidth_mhz(index) for index in range(6)] == list(table.values())
