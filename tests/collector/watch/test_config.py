"""Bad alerts.toml: file, key, reason and cure. The shipped file is complete, and each default gives its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.watch.config import load
from collector.watch.rule import rules
from tests.collector.watch.world import CONFIG

SHIPPED = (CONFIG / "alerts.toml").read_text(encoding="utf-8")

BAD = [
    ("[engine]", "[motor]", "engine: missing; add a section [engine], as config/alerts.toml shows"),
    ("[engine]", "[engien]", "engien: unknown key; did you mean 'engine'?"),
    ("tick_s = 60", "tick_s = 1", "engine.tick_s: must be 5..120 (got 1)"),
    ("tick_s = 60", 'tick_s = "often"', "engine.tick_s: must be an integer without quotes (got 'often')"),
    ("tick_s = 60", "", "engine.tick_s: missing; add `tick_s = ...` under [engine]"),
    ("tick_s = 60", "tick = 60", "engine.tick: unknown key; did you mean 'tick_s'?"),
    ("group_share = 0.6", "group_share = 60", "engine.group_share: must be more than 0 and 1 or less (got 60)"),
    ("group_share = 0.6", 'group_share = "most"', "engine.group_share: must be a number without quotes (got 'most')"),
    (
        "# page_url = ",
        "page_url = 'halaman' # ",
        "engine.page_url: must be an address such as https://sinyal.example.go.id (got 'halaman')",
    ),
    ("[rule.hall_dark]", "[rule.hall_drak]", "rule.hall_drak: unknown key; did you mean 'hall_dark'?"),
    ("stale_minutes = 12", "stale_minuts = 12", "rule.hall_dark.stale_minuts: unknown key; did you mean 'stale_minutes'?"),
    ("stale_minutes = 12", "", "rule.hall_dark.stale_minutes: missing; add `stale_minutes = ...` under [rule.hall_dark]"),
    ("above = -107", "above = -112", "rule.weak_signal: above = -112 must not be less than below = -110"),
    ("used_percent = 90", "used_percent = 900", "rule.data_budget.used_percent: must be more than 0 and 100 or less (got 900)"),
    ("warn_days = 7", "warn_days = 0.5", "rule.sim_expiry.warn_days: must be an integer (got 0.5)"),
    ('severity = "critical"', 'severity = "fatal"', "must be 'info', 'warning' or 'critical' (got 'fatal')"),
    ('role = "server"', 'role = "boss"', "must be 'village', 'field', 'network' or 'server' (got 'boss')"),
    ("for_minutes = 45", "for_minutes = -1", "rule.weak_signal.for_minutes: must be 0..10080 (got -1)"),
    ("for_minutes = 45", "enabled = 1", "rule.weak_signal.for_minutes: missing"),
    (
        "for_minutes = 45",
        'for_minutes = 45\nenabled = "perhaps"',
        "rule.weak_signal.enabled: must be true or false (got 'perhaps')",
    ),
    ("[rule.no_sim]", "[[rule.no_sim]]", "rule.no_sim: must be a section"),
    ("[quiet]", "[quite]", "quite: unknown key; did you mean 'quiet'?"),
    ("[engine]", "[engine", "not TOML"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_alerts(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in SHIPPED
    path = tmp_path / "alerts.toml"
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert all(line.startswith("alerts.toml: ") for line in str(caught.value).splitlines())
    assert message in str(caught.value)


def test_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"copy config/alerts\.toml there"):
        load(tmp_path / "alerts.toml")


def test_shipped_file_has_every_rule() -> None:
    assert sorted(load(CONFIG / "alerts.toml").rules) == sorted(rules())


def test_a_rule_may_be_off_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    start, end = SHIPPED.index("[rule.no_sim]"), SHIPPED.index("[rule.sim_refused]")
    text = SHIPPED[:start] + SHIPPED[end:].replace("[rule.clock_untrusted]", "[rule.clock_untrusted]\nenabled = false")
    path.write_text(text, encoding="utf-8")
    on = load(path).rules
    assert "no_sim" not in on
    assert "clock_untrusted" not in on
    assert "hall_dark" in on


def test_a_rule_that_cannot_work_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(SHIPPED.replace("stale_minutes = 12", "stale_minutes = 5"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"rule\.hall_dark\.stale_minutes: must be more than 6"):
        load(path)


def test_a_file_of_the_last_release_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    kept = [
        part for part in SHIPPED.split("\n\n") if not part.startswith(("[rule.unstable]", "[rule.moved]", "[rule.quota_gone]"))
    ]
    path.write_text("\n\n".join(kept) + '\n[relay]\ntoken_file = "t"\nport = 9465\n', encoding="utf-8")
    assert "unstable" not in load(path).rules


def test_state_counts_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(SHIPPED.replace('state = "/var/lib/sinyal/watch.db"', 'state = "watch.db"'), encoding="utf-8")
    assert load(path).engine.state == tmp_path / "watch.db"
