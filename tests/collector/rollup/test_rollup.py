"""The rollups say what the raw samples say, whenever and in whatever order those came, in every engine."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from collector.line.counters import Counters
from collector.line.inbox import Received
from collector.line.pipeline import Pipeline
from collector.line.rejected import RejectedFolder
from collector.rollup import bring_up_to_date, update
from collector.store import dirty_hours
from collector.store.sqlite import Sqlite
from collector.store.store import Placed, Point, Row, Store
from lab.engines import ENGINES, open_engine
from lab.servers import Server
from telemetry.ack import Ack
from telemetry.frame import Frame, Sample, Value, encode, pack, unpack
from telemetry.operators import NUMBERS, operator_of
from telemetry.topics import stream_topic
from tests.collector.frames import OTHER, SITE, signal_frame

Starter = Callable[[Callable[[], Server]], Server]
ALL_TIME = (0, 2**62)
SITES = {SITE.code: SITE, OTHER.code: OTHER}
T0_S = 1_795_500_000 - 1_795_500_000 % 86400 + 11 * 3600  # 19:00 WITA
HOUR_S, WITA_S, STEP_S = 3600, 8 * 3600, 300
LTE = ("lte", "lte_m", "nb_iot", "nr_nsa", "nr_sa")
HISTOGRAMS = {
    "rsrp_hist": "rsrp_dbm",
    "rsrq_hist": "rsrq_db",
    "sinr_hist": "sinr_db",
    "rssi_hist": "rssi_dbm",
    "band_hist": "band",
}
TENTHS = {"sinr_db": 1}
UNSERVED = ("searching", "limited", "denied", "sim_fault", "no_sim", "modem_silent")
KINDS = (*["lte"] * 6, "gsm", "wcdma", "nr_sa", "quiet", *UNSERVED, "nothing")


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path, start_server: Starter) -> Iterator[Store]:
    store = open_engine(request.param, tmp_path, start_server)
    yield store
    store.close()


def line(store: Store, folder: Path, acks: list[Ack]) -> Pipeline:
    return Pipeline(
        store=store,
        sites=SITES,
        rejected=RejectedFolder(folder / "rejected", 10, 1 << 20),
        counters=Counters(),
        send_acks=lambda found: acks.extend(found.values()),
        late_after_s=900,
        patient=False,
    )


def take(store: Store, folder: Path, frames: Sequence[Frame]) -> None:
    """Bring frames in as the collector does, a few at a time."""
    acks: list[Ack] = []
    working = line(store, folder, acks)
    for first in range(0, len(frames), 7):
        batch = frames[first : first + 7]
        working.process([Received(stream_topic(f.site, f.stream), encode(f), max(f.t_ms)) for f in batch])
    assert sum(len(ack.ok) for ack in acks) == len(frames)


def some_samples(rng: random.Random) -> dict[str, Value]:
    """Make one reading; every kind comes: served by all generations and operators, no service, sick."""
    kind = rng.choice(KINDS)
    if kind == "nothing":
        return {}
    home: dict[str, Value] = {"home_plmn": rng.choice(["51010", "51001"])} if rng.random() < 0.2 else {}
    if kind in UNSERVED:
        return {
            "registration": kind,
            **home,
            **({"plmn": rng.choice(["51010", "51011"])} if kind == "limited" and rng.random() < 0.8 else {}),
        }
    values: dict[str, Value] = {"registration": rng.choice(["home", "home", "roaming"]), "cell_id": rng.choice([7, 8, 9]), **home}
    if kind != "quiet":
        values["rat"] = kind
        values["band"] = rng.choice([1, 3, 8])
    if rng.random() < 0.7:
        values["plmn"] = rng.choice(["51010", "51010", "51001", "50212"])
    for name, low, high in (("rsrp_dbm", -120, -70), ("rsrq_db", -19, -5), ("sinr_db", -10, 25), ("rssi_dbm", -100, -50)):
        if rng.random() < 0.8:
            values[name] = rng.randint(2 * low, 2 * high) / 2
    return values


def history(seed: int, hours: int = 31) -> list[Frame]:
    """Make frames of two halls with two modems each, over three days of WITA; whole hours are missing or without an operator."""
    rng = random.Random(seed)
    frames, seq = [], 1
    for site in SITES:
        for modem in ("m1", "m2"):
            samples: list[Sample] = []
            for hour in range(hours):
                mood = rng.choice(["normal", "normal", "normal", "blank", "off"])
                for k in range(0 if mood == "off" else HOUR_S // STEP_S * 2):
                    t_ms = (T0_S + hour * HOUR_S) * 1000 + k * STEP_S * 500
                    values: dict[str, Value] = {"registration": "searching"} if mood == "blank" else some_samples(rng)
                    samples.append(Sample(seq, t_ms, rng.choice(["ntp", "ntp", "estimated", "unknown"]), values))
                    seq += 1
            frames += [pack(site, "signal", modem, samples[first : first + 20]) for first in range(0, len(samples), 20)]
    return frames


def text(values: Sequence[float], digits: int | None = None) -> str:
    return " ".join(f"{value:g}:{count}" for value, count in sorted(Counter(round(v, digits) for v in values).items()))


def subject(values: Mapping[str, Value]) -> str | None:
    return operator_of(values.get("home_plmn") or (values.get("plmn") if values.get("registration") == "home" else None))


def own(found: Sequence[tuple[Sample, int]], operator: str | None, *, day: bool) -> Row:
    """Compute a row's fields from its samples (each with 1 for a change of cell), without the code under test."""
    samples = [sample for sample, _ in found]
    registered = [s.values.get("registration") for s in samples]
    served = [s.values for s in samples if s.values.get("registration") in ("home", "roaming")]
    lte = [v for v in served if v.get("rat") in LTE or ("rat" not in v and "rsrp_dbm" in v)]
    away = [operator_of(s.values.get("plmn")) for s in samples if s.values.get("registration") in ("searching", "limited")]
    barred = sum(heard is not None and heard == operator for heard in away)
    no_service = len(away) - barred
    limited = sum(s.values.get("registration") == "limited" for s in samples)
    hosts = [operator_of(values.get("plmn")) for values in served]
    heard = [NUMBERS[operator_of(s.values["plmn"]) or ""] for s in samples if "plmn" in s.values]
    row: Row = {
        "samples": len(samples),
        "served": len(served),
        "lte": len(lte),
        "three_g": sum(values.get("rat") == "wcdma" for values in served),
        "two_g": sum(values.get("rat") == "gsm" for values in served),
        "no_service": no_service,
        "no_sim": registered.count("no_sim"),
        "silent": registered.count("modem_silent"),
        "guest": sum(None not in (host, operator) and host != operator for host in hosts),
        "data_refused": 0,
        "limited": limited - barred,
        "unnamed": sum(s.values.get("registration") == "limited" and "plmn" not in s.values for s in samples),
        "barred": barred,
        "refused": registered.count("denied"),
        "sim_fault": registered.count("sim_fault"),
        "heard_hist": text(heard),
        "time_estimated": sum(s.clock in ("estimated", "unknown") for s in samples),
        "named": sum(subject(s.values) is not None for s in samples),
        "slots": len({s.t_ms // 300_000 for s in samples}),
        "cell_changes": sum(change for _, change in found),
    }
    for name, source in HISTOGRAMS.items():
        chosen = served if source in ("rssi_dbm", "band") else lte
        row[name] = text([float(values[source]) for values in chosen if source in values], TENTHS.get(source))
    if day:
        busy = [s.values for s in samples if 19 <= (s.t_ms // 1000 + WITA_S) % 86400 / HOUR_S < 22 and s.values in lte]
        for name in ("rsrp", "sinr"):
            source = HISTOGRAMS[f"{name}_hist"]
            row[f"{name}_busy_hist"] = text([float(values[source]) for values in busy if source in values], TENTHS.get(source))
        if quality := [round(float(values["sinr_db"]), 1) for values in busy if "sinr_db" in values]:
            row["sinr_busy_median_db"] = float(statistics.median(quality))
        slots = Counter((t_s + WITA_S) // HOUR_S % 24 for t_s in {s.t_ms // 300_000 * 300 for s in samples})
        row["hours_hist"] = " ".join(f"{hour}:{count}" for hour, count in sorted(slots.items()))
    rsrp = [round(float(values["rsrp_dbm"])) for values in lte if "rsrp_dbm" in values]
    sinr = [round(float(values["sinr_db"]), 1) for values in lte if "sinr_db" in values]
    if rsrp:
        row["rsrp_median_dbm"] = float(statistics.median(rsrp))
        row["rsrp_p10_dbm"] = statistics.quantiles(rsrp, n=10, method="inclusive")[0] if len(rsrp) > 1 else float(rsrp[0])
    if sinr:
        row["sinr_median_db"] = float(statistics.median(sinr))
    if served or no_service:
        row["availability_percent"] = 100 * len(served) / (len(served) + no_service)
    return {name: value for name, value in row.items() if value != ""}


def expected(frames: Sequence[Frame], *, day: bool) -> dict[tuple[str, str, str | None, int], Row]:
    """Compute all rows from the frames: by site, modem, operator, and start of the hour or the day of WITA, in s."""
    groups: defaultdict[tuple[str, str, str | None, int], list[tuple[Sample, int]]] = defaultdict(list)
    by_modem: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
    for frame in frames:
        by_modem[frame.site, str(frame.modem)] += unpack(frame)
    for (site, modem), samples in by_modem.items():
        operator, cell, in_hour = None, None, None
        for sample in sorted(samples, key=lambda s: (s.t_ms, s.seq)):
            operator = subject(sample.values) or operator
            hour = sample.t_ms // 1000 // HOUR_S
            if hour != in_hour:
                cell, in_hour = None, hour
            now = sample.values.get("cell_id", cell)
            changed = int(cell is not None and now != cell)
            cell = now
            start = (hour * HOUR_S + WITA_S) // 86400 * 86400 - WITA_S if day else hour * HOUR_S
            groups[site, modem, operator, start].append((sample, changed))
    return {key: own(found, key[2], day=day) for key, found in groups.items()}


def stored(store: Store, measurement: str) -> dict[tuple[str, str, str | None, int], Row]:
    """Read rows in the same shape; rows that were emptied must be empty, and are left out."""
    found: dict[tuple[str, str, str | None, int], Row] = {}
    for row in store.samples(measurement, *ALL_TIME):
        if row["samples"] == 0:
            continue
        site = SITES[str(row["site"])]
        assert (row["kecamatan"], row["desa"]) == (site.kecamatan, site.desa)
        operator = str(row["operator"]) if "operator" in row else None
        key = (site.code, str(row["modem"]), operator, int(row["time_ns"]) // 10**9)
        assert key not in found
        left_out = {"time_ns", "site", "kecamatan", "desa", "modem", "operator", "operator_last", "hour_wita", *stale(row)}
        found[key] = {name: value for name, value in row.items() if name not in left_out}
    return found


def stale(row: Row) -> list[str]:
    """Name the plain numbers that count nothing: InfluxDB cannot take back a field of a row whose samples moved elsewhere."""
    of_nothing = {
        "rsrp_median_dbm": "rsrp_hist" not in row,
        "rsrp_p10_dbm": "rsrp_hist" not in row,
        "sinr_median_db": "sinr_hist" not in row,
        "sinr_busy_median_db": "sinr_busy_hist" not in row,
        "availability_percent": not row["served"] and not row["no_service"],
    }
    return [name for name, nothing in of_nothing.items() if nothing]


def assert_right(store: Store, frames: Sequence[Frame]) -> None:
    for measurement, day in (("signal_1h", False), ("signal_1d", True)):
        want, got = expected(frames, day=day), stored(store, measurement)
        assert got.keys() == want.keys()
        for key, row in want.items():
            assert got[key].keys() == row.keys(), (measurement, key)
            assert got[key] == pytest.approx(row, abs=1e-9), (measurement, key)


def test_rows_say_what_the_samples_say(store: Store, tmp_path: Path) -> None:
    frames = history(1)
    take(store, tmp_path, frames)
    hours = {(frame.site, t // 3_600_000) for frame in frames for t in frame.t_ms}
    assert bring_up_to_date(store, SITES, time.time_ns()) >= len(hours)
    assert_right(store, frames)
    for row in store.samples("signal_1h", 0, 1 << 62):
        assert row["hour_wita"] == (int(row["time_ns"]) // 3_600_000_000_000 + 8) % 24


@pytest.mark.parametrize("seed", [3, 4])
def test_late_samples_change_their_hours_and_days_and_those_that_lean_on_them(store: Store, tmp_path: Path, seed: int) -> None:
    frames = history(seed)
    random.Random(seed).shuffle(frames)
    third = len(frames) // 3
    for come in (frames[:third], frames[third : 2 * third], frames[2 * third :]):
        take(store, tmp_path, come)
        bring_up_to_date(store, SITES, time.time_ns())
    assert_right(store, frames)


def test_an_operator_that_becomes_known_late_moves_the_hours_after_it(store: Store, tmp_path: Path) -> None:
    def hour(first: int, number: int, values: dict[str, Value]) -> Frame:
        start = (T0_S + number * HOUR_S) * 1000
        return pack(SITE.code, "signal", "m1", [Sample(first + k, start + k * 60_000, "ntp", values) for k in range(10)])

    blank = [hour(1 + 10 * n, n, {"registration": "searching"}) for n in (1, 2, 30)]
    take(store, tmp_path, blank)
    bring_up_to_date(store, SITES, time.time_ns())
    assert {key[2] for key in stored(store, "signal_1h")} == {None}
    first = hour(500, 0, {"registration": "home", "rat": "gsm", "plmn": "51001"})
    take(store, tmp_path, [first])
    bring_up_to_date(store, SITES, time.time_ns())
    assert {key[2] for key in stored(store, "signal_1h")} == {"IOH"}
    assert_right(store, [first, *blank])


def rows(store: Store) -> list[list[Row]]:
    return [list(store.samples(name, *ALL_TIME)) for name in ("signal_1h", "signal_1d")]


def test_doing_it_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, history(5, hours=6))
    bring_up_to_date(store, SITES, time.time_ns())
    once = rows(store)
    assert bring_up_to_date(store, SITES, time.time_ns()) > 0
    assert rows(store) == once


class Dying(Sqlite):
    """A store whose program is killed at its n-th write."""

    def __init__(self, path: Path, writes: int) -> None:
        super().__init__(path)
        self._left = writes

    def write_points(self, points: Sequence[Point]) -> None:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        super().write_points(points)


def test_killed_between_any_two_steps_the_next_run_makes_it_right(tmp_path: Path) -> None:
    frames = history(6, hours=9)
    for writes in range(10):
        path = tmp_path / f"{writes}.db"
        store = Sqlite(path)
        take(store, tmp_path, frames[: len(frames) // 2])
        bring_up_to_date(store, SITES, time.time_ns())
        take(store, tmp_path, frames[len(frames) // 2 :])
        try:
            bring_up_to_date(Dying(path, writes), SITES, time.time_ns())
            whole = True
        except KeyboardInterrupt:
            whole = False
        bring_up_to_date(store, SITES, time.time_ns())
        assert_right(store, frames)
        store.close()
        if whole:
            break
    assert writes > 2
    assert whole


def test_no_sample_is_stored_without_its_entry_in_the_dirty_hours(tmp_path: Path) -> None:
    store, frame = Sqlite(tmp_path / "store.db"), signal_frame()
    acks: list[Ack] = []
    take(store, tmp_path, [signal_frame(1000, 10)])
    store._db.execute("CREATE TRIGGER no_entry BEFORE INSERT ON touched BEGIN SELECT RAISE(ABORT, 'no'); END")
    line(store, tmp_path, acks).process([Received(stream_topic(frame.site, frame.stream), encode(frame), T0_S * 1000)])
    assert acks[0].ok == []
    assert store.seqs(SITE.code) == list(range(1000, 1010))


def test_the_dirty_hours_stay_few(tmp_path: Path) -> None:
    store, frames = Sqlite(tmp_path / "store.db"), history(7, hours=5)
    for _ in range(5):
        take(store, tmp_path, frames)
    hours = {(frame.site, t // 3_600_000) for frame in frames for t in frame.t_ms}
    entries = list(store.samples(dirty_hours.MEASUREMENT, *ALL_TIME))
    assert {(row["site"], int(row["hour"]) // 3600) for row in entries} == hours
    assert len(entries) <= 2 * len(hours)  # twice where a window of 10 minutes ended meanwhile


def test_an_entry_that_another_collector_wrote_behind_our_back_is_found(store: Store) -> None:
    now_ns = time.time_ns()
    bring_up_to_date(store, SITES, now_ns)
    frame = signal_frame()
    store.write([Placed(frame, SITE)])
    store.write_points([dirty_hours.entry(SITE.code, frame.t_ms[0] // 3_600_000, now_ns // dirty_hours.WINDOW_NS)])
    bring_up_to_date(store, SITES, now_ns + 300 * 10**9)
    assert_right(store, [frame])


def test_a_checkpoint_of_a_clock_that_was_ahead_hides_nothing(store: Store, tmp_path: Path) -> None:
    bring_up_to_date(store, SITES, time.time_ns() + 86400 * 10**9)
    take(store, tmp_path, [signal_frame()])
    bring_up_to_date(store, SITES, time.time_ns())
    assert_right(store, [signal_frame()])


def test_a_site_that_left_the_list_stops_nobody(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, [signal_frame(), signal_frame(site=OTHER.code)])
    bring_up_to_date(store, {SITE.code: SITE}, time.time_ns())
    assert_right(store, [signal_frame()])


def test_operators_of_a_modem_have_places_of_their_own() -> None:
    assert update.PLACES[None] == 0
    assert len(set(update.PLACES.values())) == len(update.PLACES)
    assert update.PLACES["Telkomsel"] == 2  # stored rows hang on it: new groups go to the end


def test_an_hour_of_two_installations_at_once_is_no_evidence_and_a_changed_card_is(store: Store, tmp_path: Path) -> None:
    def samples(inst: str, first: int, number: int, minutes: range) -> Frame:
        start = (T0_S + number * HOUR_S) * 1000
        values: dict[str, Value] = {"registration": "home", "rat": "gsm", "plmn": "51001"}
        taken = [Sample(first + k, start + k * 60_000, "ntp", values) for k in minutes]
        return pack(SITE.code, "signal", "m1", taken, inst)

    changed = [samples("00000001", 100, 0, range(30)), samples("00000002", 500, 0, range(35, 60))]
    at_once = [samples("00000001", 200, 1, range(60)), samples("00000002", 600, 1, range(20, 40))]
    take(store, tmp_path, [*changed, *at_once])
    bring_up_to_date(store, SITES, time.time_ns())
    hours = {int(row["time_ns"]) // 10**9 // HOUR_S: int(row["samples"]) for row in store.samples("signal_1h", 0, 2**62)}
    first = T0_S // HOUR_S
    assert hours.get(first) == 55
    assert hours.get(first + 1, 0) == 0
    assert len(list(store.samples("signal", 0, 2**62))) == 55 + 80  # the readings themselves are all there, apart by their tag
