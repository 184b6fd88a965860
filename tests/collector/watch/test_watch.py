"""The engine on a real SQLite store: what is told, what is not, and that no death of the watch changes it."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from collector.errors import Fault as StoreFault
from collector.errors import StoreUnavailableError
from collector.notify.outbox import Message, Outbox
from collector.sites.sites import Site
from collector.store.sqlite import Sqlite
from collector.store.store import Point
from collector.watch.command import _waits
from collector.watch.config import load
from collector.watch.db import WatchDb
from collector.watch.watch import Watch as Looker
from telemetry.frame import Value
from tests.collector.agreement import parts
from tests.collector.watch.world import (
    CONFIG,
    DAY,
    HOUR,
    MINUTE,
    START_MS,
    Effect,
    Fault,
    HallSim,
    Watch,
    World,
    fleet,
    power_off,
    run,
)

TELEN = "6408072001"


def link_off(effect: Effect, _hall: HallSim, _t: int) -> None:
    """It measures and cannot send; what it measures is bad, and arrives late."""
    effect.linked = False
    effect.signal["registration"] = "searching"


def clock_ahead(effect: Effect, _hall: HallSim, _t: int) -> None:
    """Three hours ahead."""
    effect.clock_ms = 3 * HOUR


def hears(modem: str, **values: Value) -> Callable[[Effect, HallSim, int], None]:
    """The signal stream of a modem says this."""
    return lambda effect, _hall, _t: effect.signal.update({f"{modem}/{name}": value for name, value in values.items()})


class Case:
    """Eight halls, a store and a watch; `live` gives what was said as (minute, kind, key)."""

    def __init__(self, folder: Path, sites: dict[str, Site] | None = None) -> None:
        self.sites = sites or fleet(["Telen"])
        self.store = Sqlite(folder / "store.db")
        self.world = World(self.store, self.sites)
        self.watch = Watch(folder / "watch.db", self.store, self.sites)
        self.now = 0

    def fault(self, start: int, end: int, change: Callable[..., None], site: str | None = TELEN) -> None:
        self.world.faults.append(Fault(start, end, lambda hall: site is None or hall.site.code == site, change))

    def live(self, until: int, step: int = 2 * MINUTE) -> list[tuple[int, str, str]]:
        before = len(self.watch.sent)
        run(self.world, self.watch, self.now, until, lambda _t: step)
        self.now = until
        return said(self.watch.sent[before:])

    def firing(self) -> list[str]:
        return [key for key, sign in self.watch.db.state().signs.items() if sign.raised]


def said(messages: list[Message]) -> list[tuple[int, str, str]]:
    return [((m.at_ms - START_MS) // MINUTE, m.kind, m.key) for m in messages]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_dark_hall_is_told_once_and_its_return_once(case: Case) -> None:
    case.fault(HOUR, 2 * HOUR, power_off)
    told = case.live(4 * HOUR)
    assert [(kind, key) for _, kind, key in told] == [("open", f"hall_dark/{TELEN}"), ("resolve", f"hall_dark/{TELEN}")]
    assert 80 <= told[0][0] <= 87  # 25 minutes after its last sample, which is at most 5 minutes older than the cut
    assert 145 <= told[1][0] <= 160


def test_what_is_told_says_hall_since_when_what_and_what_to_do(case: Case) -> None:
    case.fault(HOUR, 2 * HOUR, power_off)
    case.live(2 * HOUR)
    first = case.watch.sent[0]
    assert first.title_id == "Marah Haloq, Kec. Telen: perangkat tidak terhubung"
    assert first.text_id.startswith("Sejak 1 Desember 2026 00.5")
    assert "Tindakan: periksa listrik" in first.text_id
    assert (first.site, first.kecamatan, first.role, first.severity) == (TELEN, "Telen", "village", "warning")


@pytest.mark.parametrize("position", range(7))
def test_killed_at_every_look_it_says_the_same(tmp_path: Path, position: int) -> None:
    """Killed at the same step of every tick around opening and closing: before the reads, in the commit, after it."""
    case = Case(tmp_path)
    case.fault(10 * MINUTE, 45 * MINUTE, power_off, None)
    while case.now < 75 * MINUTE:
        case.world.write(case.now)
        near = 25 * MINUTE <= case.now <= 32 * MINUTE or 45 * MINUTE <= case.now <= 60 * MINUTE
        case.watch.tick(case.now, position if near else None)
        case.now += MINUTE if near else 5 * MINUTE
    assert case.watch.kills >= 2
    kinds = [(m.kind, m.key) for m in case.watch.sent]
    assert kinds == [("open", "nothing_arriving"), ("resolve", "nothing_arriving")]
    assert [(m.kind, m.key) for m in case.watch.outbox.messages()] == kinds
    states = [row["state"] for row in case.store.samples("alert", 0, 2**62)]
    assert states == ["open", "resolved"]


def test_restart_in_the_middle_of_an_outage_says_nothing_again(case: Case) -> None:
    case.fault(HOUR, 5 * HOUR, power_off)
    assert len(case.live(2 * HOUR)) == 1
    case.watch.restart()
    assert case.live(3 * HOUR) == []
    case.now += HOUR  # down for an hour
    case.watch.restart()
    assert case.live(5 * HOUR) == []
    assert [kind for _, kind, _ in case.live(7 * HOUR)] == ["resolve"]


def test_late_data_raises_nothing_and_closes_nothing(case: Case) -> None:
    def imported(effect: Effect, _hall: HallSim, _t: int) -> None:
        effect.imported = True

    case.fault(HOUR, 30 * HOUR, link_off)
    case.fault(20 * HOUR, 20 * HOUR + 5 * MINUTE, imported)  # its card is read while it is still dark
    told = [(kind, key) for _, kind, key in case.live(20 * HOUR, 5 * MINUTE)]
    assert told == [("open", f"hall_dark/{TELEN}"), ("reminder", f"hall_dark/{TELEN}")]  # after six hours, to the technicians
    assert [kind for _, kind, _ in case.live(30 * HOUR, 5 * MINUTE)] == ["reminder"]  # after a day
    stored = [row for row in case.store.samples("signal", 0, 2**62, TELEN) if row["registration"] == "searching"]
    assert len(stored) > 200  # it did arrive
    assert [kind for _, kind, _ in case.live(32 * HOUR, 5 * MINUTE)] == ["resolve"]


def test_a_clock_ahead_is_a_clock_fault_and_never_counts_as_presence_later(case: Case) -> None:
    case.fault(HOUR, 4 * HOUR, clock_ahead)
    case.fault(5 * HOUR, 9 * HOUR, power_off)  # dark while the samples from the future come due
    told = [(kind, key) for _, kind, key in case.live(7 * HOUR)]
    assert told == [
        ("open", f"clock_untrusted/{TELEN}"),
        ("resolve", f"clock_untrusted/{TELEN}"),
        ("open", f"hall_dark/{TELEN}"),
    ]


def test_maintenance_opens_nothing_and_ends(case: Case) -> None:
    case.watch.db.maintain("Telen", START_MS + 3 * HOUR)
    case.fault(HOUR, 6 * HOUR, power_off)
    assert case.live(3 * HOUR) == []
    assert [(kind, key) for _, kind, key in case.live(4 * HOUR)] == [("open", f"hall_dark/{TELEN}")]


def test_an_acknowledgement_is_written_once_and_the_closing_is_still_told(case: Case) -> None:
    case.fault(HOUR, 3 * HOUR, power_off)
    case.live(2 * HOUR)
    case.watch.db.acknowledge(f"hall_dark/{TELEN}", START_MS + 2 * HOUR)
    case.watch.db.acknowledge("hall_dark/nobody", START_MS + 2 * HOUR)
    case.live(5 * HOUR)
    rows = list(case.store.samples("alert", 0, 2**62))
    assert [row["state"] for row in rows] == ["open", "acknowledged", "resolved"]
    assert {(row["site"], row["desa"], row["key"], row["rule"], row["severity"], row["count"]) for row in rows} == {
        (TELEN, "Marah Haloq", f"hall_dark/{TELEN}", "hall_dark", "warning", 1)
    }
    assert len({row["since_ms"] for row in rows}) == 1


def test_a_store_that_is_away_is_told_and_its_points_wait(case: Case) -> None:
    case.live(HOUR)
    case.watch.store.away = True
    told = [(kind, key) for _, kind, key in case.live(90 * MINUTE)]
    assert told == [("open", "nothing_arriving")]
    assert list(case.store.samples("alert", 0, 2**62)) == []
    case.watch.store.away = False
    case.live(2 * HOUR)
    assert [row["state"] for row in case.store.samples("alert", 0, 2**62)] == ["open", "resolved"]


def test_a_database_that_takes_nothing_is_the_cause_that_is_told(case: Case) -> None:
    case.live(HOUR)
    case.watch.looker._reader._ask_faults = lambda: [StoreUnavailableError("HTTP 500: no space left", StoreFault.DISK_FULL)]
    case.watch.store.away = True  # not to be read either: the collector, which writes, knows more
    case.live(90 * MINUTE)
    (message,) = case.watch.sent
    assert "disk basis data penuh; kosongkan ruang" in message.text_id
    assert "the disk of the database is full; make room" in message.text_en


def test_the_alert_of_a_hall_that_left_the_register_ends_with_the_reason(case: Case) -> None:
    case.fault(HOUR, 9 * HOUR, power_off)
    case.live(2 * HOUR)
    case.watch.sites = {code: site for code, site in case.sites.items() if code != TELEN}
    case.watch.restart()
    assert [kind for _, kind, _ in case.live(3 * HOUR)] == ["resolve"]
    assert "Dihapus dari daftar" in case.watch.sent[-1].text_id
    assert case.firing() == []


def test_what_is_open_on_a_modem_that_was_taken_away_is_closed(tmp_path: Path) -> None:
    case = Case(tmp_path, dict(list(fleet(["Telen"]).items())[:2]))
    code = next(code for code, hall in case.world.halls.items() if len(hall.modems) == 2)
    case.fault(HOUR, 5 * DAY, hears("m2", registration="no_sim"), code)
    assert [(kind, key) for _, kind, key in case.live(2 * HOUR)] == [("open", f"no_sim/{code}/m2")]
    del case.world.halls[code].modems["m2"]
    told = [(kind, key) for _, kind, key in case.live(3 * DAY + 3 * HOUR, 10 * MINUTE)]
    assert told[-1] == ("resolve", f"no_sim/{code}/m2")
    assert {kind for kind, _ in told[:-1]} == {"reminder"}


def test_a_hall_that_sends_once_an_hour_to_save_data_is_not_dark(case: Case) -> None:
    def hourly(effect: Effect, _hall: HallSim, t: int) -> None:
        effect.device |= {"bytes_month": 6_000_000, "budget_month": 6_000_000}
        effect.linked = t < 2 * HOUR or t % HOUR < 6 * MINUTE

    case.fault(HOUR, 8 * HOUR, hourly)
    assert {key for _, _, key in case.live(6 * HOUR)} == {f"data_budget/{TELEN}"}
    case.fault(6 * HOUR + 10 * MINUTE, 9 * HOUR, power_off)
    assert [(kind, key) for _, kind, key in case.live(8 * HOUR)] == [("open", f"quota_gone/{TELEN}")]


def test_a_dark_hall_whose_sim_expires_is_told_so(tmp_path: Path) -> None:
    sites = fleet(["Telen"])
    sites[TELEN] = dataclasses.replace(sites[TELEN], sim_expiry=date(2026, 12, 3))
    case = Case(tmp_path, sites)
    case.fault(HOUR, 3 * HOUR, power_off)
    assert [key for _, _, key in case.live(2 * HOUR)] == [f"sim_expiry/{TELEN}", f"hall_dark/{TELEN}"]
    assert "03/12/2026" in case.watch.sent[0].title_id
    assert "Kemungkinan: masa aktif kartu SIM" in case.watch.sent[1].text_id


def test_schedule_is_learnt_from_history_at_the_first_start(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "store.db")
    for site, hours in ((TELEN, range(6, 18)), ("6408072002", range(24))):  # the second shows that the line worked at night
        starts = [START_MS - day * DAY + hour * HOUR for day in range(1, 8) for hour in hours]
        tags = {"site": site, "modem": "m1"}
        store.write_points([Point("signal_1h", tags, {"slots": 12, "samples": 120}, at * 1_000_000) for at in starts])
    sites = fleet(["Telen"])
    watch = Watch(tmp_path / "watch.db", store, sites)
    watch.tick(0)
    assert watch.looker._book.schedule.on(TELEN, START_MS + 2 * HOUR) is False
    assert watch.looker._book.schedule.on(TELEN, START_MS + 12 * HOUR) is True


def test_two_installations_at_once_are_told_once_and_their_end_once(case: Case) -> None:
    site = case.sites[TELEN]
    tags = {"site": site.code, "kecamatan": site.kecamatan, "desa": site.desa}
    for minute in range(0, 180, 15):  # as the timer of the fleet writes it
        at_once = 2 if 60 <= minute < 120 else 1
        case.store.write_points([Point("fleet", tags, {"at_once": at_once}, (START_MS + minute * MINUTE) * 1_000_000)])
    told = case.live(3 * HOUR)
    assert told == [(60, "open", f"two_installations/{TELEN}"), (120, "resolve", f"two_installations/{TELEN}")]
    assert "2 perangkat melapor sebagai kantor ini" in case.watch.sent[0].title_id


def test_what_waits_in_the_agreement_is_in_the_digest_once_a_day(tmp_path: Path) -> None:
    record = tmp_path / "agreement.db"
    assert _waits(record, parts.SITES) == []
    assert not record.exists()
    book = parts.agreement(tmp_path)
    for at_ms in (START_MS, START_MS - 15 * DAY):
        book.add(parts.remark(), parts.VILLAGE, "page", at_ms)
    config, store, db = load(CONFIG / "alerts.toml"), Sqlite(tmp_path / "store.db"), WatchDb(tmp_path / "watch.db")
    outbox = Outbox(db.db, lambda _message: [])
    looker = Looker(config, parts.SITES, store, db, outbox, waits=lambda: _waits(record, parts.SITES))
    for hour in (5, 6, 7, 30, 31):
        looker.look(START_MS + hour * HOUR)
    told = [message for message in outbox.messages() if message.rule == "agreement"]
    assert [(message.at_ms - START_MS) // HOUR for message in told] == [6, 30]
    assert all(message.digest for message in told)
    assert told[0].title_en == "Agreement: 2 wait, overdue: 1"
    assert told[0].text_en.startswith("Senyiur: remark 3 (it is the power, not the signal) waits for an answer: OVERDUE since ")
    assert "; Senyiur: remark 2 " in told[0].text_en
    with sqlite3.connect(record) as file:
        file.executescript("DROP TRIGGER never_taken_out; DELETE FROM entry WHERE n = 2")
    assert _waits(record, parts.SITES) == []  # what was tampered with is told nobody as the truth; `verify` says it
