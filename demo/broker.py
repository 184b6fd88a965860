"""The demo's own MQTT broker (amqtt): a process of its own, so that an incident can kill it. Loopback only, nothing on disk."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from amqtt.broker import Broker

HOST = "127.0.0.1"


async def serve(port: int) -> None:
    """Serve on a loopback port until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    await ended.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(serve(int(sys.argv[1])))
