"""A broker that needs no installation (amqtt), as a program: `python -m demo.embedded_broker PORT`."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import ItemsView, Iterator
from typing import Any, TypeVar

from amqtt.broker import Broker

from demo.program import HOST

K = TypeVar("K")
V = TypeVar("V")


class Snapshots(dict[K, V]):
    """A dictionary that may change while somebody goes through it: who began sees what was there then."""

    def __iter__(self) -> Iterator[K]:
        return iter(list(super().__iter__()))

    def items(self) -> ItemsView[K, V]:  # type: ignore[override]  # every dictionary view has its methods
        """Return the pairs of now."""
        return dict(super().items()).items()


class SteadyBroker(Broker):  # type: ignore[misc]  # amqtt has no types
    """amqtt's broker, which goes through its subscriptions while clients come and go.

    Without this the session that was being served dies of "dictionary changed size during iteration", while its TCP connection
    and its PINGs live on.
    """

    def __init__(self, port: int) -> None:
        super().__init__(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        self._subscriptions: Snapshots[str, Any] = Snapshots()
        self._retained_messages: Snapshots[str, Any] = Snapshots()


async def serve(port: int) -> None:
    """Serve on a loopback port until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    broker = SteadyBroker(port)
    await broker.start()
    await ended.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(serve(int(sys.argv[1])))
