"""The embedded broker where its original failed: its tables change while it goes through them."""

from __future__ import annotations

import asyncio

from demo.embedded_broker import Snapshots, SteadyBroker


def test_a_table_may_change_while_somebody_goes_through_it() -> None:
    table = Snapshots({1: "a", 2: "b"})
    seen = []
    for key in table:
        seen.append(key)
        table[10 + key] = "new"
    for key, value in table.items():
        seen.append(key)
        table.pop(key)
        table[100 + key] = value
    assert seen == [1, 2, 1, 2, 11, 12]


def test_the_broker_goes_through_tables_that_may_change() -> None:
    async def tables() -> list[type]:
        broker = SteadyBroker(1)
        return [type(broker.subscriptions), type(broker.retained_messages)]

    assert asyncio.run(tables()) == [Snapshots, Snapshots]
