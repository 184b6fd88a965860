"""The pure parts: verdicts on a row, how bad and good time add up, schedules, texts, the outbox."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from collector.notify.outbox import Message, Outbox, open_db, transaction
from collector.sites.sites import read_sites
from collector.store.store import Row
from collector.watch.config import load
from collector.watch.facts import Facts
from collector.watch.incidents import Change
from collector.watch.judge import Book
from collector.watch.messages import SHORT_CHARS, message
from collector.watch.rule import Family, Rule, Settings, Verdict, rules
from collector.watch.schedule import AWAKE, Schedule
from collector.watch.state import Hall, Incident, Modem, Sign, State
from tests.collector.watch.world import CONFIG, DAY, HOUR, MINUTE, START_MS

RULES = load(CONFIG / "alerts.toml").rules


def verdicts(stream: str, row: Row) -> dict[str, bool | None]:
    """Return what each rule says of a row, of a modem that was served just before."""
    at_ns = START_MS * 1_000_000
    modem = Modem("m1", served_ms=START_MS)
    found = {}
    for name, rule in rules().items():
        if rule.on_row is not None and stream in rule.columns:
            found[name] = rule.on_row(RULES[name], Hall("h"), modem, {"time_ns": at_ns, **row}).bad
    return found


HOME = {"registration": "home"}

SIGNAL = [
    (
        {**HOME, "rsrp_dbm": -95.0, "sinr_db": 9.0},
        {"no_service": False, "sim_refused": False, "weak_signal": False, "low_quality": False},
    ),
    ({**HOME, "rsrp_dbm": -111.0, "sinr_db": -5.0}, {"weak_signal": True, "low_quality": True}),
    ({**HOME, "rsrp_dbm": -108.0, "sinr_db": 1.0}, {"weak_signal": None, "low_quality": None}),  # between: neither
    ({**HOME, "rsrp_dbm": -95.0, "sinr_db": -1.0}, {"low_quality": True}),
    (HOME, {"no_service": False, "weak_signal": None, "low_quality": None}),  # 2G: served, and no RSRP to judge
    ({"registration": "searching"}, {"no_service": True, "weak_signal": None, "modem_sick": False, "no_sim": False}),
    ({"registration": "limited", "rsrp_dbm": -70.0}, {"no_service": True, "weak_signal": None, "sim_refused": None}),
    ({"registration": "denied"}, {"sim_refused": True, "no_service": None}),
    ({"registration": "sim_fault"}, {"sim_refused": True, "no_service": None, "no_sim": False}),
    ({**HOME, "rat": "gsm", "rsrp_dbm": -120.0}, {"weak_signal": None}),  # RSRP is no level of 2G
    ({"registration": "no_sim"}, {"no_sim": True, "no_service": None, "modem_sick": False}),
    ({"registration": "modem_silent"}, {"modem_sick": True, "no_sim": None, "no_service": None, "weak_signal": None}),
]


@pytest.mark.parametrize(("row", "expected"), SIGNAL)
def test_signal(row: Row, expected: dict[str, bool | None]) -> None:
    found = verdicts("signal", row)
    assert {rule: found[rule] for rule in expected} == expected


DEVICE = [
    ({"mains": True}, {"mains_off": False, "spool_filling": None, "data_budget": None}),
    ({"mains": False}, {"mains_off": True}),
    ({}, {"mains_off": None}),  # no sensor
    ({"spool_depth": 20_000, "disk_free_mb": 9000.0}, {"spool_filling": False}),  # two days of backlog drain by themselves
    ({"spool_depth": 60_000, "disk_free_mb": 9000.0}, {"spool_filling": None}),
    ({"spool_depth": 100_001, "disk_free_mb": 9000.0}, {"spool_filling": True}),
    ({"spool_depth": 10, "disk_free_mb": 200.0}, {"spool_filling": True}),
    ({"spool_depth": 10, "disk_free_mb": 350.0}, {"spool_filling": None}),
    ({"bytes_month": 46_000_000}, {"data_budget": True}),
    ({"bytes_month": 43_000_000}, {"data_budget": None}),
    ({"bytes_month": 1_000_000}, {"data_budget": False}),
    ({"bytes_month": 5_500_000, "budget_month": 6_000_000}, {"data_budget": True}),
]


@pytest.mark.parametrize(("row", "expected"), DEVICE)
def test_device(row: Row, expected: dict[str, bool | None]) -> None:
    found = verdicts("device", row)
    assert {rule: found[rule] for rule in expected} == expected


def _lived(verdicts: str, for_s: float, clear_s: float) -> str:
    """Feed a minute a sign: x bad, . good, ? unknown; return F while it fires and - else."""
    sign_, states = Sign("k", "r"), ""
    for minute, sign in enumerate(verdicts):
        sign_.feed({"x": True, ".": False, "?": None}[sign], 60.0, minute * MINUTE, for_s, clear_s)
        states += "F" if sign_.raised else "-"
    return states


def test_bad_time_adds_up_and_good_time_counts_against_it() -> None:
    assert _lived("xxxx....", 180, 120) == "--FFFF--".replace("FFFF--", "FFF---")
    assert _lived("x.x.x.x.", 180, 120) == "--------"
    assert _lived("xx.xxx..", 240, 60) == "----FF--".replace("FF--", "-F--")


def test_what_is_unknown_changes_nothing() -> None:
    assert _lived("xx??????x", 180, 120) == "--------F"
    assert _lived("xxx.?????x..", 180, 120) == "--FFFFFFFFF-"


def test_flapping_opens_once_and_closes_once() -> None:
    states = _lived("xxxxxxx..." * 20 + "." * 60, 45 * 60, 60 * 60)
    assert states.count("-F") == 1
    assert states.count("F-") == 1


def _schedule(days: int, on: range, *, awake: bool = True) -> Schedule:
    schedule = Schedule(14, 2)
    for day in range(days):
        for slot in range(48):
            at_ms = START_MS + day * DAY + slot * 30 * MINUTE
            if awake:
                schedule.awake(at_ms)
            if slot in on:
                schedule.mark("hall", at_ms)
    return schedule


def test_a_recurring_gap_is_learnt_with_half_an_hour_of_slack() -> None:
    schedule, today = _schedule(5, range(12, 36)), START_MS + 5 * DAY
    assert schedule.on("hall", today + 3 * HOUR) is False
    assert schedule.on("hall", today + 6 * HOUR + 10 * MINUTE) is False  # the slack
    assert schedule.on("hall", today + 12 * HOUR) is True
    assert schedule.on("hall", today + 22 * HOUR) is False


def test_one_day_teaches_nothing_yet() -> None:
    assert _schedule(1, range(12, 36)).on("hall", START_MS + DAY + 3 * HOUR) is None


def test_days_without_any_sign_of_the_hall_do_not_teach_it_to_be_dark() -> None:
    schedule = _schedule(6, range(48))
    for day in range(6, 13):
        schedule.awake(START_MS + day * DAY + 12 * HOUR)
    assert schedule.on("hall", START_MS + 13 * DAY + 12 * HOUR) is True


def test_hours_in_which_the_watch_slept_teach_nothing() -> None:
    assert _schedule(6, range(12, 36), awake=False).on("hall", START_MS + 6 * DAY + 3 * HOUR) is True


def test_schedule_survives_on_disk() -> None:
    schedule = _schedule(5, range(12, 36))
    again = Schedule(14, 2, schedule.changed())
    assert again.on("hall", START_MS + 5 * DAY + 3 * HOUR) is False
    assert ("", AWAKE) in {(site, kind) for site, kind, _, _ in schedule.changed()}


def test_every_rule_is_whole() -> None:
    for name, rule in rules().items():
        assert rule.name == name
        assert rule.title
        assert issubclass(rule.settings, Settings)
    with pytest.raises(ValueError, match="exactly one of"):
        Rule(family=Family.DEVICE, subject="hall", settings=Settings, title="t", likely="l", action="a")
    with pytest.raises(ValueError, match="belong together"):
        Rule(
            family=Family.DEVICE, subject="hall", settings=Settings, columns={"device": ("mains",)},
            on_clock=lambda _s, _at: Verdict(None),
            title="t", likely="l", action="a",
        )  # fmt: skip
    with pytest.raises(ValueError, match="needs title"):
        Rule(family=Family.DEVICE, subject="cause", settings=Settings, title="t", likely="", action="a")


@pytest.mark.parametrize("rule", list(rules()))
@pytest.mark.parametrize("kind", ["open", "resolve"])
def test_texts_fit_one_sms_in_every_hall(rule: str, kind: str) -> None:
    sites = read_sites(CONFIG / "sites.csv")
    config = load(CONFIG / "alerts.toml")
    book = Book(config.engine, config.rules, Schedule(14, 2))
    for code in sites:
        sign = Sign(f"{rule}/{code}", rule, code, detail=-117, raised=True, bad=True)
        incident = Incident(sign.key, rules()[rule].family, rule, members={sign.key}, halls={code: START_MS}, since_ms=START_MS)
        incident.until_ms = START_MS + 3 * HOUR
        state = State({code: Hall(code)}, {sign.key: sign}, {sign.key: incident})
        told = message(state, book, Facts(START_MS + HOUR, sites), Change(kind, incident))
        assert told is not None
        assert len(told.short_id) <= SHORT_CHARS
        assert "{" not in told.title_id + told.title_en + told.text_id + told.text_en
        assert told.text_id != told.text_en


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(open_db(tmp_path / "watch.db"), lambda message: [("sms", message.at_ms), ("mail", message.at_ms + 100)])


def _message(key: str, at_ms: int, kind: str = "open") -> Message:
    return Message(
        key=key, kind="resolve" if kind == "resolve" else "open", rule="hall_dark", severity="warning", role="village",
        at_ms=at_ms, title_id="t", title_en="t", text_id="t", text_en="t",
    )  # fmt: skip


def test_outbox_gives_what_is_due_in_order_until_it_is_delivered(outbox: Outbox) -> None:
    outbox.put([_message("a", 10), _message("b", 20)])
    assert [(m.key, where) for m, where in outbox.pending(50)] == [("a", "sms"), ("b", "sms")]
    assert [(m.key, where) for m, where in outbox.pending(110)] == [("a", "mail"), ("a", "sms"), ("b", "sms")]
    for message_, where in outbox.pending(1000):
        outbox.delivered(message_.id, where)
    assert outbox.pending(1000) == []


def test_outbox_takes_the_same_message_once(outbox: Outbox) -> None:
    outbox.put([_message("a", 10)])
    outbox.put([_message("a", 10), _message("a", 10, "resolve"), _message("a", 11)])
    assert [(m.kind, m.at_ms) for m in outbox.messages()] == [("open", 10), ("resolve", 10), ("open", 11)]


def test_a_closing_waits_for_the_retry_of_its_opening(outbox: Outbox) -> None:
    outbox.put([_message("a", 10), _message("a", 20, "resolve")])
    first = outbox.pending(50)[0][0]
    outbox.failed(first.id, "sms", "busy", 80)
    assert [m.kind for m, where in outbox.pending(60) if where == "sms"] == []
    assert [m.kind for m, where in outbox.pending(80) if where == "sms"] == ["open", "resolve"]


def test_state_and_messages_are_one_transaction(tmp_path: Path) -> None:
    db = open_db(tmp_path / "watch.db")
    outbox = Outbox(db, lambda message: [("sms", message.at_ms)])

    def dies() -> None:
        with transaction(db):
            db.execute("CREATE TABLE state (x)")
            outbox.put([_message("a", 10)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dies()
    assert outbox.messages() == []
    with pytest.raises(sqlite3.OperationalError):
        db.execute("SELECT * FROM state")
