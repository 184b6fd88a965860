"""The broker's limits follow the number of halls, and leave the shipped file as it is where it is enough."""

from __future__ import annotations

import re

import pytest

from collector.server.broker_size import drop_in, sized
from ground.paths import shipped

CONF = (shipped() / "mosquitto.conf").read_text()


def test_a_regency_has_what_is_shipped() -> None:
    assert sized(CONF, 141) == CONF
    assert drop_in(141) is None


@pytest.mark.parametrize(("halls", "many", "memory"), [(501, 1002, 268_555_456), (10_000, 20_000, 1_408_435_456)])
def test_more_halls_have_room_for_two_connections_each(halls: int, many: int, memory: int) -> None:
    text = sized(CONF, halls)
    assert re.findall(r"(?m)^max_connections (\d+)$", text) == [str(many), "50"]
    assert re.findall(r"(?m)^memory_limit (\d+)$", text) == [str(memory)]
    assert drop_in(halls) == f"[Service]\nLimitNOFILE={many + 200}\n"
