"""When a hall asks for the version that the server wants, and what it says of it. Power may go at any moment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.uplink import wanted
from agent.uplink.wanted import Wanted
from telemetry.release import KEPT, REFUSED, ROLLED_BACK, Release, decode_release, encode_release, id_of
from telemetry.streams import Event

WISH = Release("r1", "0.2.0", ("https://x.example/a.pack",), 50_000)
DAY_MS = 86_400_000


def night(hour: int, minute: int = 0) -> int:
    """Return a moment of that hour of WITA, ms UTC."""
    return 20_000 * DAY_MS + (hour - 8) * 3_600_000 + minute * 60_000


class Hall:
    """A hall's end of the wish, with a clock that a test turns."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.events, self.spent, self.seconds = folder, list[Event](), list[int](), 1000.0
        monkeypatch.setattr("agent.uplink.wanted.time.monotonic", lambda: self.seconds)
        self.start()

    def start(self) -> None:
        """Start the agent anew; the broker brings the wish again."""
        self.wanted = Wanted(
            "6408012001", "0.1.0", self.folder, self.events.append, self.spent.append, self.folder / "outcome.json"
        )
        self.wanted.received(encode_release(WISH))

    def tick(self, now_ms: int | None, left: int | None = 1_000_000) -> Release | None:
        """Let a while pass; return what was asked for, if anything was."""
        self.seconds += wanted.LOOK_S
        file = self.folder / wanted.FILE
        file.unlink(missing_ok=True)
        self.wanted.tick(now_ms, left)
        return decode_release(file.read_bytes()) if file.exists() else None

    def outcome(self, state: str, reason: str = "", id_: str = "r1") -> None:
        """Leave what the update says."""
        said = {"id": id_, "version": "0.2.0", "state": state, "reason": reason, "bytes": 51_234}
        (self.folder / "outcome.json").write_text(json.dumps(said))


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hall:
    return Hall(tmp_path, monkeypatch)


def test_it_asks_in_the_quiet_hours_only_and_not_all_halls_at_once(tmp_path: Path, hall: Hall) -> None:
    assert [hour for hour in (5, 12, 23) if hall.tick(night(hour))] == []
    begins = set()
    for number in range(141):
        one = Wanted(f"64080{number:05}", "0.1.0", tmp_path, hall.events.append, hall.spent.append)
        quiet = [minute for minute in range(1440) if one._quiet(night(0, minute))]
        assert quiet == list(range(quiet[0], 300)), "until 05.00 WITA"
        assert len(quiet) >= 60
        begins.add(quiet[0])
    assert len(begins) > 80


def test_it_asks_once_and_again_after_an_hour_while_nothing_came_of_it(hall: Hall) -> None:
    assert hall.tick(night(4)) == WISH
    assert hall.tick(night(4, 1)) is None
    hall.seconds += wanted.AGAIN_S
    assert hall.tick(night(4, 59)) == WISH


def test_without_a_trusted_clock_a_connection_or_bytes_it_does_not_ask(hall: Hall) -> None:
    assert hall.tick(None) is None
    assert hall.tick(night(4), None) is None
    assert hall.tick(night(4), 49_999) is None
    assert hall.tick(night(4), 49_999) is None
    assert [(event.kind, id_of(event.detail or "")) for event in hall.events] == [("update_waits", "r1")], "told once"
    hall.start()
    assert hall.tick(night(4), 49_999) is None
    assert len(hall.events) == 1, "and not again after a restart"
    assert hall.tick(night(4), 50_000) == WISH


@pytest.mark.parametrize("state", [KEPT, ROLLED_BACK, REFUSED])
def test_what_became_of_it_is_told_once_and_it_is_not_asked_for_again(hall: Hall, state: str) -> None:
    hall.outcome(state, "it needs new-one>=3 (not here)")
    assert hall.tick(night(4)) is None
    hall.start()
    assert hall.tick(night(4)) is None
    assert [(event.kind, id_of(event.detail or "")) for event in hall.events] == [(f"update_{state}", "r1")]
    assert "needs new-one>=3 (not here)" in (hall.events[0].detail or "")
    assert hall.spent == [51_234], "its bytes count in the month"
    hall.wanted.received(encode_release(Release("r2", "0.2.0", WISH.files, 50_000)))
    assert hall.tick(night(4)) is not None, "asked for anew under another id"


def test_the_version_that_runs_is_not_asked_for_and_a_wish_taken_back_neither(hall: Hall) -> None:
    hall.wanted.received(encode_release(Release("r1", "0.1.0", WISH.files, 50_000)))
    assert hall.tick(night(4)) is None
    hall.wanted.received(encode_release(WISH))
    hall.wanted.received(b"")
    assert hall.tick(night(4)) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"[]",
        b'{"v":2,"id":"a","version":"1.0","files":["https://x/y"],"bytes":1}',
        b'{"v":1,"id":"a","version":"1.0","files":[],"bytes":1}',
        b'{"v":1,"id":"a","version":"1.0","files":["file:///etc/shadow"],"bytes":1}',
        b'{"v":1,"id":"a","version":"../../x","files":["https://x/y"],"bytes":1}',
        b'{"v":1,"id":"a","version":"1.0","files":["https://x/y"],"bytes":-1}',
        b'{"v":1,"id":"a","version":"1.0","files":"https://x/y","bytes":1}',
        b" " * 5000,
    ],
)
def test_what_is_no_wish_changes_nothing(hall: Hall, payload: bytes) -> None:
    with pytest.raises(ValueError, match="release"):
        decode_release(payload)
    hall.wanted.received(payload)
    assert hall.tick(night(4)) == WISH
