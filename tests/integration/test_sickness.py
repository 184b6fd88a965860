"""Every engine under every sickness: nothing is acked that is not stored, no sickness is silent, and after it all is there.

`python -m tests.integration.test_sickness` prints the table of docs/stores.md.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from collector.errors import StoreUnavailableError
from collector.line.counters import Counters
from collector.line.inbox import Inbox, Received
from collector.line.pipeline import Pipeline
from collector.line.rejected import RejectedFolder
from collector.store.influx1 import Influx1
from collector.store.influx2 import Influx2
from collector.store.sqlite import Sqlite
from collector.store.store import Store
from lab.servers import MissingServerError, Server, fetch, influxd, wait_for
from lab.sickroom import HTML, PAGE, Answer, Asked, Sickness, Sickroom, well
from telemetry.ack import Ack, frame_id
from telemetry.frame import Frame, encode
from telemetry.topics import stream_topic
from tests.collector.frames import SITE, signal_frame
from tests.integration.store_readers import LOOKERS, told

ENGINES = ("sqlite", "influx1", "influx2")
FRAMES, SAMPLES = 6, 10
ODD = 3
"""The frame that a sickness of single frames hits."""
ODD_SEQ = f"seq={1 + ODD * SAMPLES}i"
NOW_MS = int(time.time() * 1000)


def error(status: int, v1: str, v2: str | None = None, **headers: str) -> Callable[[str], Answer]:
    """Return what an engine says with this status."""
    names = {400: "invalid", 401: "unauthorized", 403: "forbidden", 404: "not found", 413: "request too large"}
    code = names.get(status, "internal error")
    texts = {"influx1": f'{{"error":"{v1}"}}', "influx2": f'{{"code":"{code}","message":"{v2 or v1}"}}'}
    heads = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda engine: Answer(status, texts[engine].encode(), headers=heads)


@dataclass(frozen=True)
class Case:
    """A sickness: what it answers to writes and to queries, and what must be said of it."""

    name: str
    fault: str
    writes: Callable[[str], Answer] | None = None
    queries: Callable[[str], Answer] | None = None
    only_odd: bool = False
    hold: bool = False
    """The odd frame is held for good, not stored after all."""
    running: bool = False
    """It begins while the line runs, between the proofs of each minute."""

    def sickness(self, engine: str) -> Sickness:
        """Return what the stand-in does."""

        def ail(asked: Asked) -> Answer | None:
            make = self.writes if asked.what == "write" else self.queries
            if make is None or (self.only_odd and ODD_SEQ not in asked.text):
                return None
            return make(engine)

        return ail


def page(status: int, **headers: str) -> Callable[[str], Answer]:
    return lambda _engine: Answer(status, PAGE, HTML, headers)


PARSE = "unable to parse 'signal,site=x " + "x" * 400 + "': bad timestamp"
CASES = [
    Case("200 with a web page", "not_a_store", page(200), page(200)),
    Case("204 to everything, nothing stored", "not_a_store", page(204), page(204)),
    Case("the same, while running", "not_a_store", page(204), page(204), running=True),
    Case("301", "not_a_store", page(301, Location="https://elsewhere/"), page(301, Location="https://elsewhere/")),
    Case("400 for a while", "broken", error(400, PARSE)),
    Case("401", "login_refused", error(401, "authorization failed", "unauthorized access"), error(401, "unauthorized")),
    Case("403 on writing", "not_allowed", error(403, "not authorized to write to sinyal", "insufficient permissions for write")),
    Case("404 of a proxy", "not_a_store", page(404), page(404)),
    Case("413 for everything", "broken", error(413, "Request Entity Too Large", "request too large")),
    Case("422 for a while", "broken", error(422, "unprocessable")),
    Case("429 with Retry-After", "busy", error(429, "too many requests", Retry_After="1")),
    Case("500 for ever on one frame", "broken", error(500, "unexpected error writing points"), only_odd=True, hold=True),
    Case("503", "busy", error(503, "service unavailable")),
    Case("cut body", "unreachable", queries=lambda _: Answer(200, b'{"results":[{"statement_id":0,"series":[' * 9, cut=True)),
    Case("answer that ends too early", "unreachable", queries=lambda _: Answer(200, b'{"results":[{"partial":true}]}\n')),
    Case(
        "read right missing", "unreadable",
        queries=lambda engine: {
            "influx1": Answer(403, b'{"error":"\\"u\\" user is not authorized to execute statement"}'),
            "influx2": Answer(200, b'{"results":[{"statement_id":0,"error":"database not found: sinyal"}]}'),
        }[engine],
    ),
    Case("disk full", "disk_full", error(500, "engine: write /var/lib/influxdb/wal: no space left on device")),
]  # fmt: skip
ALIKE = [
    Case("202 on writing, while running", "not_a_store", page(202), running=True),
    Case("308 on writing, while running", "not_a_store", page(308, Location="http://127.0.0.1:9/"), running=True),
    Case("407 of a proxy, while running", "not_a_store", page(407), page(407), running=True),
    Case("502 of a proxy, while running", "unreachable", page(502), page(502), running=True),
    Case("504 of a proxy, while running", "unreachable", page(504), running=True),
    Case("disk full for one frame", "disk_full", error(500, "write wal: no space left on device"), only_odd=True, hold=True),
]
"""For the table alone: what they take is taken by others above."""


@dataclass
class Office:
    """A line on a store, with what it answered."""

    line: Pipeline
    inbox: Inbox
    store: Store
    counters: Counters
    acks: list[Ack] = field(default_factory=list)
    sent: dict[int, Frame] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def send(self, frame: Frame) -> None:
        """Hand a frame over, as the broker does."""
        payload = encode(frame)
        self.sent[frame_id(payload)] = frame
        self.inbox.put([Received(stream_topic(frame.site, frame.stream), payload, NOW_MS)])

    def answered(self, kind: str) -> dict[int, str]:
        """Return the answers of a kind by CRC."""
        if kind == "ok":
            return {crc: "" for ack in list(self.acks) for crc in ack.ok}
        return {answer.crc: answer.reason for ack in list(self.acks) for answer in getattr(ack, kind)}

    def faults(self) -> set[str]:
        """Return the faults that /healthz names now, and remember them."""
        self.seen |= {fault["fault"] for fault in self.counters.store_faults()}
        return self.seen

    def missing(self) -> set[int]:
        """Return the numbers of samples that were acked and are not stored."""
        acked = {seq for crc in self.answered("ok") for seq in self.sent[crc].seq}
        return acked - set(self.store.seqs(SITE.code))


@contextmanager
def office(folder: Path, store: Store) -> Iterator[Office]:
    """Run a line on a store."""
    counters, acks = Counters(), list[Ack]()
    line = Pipeline(
        store=store,
        sites={SITE.code: SITE},
        rejected=RejectedFolder(folder / "rejected", 100, 1 << 20),
        counters=counters,
        send_acks=lambda found: acks.extend(found.values()),
        late_after_s=900,
    )
    inbox = Inbox(1 << 24)
    worker = threading.Thread(target=line.run, args=[inbox], kwargs={"batch_frames": 50, "linger_s": 0.05, "every": lambda: None})
    worker.start()
    try:
        yield Office(line, inbox, store, counters, acks)
    finally:
        inbox.close()
        line.stop()
        worker.join(30)
        store.close()


@contextmanager
def sick_office(engine: str, folder: Path, path: str = "") -> Iterator[tuple[Office, Sickroom]]:
    """Run a line on an InfluxDB that can be made sick."""
    with influxd(folder / "influxd") as server, Sickroom(server.url) as room:
        fetch(f"{server.url}/query", b"q=CREATE DATABASE sinyal")
        url = room.url + path
        store: Store = Influx1(url, "sinyal") if engine == "influx1" else Influx2(url, "kutim", "sinyal", "token")
        with office(folder, store) as found:
            yield found, room


def frames() -> list[Frame]:
    return [signal_frame(1 + i * SAMPLES, SAMPLES, t0_ms=NOW_MS - 3_600_000) for i in range(FRAMES)]


def no_lookers(_found: Office, _section: str) -> None:
    """Ask nobody but healthz."""


def section_of(engine: str, url: str, folder: Path) -> str:
    """Return [store] of a collector on this engine, for the programs that look."""
    if engine == "influx1":
        return f'engine = "influx1"\nurl = "{url}"\ndatabase = "sinyal"'
    token = folder / "token"
    token.touch(0o600)
    token.write_text("token")
    return f'engine = "influx2"\nurl = "{url}"\norg = "kutim"\nbucket = "sinyal"\ntoken_file = "{token}"'


def suffer(
    case: Case, engine: str, folder: Path, look: Callable[[Office, str], None] = no_lookers
) -> tuple[int, int, int, set[str]]:
    """Let frames come while the store is sick, `look`, cure it; return (acked, stored, missing, faults); check what must hold."""
    with sick_office(engine, folder) as (found, room):
        first = FRAMES if not case.running else FRAMES - 1
        for frame in frames()[first:]:
            found.send(frame)
        wait_for(lambda: len(found.answered("ok")) == FRAMES - first, "what came before")
        room.sickness = case.sickness(engine)
        for frame in frames()[:first]:
            found.send(frame)
        wait_for(lambda: case.fault in found.faults(), f"{case.fault} in /healthz (seen: {found.seen})")
        if case.only_odd:
            wait_for(lambda: len(found.answered("ok")) == FRAMES - 1, "the other frames")
            wait_for(lambda: found.answered("hold"), "the odd frame's answer")
        else:
            assert len(found.answered("ok")) == FRAMES - first, "acked while nothing was proven"
        assert not found.answered("bad"), "a good frame went to quarantine"
        look(found, section_of(engine, room.url, folder))
        room.sickness = well
        expected = FRAMES - case.hold
        wait_for(lambda: len(found.answered("ok")) == expected, f"all answers after the cure ({found.answered('bad')})")
        assert not found.answered("bad")
        stored = len(found.store.seqs(SITE.code))
        return len(found.answered("ok")) * SAMPLES, stored, len(found.missing()), found.seen


@pytest.fixture(autouse=True)
def needs_influx() -> None:
    try:
        influxd(Path(tempfile.gettempdir()) / "sinyal-none")
    except MissingServerError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("engine", ENGINES[1:])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_acked_that_is_not_stored_and_no_sickness_is_silent(case: Case, engine: str, tmp_path: Path) -> None:
    acked, stored, missing, _ = suffer(case, engine, tmp_path)
    assert missing == 0
    assert acked == stored == (FRAMES - case.hold) * SAMPLES


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_an_address_with_a_path_is_named_and_nothing_is_acked(engine: str, tmp_path: Path) -> None:
    with sick_office(engine, tmp_path, "/orgs/0d1aa6b5b4e9c000") as (found, room):
        found.send(signal_frame())
        wait_for(lambda: "not_a_store" in found.faults(), "the fault")
        assert not found.acks
        with pytest.raises(StoreUnavailableError, match="without a path"):
            found.store.latest("signal")
        assert room.url in found.store._url  # type: ignore[attr-defined]


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_a_deleted_database_is_a_fault_to_every_reader_and_never_an_emptiness(engine: str, tmp_path: Path) -> None:
    with sick_office(engine, tmp_path) as (found, room):
        found.send(frames()[0])
        wait_for(lambda: found.answered("ok"), "the first answer")
        fetch(f"{room.behind}/query", b"q=DROP DATABASE sinyal")
        with pytest.raises(StoreUnavailableError, match="missing"):
            found.store.latest("signal")
        with pytest.raises(StoreUnavailableError, match="missing"):
            list(found.store.samples("signal", 0, 2**62))
        found.send(frames()[1])
        if engine == "influx1":  # made again, and told
            wait_for(lambda: len(found.answered("ok")) == 2, "the second answer")
        else:
            wait_for(lambda: "missing" in found.faults(), "the fault")
            assert len(found.answered("ok")) == 1
            fetch(f"{room.behind}/query", b"q=CREATE DATABASE sinyal")
            wait_for(lambda: len(found.answered("ok")) == 2, "the second answer")
        assert set(found.store.seqs(SITE.code)) >= set(frames()[1].seq)


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_a_retention_made_shorter_takes_what_is_young_enough_and_tells_the_rest(engine: str, tmp_path: Path) -> None:
    with sick_office(engine, tmp_path) as (found, room):
        fetch(f"{room.behind}/query", b"q=ALTER RETENTION POLICY autogen ON sinyal DURATION 2d SHARD DURATION 1d")
        whole, old = frames()[0], signal_frame(101, 10, t0_ms=NOW_MS - 30 * 86_400_000)
        half = signal_frame(201, 10, t0_ms=NOW_MS - 10_800_000)
        half.t_ms[:4] = [t - 30 * 86_400_000 for t in half.t_ms[:4]]
        for frame in (whole, old, half):
            found.send(frame)
        wait_for(lambda: len(found.answered("ok")) == 2 and found.answered("bad"), "three answers")
        assert "older than the store keeps" in next(iter(found.answered("bad").values()))
        assert found.store.seqs(SITE.code) == whole.seq + half.seq[4:]
        assert (found.counters.expired_samples, found.counters.intake[SITE.code]["expired"]) == (4, 4)


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_a_type_conflict_in_the_store_holds_frames_and_quarantines_none(engine: str, tmp_path: Path) -> None:
    with sick_office(engine, tmp_path) as (found, room):
        foreign = f"signal,site=other rsrp_dbm=-97i {frames()[0].t_ms[0] * 1_000_000}"
        fetch(f"{room.behind}/write?db=sinyal", foreign.encode())
        for frame in frames():
            found.send(frame)
        wait_for(lambda: len(found.answered("hold")) == FRAMES, "all frames held")
        assert not found.answered("bad")
        assert not found.missing()
        assert found.faults() == {"type_conflict"}


def test_a_retention_policy_dropped_while_running_is_made_again(tmp_path: Path) -> None:
    with sick_office("influx1", tmp_path) as (found, room):
        found.send(frames()[0])
        wait_for(lambda: found.answered("ok"), "the first answer")
        fetch(f"{room.behind}/query", b"q=DROP RETENTION POLICY autogen ON sinyal")
        found.send(frames()[1])
        wait_for(lambda: len(found.answered("ok")) == 2, "the second answer")
        assert found.store.seqs(SITE.code) == frames()[1].seq


@pytest.mark.parametrize("name", ["made by hand", "altered", "shorter by config"])
def test_a_retention_that_its_owner_chose_stops_nothing(name: str, tmp_path: Path, influx: Server) -> None:
    if name == "made by hand":
        fetch(f"{influx.url}/query", b"q=CREATE DATABASE sinyal WITH DURATION 730d")
    else:
        Influx1(influx.url, "sinyal").check()
    if name == "altered":
        fetch(f"{influx.url}/query", b"q=ALTER RETENTION POLICY sinyal ON sinyal DURATION 365d")
    with office(tmp_path, Influx1(influx.url, "sinyal", retention_days=365 if name == "shorter by config" else 0)) as found:
        found.send(frames()[0])
        wait_for(lambda: found.answered("ok"), "the answer")
        assert found.store.seqs(SITE.code) == frames()[0].seq


SQLITE: dict[str, str] = {"disk full": "disk_full", "locked by another program": "busy", "not to be written": "not_allowed"}


def suffer_sqlite(name: str, folder: Path, look: Callable[[Office, str], None] = no_lookers) -> tuple[int, int, int, set[str]]:
    """Let a long frame come while SQLite is sick, cure it; return as `suffer` does."""
    store = Sqlite(folder / "store.db")
    other = sqlite3.connect(folder / "store.db", isolation_level=None)
    undo: Callable[[], object] = lambda: None  # noqa: E731
    if name == "disk full":
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        undo = lambda: store._db.execute("PRAGMA max_page_count = 1000000")  # noqa: E731
    elif name == "locked by another program":
        other.execute("BEGIN IMMEDIATE")
        undo = lambda: other.execute("ROLLBACK")  # noqa: E731
    else:
        store._db.execute("PRAGMA query_only = 1")
        undo = lambda: store._db.execute("PRAGMA query_only = 0")  # noqa: E731
    with office(folder, store) as found:
        found.send(signal_frame(1, 300))
        wait_for(lambda: SQLITE[name] in found.faults(), f"the fault (seen: {found.seen})")
        assert not found.acks
        look(found, f'engine = "sqlite"\npath = "{folder / "store.db"}"')
        undo()
        wait_for(lambda: found.answered("ok") or found.answered("hold"), "the answer")
        if not found.answered("ok"):  # it was held while the lookers looked: a hall sends it again
            found.send(signal_frame(1, 300))
        wait_for(lambda: found.answered("ok"), "the answer")
        other.close()
        return 300, len(store.seqs(SITE.code)), len(found.missing()), found.seen


@pytest.mark.parametrize("name", SQLITE)
def test_a_sick_sqlite_is_named_and_answers_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.store.sqlite.BUSY_TIMEOUT_S", 0.1)
    said: dict[str, str] = {}
    acked, stored, missing, _ = suffer_sqlite(
        name, tmp_path, lambda found, section: said.update(told(found.store, section, found.counters, tmp_path, NOW_MS))
    )
    assert [who for who in LOOKERS if not said[who]] == []
    assert (acked, missing) == (stored, 0)


def test_a_sqlite_file_that_is_removed_is_told_and_nothing_goes_into_the_void(tmp_path: Path) -> None:
    with office(tmp_path, Sqlite(tmp_path / "store.db")) as found:
        found.send(frames()[0])
        wait_for(lambda: found.answered("ok"), "the first answer")
        for path in tmp_path.glob("store.db*"):
            path.unlink()
        with pytest.raises(StoreUnavailableError, match="missing"):
            found.store.latest("signal")
        found.send(frames()[1])
        wait_for(lambda: len(found.answered("ok")) == 2, "the second answer")
        assert found.store.seqs(SITE.code) == frames()[1].seq


def main() -> int:
    """Print the table: engine, sickness, what was acked, stored, missing, how it was told, and who of the five was silent."""
    print(f"{'engine':<9}{'sickness':<36}{'acked':>6}{'stored':>7}{'acked but missing':>18}  told as")
    silent, rows_told = 0, 0
    rows = [(engine, case.name, partial(suffer, case, engine)) for engine in ENGINES[1:] for case in (*CASES, *ALIKE)]
    rows += [("sqlite", sickness, partial(suffer_sqlite, sickness)) for sickness in SQLITE]
    for engine, sickness, let in rows:
        with tempfile.TemporaryDirectory() as name:
            said: dict[str, str] = {}

            def look(found: Office, section: str, said: dict[str, str] = said, place: str = name) -> None:
                said.update(told(found.store, section, found.counters, Path(place), NOW_MS))

            acked, stored, missing, seen = let(folder=Path(name), look=look)
        dumb = [who for who in LOOKERS if not said[who]]
        silent, rows_told = silent + len(dumb), rows_told + 1
        print(f"{engine:<9}{sickness:<36}{acked:>6}{stored:>7}{missing:>18}  {', '.join(sorted(seen))}", flush=True)
        for who in LOOKERS if "--words" in sys.argv else dumb:
            print(f"{'':<9}{who}: {said[who] or 'SILENT'}", flush=True)
    print(f"{rows_told} rows, each before {', '.join(LOOKERS)}: {silent} silent")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
