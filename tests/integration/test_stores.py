"""The same frames into every engine give the same points back; each engine names its failures the same way."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.influx1 import Influx1
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Point, Row, Store
from lab.engines import ENGINES, open_engine
from lab.servers import Server, fetch, influxd
from telemetry.frame import Frame, Sample, Value, decode, encode, pack, unpack
from telemetry.streams import STREAMS
from tests.collector.frames import OTHER, SITE, T0_MS, signal_frame

ALL_TIME = (0, 2**62)
Starter = Callable[[Callable[[], Server]], Server]


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path, start_server: Starter) -> Store:
    return open_engine(request.param, tmp_path, start_server)


def mixed_frames() -> list[Frame]:
    """All streams, absent values, changing tags, several samples of one ms, texts with every awkward character."""
    texts = ['quote " and \\ back', "comma, equals= space", "new\nline", "100% ünïcödé", "ends with \\"]
    signals: list[dict[str, Value]] = [
        {"registration": "home", "rat": "lte", "plmn": "51010", "band": 3, "rsrp_dbm": -97.0},
        {"registration": "home", "rat": "gsm", "plmn": "51021", "rssi_dbm": -71.5},
        {"registration": "no_sim"},
        {"registration": "home", "rat": "lte", "plmn": "50212", "band": 40, "cell_id": 2**36 - 1},
    ]
    device: list[dict[str, Value]] = [
        {"undervoltage": True, "uptime_s": 86400, "disk_free_mb": 11800.25, "agent_version": "0.1.0"},
        {"undervoltage": False, "cpu_temperature_c": 51.0},
    ]
    ping: dict[str, Value] = {"kind": "ping", "target": "1.1.1.1", "rtt_ms": 61, "bytes_used": 84}
    frames = [
        signal_frame(1, 20),
        pack(SITE.code, "signal", "m1", [Sample(101 + i, T0_MS, "ntp", v) for i, v in enumerate(signals)]),
        pack(SITE.code, "cell", "m1", [Sample(200 + i, T0_MS, "ntp", {"role": "scc", "rat": "lte", "pci": i}) for i in range(5)]),
        pack(SITE.code, "probe", "m2", [Sample(300, T0_MS, "ntp", ping)]),
        pack(
            SITE.code,
            "event",
            None,
            [Sample(400 + i, T0_MS + i, "ntp", {"kind": "boot", "detail": t}) for i, t in enumerate(texts)],
        ),
        pack(SITE.code, "device", None, [Sample(500 + i, T0_MS + i, "rebased", v) for i, v in enumerate(device)]),
    ]
    return [decode(encode(frame)) for frame in frames]


def expected(frames: list[Frame], stream: str) -> list[tuple[int, Row]]:
    """Build by hand what a store must answer, without the code under test."""
    found: list[tuple[int, Row]] = []
    for frame in frames:
        for s in unpack(frame) if frame.stream == stream else []:
            row: Row = {
                "seq": s.seq,
                "clock": s.clock,
                "site": SITE.code,
                "kecamatan": SITE.kecamatan,
                "desa": SITE.desa,
                **s.values,
            }
            if frame.modem:
                row["modem"] = frame.modem
            found.append((s.t_ms * 1_000_000 + s.seq % 1_000_000, row))
    return sorted(found, key=lambda item: item[0])


def timed(row: Row) -> tuple[int, Row]:
    return int(row["time_ns"]), {k: v for k, v in row.items() if k not in ("time_ns", "operator")}


def test_every_stream_reads_back_as_it_was_measured(store: Store) -> None:
    frames = mixed_frames()
    store.write([Placed(frame, SITE) for frame in frames])
    for stream in STREAMS:
        rows = list(store.samples(stream, *ALL_TIME))
        assert [timed(row) for row in rows] == expected(frames, stream)
    operators = {row["seq"]: row.get("operator") for row in store.samples("signal", *ALL_TIME)}
    assert (operators[101], operators[102], operators[103], operators[104]) == ("Telkomsel", "IOH", None, "other")


def test_values_read_back_in_the_types_of_the_contract(store: Store) -> None:
    store.write([Placed(frame, SITE) for frame in mixed_frames()])
    row = next(r for r in store.samples("signal", *ALL_TIME) if r["seq"] == 101)
    assert (type(row["rsrp_dbm"]), type(row["band"]), type(row["plmn"])) == (float, int, str)
    device = next(iter(store.samples("device", *ALL_TIME)))
    assert device["undervoltage"] is True


def test_writing_twice_leaves_one_copy(store: Store) -> None:
    batch = [Placed(frame, SITE) for frame in mixed_frames()]
    store.write(batch)
    once = store.seqs(SITE.code)
    store.write(batch)
    assert store.seqs(SITE.code) == once
    assert len(once) == len(set(once)) == sum(len(p.frame.seq) for p in batch)


def test_period_site_and_latest(store: Store) -> None:
    store.write([Placed(signal_frame(1, 10), SITE), Placed(signal_frame(1, 10, OTHER.code), OTHER)])
    start, end = (T0_MS + 3 * 30_000) * 1_000_000, (T0_MS + 6 * 30_000) * 1_000_000
    assert [row["seq"] for row in store.samples("signal", start, end, SITE.code)] == [3, 4, 5]
    assert len(list(store.samples("signal", start, end))) == 6
    assert sorted((row["site"], row["seq"]) for row in store.latest("signal")) == [(SITE.code, 10), (OTHER.code, 10)]
    assert [row["site"] for row in store.latest("signal", OTHER.code)] == [OTHER.code]
    assert store.latest("probe") == []


def test_points_of_the_collector_itself(store: Store) -> None:
    values: dict[str, Value] = {"state": "online", "frames": 7, "lag_ms": 1.5}
    store.write_points([Point("site_status", {"site": SITE.code, "desa": "Senyiur"}, values, T0_MS * 1_000_000)])
    rows = list(store.samples("site_status", *ALL_TIME))
    assert rows == [{"time_ns": T0_MS * 1_000_000, "site": SITE.code, "desa": "Senyiur", **values}]


def test_events_of_the_server_are_found_in_a_long_period_before_and_after_those_of_the_halls(store: Store) -> None:
    store.write([Placed(pack(SITE.code, "event", None, [Sample(1, T0_MS, "ntp", {"kind": "boot"})]), SITE)])
    tags = {"site": SITE.code, "kecamatan": SITE.kecamatan, "desa": SITE.desa}
    for hours in (-30, 30):
        store.write_points([Point("event", tags, {"kind": "two_installations"}, (T0_MS + hours * 3_600_000) * 1_000_000)])
    kinds = [row["kind"] for row in store.samples("event", 0, 2**62, SITE.code)]
    assert kinds == ["two_installations", "boot", "two_installations"]
    assert [row["kind"] for row in store.latest("event", SITE.code)] == ["two_installations"]


def test_a_point_that_can_never_be_stored_is_refused(store: Store) -> None:
    poison = signal_frame(1, 1)
    poison.const["cell_id"] = 2**70
    with pytest.raises(PointsRefusedError):
        store.write([Placed(poison, SITE)])
    store.write([Placed(signal_frame(2, 1), SITE)])
    assert store.seqs(SITE.code) == [2]


def test_unknown_measurement_is_an_error_not_a_query(store: Store) -> None:
    store.write([Placed(signal_frame(), SITE)])
    with pytest.raises(ValueError, match="not a measurement"):
        list(store.samples('signal"; DROP', *ALL_TIME))
    assert list(store.samples("signal", *ALL_TIME, site="x' OR '1'='1")) == []


def test_influx1_down_is_unavailable_and_works_again(influx: Server) -> None:
    store = Influx1(influx.url, "sinyal")
    store.write([Placed(signal_frame(1, 10), SITE)])
    influx.kill()
    with pytest.raises(StoreUnavailableError):
        store.write([Placed(signal_frame(11, 10), SITE)])
    influx.start()
    store.write([Placed(signal_frame(11, 10), SITE)])
    assert store.seqs(SITE.code) == list(range(1, 21))


def test_influx1_makes_a_dropped_database_again(influx: Server) -> None:
    store = Influx1(influx.url, "sinyal", retention_days=4000)
    store.write([Placed(signal_frame(), SITE)])
    assert fetch(f"{influx.url}/query", b"q=DROP DATABASE sinyal")[0] == 200
    store.write([Placed(signal_frame(), SITE)])
    assert len(store.seqs(SITE.code)) == 10


def test_influx1_tells_readings_that_a_new_default_policy_hides_until_they_are_copied(influx: Server) -> None:
    def ask(question: str) -> None:
        assert fetch(f"{influx.url}/query", urllib.parse.urlencode({"q": question}).encode())[0] == 200

    store = Influx1(influx.url, "sinyal")
    store.write([Placed(signal_frame(1, 10), SITE)])
    ask("CREATE RETENTION POLICY empty ON sinyal DURATION INF REPLICATION 1")
    store.check()  # another policy that holds nothing hides nothing
    ask("CREATE RETENTION POLICY newer ON sinyal DURATION INF REPLICATION 1 DEFAULT")
    store.write([Placed(signal_frame(11, 10), SITE)])
    with pytest.raises(StoreUnavailableError, match='policy "sinyal"') as told:
        store.check()
    assert told.value.fault is Fault.HIDDEN
    ask('SELECT * INTO "sinyal"."newer".:MEASUREMENT FROM "sinyal"."sinyal"./.*/ GROUP BY *')
    store.check()
    assert store.seqs(SITE.code) == list(range(1, 21))


def test_sqlite_file_from_an_older_contract_gets_the_new_columns(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    old = Sqlite(path)
    old._db.execute("ALTER TABLE signal DROP COLUMN nr_sinr_db")
    old.close()
    store = Sqlite(path)
    store.write([Placed(pack(SITE.code, "signal", "m1", [Sample(1, T0_MS, "ntp", {"nr_sinr_db": 12.5})]), SITE)])
    assert next(iter(store.samples("signal", *ALL_TIME)))["nr_sinr_db"] == 12.5


def test_sqlite_in_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "store.db").mkdir()
    with pytest.raises(StoreUnavailableError, match=r"store\.db"):
        Sqlite(tmp_path / "store.db")


def test_influx1_with_authentication_needs_no_admin_and_names_what_is_missing(tmp_path: Path, start_server: Starter) -> None:
    server = start_server(lambda: influxd(tmp_path / "influxd", auth=True))

    def ask(question: str) -> None:
        query = urllib.parse.urlencode({"q": question, "u": "admin", "p": "secret"})
        assert fetch(f"{server.url}/query?{query}", b"")[0] == 200

    def fault(password: str, database: str = "sinyal") -> Fault | None:
        try:
            Influx1(server.url, database, username="sinyal", password=password).check()
        except StoreUnavailableError as error:
            return error.fault
        return None

    ask("CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES")
    ask("CREATE DATABASE sinyal")
    ask("CREATE USER sinyal WITH PASSWORD 'y'")
    assert fault("y") is Fault.NOT_ALLOWED
    ask("GRANT WRITE ON sinyal TO sinyal")
    assert fault("y") is Fault.UNREADABLE
    ask("GRANT ALL ON sinyal TO sinyal")
    assert fault("y") is None
    assert fault("wrong") is Fault.LOGIN_REFUSED
    assert fault("y", "other") is Fault.MISSING
    ask("ALTER RETENTION POLICY autogen ON sinyal DURATION 30d")
    store = Influx1(server.url, "sinyal", username="sinyal", password="y")
    store.write_points([Point("signal_1d", {"site": SITE.code}, {"samples": 7}, time.time_ns())])  # who may make no policy
    assert [row["samples"] for row in store.latest("signal_1d")] == [7]


def test_a_first_row_that_comes_between_two_questions_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest was asked for while there was none, the newest when there was one; and the other way round."""
    store = Influx1("http://127.0.0.1:1", "sinyal")
    for answers in ([[], [{"time_ns": 5}]], [[{"time_ns": 5}], []]):
        monkeypatch.setattr(store, "_rows", lambda *_, answers=answers: iter(answers.pop(0)))
        assert store._span("signal", 0, 10**18, None) == (5, 6)
