"""`python -m bench.grafana`: what each panel of each dashboard costs a real InfluxDB 1.x, over 30 days of all halls.

The time of the processor is that of influxd, so a busy machine changes it little; a panel's queries go one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from collector.sites.sites import Site, read_sites
from collector.store.influx1 import Influx1
from collector.store.store import Point
from dashboards.grafana.context import GENERATED
from demo.fill import Filler, Recipe
from demo.profiles import PROFILES, plan
from demo.seed import seed, span_of
from ground.paths import shipped
from lab import servers
from lab.grafana_query import Choice
from telemetry.frame import Value

DAYS, HALLS, RAW_DAYS, INTERVAL_S, SEED = 30, 141, 2, 30, 1
DEVICE_S = 300
DEVICE: Mapping[str, Value] = {
    "clock": "ntp",
    "cpu_temperature_c": 52.0,
    "undervoltage": False,
    "disk_free_mb": 11_800.0,
    "spool_age_s": 300,
    "quarantined": 0,
    "thinned": 0,
    "clock_state": "ntp",
    "bytes_month": 2_000_000,
    "budget_month": 6_000_000,
    "agent_version": "0.1.0",
}
TARGET_S = 1.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one panel took: seconds of the processor and of the clock, and how many rows came."""

    panel: str
    cpu_s: float
    wall_s: float
    rows: int


def _cpu_s(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS


def _fill(store: Influx1, sites: Mapping[str, Site], end: datetime) -> Site:
    """Write the month of all halls, and every sample of one; return that hall."""
    seed(store, sites, days=DAYS, halls=HALLS, end=end, interval_s=60, raw_days=RAW_DAYS)
    code = next(code for code, profile in plan(sites.values(), HALLS, SEED).items() if profile is PROFILES[1])
    Filler(store, Recipe(sites[code], PROFILES[1], INTERVAL_S, SEED)).fill(span_of(end, DAYS, None))
    _devices(store, sites, end)
    return sites[code]


def _devices(store: Influx1, sites: Mapping[str, Site], end: datetime) -> None:
    """Write what every device says of itself every 5 minutes; the made-up month keeps that of its last days only."""
    last_s = int(end.timestamp())
    for code in plan(sites.values(), HALLS, SEED):
        tags = {"site": code, "kecamatan": sites[code].kecamatan, "desa": sites[code].desa}
        points = []
        for at_s in range(last_s - DAYS * 86_400, last_s, DEVICE_S):
            values = {**DEVICE, "uptime_s": at_s % 86_400, "spool_depth": at_s // DEVICE_S % 14}
            points.append(Point("device", tags, values, at_s * 1_000_000_000))
        store.write_points(points)


def _asked(url: str, query: str) -> int:
    reply = requests.post(f"{url}/query", f"db=sinyal&epoch=ms&q={quote(query)}", timeout=120, headers=FORM)
    (result,) = json.loads(reply.content)["results"]
    assert "error" not in result, f"{result['error']}: {query}"
    return sum(len(one["values"]) for one in result.get("series", []))


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _costs(url: str, pid: int, boards: Mapping[str, Any], choice: Choice, hall: Site) -> Iterator[Cost]:
    of_hall = Choice(choice.start_ms, choice.end_ms, {"desa": [hall.desa]}, choice.points)
    for name, board in boards.items():
        chosen = of_hall if name == "hall" else choice
        for panel in board["panels"]:
            if not panel.get("targets"):
                continue
            cpu_s, began = _cpu_s(pid), time.monotonic()
            asked = replace(chosen, points=panel.get("maxDataPoints", chosen.points))
            queries = [asked.fill(target["query"], panel.get("interval")) for target in panel["targets"]]
            count = sum(_asked(url, query) for query in queries)
            yield Cost(f"{name}: {panel['title']}", _cpu_s(pid) - cpu_s, time.monotonic() - began, count)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, dearest first; exit 1 where a panel takes more than a second of the processor."""
    parser = argparse.ArgumentParser(prog="python -m bench.grafana", description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the filled database here, and take it again the next time")
    args = parser.parse_args(argv)
    end = datetime(2026, 11, 27, 12, tzinfo=UTC)
    sites = read_sites(shipped() / "sites.csv")
    boards = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((GENERATED / "en").glob("*.json"))}
    with tempfile.TemporaryDirectory(prefix="sinyal-bench-") as name:
        folder = args.folder or Path(name)
        known = folder / "hall"
        with servers.influxd(folder / "influxd") as server:
            assert server.process is not None
            if not known.exists():
                known.write_text(_fill(Influx1(server.url, "sinyal"), sites, end).code)
            hall = sites[known.read_text()]
            end_ms = int(end.timestamp() * 1000)
            choice = Choice(end_ms - DAYS * 86_400_000, end_ms)
            costs = sorted(_costs(server.url, server.process.pid, boards, choice, hall), key=lambda cost: -cost.cpu_s)
    print(
        f"{DAYS} days, {HALLS} halls; load of the machine {os.getloadavg()[0]:.1f}\n{'panel':<60}{'CPU s':>8}{'s':>8}{'rows':>9}"
    )
    for cost in costs:
        print(f"{cost.panel:<60}{cost.cpu_s:>8.2f}{cost.wall_s:>8.2f}{cost.rows:>9,}")
    over = [cost for cost in costs if cost.cpu_s > TARGET_S]
    print(f"{len(costs)} panels, {len(over)} above {TARGET_S:g} s of the processor")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
