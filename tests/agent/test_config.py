from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli import main
from agent.config import load
from agent.errors import ConfigError
from agent.modems.registry import FAMILIES

INVALID = Path(__file__).parent / "invalid"
EXAMPLE = Path(__file__).parents[2] / "config" / "agent.example.toml"

MESSAGES = {
    "broker_port_zero": "broker.port: must be 1..65535 (got 0)",
    "unknown_key": "broker.prot: unknown key; did you mean 'port'?",
    "site_dotted": "agent.site: must be a village code without dots (6408012001) or 1..32 of a-z 0-9 - (got '64.08.01.2001')",
    "no_broker": "broker: missing; add a section [broker], as config/agent.example.toml shows",
    "host_missing": "broker.host: missing; add `host = ...` under [broker], as config/agent.example.toml shows",
    "interval_text": "sampling.interval_s: must be a number without quotes (got '30')",
    "cuts_falling": "sampling.rsrp_cuts_dbm: must rise from left to right within -157..-30, "
    "as [-115, -105, -95] (got [-95, -105])",
    "cert_without_key": "broker: cert and key belong together; set both or none",
    "plain_with_ca": "broker: ca, cert and key have no use with tls = false; delete them or set tls = true",
    "modem_port": "modem[1].port: must be a full path (/dev/serial/by-id/...; `sinyal-agent detect` prints it), "
    "socket://host:port, or http://192.168.8.1/ for a HiLink stick (got 'ttyUSB2')",
    "modem_family": f"modem[1].family: must be one of {', '.join(family.name for family in FAMILIES)}; "
    "leave it out to have it found from the modem's answers (got 'quectel_lte')",
    "modem_password": "modem[1].port: must not hold a password; switch the password off in the web page of the stick",
    "modem_twice": "file: two [[modem]] sections have the name 'a'; give each its own",
    "probe_no_interface": 'file: probe has targets but no [[modem]] has an interface; add `interface = "wwan0"` (see `ip link`)',
    "probe_no_server": "probe: dns_names needs dns_server beside it: the address of the resolver to ask, as 1.1.1.1",
    "probe_host": "probe.ping_hosts[1]: must be a host name or address, as 1.1.1.1 or example.go.id (got '-x')",
    "probe_url": "probe.download_url: must be an address such as https://example.go.id/file, without user and password",
    "sim_no_interface": "file: sim_bytes_month of modem 'a' needs interface beside it, whose bytes are counted",
    "not_toml": "not TOML: Invalid value (at line 2, column 8); a text value needs quotes, a section is [name]",
    "recovery_too_often": "modem[1].recovery.usb_reset_per_hour: must be 0..12 (got 99)",
    "budget_small": "budget.bytes_month: must be 100000 or more (got 6)",
}


def test_every_invalid_file_has_its_message() -> None:
    assert {p.stem for p in INVALID.glob("*.toml")} == set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_message_names_file_key_reason_and_cure(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(INVALID / f"{name}.toml")
    assert str(caught.value) == f"{name}.toml: {MESSAGES[name]}"


def test_cli_prints_the_message_and_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--config", str(INVALID / "broker_port_zero.toml")]) == 2
    assert capsys.readouterr().err == "broker_port_zero.toml: broker.port: must be 1..65535 (got 0)\n"


def test_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`sudo sinyal-agent install .* or copy config/agent\.example\.toml there"):
        load(tmp_path / "agent.toml")


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('[agent]\nsite = "A"\n[broker]\nhost = ""\nport = 70000\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).splitlines() == [
        "agent.toml: agent.site: must be a village code without dots (6408012001) or 1..32 of a-z 0-9 - (got 'A')",
        "agent.toml: broker.host: must be text that is not empty (got '')",
        "agent.toml: broker.port: must be 1..65535 (got 70000)",
    ]


def test_a_file_that_the_config_names_but_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(f'[agent]\nsite = "hall"\ndata_dir = "{tmp_path}/data"\n[broker]\nhost = "h"\nca = "{tmp_path}/ca.crt"\n')
    assert main(["run", "--config", str(path)]) == 2
    expected = f"agent.toml: broker.ca: no such file '{tmp_path}/ca.crt'; copy it there or correct the path\n"
    assert capsys.readouterr().err == expected


def test_example_loads_and_shows_every_option() -> None:
    config = load(EXAMPLE)
    assert config.agent.site == "6408012001"
    text = EXAMPLE.read_text()
    for section in (config.agent, config.broker, config.sampling, config.budget, config.probe, config.spool, config.modem[0]):
        for name in type(section).model_fields:
            assert f"\n{name} =" in text or f"\n# {name} =" in text or f"[modem.{name}]" in text, name


def test_values_of_the_example_are_the_defaults() -> None:
    config = load(EXAMPLE)
    for section in (config.sampling, config.budget, config.probe, config.spool, config.modem[0].recovery):
        assert section == type(section)()
