"""`make bench`: the figures of the promises P8, P9, P10, on this machine."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.decode import decode_rate
from bench.footprint import body, wire
from bench.load import frame
from bench.reports import figures as reports
from bench.throughput import queryable_ms, rate
from telemetry.frame import encode

Row = tuple[str, str, str]


def _machine() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("model name", "Model"))]
    cpu = names[0].split(":", 1)[1].strip() if names else platform.machine()
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}"


def _versus(value: float, target: float) -> str:
    return f"{target:,.0f} ({value / target:.2f}x)"


def _codec() -> Iterator[Row]:
    for count in (1, 10, 100):
        yield f"frame of {count} samples, bytes a sample", f"{len(encode(frame('6408012001', count))) / count:.1f}", ""
    for count in (10, 100):
        value = decode_rate(count)
        target = _versus(value, 100_000) if count == 100 else ""
        yield f"decode to lines, frames of {count}, samples/s on one core", f"{value:,.0f}", target


def _line(folder: Path) -> Iterator[Row]:
    value = rate(folder / "rate")
    yield "end to end into InfluxDB, samples/s, one collector", f"{value:,.0f}", _versus(value, 60_000)
    value = rate(folder / "rate2", collectors=2)
    yield "the same with two collectors sharing", f"{value:,.0f}", ""
    times = queryable_ms(folder / "idle")
    yield "publish to queryable when idle, ms, median", f"{times[len(times) // 2]:.0f}", ""
    p99 = times[int(len(times) * 0.99) - 1]
    yield "publish to queryable when idle, ms, p99", f"{p99:.0f}", _versus(p99, 1000)


def _agent(folder: Path) -> Iterator[Row]:
    live = wire(folder / "wire")
    yield "IP bytes a 5-minute cycle, one modem, TLS 1.3", f"{live.ip_bytes / live.cycles:.0f}", ""
    yield "packets a cycle", f"{live.packets / live.cycles:.1f}", ""
    yield "IP bytes a sample, live", f"{live.ip_bytes / max(1, live.samples):.0f}", ""
    yield "IP bytes per month, MB", f"{live.month_mb:.2f}", _versus(live.month_mb, 6)
    agent = body(folder / "body")
    yield "agent RSS, two modems, MB", f"{agent.rss_mb:.1f}", _versus(agent.rss_mb, 45)
    yield "agent processor time, % of one core", f"{agent.cpu_percent:.2f}", _versus(agent.cpu_percent, 1)
    yield "agent bytes written to disk a day, MB", f"{agent.written_mb_day:.1f}", _versus(agent.written_mb_day, 25)


def main() -> int:
    """Print the table."""
    print(f"machine: {_machine()}")
    print(f"{'figure':<62}{'measured':>12}  target (ratio)")
    with tempfile.TemporaryDirectory(prefix="sinyal-bench-") as name:
        folder = Path(name)
        for rows in (_codec(), _line(folder), reports(folder / "reports"), _agent(folder)):
            for what, value, target in rows:
                print(f"{what:<62}{value:>12}  {target}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
