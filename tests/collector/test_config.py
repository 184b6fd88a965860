"""Bad configs: file, key, reason and cure, and exit 2. The example shows every key there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from collector import config
from collector.cli import main
from collector.config import load
from collector.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config" / "collector.example.toml"
BROKER = '[broker]\nhost = "localhost"\ntls = false\n'
STORE = '[store]\nengine = "sqlite"\npath = "store.db"\n'

BAD = [
    ("broker = [", "not TOML"),
    (STORE, "broker: missing; add a section [broker]"),
    ("[broker]\ntls = false\n" + STORE, "broker.host: missing; add `host = ...` under [broker]"),
    (BROKER + "prot = 1883\n" + STORE, "broker.prot: unknown key; did you mean 'port'?"),
    (BROKER + "port = 70000\n" + STORE, "broker.port: must be 1..65535 (got 70000)"),
    (BROKER + 'port = "mqtt"\n' + STORE, "broker.port: must be an integer without quotes (got 'mqtt')"),
    (BROKER + 'ca = "ca.crt"\n' + STORE, "broker: ca, cert and key have no use with tls = false"),
    ('[broker]\nhost = "b"\ncert = "a.crt"\n' + STORE, "broker: cert and key belong together"),
    (BROKER + 'password_file = "p"\n' + STORE, "broker: password_file needs username beside it"),
    (BROKER + 'group = "sinyal"\n' + STORE, "broker: group is no key any more"),
    (BROKER + '[store]\nengine = "mysql"\n', "store.engine: must be one of sqlite, influx1, influx2, clickhouse (got 'mysql')"),
    (BROKER + '[store]\nurl = "http://h"\n', "store.engine: must be one of sqlite, influx1, influx2, clickhouse"),
    (
        BROKER + '[store]\nengine = "influx1"\nurl = "localhost:8086"\n',
        "store.url: must be an address such as http://127.0.0.1:8086",
    ),
    (BROKER + '[store]\nengine = "influx2"\norg = "o"\n', "store.bucket: missing; add `bucket = ...` under [store]"),
    (BROKER + '[store]\nengine = "clickhouse"\nquorum = 2\n', "store: quorum is 0 with one address in urls"),
    (BROKER + STORE + 'token = "geheim"\n', "store.token: unknown key; known here: engine, path"),
    (BROKER + STORE + "[ingest]\nbatch_frames = 0\n", "ingest.batch_frames: must be 1..10000 (got 0)"),
    (BROKER + STORE + "[alarm]\n", "alarm: unknown key; known here:"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[m for _, m in BAD])
def test_bad_config(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(text)
    assert main(["run", "--config", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"collector.toml: {message}")
    assert "Traceback" not in error
    assert "geheim" not in error


def test_missing_file_says_what_to_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--config", str(tmp_path / "none.toml")]) == 2
    assert "copy config/collector.example.toml" in capsys.readouterr().err


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(BROKER + STORE + '[rejected]\nfolder = "/var/bad"\n')
    loaded = load(path)
    assert isinstance(loaded.store, config.SqliteSection)
    assert loaded.store.path == tmp_path / "store.db"
    assert loaded.sites.file == tmp_path / "sites.csv"
    assert loaded.rejected.folder == Path("/var/bad")


def test_the_example_loads_and_shows_every_key(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    assert load(EXAMPLE).broker.tls
    shown = set(re.findall(r"^#? ?([a-z_0-9]+) = ", text, re.MULTILINE))
    sections: list[type[BaseModel]] = [config.BrokerSection, config.IngestSection, config.SitesSection, config.ClassesSection]
    sections += [config.RejectedSection, config.CaSection, config.HttpSection, config.SqliteSection, config.Influx1Section]
    sections += [config.Influx2Section, config.ClickHouseSection, config.FederationSection]
    assert shown == {name for section in sections for name in section.model_fields}
    every = re.sub(r"^# ([a-z_0-9]+ = )", r"\1", text, flags=re.MULTILINE)
    alternatives = every.index("# InfluxDB 2.x"), every.index("[ingest]")
    complete = every[: alternatives[0]] + every[alternatives[1] :]
    tomllib.loads(complete)
    path = tmp_path / "collector.toml"
    path.write_text(complete)
    load(path)


def test_secrets_come_from_files_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    assert config.secret(path, "X") == "s3cret"
    monkeypatch.setenv("X", "from-env")
    assert config.secret(None, "X") == "from-env"
    with pytest.raises(ConfigError, match="no such file; write the secret there"):
        config.secret(tmp_path / "none", "X")
