"""One round of probes in a process of its own: its libraries leave the Pi's memory with it.

Job on stdin, rows on stdout, both JSON. Run as `python -m agent.probe.child`.
It sends to the targets of the job only, and has no rights that the agent has not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from agent.port.interface import moved
from telemetry.streams import Probe, present


@dataclass(frozen=True, slots=True)
class Job:
    """What to do through one interface. Empty targets: nothing of that kind."""

    interface: str
    ping_hosts: tuple[str, ...] = ()
    ping_count: int = 5
    dns_server: str | None = None
    dns_names: tuple[str, ...] = ()
    download_url: str | None = None
    download_max_bytes: int = 0


def steps(job: Job) -> Iterator[Callable[[], Probe]]:
    """Yield the probes of a job in order; each loads only its own library."""
    if job.ping_hosts:
        from agent.probe.ping import ping  # noqa: PLC0415

        for host in job.ping_hosts:
            yield partial(ping, host, job.ping_count, job.interface)
    if job.dns_server is not None and job.dns_names:
        from agent.probe.lookup import lookup  # noqa: PLC0415

        for name in job.dns_names:
            yield partial(lookup, name, job.dns_server, job.interface)
    if job.download_url is not None:
        from agent.probe.download import download  # noqa: PLC0415

        yield partial(download, job.download_url, job.download_max_bytes, job.interface)


def perform(job: Job) -> list[Probe]:
    """Do a job; `bytes_used` is what a probe knows as its own, else what the interface moved by the kernel's counters."""
    rows = []
    for step in steps(job):
        before = moved(job.interface)
        row = step()
        after = moved(job.interface)
        if row.bytes_used is None and before is not None and after is not None and after >= before:
            row.bytes_used = after - before
        rows.append(row)
    return rows


def main() -> int:
    """Read a job, write its rows."""
    data: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    job = Job(**data)
    sys.stdout.buffer.write(orjson.dumps([present(row) for row in perform(job)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
