"""The configuration without what judges it: the same values, the same faults, a third of the memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent import config as models
from agent import judged
from agent.errors import ConfigError

TEXT = """
[agent]
site = "6408012001"
data_dir = "state"
[broker]
host = "127.0.0.1"
tls = false
[probe]
ping_hosts = ["1.1.1.1"]
[[modem]]
name = "a"
port = "/dev/ttyUSB2"
interface = "wwan0"
"""
JUDGES = ("pydantic", "pydantic_core", "ground.toml", "agent.config")
RUNS = "agent.run, agent.judged, agent.poll.worker, agent.poll.beside, agent.probe.prober, agent.uplink.credentials"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(TEXT)
    return path


def same(plain: object, model: object) -> None:
    """Compare everything that a section of the models holds or tells."""
    kind = type(model)
    for name in (*kind.model_fields, *(n for n, what in vars(kind).items() if isinstance(what, property))):  # type: ignore[attr-defined]
        ours, theirs = getattr(plain, name), getattr(model, name)
        pairs = zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]
        for one, other in pairs:
            same(one, other) if hasattr(other, "model_fields_set") else _equal(one, other)


def _equal(one: object, other: object) -> None:
    assert (one, type(one)) == (other, type(other))


def test_the_running_agent_has_all_that_the_models_say_and_settings_lie_over_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    plain, model = judged.load(Path(file.name)), models.load(file)  # as a person names it who is in its folder
    same(plain, model)
    settings: dict[str, dict[str, object]] = {"sampling": {"interval_s": 60}, "probe": {"ping_hosts": ["9.9.9.9"]}}
    laid = plain.overlaid(settings)
    same(laid, model.overlaid(settings))
    assert laid != plain
    assert plain.overlaid({}) == plain
    assert laid == plain.overlaid(settings)
    with pytest.raises(AttributeError, match="cannot be changed"):
        plain.agent.site = "other"  # type: ignore[misc]


def test_faults_are_told_as_the_models_tell_them_also_where_no_other_process_can_run(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.judged.sys.executable", "/nowhere")
    plain = judged.load(file)
    same(plain, models.load(file))
    with pytest.raises(ConfigError, match="interval_s"):
        plain.overlaid({"sampling": {"interval_s": 0}})
    file.write_text(TEXT.replace("host =", "hots ="))
    with pytest.raises(ConfigError) as found:
        models.load(file)
    with pytest.raises(ConfigError) as ours:
        judged.load(file)
    assert str(ours.value) == str(found.value)


def test_the_running_agent_loads_nothing_that_judges_configurations() -> None:
    look = f"import sys, {RUNS}; print(*(name for name in {JUDGES} if name in sys.modules))"
    assert subprocess.run([sys.executable, "-P", "-c", look], capture_output=True, text=True, check=True).stdout.split() == []
