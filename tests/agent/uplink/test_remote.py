from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config import Config, load
from agent.uplink.remote import Remote, in_force
from telemetry.settings import KEYS, Desired, State, decode_desired, decode_reported, encode_desired

SLOW = {"sampling": {"interval_s": 60}}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[agent]\nsite = "hall"\ndata_dir = "{tmp_path}"\n[broker]\nhost = "h"\n[sampling]\nframe_interval_s = 100\n'
        '[[modem]]\nname = "a"\nport = "/dev/ttyUSB2"\ninterface = "wwan0"\n'
    )
    return load(path)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return tmp_path / "remote.json"


def wanted(name: str, settings: dict[str, Any]) -> bytes:
    return json.dumps({"v": 1, "id": name, "settings": settings}).encode()


def told(remote: Remote) -> tuple[State, str]:
    assert remote.report is not None
    reported = decode_reported(remote.report)
    return reported.state, reported.reason


def test_settings_take_effect_and_last_when_the_collector_answers(config: Config, card: Path) -> None:
    remote = Remote(config, card)
    remote.received(wanted("one", SLOW))
    changed = remote.tick(1000, None)
    assert changed is not None
    assert changed.sampling.interval_s == 60
    assert changed.sampling.frame_interval_s == 100, "what is not named has the value of the file"
    assert told(remote)[0] == State.TRIAL
    assert remote.tick(2000, 999) is None, "an answer from before is no proof"
    assert remote.waiting
    remote.tick(3000, 2500)
    assert told(remote)[0] == State.APPLIED
    assert Remote(config, card).effective == remote.effective, "after a reboot"
    assert decode_reported(remote.report or b"").settings["sampling"]["interval_s"] == 60


def test_without_an_answer_in_time_the_settings_before_are_back(config: Config, card: Path) -> None:
    remote = Remote(config, card, confirm_s=600)
    remote.received(wanted("one", SLOW))
    remote.tick(0, None)
    assert remote.tick(599_999, None) is None
    assert remote.tick(600_000, None) == config
    assert told(remote) == (State.ROLLED_BACK, "no answer of the collector within 600 s")
    assert Remote(config, card).effective == config


def test_a_reboot_in_the_middle_rolls_back(config: Config, card: Path) -> None:
    first = Remote(config, card)
    first.received(wanted("good", SLOW))
    first.tick(0, None)
    first.tick(10, 5)
    first.received(wanted("bad", {"sampling": {"interval_s": 3600}}))
    first.tick(20, 5)
    assert first.effective.sampling.interval_s == 3600
    second = Remote(config, card)  # the power went: nothing was said
    assert second.effective.sampling.interval_s == 60
    assert told(second)[0] == State.ROLLED_BACK


def test_settings_that_failed_three_times_are_not_tried_again(config: Config, card: Path) -> None:
    for _ in range(3):
        remote = Remote(config, card)
        remote.received(wanted("one", SLOW))
        assert remote.tick(0, None) is not None
    remote = Remote(config, card)
    remote.received(wanted("one", SLOW))
    assert remote.tick(0, None) is None
    assert told(remote)[0] == State.ROLLED_BACK
    remote.received(wanted("two", SLOW))
    assert remote.tick(0, None) is not None, "under a new id they are"


def test_an_empty_payload_takes_everything_back(config: Config, card: Path) -> None:
    remote = Remote(config, card)
    remote.received(wanted("one", SLOW))
    remote.tick(0, None)
    remote.tick(10, 5)
    remote.received(b"")
    assert remote.tick(20, 5) == config
    remote.tick(30, 25)
    assert told(remote)[0] == State.FILE
    assert Remote(config, card).effective == config


def test_the_same_settings_again_change_nothing(config: Config, card: Path) -> None:
    remote = Remote(config, card)
    remote.received(wanted("one", SLOW))
    remote.tick(0, None)
    remote.tick(10, 5)
    remote.notices.clear()
    remote.received(wanted("one", SLOW))  # retained: the broker brings it with every connection
    assert remote.tick(20, 5) is None
    assert not remote.waiting
    assert remote.notices == []


REJECTED = [
    (b"hello", "settings: not JSON"),
    (b"[]", "settings: must be a JSON object"),
    (b'{"v":2,"id":"x","settings":{}}', "v: this agent speaks 1 (got 2); upgrade the older end"),
    (b'{"v":1,"id":"../x","settings":{}}', "id: must be 1..64 of A-Z a-z 0-9 -"),
    (b'{"v":1,"id":"x"}', "settings: must be an object of sections"),
    (b" " * 5000, "settings: 5000 bytes, at most 4096 are read"),
    (wanted("x", {"sampling": {"interval_s": 0}}), "sampling.interval_s: must be 1..3600 (got 0)"),
    (wanted("x", {"sampling": {"interval_s": "60"}}), "sampling.interval_s: must be a number without quotes (got '60')"),
    (wanted("x", {"sampling": {"intervall_s": 60}}), "sampling.intervall_s: cannot be set from the server"),
    (wanted("x", {"sampling": {"rsrp_cuts_dbm": [-1]}}), "sampling.rsrp_cuts_dbm: cannot be set from the server"),
    (wanted("x", {"agent": {"data_dir": "/etc"}}), "agent: not a section that can be set from the server"),
    (wanted("x", {"broker": {"host": "evil"}}), "broker: not a section that can be set from the server"),
    (wanted("x", {"modem": [{"port": "/dev/null"}]}), "modem: not a section that can be set from the server"),
    (wanted("x", {"sampling": 5}), "sampling: not a section that can be set from the server"),
    (wanted("x", {"budget": {"bytes_month": 5}}), "budget.bytes_month: must be 100000 or more (got 5)"),
    (wanted("x", {"probe": {"download_url": "http://192.168.8.1/reboot"}}), "probe.download_url: cannot be set from the server"),
    (wanted("x", {"probe": {"ping_hosts": ["$(reboot)"]}}), "probe.ping_hosts[1]: must be a host name or address"),
    (wanted("x", {"probe": {"dns_names": ["a.id"]}}), "probe: dns_names needs dns_server beside it"),
    (
        b'{"v":1,"id":"x","settings":{"probe":{"dns_names":' + b"[" * 900 + b"]" * 900 + b"}}}",
        "probe.dns_names: must be a number",
    ),
    (wanted("x", {"probe": {"dns_server": None}}), "probe.dns_server: must be a number, a text, or a list of texts"),
    (b'{"v":1,"id":"x","settings":{"sampling":{"interval_s":1e400}}}', "s"),
    (wanted("x", {"probe": {"interval_s": 1}}), "probe.interval_s: must be 60..86400 (got 1)"),
]


@pytest.mark.parametrize(("payload", "reason"), REJECTED)
def test_what_is_wrong_is_refused_with_its_reason_and_changes_nothing(
    config: Config, card: Path, payload: bytes, reason: str
) -> None:
    remote = Remote(config, card)
    remote.received(payload)
    assert remote.tick(0, None) is None
    assert remote.effective == config
    state, why = told(remote)
    assert state == State.REJECTED
    assert why.startswith(reason)
    assert not card.exists()
    assert [event.kind for event in remote.notices] == ["config_rejected"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
)
KNOWN = st.sampled_from(sorted({*KEYS, *(key for keys in KEYS.values() for key in keys), "agent", "modem"}))


@given(
    st.binary()
    | st.dictionaries(KNOWN, st.dictionaries(KNOWN, VALUES)).map(
        lambda s: json.dumps({"v": 1, "id": "x", "settings": s}).encode()
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_nothing_that_comes_stops_the_agent(config: Config, card: Path, payload: bytes) -> None:
    card.unlink(missing_ok=True)
    remote = Remote(config, card)
    remote.received(payload)
    remote.tick(0, None)
    assert remote.report is not None
    assert remote.effective.agent == config.agent
    assert remote.effective.broker == config.broker
    assert remote.effective.modem == config.modem


def test_probes_without_an_interface_are_refused(tmp_path: Path, card: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('[agent]\nsite = "hall"\n[broker]\nhost = "h"\n[[modem]]\nname = "a"\nport = "/dev/ttyUSB2"\n')
    remote = Remote(load(path), card)
    remote.received(wanted("x", {"probe": {"ping_hosts": ["1.1.1.1"]}}))
    assert remote.tick(0, None) is None
    assert "no [[modem]] has an interface" in told(remote)[1]


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"good":1}', b"\x00" * 100, b'{"good":{"id":"x","settings":{"agent":{}}}}'])
def test_a_damaged_card_file_means_the_file_of_the_hall(config: Config, card: Path, damage: bytes) -> None:
    card.write_bytes(damage)
    remote = Remote(config, card)
    assert remote.effective == config
    assert [event.kind for event in remote.notices] == ["config_lost"]


def test_lasting_settings_that_no_longer_fit_the_file_give_way(config: Config, card: Path, tmp_path: Path) -> None:
    remote = Remote(config, card)
    remote.received(wanted("one", {"probe": {"ping_hosts": ["1.1.1.1"]}}))
    remote.tick(0, None)
    remote.tick(10, 5)
    path = tmp_path / "agent.toml"
    path.write_text(path.read_text().replace('interface = "wwan0"\n', ""))
    changed = load(path)
    again = Remote(changed, card)
    assert again.effective == changed
    assert told(again)[0] == State.REJECTED


def test_every_name_that_the_server_may_set_exists_in_the_config(config: Config) -> None:
    for section, keys in KEYS.items():
        assert set(keys) <= set(type(getattr(config, section)).model_fields)


def test_what_is_in_force_is_a_valid_wish(config: Config) -> None:
    values = in_force(config.overlaid({"probe": {"ping_hosts": ["1.1.1.1"]}}))
    assert decode_desired(encode_desired(Desired("x", values))).settings == values
    assert config.overlaid(values).probe.ping_hosts == ("1.1.1.1",)
