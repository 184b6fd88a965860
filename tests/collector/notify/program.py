"""A process that delivers or beats as the watch does, for tests that kill it: `python program.py deliver|watch FOLDER`."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from collector.notify.config import load
from collector.notify.deliver import Delivery, open_channels
from collector.notify.heartbeat import Heartbeat


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("program").debug("event=start")
    config = load(folder / "alerts.toml")
    delivery = Delivery(folder / "watch.db", config, open_channels(config, "alerts.toml"))
    delivery.start()
    heartbeat = Heartbeat(config.heartbeat)
    heartbeat.ready()
    while True:
        time.sleep(0.05)
        if what == "watch" and not (folder / "hang").exists():
            heartbeat.beat(succeeded=not (folder / "store-down").exists() and delivery.healthy())


if __name__ == "__main__":
    main()
