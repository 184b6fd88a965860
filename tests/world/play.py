"""Eight days of halls through the real line: pty modem, agent, spool, Mosquitto, collector, SQLite, rollup, needs CSV.

The clock of the modems is ours: each is polled for real every night and whenever its situation changes, and a reading stands
for the samples until the next poll. Everything behind the poll is what runs in production.
"""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import orjson

from agent.config import AgentSection, BrokerSection, Config, ModemSection, PositionSection, SamplingSection
from agent.poll.beside import Hall as Beside
from agent.poll.instrument import Ears
from agent.poll.memory import Memory
from agent.poll.worker import ModemWorker
from agent.spool.clock import Clock
from agent.spool.rows import Entry
from agent.spool.spool import Spool
from agent.uplink.meter import Meter
from agent.uplink.outbox import Outbox
from agent.uplink.publisher import Publisher
from collector.config import load
from collector.run import Collector
from dashboards.cli import main as dashboards
from demo.modem import Fault, SimulatedModem
from demo.replies import Answers, family_answers
from demo.situations import Life, Schedule, Situation
from ground.wita import WITA
from lab.servers import mosquitto, wait_for
from telemetry.frame import Value
from telemetry.streams import Row, present

DAYS, STEP_S = 8, 600
POLL_H = 2
"""Hour of WITA at which every modem is polled: in the quiet hours, so it scans."""
FIRST = date(2026, 10, 1)
START_S = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=WITA).timestamp()
END_S = START_S + DAYS * 86_400
SLOTS = range(int(START_S) - 86_400, int(END_S), STEP_S)
"""The day before the period is the one of commissioning."""
CONFIG = Path(__file__).resolve().parents[2] / "config"


@dataclass(frozen=True, slots=True)
class Modem:
    """One modem of a hall: what it lives through, and what its probes say: (day, values)."""

    name: str
    life: Situation | Schedule
    family: str = "quectel"
    model: str | None = None
    """Another model than the family's usual one."""
    probes: tuple[tuple[int, Mapping[str, Value]], ...] = ()
    polls_a_day: int = 1


@dataclass(frozen=True, slots=True)
class Hall:
    """One hall of the world: its modems, and the verdict that each operator must get: condition and words of the remark."""

    row: str
    what: str
    modems: tuple[Modem, ...]
    verdicts: Mapping[str, tuple[str, str]]
    site: str = ""


def play(folder: Path, halls: Sequence[Hall]) -> dict[str, list[dict[str, str]]]:
    """Let all halls live through eight days. Return the rows of the needs CSV by site code."""
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(folder / "broker"))
        store = folder / "store.db"
        collector = Collector(load(_collector_config(folder, broker.port, store)))
        collector.start()
        stack.callback(collector.stop)
        wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
        with ThreadPoolExecutor(len(halls)) as pool:  # a modem is waited for most of the time
            for _ in pool.map(lambda hall: _send(folder, hall, broker.port), halls):
                pass
    return _needs(folder, store)


def _collector_config(folder: Path, port: int, store: Path) -> Path:
    for name in ("sites.csv", "classes.toml", "needs.toml"):
        (folder / name).write_bytes((CONFIG / name).read_bytes())
    path = folder / "collector.toml"
    broker = f'[broker]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
    path.write_text(f'{broker}[store]\nengine = "sqlite"\npath = "{store}"\n[ingest]\nlinger_ms = 5\n[http]\nport = 0\n')
    return path


def _send(folder: Path, hall: Hall, port: int) -> None:
    """Measure eight days of a hall, and keep its connection until the collector has answered for all of it."""
    config = Config(
        agent=AgentSection(site=hall.site, data_dir=folder / hall.site),
        broker=BrokerSection(host="127.0.0.1", port=port, tls=False),
        sampling=SamplingSection(frame_interval_s=2),
    )
    spool, stop = Spool(config.agent.spool_path, "boot-1"), threading.Event()
    spool.append(_measured(folder, hall))
    publisher = Publisher(
        config,
        Outbox(spool, hall.site, config.sampling.frame_interval_s),
        Clock(wall=lambda: int(time.time() * 1000), ntp=lambda: True),
        Meter(spool),
        boot_id="boot-1",
        version="test",
        record_event=lambda _: None,
    )
    thread = threading.Thread(target=publisher.run, args=(stop,), daemon=True)
    thread.start()
    wait_for(lambda: spool.oldest() is None, f"the card of {hall.what} to be empty", 60)
    stop.set()
    thread.join(10)


def _measured(folder: Path, hall: Hall) -> list[Entry]:
    entries: list[Entry] = []
    ears, memory = Ears(), Memory()
    for modem in hall.modems:
        entries += _samples(folder, hall.site, modem, ears, memory)
        entries += [_entry("probe", modem.name, START_S + day * 86_400, values) for day, values in modem.probes]
    return sorted(entries, key=lambda entry: entry.t_ms or 0)


def _samples(folder: Path, site: str, modem: Modem, ears: Ears, memory: Memory) -> Iterator[Entry]:
    """Poll the modem wherever its situation changes, and a few times a day; each reading stands until the next poll."""
    life, now = Life(modem.life), float(SLOTS[0])
    rows: list[tuple[str, Row]] = []
    link = folder / f"{site}-{modem.name}"
    with SimulatedModem(_answers(modem, life, lambda: now), link, boot_s=0.1) as simulated:
        worker = ModemWorker(
            ModemSection(name=modem.name, port=str(link), family=modem.family, command_timeout_s=1),
            lambda stream, _modem, row, _mono=None: rows.append((stream, row)),
            interval_s=1,
            stop=threading.Event(),
            hall=Beside(memory, ears, utc_ms=lambda: int(now * 1000), position=PositionSection(fixes=2)),
            settle_s=0,
            monotonic=lambda: now,
        )
        lived = None
        for slot in SLOTS:
            now = float(slot)
            situation = modem.life if isinstance(modem.life, Situation) else modem.life(now)
            at = slot - SLOTS[0]
            due = (at - POLL_H * 3600) % (86_400 // modem.polls_a_day) == 0 and not situation.silent
            if situation != lived or due:
                simulated.fault = Fault.SILENCE if situation.silent else None
                rows.clear()
                worker.tick()
                lived = situation
                for stream, row in rows:
                    if stream != "signal":
                        yield _entry(stream, modem.name, now, present(row))
            signal = next(row for stream, row in rows if stream == "signal")
            yield _entry("signal", modem.name, now, present(signal))
        worker._close()


def _answers(modem: Modem, life: Life, now_s: Callable[[], float]) -> Answers:
    usual = family_answers(modem.family, life, now_s)
    if modem.model is None:
        return usual
    identity = {"AT+CGMM": [modem.model, "OK"], "AT+CGMR": [modem.model, "OK"], "ATI": [modem.model, "OK"]}
    return lambda command: identity.get(command) or usual(command)


def _entry(stream: str, modem: str, at_s: float, values: Mapping[str, Value]) -> Entry:
    return Entry(stream, modem, 0, int(at_s * 1000), "ntp", orjson.dumps(dict(values)))


def _needs(folder: Path, store: Path) -> dict[str, list[dict[str, str]]]:
    """Run `sinyal-dashboards needs` and read its CSV."""
    out = folder / "needs"
    last = FIRST + timedelta(days=DAYS)
    code = dashboards(
        ["needs", "--no-pdf", "-c", str(folder / "collector.toml"), "--from", f"{FIRST}", "--to", f"{last}", "--out", str(out)]
    )
    if code != 0:
        raise RuntimeError(f"needs ended with {code}; the store is {store}")
    (path,) = out.glob("*.csv")
    found: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(text):
            found.setdefault(row["kode_desa"].replace(".", ""), []).append(row)
    return found
