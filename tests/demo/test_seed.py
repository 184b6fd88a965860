"""A seeded history: the same in every engine, one hall of each kind, its rollups ready; and the command as a person uses it."""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from collector import rollup
from collector.errors import StoreUnavailableError
from collector.rollup import Summary, percentile
from collector.sites.sites import Site, read_sites
from collector.store.influx1 import Influx1
from collector.store.sqlite import Sqlite
from collector.store.store import Row, Store
from demo import fill_all as fill_all_module
from demo import seed
from demo.fill import Filler, Recipe
from demo.fill_all import fill_all
from demo.profiles import PROFILES, plan
from ground.paths import shipped
from lab.servers import Server, influxd
from telemetry.streams import STREAMS

Starter = Callable[[Callable[[], Server]], Server]
ALL_TIME = (0, 2**62)
HOUR_NS = 3600 * 10**9
END = datetime(2026, 11, 24, 16, tzinfo=UTC)  # midnight in WITA
SITES = read_sites(shipped() / "sites.csv")
KINDS = {profile.name: code for code, profile in plan(SITES.values(), len(PROFILES)).items()}
PROGRAM = "import argparse, sys; from demo import seed; p = argparse.ArgumentParser(); seed.add_arguments(p); "
PROGRAM += "sys.exit(seed.run(p.parse_args()))"


def points(store: Store) -> dict[str, list[Row]]:
    """Read everything, in an order that does not hang on the engine."""
    names = (*STREAMS, "site_status", "ingest", "signal_1h", "signal_1d")
    return {name: sorted(store.samples(name, *ALL_TIME), key=place) for name in names}


def place(row: Row) -> tuple[int, str, str]:
    return int(row["time_ns"]), str(row.get("site")), str(row.get("modem"))


def fill(store: Store, *, days: int = 1, halls: int = 4, interval_s: int = 300, number: int = 1) -> int:
    return seed.seed(store, SITES, days=days, halls=halls, end=END, interval_s=interval_s, seed=number)


def test_every_engine_gets_the_same_points(tmp_path: Path, start_server: Starter) -> None:
    sqlite = Sqlite(tmp_path / "store.db")
    influx = Influx1(start_server(lambda: influxd(tmp_path / "influxd")).url, "sinyal")
    count = fill(sqlite)
    assert fill(influx) == count
    found = points(sqlite)
    assert {name for name, rows in found.items() if not rows} == {"position"}
    assert points(influx) == found
    assert sum(len(found[stream]) for stream in STREAMS) == count


def test_seeding_twice_leaves_one_copy_and_another_seed_another_history(tmp_path: Path) -> None:
    once, twice, other = (Sqlite(tmp_path / name) for name in ("once.db", "twice.db", "other.db"))
    for store in (once, twice, twice):
        fill(store, halls=2)
    fill(other, number=2, halls=2)
    assert points(twice) == points(once)
    assert points(other)["signal"] != points(once)["signal"]


@pytest.mark.parametrize("raw_days", [None, 1])
def test_rollups_are_what_the_samples_say(tmp_path: Path, raw_days: float | None) -> None:
    store = Sqlite(tmp_path / "store.db")
    end = END - timedelta(minutes=20)
    seed.seed(store, SITES, days=2, halls=len(PROFILES), end=end, interval_s=300, raw_days=raw_days)
    before = {name: list(store.samples(name, *ALL_TIME)) for name in ("signal_1h", "signal_1d")}
    hours = {int(row["time_ns"]) // HOUR_NS for row in store.samples("signal", *ALL_TIME)}
    rollup.recompute(store, SITES, dict.fromkeys(plan(SITES.values(), len(PROFILES)), hours))
    assert {name: list(store.samples(name, *ALL_TIME)) for name in before} == before
    assert len(before["signal_1h"]) > 48 * len(PROFILES) * 0.8
    assert len({int(row["time_ns"]) // HOUR_NS for row in before["signal_1h"]}) == 49  # two of them in part


def test_before_the_raw_days_there_are_rollups_devices_and_events_and_nothing_is_missing(tmp_path: Path) -> None:
    thin, full = Sqlite(tmp_path / "thin.db"), Sqlite(tmp_path / "full.db")
    for store, raw_days in ((thin, 1.0), (full, None)):
        seed.seed(store, SITES, days=3, halls=3, end=END, interval_s=300, raw_days=raw_days)
    for name in ("signal", "cell"):
        assert min(int(row["time_ns"]) for row in thin.samples(name, *ALL_TIME)) >= int(END.timestamp() - 86_400) * 10**9
    for name in ("device", "probe", "site_status", "signal_1d"):
        first, last = (next(iter(store.samples(name, *ALL_TIME)))["time_ns"] for store in (thin, full))
        assert abs(int(first) - int(last)) <= 2 * HOUR_NS
    for code in plan(SITES.values(), 3):
        assert thin.seqs(code) == list(range(1, len(thin.seqs(code)) + 1))


def test_every_panel_of_a_month_has_something(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    seed.seed(store, SITES, days=10, halls=20, end=END, interval_s=1800, raw_days=1)
    assert {row["kind"] for row in store.samples("probe", *ALL_TIME)} == {"ping", "dns", "download"}
    assert {row["kind"] for row in store.samples("event", *ALL_TIME)} >= {"boot", "cell_change", "modem_identified"}
    alerts = list(store.samples("alert", *ALL_TIME))
    assert {row["state"] for row in alerts} == {"open", "acknowledged", "resolved"}
    assert {row["severity"] for row in alerts} == {"info", "warning", "critical"}
    assert all(int(row["time_ns"]) <= END.timestamp() * 10**9 for row in alerts)
    assert list(store.samples("intake", *ALL_TIME))


def test_what_is_fed_bit_by_bit_goes_on_where_the_history_ended(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    [(code, profile)] = plan(SITES.values(), 1).items()
    filler = Filler(store, Recipe(SITES[code], profile, 60, 1))
    span = seed.span_of(END, 1, None)
    filler.fill(span)
    for since_s in range(span.end_s, span.end_s + 86_400, 600):
        frames, points = filler.live(since_s, since_s + 600)
        store.write(frames, points)
    assert store.seqs(code) == list(range(1, filler.samples + 1))
    steps = {(later - before) // 10**9 for before, later in pairwise(times(store, "signal", "telkomsel"))}
    assert steps == {60}
    days = [time_ns // 10**9 // 86_400 for time_ns in times(store, "scan", "telkomsel")]
    assert len(set(days)) == 2
    assert max(Counter(days).values()) <= 3, "one scan in a night, with a row for each operator"


def times(store: Store, measurement: str, modem: str) -> list[int]:
    return [int(row["time_ns"]) // 10**6 * 10**6 for row in store.samples(measurement, *ALL_TIME) if row["modem"] == modem]


def test_numbers_of_a_site_rise_without_a_gap(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    fill(store)
    for code in plan(SITES.values(), 4):
        seqs = store.seqs(code)
        assert seqs == list(range(1, len(seqs) + 1))


def test_halls_are_spread_and_the_others_are_not_measured(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    fill(store, halls=18, interval_s=1800)
    measured = {str(row["site"]) for row in store.samples("signal_1d", *ALL_TIME)}
    assert measured <= set(plan(SITES.values(), 18))
    assert len({SITES[code].kecamatan for code in plan(SITES.values(), 18)}) == 18


@pytest.fixture(scope="module")
def summaries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Summary]:
    """Return nine days of one hall of each kind, all modems together."""
    store = Sqlite(tmp_path_factory.mktemp("kinds") / "store.db")
    fill(store, days=9, halls=len(PROFILES), interval_s=600)
    found: defaultdict[str, Summary] = defaultdict(Summary)
    for row in store.samples("signal_1d", *ALL_TIME):
        found[str(row["site"])].merge(Summary.from_row(row))
    return {kind: found[code] for kind, code in KINDS.items()}


def median(summary: Summary) -> float:
    value = percentile(summary.rsrp, 50)
    assert value is not None
    return value


def test_radio_of_the_kinds(summaries: dict[str, Summary]) -> None:
    assert median(summaries["good"]) > -87 > median(summaries["fair"]) > -100 > median(summaries["weak"])
    assert summaries["two_g_only"].lte == 0
    assert summaries["two_g_only"].two_g > 0.9 * summaries["two_g_only"].samples
    assert summaries["blank_spot"].no_service == summaries["blank_spot"].samples > 0
    congested = summaries["congested"]
    assert median(congested) > -90
    busy, always = percentile(congested.sinr_busy, 50), percentile(congested.sinr, 50)
    assert busy is not None
    assert always is not None
    assert busy < 0
    assert always > 10


def test_faults_of_the_kinds(summaries: dict[str, Summary]) -> None:
    good = summaries["good"]
    unstable = summaries["unstable"]
    assert unstable.cell_changes / unstable.samples > 10 * good.cell_changes / good.samples
    assert (unstable.availability_percent or 0) < 95 < (good.availability_percent or 0)
    assert 0.2 < summaries["device_fault"].silent / summaries["device_fault"].samples < 0.7
    assert summaries["power"].slots / (9 * 144) in (0.5, 1.0)  # half of the day, of one modem or of two
    assert 0 < summaries["barely_measured"].samples < 0.02 * good.samples


def test_the_hall_without_power_at_night_boots_every_morning(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    fill(store, days=3, halls=len(PROFILES), interval_s=900)
    code = KINDS["power"]
    boots = [row for row in store.samples("event", *ALL_TIME, code) if row["kind"] == "boot"]
    states = [row["state"] for row in store.samples("site_status", *ALL_TIME, code)]
    assert len(boots) == 3
    assert states == ["online", "offline"] * 3
    assert any(row["undervoltage"] for row in store.samples("device", *ALL_TIME, code))


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    seed.add_arguments(parser)
    return seed.run(parser.parse_args(words))


def test_the_command_fills_a_file_and_its_rollups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "demo.db"
    words = ("--days", "1", "--halls", "2", "--interval-s", "600", "--end", "2026-11-24T00:00+08:00")
    assert command("--sqlite", str(path), *words) == 0
    assert "samples in" in capsys.readouterr().err
    store = Sqlite(path)
    assert {row["site"] for row in store.latest("signal_1d")} == set(plan(SITES.values(), 2))
    assert {(row["site"], row["missing"], row["lost"]) for row in store.latest("fleet")} == {
        (code, 0, 0) for code in plan(SITES.values(), 2)
    }
    assert list(store.samples("watch", *ALL_TIME)), "what a watch that looks leaves behind"


def test_the_command_seeds_the_store_of_a_collector(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_bytes((shipped() / "sites.csv").read_bytes())
    config = tmp_path / "collector.toml"
    config.write_text(
        f'[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "{tmp_path}/store.db"\n'
        f'[sites]\nfile = "{tmp_path}/sites.csv"\n[rejected]\nfolder = "{tmp_path}/rejected"\n'
    )
    assert command("--config", str(config), "--days", "1", "--halls", "1", "--interval-s", "600") == 0
    assert Sqlite(tmp_path / "store.db").latest("signal")


def test_a_bad_config_exits_2_and_a_store_that_is_away_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--config", str(tmp_path / "none.toml"), "--days", "1") == 2
    assert "none.toml" in capsys.readouterr().err
    (tmp_path / "store.db").mkdir()
    assert command("--sqlite", str(tmp_path / "store.db"), "--days", "1") == 1


@pytest.mark.parametrize("words", [["--days", "0"], ["--days", "1", "--end", "yesterday"], ["--days", "1"]])
def test_bad_usage_exits_2(words: list[str]) -> None:
    store = ["--sqlite", "/nowhere"] if len(words) != 2 or words[1] == "0" else []
    with pytest.raises(SystemExit) as ending:
        command(*words, *store)
    assert ending.value.code == 2


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    words = ("--days", "300", "--halls", "20", "--sqlite", str(tmp_path / "store.db"))
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *words], stderr=subprocess.PIPE, text=True) as seeding:
        assert seeding.stderr is not None
        assert "samples" in seeding.stderr.readline()
        seeding.send_signal(signal.SIGINT)
        said = seeding.stderr.read()
        assert seeding.wait(30) == 130
    assert "Traceback" not in said
    assert re.search(r"the same command with --end 20\S+ completes it", said)


def test_a_store_with_other_samples_is_refused_and_the_same_command_completes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"--days 1 --halls 1 --interval-s 600 --sqlite {tmp_path}/month.db --end 2026-11-24".split()

    def run(*more: str) -> int:
        parser = argparse.ArgumentParser()
        seed.add_arguments(parser)
        return seed.run(parser.parse_args([*words, *more]))

    assert (run(), run()) == (0, 0)
    before = points(Sqlite(tmp_path / "month.db"))
    capsys.readouterr()
    assert run("--seed", "2") == 2
    refused = capsys.readouterr().err
    assert f"{tmp_path}/month.db: holds samples already, the newest of 2026-11-23 23:5" in refused
    begun = "--days 1 --halls 1 --interval-s 600 --seed 1 --raw-days 1 --end 2026-11-24T00:00:00Z"
    assert f"What was begun with {begun} goes on with the same" in refused
    assert run(*begun.split()) == 0
    assert points(Sqlite(tmp_path / "month.db")) == before


def test_an_end_without_zone_is_refused(tmp_path: Path) -> None:
    sites: dict[str, Site] = {}
    with pytest.raises(ValueError, match="time zone"):
        seed.seed(Sqlite(tmp_path / "store.db"), sites, days=1, halls=1, end=datetime(2026, 11, 24))  # noqa: DTZ001 - the fault itself


def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    halls = list(plan(SITES.values(), 3).items())
    recipes = [Recipe(SITES[code], profile, 600, 1) for code, profile in halls]
    span = seed.span_of(END, 0.5, 0.1)
    files = [tmp_path / "two.db", tmp_path / "one.db"]
    two = list(fill_all(partial(Sqlite, files[0]), recipes, span, processes=2))
    fillers = [Filler(Sqlite(files[1]), recipe) for recipe in recipes]
    for filler in fillers:
        filler.fill(span)
    assert [hall.samples for hall in two] == [filler.samples for filler in fillers]
    one, other = (points(Sqlite(file)) for file in files)
    assert one == other
    assert one["signal_1h"]


def test_a_process_tells_why_its_store_does_not_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill_all_module, "_store", [])
    (tmp_path / "month.db").mkdir()
    code, profile = next(iter(plan(SITES.values(), 1).items()))
    with pytest.raises(StoreUnavailableError, match=r"month\.db"):
        fill_all_module._fill(
            partial(Sqlite, tmp_path / "month.db"), seed.span_of(END, 0.5, 0.1), Recipe(SITES[code], profile, 600, 1)
        )
