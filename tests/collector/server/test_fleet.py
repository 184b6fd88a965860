"""The account of the halls: losses by number, from a real store, as the command shows and writes them."""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from collector.config import load
from collector.run import Collector
from collector.server import fleet
from collector.sites.sites import read_sites
from collector.store.dirty_hours import DirtyHours
from collector.store.ledger import DAY_NS
from collector.store.open import open_store
from collector.store.store import Placed, Point, Store
from lab.engines import ENGINES, start_engine, store_section
from lab.servers import Server, wait_for
from telemetry.frame import Frame, Sample, Value, encode, pack
from telemetry.topics import stream_topic
from tests.collector.frames import OTHER, SITE, signal_frame
from tests.integration.hall import Hall

DAY_MS = DAY_NS // 1_000_000
NOW_MS = time.time_ns() // 1_000_000
TODAY_MS = NOW_MS // DAY_MS * DAY_MS
THIRD = replace(OTHER, code="6408082002", desa="Marga Mulya")
SITES = "code,kecamatan,desa,lat,lon,coordinate_source\n" + "".join(
    f"{s.code},{s.kecamatan},{s.desa},0.5,117,centroid\n" for s in (SITE, OTHER, THIRD)
)
Start = Callable[[Callable[[], Server]], Server]


class Office:
    """A collector's folder with its store."""

    def __init__(self, folder: Path, store: str) -> None:
        folder.mkdir()
        (folder / "sites.csv").write_text(SITES)
        self.config = folder / "collector.toml"
        self.config.write_text(f'[broker]\nhost = "127.0.0.1"\ntls = false\n[http]\nport = 0\n[store]\n{store}\n')
        self.store: Store = open_store(load(self.config).store)
        self.store.check()

    def take(self, *frames: Frame) -> None:
        """Store frames as the line does: with their entry in the dirty hours."""
        placed = [Placed(f, SITE if f.site == SITE.code else OTHER) for f in frames]
        DirtyHours().write(self.store, placed)

    def fleet(self, *argv: str) -> int:
        parser = argparse.ArgumentParser()
        fleet.add_arguments(parser)
        return fleet.run(parser.parse_args([*argv, "--config", str(self.config)]))


@pytest.fixture(params=ENGINES)
def office(request: pytest.FixtureRequest, tmp_path: Path, start_server: Start) -> Office:
    server = start_engine(request.param, tmp_path, start_server)
    return Office(tmp_path / "office", store_section(request.param, tmp_path, server))


@pytest.fixture
def show(office: Office, capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, dict[str, Value]]]:
    def halls() -> dict[str, dict[str, Value]]:
        capsys.readouterr()
        assert office.fleet("--json") == 0
        return {hall["site"]: hall for hall in json.loads(capsys.readouterr().out)}

    return halls


def device_frame(seq: int, values: dict[str, Value], site: str = SITE.code, t_ms: int = NOW_MS) -> Frame:
    return pack(site, "device", None, [Sample(seq, t_ms, "ntp", values)])


def frame(first: int, count: int, *, days_ago: int = 0, site: str = SITE.code) -> Frame:
    """Return signal samples, 30 s apart, from the beginning of a day on."""
    return signal_frame(first, count, site, t0_ms=TODAY_MS - days_ago * DAY_MS - first * 30_000)


def test_nothing_is_missing_when_the_streams_together_have_every_number(
    office: Office, show: Callable[[], dict[str, object]]
) -> None:
    office.take(frame(1, 10, days_ago=1), device_frame(11, {"spool_depth": 0, "clock_state": "ntp"}), frame(12, 5))
    assert show() == {
        SITE.code: {
            "site": SITE.code,
            "desa": "Senyiur",
            "last_seen_ms": NOW_MS,
            "clock_state": "ntp",
            "spool_depth": 0,
            "missing": 0,
            "lost": 0,
            "installations": 1,
            "at_once": 1,
            "late": 0,
            "rejected": 0,
        }
    }


def test_what_nobody_explains_is_lost(office: Office, show: Callable[[], dict[str, dict[str, Value]]]) -> None:
    skipped = pack(SITE.code, "event", None, [Sample(12, NOW_MS, "ntp", {"kind": "seq_skipped", "count": 3})])
    values: dict[str, Value] = {"spool_depth": 4, "thinned": 2, "quarantined": 1}
    office.take(frame(1, 10, days_ago=1), skipped, frame(30, 5), device_frame(35, values))
    office.take(frame(1, 3, site=OTHER.code), frame(8, 3, site=OTHER.code))
    hall, other = show()[SITE.code], show()[OTHER.code]
    assert (hall["missing"], hall["lost"]) == (18, 8)
    assert (other["missing"], other["lost"]) == (4, 4)


def test_a_backlog_of_an_old_day_closes_the_gap_and_only_that_day_is_counted_again(
    office: Office, show: Callable[[], dict[str, dict[str, Value]]]
) -> None:
    office.take(frame(1, 10, days_ago=40), frame(21, 10, days_ago=20), frame(31, 10))
    office.take(frame(1, 5, days_ago=40, site=OTHER.code), frame(9, 2, site=OTHER.code))
    assert office.fleet("--write") == 0
    assert show()[SITE.code]["missing"] == 10
    office.take(frame(11, 10, days_ago=30))
    assert show()[SITE.code]["missing"] == 0
    assert office.fleet("--write") == 0
    days = {int(row["time_ns"]) // DAY_NS: row["stored"] for row in office.store.samples("fleet_1d", 0, 2**62, SITE.code)}
    today = TODAY_MS // DAY_MS
    assert days == {today - 40: 10, today - 30: 10, today - 20: 10, today: 10}
    assert show()[OTHER.code]["missing"] == 3


def test_an_untouched_day_is_not_counted_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(tmp_path / "office", 'engine = "sqlite"\npath = "store.db"')
    office.take(frame(1, 10, days_ago=40), frame(11, 10))
    office.fleet("--write")
    with sqlite3.connect(tmp_path / "office" / "store.db") as db:
        db.execute("DELETE FROM signal WHERE seq <= 5")
    capsys.readouterr()
    office.fleet("--json")
    assert json.loads(capsys.readouterr().out)[0]["missing"] == 0


def test_a_number_that_is_stored_twice_counts_once(office: Office, show: Callable[[], dict[str, dict[str, Value]]]) -> None:
    office.take(frame(1, 10), frame(1, 10), frame(15, 6))
    office.store.write([Placed(frame(1, 10), replace(SITE, kecamatan="Renamed"))])  # another series in InfluxDB
    assert show()[SITE.code]["missing"] == 4


def test_bytes_of_an_earlier_month_are_not_this_months(office: Office, show: Callable[[], dict[str, dict[str, Value]]]) -> None:
    values: dict[str, Value] = {"bytes_month": 5_000_000, "budget_month": 6_000_000, "undervoltage": True}
    office.take(device_frame(1, values, t_ms=NOW_MS - 32 * DAY_MS), device_frame(1, values, OTHER.code))
    halls = show()
    assert "bytes_month" not in halls[SITE.code]
    assert halls[OTHER.code]["bytes_month"] == 5_000_000
    assert halls[SITE.code]["undervoltage"] is True


def test_the_worst_hall_stands_first(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.take(frame(1, 5, days_ago=3))
    office.take(device_frame(1, {"spool_depth": 0, "agent_version": "0.2.0", "bytes_month": 2_400_000}, OTHER.code))
    capsys.readouterr()
    assert office.fleet() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["SITE", SITE.code, OTHER.code, "1"]
    assert lines[2].split()[-9:] == ["0.2.0", "0", "0", "0", "0", "0", "2.4/-", "-", "1"]
    assert lines[3] == "1 of 3 sites have never reported"


def test_order_of_badness() -> None:
    def hall(**values: object) -> fleet.Hall:
        empty = dict.fromkeys(fleet.Hall.__slots__)
        return fleet.Hall(**{**empty, "last_seen_ms": NOW_MS, "late": 0, "rejected": 0, **values})  # type: ignore[arg-type]

    halls = {
        "well": hall(),
        "quiet-a-day": hall(last_seen_ms=NOW_MS - DAY_MS),
        "waiting": hall(spool_depth=900),
        "quiet-a-week": hall(last_seen_ms=NOW_MS - 7 * DAY_MS),
        "lost": hall(lost=1, missing=1),
        "undervoltage": hall(undervoltage=True),
        "undervoltage-and-no-clock": hall(undervoltage=True, clock_state="untrusted"),
    }
    names = [name for name, _ in fleet.worst_first(halls, NOW_MS * 1_000_000)]
    assert names == ["lost", "quiet-a-week", "quiet-a-day", "undervoltage-and-no-clock", "undervoltage", "waiting", "well"]


def test_nobody_has_reported(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert office.fleet() == 3
    assert "3 of 3 sites have never reported" in capsys.readouterr().out


def test_the_numbers_are_in_the_store_for_dashboards(office: Office) -> None:
    office.take(frame(1, 10), device_frame(14, {"spool_depth": 1, "undervoltage": False}))
    assert office.fleet("--write") == 0
    (row,) = office.store.latest("fleet")
    assert {name: row[name] for name in ("site", "kecamatan", "missing", "lost", "spool_depth")} == {
        "site": SITE.code,
        "kecamatan": SITE.kecamatan,
        "missing": 3,
        "lost": 2,
        "spool_depth": 1,
    }


def test_late_and_rejected_are_counted_by_site(tmp_path: Path, broker: Server, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(tmp_path / "office", 'engine = "sqlite"\npath = "store.db"')
    office.config.write_text(office.config.read_text().replace("tls = false", f"tls = false\nport = {broker.port}"))
    collector = Collector(load(office.config))
    collector.start()
    wait_for(lambda: collector.broker.subscribed, "collector to be subscribed")
    with Hall(broker.port, SITE.code) as hall:
        hall.send_raw(stream_topic(SITE.code, "signal"), b"garbage")
        payloads: Sequence[bytes] = [
            hall.send(signal_frame(1, 7, t0_ms=NOW_MS - 2 * DAY_MS)),
            encode(signal_frame(1, 1, OTHER.code, t0_ms=time.time_ns() // 1_000_000)),
        ]
        hall.send_raw(stream_topic(OTHER.code, "signal"), payloads[1])
        hall.wait_stored(payloads[0])
        wait_for(lambda: collector.counters.stored_samples == 8, "the other site's sample")
    collector.stop()
    office.fleet("--json")
    halls = {hall["site"]: hall for hall in json.loads(capsys.readouterr().out)}
    assert (halls[SITE.code]["late"], halls[SITE.code]["rejected"]) == (7, 1)
    assert (halls[OTHER.code]["late"], halls[OTHER.code]["rejected"]) == (0, 0)


def test_a_status_alone_makes_a_hall_seen(office: Office, show: Callable[[], dict[str, dict[str, Value]]]) -> None:
    for site, state in ((SITE, "online"), (OTHER, "offline")):  # the broker says `offline` for a hall that is gone
        tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
        office.store.write_points([Point("site_status", tags, {"state": state}, NOW_MS * 1_000_000)])
    assert show()[SITE.code]["last_seen_ms"] == NOW_MS
    assert "missing" not in show()[SITE.code]
    assert OTHER.code not in show()


def numbered(inst: str | None, found: Frame) -> Frame:
    return replace(found, inst=inst)


def test_what_is_on_its_way_is_not_lost_and_what_the_last_report_does_not_explain_is(
    office: Office, show: Callable[[], dict[str, dict[str, Value]]]
) -> None:
    office.take(frame(1, 10), device_frame(11, {"spool_depth": 0}), frame(300, 5))  # newest first: 12..299 follow
    assert (show()[SITE.code]["missing"], show()[SITE.code]["lost"]) == (288, 0)
    office.take(frame(20, 280), device_frame(305, {"spool_depth": 3}))
    assert (show()[SITE.code]["missing"], show()[SITE.code]["lost"]) == (8, 5)  # 12..19 are away, 3 of them may wait


class Going:
    """The store while its hall goes on: readings and a report come before every question."""

    def __init__(self, office: Office, newest: int) -> None:
        self._office, self._newest = office, newest

    def __getattr__(self, name: str) -> Any:
        first = self._newest + 2  # what lies between is on its way
        self._newest = first + 5
        report = device_frame(self._newest, {"spool_depth": 1}, t_ms=NOW_MS + self._newest)
        self._office.take(frame(first, 5), report)
        return getattr(self._office.store, name)


def test_what_comes_while_a_hall_is_counted_is_not_lost(office: Office) -> None:
    office.take(frame(1, 10), frame(14, 5), device_frame(19, {"spool_depth": 0}))
    sites = read_sites(office.config.with_name("sites.csv"))
    store = cast("Store", Going(office, 19))
    _, halls = fleet.account(store, sites, NOW_MS * 1_000_000 + DAY_NS // 24)
    assert dict(halls)[SITE.code].lost == 3, "11, 12, 13"


def test_a_card_that_was_replaced_takes_with_it_what_waited_there(
    office: Office, show: Callable[[], dict[str, dict[str, Value]]]
) -> None:
    old = [numbered("00000001", f) for f in (frame(1, 10, days_ago=2), frame(37, 4, days_ago=2))]
    report = numbered("00000001", device_frame(41, {"spool_depth": 26}, t_ms=NOW_MS - 2 * DAY_MS))
    office.take(*old, report)
    assert (show()[SITE.code]["missing"], show()[SITE.code]["lost"]) == (26, 0)
    office.take(numbered("00000002", frame(42, 10)), numbered("00000002", device_frame(52, {"spool_depth": 0})))
    hall = show()[SITE.code]
    assert (hall["missing"], hall["lost"], hall["installations"], hall["at_once"]) == (26, 26, 2, 1)


def test_a_card_in_another_device_still_brings_what_waits_on_it(
    office: Office, show: Callable[[], dict[str, dict[str, Value]]]
) -> None:
    office.take(*[numbered("00000001", f) for f in (frame(1, 10, days_ago=2), frame(37, 4, days_ago=2))])
    moved = numbered("00000002", device_frame(51, {"spool_depth": 26, "spool_earlier": 26}))
    office.take(numbered("00000002", frame(41, 10)), moved)
    assert (show()[SITE.code]["missing"], show()[SITE.code]["lost"]) == (26, 0)
    office.take(numbered("00000001", frame(11, 26, days_ago=1)), numbered("00000002", device_frame(52, {"spool_depth": 0})))
    assert (show()[SITE.code]["missing"], show()[SITE.code]["lost"]) == (0, 0)


def test_numbers_of_an_older_version_go_on_in_the_installation(
    office: Office, show: Callable[[], dict[str, dict[str, Value]]]
) -> None:
    office.take(frame(1, 10, days_ago=2), numbered("00000001", frame(11, 10)))
    office.take(numbered("00000001", device_frame(21, {"spool_depth": 0})))
    hall = show()[SITE.code]
    assert (hall["missing"], hall["lost"], hall["installations"], hall["at_once"]) == (0, 0, 1, 1)


def test_two_that_measure_at_once_are_seen_and_forgotten_after_a_day(
    office: Office, show: Callable[[], dict[str, dict[str, Value]]]
) -> None:
    for days_ago, at_once in ((3, 1), (0, 2)):
        first = TODAY_MS - days_ago * DAY_MS
        for inst, seq in (("00000001", 100 * days_ago + 1), ("00000002", 100 * days_ago + 5001)):
            office.take(numbered(inst, signal_frame(seq, 20, t0_ms=first - seq * 30_000)))
        assert show()[SITE.code]["at_once"] == at_once
    assert show()[SITE.code]["lost"] is not None


def test_a_hall_is_never_seen_in_the_future(office: Office, show: Callable[[], dict[str, dict[str, Value]]]) -> None:
    """What an older version stored there stays in the store, and is no contact."""
    far = NOW_MS + 73 * 365 * DAY_MS
    stored = (device_frame(9, {"spool_depth": 1}, t_ms=far), signal_frame(10, 1, t0_ms=far))
    office.store.write([Placed(found, SITE) for found in stored])
    office.take(frame(1, 5))
    assert show()[SITE.code]["last_seen_ms"] == max(frame(1, 5).t_ms)
