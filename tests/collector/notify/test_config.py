"""The delivery sections: every fault names file, key and cure, and never repeats an address; the example loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.notify.config import check_kecamatan, load, secret_in
from collector.notify.deliver import open_channels
from collector.notify.heartbeat import Heartbeat

EXAMPLE = Path(__file__).parents[3] / "config" / "alerts.toml"
HOOK = '[destination.a]\nurl = "json://127.0.0.1:9/x"\n'
ROUTE = '[route.r]\naudience = "teknisi"\ngather = []\nto = ["a"]\n'
SECRET = "tgram://123456789:AAHsecretsecretsecret/42/"

BAD = [
    ("[destination.a]\n", "destination.a: needs exactly one of url_file, url_env, url"),
    ('[destination.a]\nurl = "json://h"\nurl_env = "X"\n', "destination.a: needs exactly one of url_file, url_env, url"),
    (
        f'[destination.a]\nurl = "{SECRET}"\n',
        "destination.a: url: an address with this scheme holds a secret (only json, jsons, form, forms, xml, xmls, mailto, "
        "mailtos may stand here); write it to a file and name that in url_file, or use url_env",
    ),
    (
        '[destination.a]\nurl = "mailtos://user:secretpass@mail.example"\n',
        "destination.a: url: holds a user or password before the host; "
        "write it to a file and name that in url_file, or use url_env",
    ),
    (HOOK + 'forms = "sms"\n', "destination.a.forms: unknown key; did you mean 'form'?"),
    (HOOK + 'form = "voice"\n', "destination.a.form: must be 'full', 'line' or 'sms'"),
    (HOOK + "per_hour = 0\n", "destination.a.per_hour: must be 1..3600"),
    (HOOK + 'timeout_s = "3 s"\n', "destination.a.timeout_s: must be a number without quotes"),
    (HOOK + 'second = "b"\n', "destination.a.second: no [destination.b]; known here: a"),
    (HOOK + 'second = "a"\n', "destination.a.second: is itself; name another destination"),
    (
        '[destination.a]\nurl_env = "NOT-A-NAME"\n',
        "destination.a.url_env: must be the name of an environment variable: letters, digits and '_'",
    ),
    (HOOK + '[route.r]\naudience = "teknisi"\ngather = []\nto = ["aa"]\n', "route.r.to: no [destination.aa]; did you mean 'a'?"),
    (
        HOOK + '[route.r]\nto = ["a"]\n',
        "route.r.audience: missing; add `audience = ...` under [route.r], as config/alerts.toml shows",
    ),
    (
        HOOK + ROUTE.replace("teknisi", "bupati"),
        "route.r.audience: must be 'desa', 'camat', 'teknisi' or 'pimpinan' (got 'bupati')",
    ),
    (HOOK + ROUTE + 'severity = "high"\n', "route.r.severity: must be 'info', 'warning' or 'critical' (got 'high')"),
    (
        HOOK + ROUTE + 'concerns = ["radio"]\n',
        "route.r.concerns[1]: must be one of village, field, network, server (got 'radio')",
    ),
    (
        HOOK + ROUTE + "concerns = []\n",
        "route.r.concerns: is empty, so the route takes nothing; name roles or delete the key",
    ),
    (HOOK + ROUTE + 'kecamatan = "Sandaran"\n', "route.r.kecamatan: must be a list as ['one', 'two'] (got 'Sandaran')"),
    ('[quiet]\nstart = "9pm"\n', "quiet.start: must be a time of day in quotes as '21:00' (got '9pm')"),
    ("[digest]\nat = []\n", "digest.at: must be a list with at least one entry (got [])"),
    ('[heartbeat]\nurl_env = "X"\nevery_s = 0\n', "heartbeat.every_s: must be 1..3600"),
]


@pytest.mark.parametrize(("text", "fault"), BAD, ids=[fault.split(";")[0][:60] for _, fault in BAD])
def test_a_bad_section_names_file_key_and_cure(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"alerts.toml: {fault}"


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(HOOK + 'per_hour = 0\nform = "x"\n[quiet]\nfrom = "21:00"\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '[destination.a]\nurl_env = "SINYAL_TEST_UNSET"\n',
            "destination.a: url_env: SINYAL_TEST_UNSET is not set; set it, for a service in its EnvironmentFile=",
        ),
        ('[destination.a]\nurl_file = "none"\n', "no such file; write the secret there, readable for this user alone"),
        ('[destination.a]\nurl_file = "empty"\n', "is empty; write the secret there"),
        ('[destination.a]\nurl_file = "typo"\n', "is not an address that apprise can use (scheme tgrm)"),
        ('[destination.a]\nurl_file = "two"\n', "names more than one recipient, or retry=; make one [destination.NAME] for each"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_secret(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "typo").write_text(SECRET.replace("tgram", "tgrm"))
    (tmp_path / "two").write_text(SECRET + "43/")
    path = tmp_path / "alerts.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        open_channels(load(path), "alerts.toml")
    assert fault in str(caught.value)
    assert "secretsecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "open_"),
    [
        ("json://127.0.0.1:8080/peringatan", True),
        ("mailto://127.0.0.1:25/?from=a@kutim.example&to=b@kutim.example&mode=insecure", True),
        ("jsons://hooks.example/services/T024BE7LD/B0123456789/XXXXXXXXXXXXXXXXXXXXXX12", False),
        ("form://10.0.0.5/send?+Authorization=abc", False),
        ("mailto://mail.example/?pass=abc&to=a@b.example", False),
        ("ntfy://topic-nobody-guesses", False),
    ],
)
def test_only_addresses_that_can_hold_no_secret_may_stand_in_the_file(url: str, open_: bool) -> None:
    assert (secret_in(url) is None) is open_


def test_a_kecamatan_that_no_site_has_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(HOOK + ROUTE + 'kecamatan = ["Sandara"]\n')
    with pytest.raises(ConfigError, match=re.escape("route.r.kecamatan: no site is in 'Sandara'; did you mean 'Sandaran'?")):
        check_kecamatan(load(path), {"Sandaran", "Telen"})


def test_a_heartbeat_address_must_be_http(tmp_path: Path) -> None:
    (tmp_path / "beat").write_text("hc-ping.example/uuid-that-is-secret")
    path = tmp_path / "alerts.toml"
    path.write_text('[heartbeat]\nurl_file = "beat"\n')
    with pytest.raises(ConfigError, match="heartbeat: must be an address that begins with https:// or http://") as caught:
        Heartbeat(load(path).heartbeat)
    assert "uuid" not in str(caught.value)


def test_the_example_loads_as_it_is_and_with_every_option_taken_out_of_its_comment(tmp_path: Path) -> None:
    assert load(EXAMPLE).destination == {}
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# [destination"))
    opened = [re.sub(r"^# (?=\[|\w+ = )", "", line) for line in lines[start:]]
    path = tmp_path / "alerts.toml"
    path.write_text("\n".join(opened))
    config = load(path)
    assert set(config.destination) == {"telegram-teknisi", "sms-siaga", "surel-pimpinan", "wa-sandaran"}
    assert set(config.route) == {"teknisi", "sandaran", "pimpinan"}
    assert config.heartbeat is not None
