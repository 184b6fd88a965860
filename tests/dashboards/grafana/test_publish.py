"""`sinyal-dashboards publish` against a server that answers as Grafana does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards import cli
from dashboards.grafana.build import DASHBOARDS
from lab.servers import free_port
from tests.dashboards.grafana.fake_grafana import RECORDED, TOKEN, FakeGrafana, serving

STORE1 = '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "influx1"\nurl = "http://127.0.0.1:8086"\n'
STORE2 = '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "influx2"\norg = "kutim"\nbucket = "sinyal"\n'
CLICKHOUSE = STORE1.replace("influx1", "clickhouse").replace('url = "http://127.0.0.1:8086"', 'urls = ["http://127.0.0.1:8123"]')
SQLITE = '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "store.db"\n'


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGrafana]:
    monkeypatch.setenv("SINYAL_GRAFANA_TOKEN", TOKEN)
    with serving(FakeGrafana()) as running:
        yield running


def config(folder: Path, text: str) -> str:
    (folder / "collector.toml").write_text(text)
    return str(folder / "collector.toml")


def publish(grafana: FakeGrafana, *args: str) -> int:
    return cli.main(["publish", "--url", grafana.url, *args])


each_version = pytest.mark.parametrize("version", ["9.4.7", "11.6.0", "12.1.0", "12.4.0", "13.2.3", None])


@each_version
def test_everything_arrives_in_its_folder_and_twice_writes_nothing(
    grafana: FakeGrafana, version: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grafana.version = version
    store = config(tmp_path, STORE1)
    assert publish(grafana, "--config", store) == 0
    assert {uid: f["title"] for uid, f in grafana.folders.items()} == {
        "sinyal-id": "Sinyal (Bahasa Indonesia)",
        "sinyal-en": "Sinyal (English)",
    }
    folders = {uid: d["meta"]["folderUid"] for uid, d in grafana.dashboards.items()}
    expected = {f"sinyal-{name}": "sinyal-id" for name in DASHBOARDS} | {f"sinyal-{name}-en": "sinyal-en" for name in DASHBOARDS}
    assert folders == expected
    source = grafana.datasources["sinyal-influxdb"]
    assert (source["type"], source["url"], source["database"]) == ("influxdb", "http://127.0.0.1:8086", "sinyal")
    grafana.writes.clear()
    capsys.readouterr()
    assert publish(grafana, "--config", store) == 0
    assert grafana.writes == []
    said = capsys.readouterr().out
    assert said.count("unchanged") == 2 + 1 + 2 * len(DASHBOARDS)
    assert Path(said.split("sudo cp ")[1].split()[0]).is_file(), "the map file is named where it is"


def test_dry_run_says_what_it_would_do_and_writes_nothing(
    grafana: FakeGrafana, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(grafana, "--dry-run", "--config", config(tmp_path, STORE1)) == 0
    assert grafana.writes == []
    assert capsys.readouterr().out.count("would create") == 2 + 1 + 2 * len(DASHBOARDS)


def test_what_somebody_changed_is_set_back(grafana: FakeGrafana) -> None:
    assert publish(grafana, "--lang", "id") == 0
    grafana.dashboards["sinyal-hall"]["dashboard"]["panels"][1]["title"] = "changed by hand"
    grafana.folders["sinyal-id"]["title"] = "renamed"
    grafana.writes.clear()
    assert publish(grafana, "--lang", "id") == 0
    assert grafana.writes == ["PUT folders/sinyal-id", "POST dashboards/db"]
    assert grafana.dashboards["sinyal-hall"]["dashboard"]["version"] == 2
    assert grafana.folders["sinyal-id"]["title"] == "Sinyal (Bahasa Indonesia)"


def test_what_grafana_adds_by_itself_is_no_change(grafana: FakeGrafana) -> None:
    assert publish(grafana, "--lang", "en") == 0
    stored = grafana.dashboards["sinyal-fleet-en"]["dashboard"]
    stored["schemaVersion"] = 41
    stored["panels"][1]["pluginVersion"] = "12.0.0"
    grafana.writes.clear()
    assert publish(grafana, "--lang", "en") == 0
    assert grafana.writes == []


def test_a_store_with_a_token_gives_it_as_a_secret_header(
    grafana: FakeGrafana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SINYAL_STORE_TOKEN", "influx-secret")
    url = "http://influxdb:8086"
    assert publish(grafana, "--config", config(tmp_path, STORE2), "--store-url", url) == 0
    source = grafana.datasources["sinyal-influxdb"]
    assert (source["url"], source["jsonData"]["dbName"]) == (url, "sinyal")
    assert source["jsonData"]["httpHeaderName1"] == "Authorization"
    assert source["secureJsonFields"] == {"httpHeaderValue1": True}
    assert "influx-secret" not in capsys.readouterr().out


def test_a_wrong_token_is_named(
    grafana: FakeGrafana, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SINYAL_GRAFANA_TOKEN", "glsa_wrong")
    assert publish(grafana) == 2
    error = capsys.readouterr().err
    assert "401" in error
    assert "SINYAL_GRAFANA_TOKEN" in error
    assert "glsa_wrong" not in error
    assert grafana.writes == []


@each_version
def test_an_editor_publishes_into_a_fresh_grafana_and_is_told_what_it_may_not(
    grafana: FakeGrafana, version: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grafana.role, grafana.version = "Editor", version
    assert publish(grafana, "--config", config(tmp_path, STORE1)) == 2
    assert "may not create data source Sinyal InfluxDB: it lacks the right datasources:create, which role Admin" in (
        capsys.readouterr().err
    )
    assert publish(grafana, "--dry-run") == 0
    assert publish(grafana) == 0
    assert len(grafana.dashboards) == 2 * len(DASHBOARDS)
    grafana.writes.clear()
    assert publish(grafana) == 0
    assert grafana.writes == []


def test_a_node_above_gets_its_board_as_its_database_is_asked(
    grafana: FakeGrafana, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = config(tmp_path, CLICKHOUSE)
    assert publish(grafana, "--config", store) == 2
    assert "--nation clickhouse" in capsys.readouterr().err
    for _ in range(2):
        assert publish(grafana, "--config", store, "--nation", "clickhouse") == 0
    assert set(grafana.dashboards) == {"sinyal-nation", "sinyal-nation-en"}
    (source,) = grafana.datasources.values()
    assert source["type"] == "grafana-clickhouse-datasource"
    assert (
        source["jsonData"].items() >= {"host": "127.0.0.1", "port": 8123, "protocol": "http", "defaultDatabase": "sinyal"}.items()
    )
    assert capsys.readouterr().out.count("unchanged") == 2 + 1 + 2


@pytest.mark.parametrize(
    ("right", "told"),
    [
        (
            "folders:create",
            "create folder Sinyal (Bahasa Indonesia): it lacks the right folders:create, which role Editor has",
        ),
        ("dashboards:create", "(sinyal-alerts): it lacks the right dashboards:create, which role Editor has"),
    ],
)
def test_the_right_that_lacks_is_named(grafana: FakeGrafana, right: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    grafana.lacking = {right}
    assert publish(grafana) == 2
    assert told in capsys.readouterr().err


@each_version
def test_a_folder_that_is_there_but_hidden_is_told_so(
    grafana: FakeGrafana, version: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    grafana.version = version
    assert publish(grafana) == 0
    grafana.lacking = {"folders:read"}
    assert publish(grafana) == 2
    assert "may not see folder Sinyal (Bahasa Indonesia): it lacks the right folders:read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "asked_by"), [("9.4.7", "python-requests"), ("11.6.0", "python-requests"), ("12.0.0", "grafana-client")]
)
def test_each_version_is_asked_by_the_package_that_knows_it(grafana: FakeGrafana, version: str, asked_by: str) -> None:
    grafana.version = version
    assert publish(grafana, "--dry-run") == 0
    assert grafana.clients == {"python-requests", asked_by}  # its version is asked without either


def test_a_name_that_is_taken_is_refused(grafana: FakeGrafana, capsys: pytest.CaptureFixture[str]) -> None:
    grafana.folders["other"] = {"uid": "other", "title": "Sinyal (Bahasa Indonesia)", "version": 1}
    assert publish(grafana) == 1
    assert "rename or delete" in capsys.readouterr().err
    grafana.version = "11.6.0"
    assert publish(grafana) == 0, "from 11.3 on titles need not differ"


@pytest.mark.parametrize("answer", RECORDED, ids=lambda answer: f"{answer['since'][0]} {answer['case']}")
def test_each_recorded_answer_names_its_source_and_is_what_the_server_gives(grafana: FakeGrafana, answer: dict[str, Any]) -> None:
    assert answer["source"]
    grafana.version = "{}.{}.0".format(*answer["since"])
    code, told = grafana.refusal(answer["case"], right="a:b", uid="u")
    assert code == answer["status"]
    assert code == 200 or set(told) & {"message"}


def test_an_unreachable_grafana_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SINYAL_GRAFANA_TOKEN", TOKEN)
    url = f"http://127.0.0.1:{free_port()}"
    assert cli.main(["publish", "--url", url]) == 1
    assert f"cannot be reached at {url}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "told"),
    [(["--url", "grafana.example"], "--url"), (["--config", "SQLITE"], "use influx1 or influx2")],
    ids=["address", "sqlite"],
)
def test_usage_errors_are_told_before_anything_is_asked(
    args: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SINYAL_GRAFANA_TOKEN", TOKEN)
    given = [config(tmp_path, SQLITE) if arg == "SQLITE" else arg for arg in args]
    assert cli.main(["publish", *given]) == 2
    assert told in capsys.readouterr().err


def test_no_token_no_question(grafana: FakeGrafana, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("SINYAL_GRAFANA_TOKEN")
    assert publish(grafana) == 2
    assert "SINYAL_GRAFANA_TOKEN" in capsys.readouterr().err
