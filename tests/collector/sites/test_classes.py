"""The thresholds: the shipped file is right, a faulty one is refused with the key that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.sites.classes import METRICS, STATES, read_classes

SHIPPED = Path(__file__).parents[3] / "config" / "classes.toml"


@pytest.mark.parametrize(
    ("metric", "value", "key"),
    [
        ("rsrp_dbm", -44, "very_good"),
        ("rsrp_dbm", -80, "very_good"),
        ("rsrp_dbm", -80.1, "good"),
        ("rsrp_dbm", -100, "fair"),
        ("rsrp_dbm", -110, "poor"),
        ("rsrp_dbm", -110.5, "very_poor"),
        ("sinr_db", 13, "good"),
        ("sinr_db", -0.1, "very_poor"),
        ("rsrq_db", -15, "fair"),
        ("rssi_dbm", -96, "very_poor"),
    ],
)
def test_a_value_on_the_cut_belongs_to_the_better_class(metric: str, value: float, key: str) -> None:
    assert read_classes(SHIPPED).of(metric, value).key == key


def test_every_class_looks_different() -> None:
    classes = read_classes(SHIPPED)
    shown = [*classes.classes, *classes.state.values()]
    assert len({s.colour for s in shown}) == len({s.symbol for s in shown}) == len(shown)
    assert all(len(classes.cuts(metric)) == len(classes.classes) - 1 for metric in METRICS)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("rsrp_dbm = -90", "rsrp_dbm = -70", "cuts of rsrp_dbm must be there in every class but the last, and fall from class"),
        ("sinr_db = 13, ", "", "cuts of sinr_db must be there in every class but the last"),
        ('key = "good"', 'key = "very_good"', "two classes have the same key"),
        ('colour = "#67a9cf"', 'colour = "blue"', "class[2].colour: must be a colour as #67a9cf (got 'blue')"),
        ("[state.silent]", "[state.quiet]", "state must have exactly two_g_only"),
        ('version = "2026-11-24"', "", "version: missing; add `version = ...`, as config/classes.toml shows"),
        ('symbol = "▼"', 'symbol = "▼"\ncuts = { rsrp_dbm = -120 }', "class very_poor: the last class takes what is left"),
        ("[[class]]", "[class", "not TOML"),
    ],
)
def test_a_fault_names_file_and_key(old: str, new: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "classes.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_classes(path)
    assert str(caught.value).startswith("classes.toml: ")
    assert fault in str(caught.value)


def test_a_file_of_an_earlier_version_stays_valid(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    for state in ("served", "sim_refused"):
        before, _, rest = text.partition(f"[state.{state}]\n")
        text = before + rest[rest.index("[state.") :]
    (tmp_path / "classes.toml").write_text(text, encoding="utf-8")
    assert tuple(sorted(read_classes(tmp_path / "classes.toml").state)) == tuple(sorted(STATES))
