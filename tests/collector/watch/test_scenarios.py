"""Every scenario file: what the shipped rules say of it is what was wanted. A file more is a test more."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.incidents.faults import FAULTS, SERVER_FAULTS
from lab.incidents.fortnight import main as fortnight
from lab.incidents.scenario import ScenarioError, judge, play, read

FOLDER = Path(__file__).parent / "scenarios"
DOCUMENT = Path(__file__).parents[3] / "docs" / "incidents.md"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    scenario = read(path)
    result = judge(scenario, play(scenario))
    assert result.faults == []


def test_a_wanted_thing_that_is_not_said_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("days = 0.1\n[[want.incident]]\ncause = 'hall_dark'\nopen = 1\n")
    scenario = read(path)
    assert judge(scenario, play(scenario)).faults == ["hall_dark: open 0, wanted 1"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[fault]]\nwhat = 'rain'\n", "fault 1.what: 'rain' is not one of"),
        ("[[fault]]\nwhat = 'power'\nfrom = 3\n", "fault 1.from: unknown key"),
        ("[[fault]]\nwhat = 'power'\nhalls = { codes = ['1'] }\n", "fault 1.halls: no hall fits"),
        ("[want]\nmost = 3\n", "want.most: unknown key"),
        ("days = ", "s.toml"),
    ],
)
def test_a_faulty_file_names_key_and_cure(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=reason):
        read(path)


def test_the_format_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [word for word in (*FAULTS, *SERVER_FAULTS) if f"`{word}`" not in text] == []


def test_a_normal_week_leaves_people_alone(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["fortnight", "--days", "2"])
    assert fortnight() == 0
    figures = {line.split()[0]: float(line.split()[1]) for line in capsys.readouterr().out.splitlines()[1:]}
    assert figures["teknisi"] < 8
    assert figures["pimpinan"] < 1
