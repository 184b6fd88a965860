"""An hour of a hall on a line that is not loopback (P8, P9): `python -m tests.hour --modems 2`.

Needs root, ip, tc and iptables. Hall, router and server are those of tests.namespaces, with what is shipped: broker, rules, TLS,
intervals. The router lets 256 kbit/s through and loses one packet in 200; it counts the IP bytes of the connection both ways.
The hall has a card (ext4) of its own.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.footprint import CYCLES_A_MONTH, DAY_S, FAMILIES, MODEM, cpu_s, rss_mb, written
from demo.modem import SimulatedModem
from demo.radio import Radio
from demo.replies import family_answers
from lab.card import make, mounted
from tests.namespaces import Line, Net, network

SHAPE = ("root", "tbf", "rate", "256kbit", "burst", "3000", "latency", "800ms")
LOSS = ("-m", "statistic", "--mode", "random", "--probability", "0.005", "-j", "DROP")
SETTLE_S = 60.0
"""What starting cost is paid then."""
BYTES_A_MONTH = 6.0
RSS_MB, CPU_PERCENT, WRITTEN_MB_DAY = 45.0, 1.0, 25.0


def hurt(net: Net) -> None:
    """Make a village's line of the path, and let the router count what passes."""
    for device in ("near", "far"):
        net.exec(net.router, "tc", "qdisc", "add", "dev", device, *SHAPE)
    net.exec(net.router, "iptables", "-A", "FORWARD", "-p", "tcp")
    net.exec(net.router, "iptables", "-A", "FORWARD", *LOSS)


def passed(net: Net) -> tuple[int, int, int]:
    """Return packets and IP bytes that reached the router so far, and packets that it lost."""
    counted, lost = net.exec(net.router, "iptables", "-nvxL", "FORWARD").splitlines()[2:4]
    return int(counted.split()[0]), int(counted.split()[1]), int(lost.split()[0])


def hour(folder: Path, net: Net, modems: int, minutes: float) -> bool:
    """Measure; say so each ten minutes; return whether the promises hold."""
    with ExitStack() as stack:
        home = stack.enter_context(mounted(make(folder / "card.img", 256, "mkfs.ext4", "-q", "-F"), folder / "card"))
        links = {family: folder / f"tty-{family}" for family in FAMILIES[:modems]}
        for number, (family, link) in enumerate(links.items()):
            stack.enter_context(SimulatedModem(family_answers(family, Radio(seed=number)), link))
        sections = "".join(MODEM.format(name=family, link=link, family=family) for family, link in links.items())
        line = Line(folder, net, 300, data=home / "data", sections=sections, device_s=300)
        stack.enter_context(line.running())
        assert line.agent.process is not None
        pid = line.agent.process.pid  # `ip netns exec` becomes the program itself
        time.sleep(SETTLE_S)
        began, cpu, disk, before = time.monotonic(), cpu_s(pid), written(pid), passed(net)
        top, good, said = 0.0, False, 0
        while (spent := time.monotonic() - began) < minutes * 60:
            time.sleep(min(10.0, minutes * 60 - spent))
            top, spent = max(top, rss_mb(pid)), time.monotonic() - began
            if spent >= min((said + 1) * 600, minutes * 60) - 1:
                said += 1
                packets, moved, lost = (now - then for now, then in zip(passed(net), before, strict=True))
                month = moved / (spent / 300) * CYCLES_A_MONTH / 1e6
                busy, day = 100 * (cpu_s(pid) - cpu) / spent, (written(pid) - disk) / spent * DAY_S / 1e6
                good = month <= BYTES_A_MONTH * modems and top <= RSS_MB and busy <= CPU_PERCENT and day <= WRITTEN_MB_DAY
                print(
                    f"{modems} modems, {spent / 60:.0f} min: {moved} IP bytes in {packets} packets ({lost} lost), "
                    f"{month:.2f} MB a month (promised {BYTES_A_MONTH * modems:.0f}); RSS {top:.1f} MB at most ({RSS_MB:.0f}), "
                    f"processor {busy:.2f} % ({CPU_PERCENT:.0f}), written {day:.1f} MB a day ({WRITTEN_MB_DAY:.0f})",
                    flush=True,
                )
        print(f"connections: {line.said('event=connected')}; {line.complete()}", flush=True)
        return good


def main() -> int:
    """Measure; exit 0 when every figure is within its promise and nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.hour", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--modems", type=int, choices=(1, 2), default=2)
    args = parser.parse_args()
    mark = re.sub(r"\W", "", f"shour{args.modems}")
    with tempfile.TemporaryDirectory(prefix="sinyal-hour-") as folder, network(mark) as net:
        hurt(net)
        return 0 if hour(Path(folder), net, args.modems, args.minutes) else 1


if __name__ == "__main__":
    sys.exit(main())
