"""All captures through the parser: every value right, and every failure named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.at.digest import split_session
from agent.modems import registry
from agent.parse import as_json, read_session
from tests.captures import supported
from tests.captures.judge import FILES, HERE, Verdict, every_item, items, judge, session

FOLDERS = sorted(path.parent for path in HERE.glob("*/session.txt"))
KEYS = {"id", "family", "command", "kind", "response", "expect", "source"}


def read(text: str) -> dict[str, object]:
    reading, family = read_session(text)
    return as_json(text, reading, family)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_values(path: Path) -> None:
    verdicts = [verdict for item in items(path) for verdict in judge(item, read(session(item)))]
    assert [str(verdict) for verdict in verdicts if not verdict.right] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_item_names_its_source(path: Path) -> None:
    for item in items(path):
        assert item.keys() >= KEYS, item.get("id")
        assert item["family"] == path.stem


def test_item_ids_are_unique() -> None:
    ids = [item["id"] for item in every_item()]
    assert len(ids) == len(set(ids))


def differences(folder: Path) -> dict[str, tuple[object, object]]:
    """Return what a capture folder expects and what is read, where they differ."""
    expected = json.loads((folder / "expected.json").read_text())
    got = read((folder / "session.txt").read_text())
    return {key: (value, got.get(key)) for key, value in expected.items() if got.get(key) != value}


def test_folders() -> None:
    assert {folder.name: found for folder in FOLDERS if (found := differences(folder))} == {}


def test_a_value_that_a_folder_does_not_expect_is_seen(tmp_path: Path) -> None:
    (tmp_path / "session.txt").write_text("AT+CSQ\n+CSQ: 19,99\nOK\n")
    (tmp_path / "expected.json").write_text('{"rssi_dbm": -75.0, "family": "generic"}')
    assert differences(tmp_path) == {}
    (tmp_path / "expected.json").write_text('{"rssi_dbm": -77.0, "pci": 3}')
    assert differences(tmp_path) == {"rssi_dbm": (-77.0, -75.0), "pci": (3, None)}


def test_line_ends_and_case_of_the_echo_do_not_matter() -> None:
    changed = []
    for item in every_item():
        text = session(item)
        plain = read(text.replace("\r", ""))
        lines = text.splitlines(keepends=True)
        lower = read("".join([lines[0].lower(), *lines[1:]]))
        changed += [str(v) for out in (plain, lower) for v in judge(item, out) if not v.right]
    assert not changed


@pytest.mark.parametrize("urc", ["RDY", "+QIND: SMS DONE", "+CGEV: NW DETACH", "^DSFLOWRPT:0,0,0", "RING", "^RSSI:18"])
def test_a_urc_in_between_changes_nothing(urc: str) -> None:
    """Behind the echo and before the final result; inside a multi-line body a URC is told apart by its prefix."""
    changed = []
    for item in every_item():
        reply, *_ = split_session(session(item))
        if registry.detect([reply]).name == "huawei" and urc.startswith("^"):
            continue  # its own reports
        first, _, rest = session(item).partition("\r\n")
        changed += [str(v) for v in judge(item, read(f"{first}\r\n\r\n{urc}\r\n{rest}")) if not v.right]
    assert not changed


def test_the_judge_sees_what_is_wrong() -> None:
    item = {"id": "x", "expect": {"rsrp_dbm": -90, "rat": "LTE", "mnc": "01", "nr": None, "tac": None}}
    out = {"rsrp_dbm": -91.0, "plmn": "51001", "nr_rsrp_dbm": -80.0}
    found = {verdict.label: verdict for verdict in judge(item, out)}
    assert found["rsrp_dbm"].wrong
    assert found["nr"].wrong
    assert not found["rat"].right
    assert not found["rat"].wrong
    assert found["mnc"].right
    assert isinstance(found["tac"], Verdict)
    assert found["tac"].right


def test_supported_md_is_current() -> None:
    assert supported.main(["--check"]) == 0


def test_a_stale_supported_md_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supported, "PATH", tmp_path / "SUPPORTED.md")
    assert supported.main(["--check"]) == 1
    assert supported.main([]) == 0
    assert supported.main(["--check"]) == 0


def emptied(text: str) -> Iterator[tuple[str, str]]:
    """Yield the session once for every field of every reply, that field emptied or a dash; each with a name."""
    rows = text.split("\n")
    for place, row in enumerate(rows):
        head, colon, body = row.partition(":")
        cells = body.split(",")
        if not colon or len(cells) < 2 or row.upper().startswith("AT"):
            continue
        for number in range(len(cells)):
            for filler in ("", "-", '"-"'):
                new = [*cells[:number], filler, *cells[number + 1 :]]
                yield (
                    f"{head} field {number} is {filler!r}",
                    "\n".join([*rows[:place], f"{head}:{','.join(new)}", *rows[place + 1 :]]),
                )


NSA_WITHOUT_ITS_ANCHOR = {"q-rm520-nsa-tim", "q-nsa-hungary"}
"""Without the word LTE the anchor is no cell any more, and what is left is rightly read as the NR leg alone."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_field_that_is_missing_never_moves_another_into_its_place(path: Path) -> None:
    wrong = [
        f"{name}: {verdict}"
        for item in items(path)
        for name, text in emptied(session(item))
        for verdict in judge(item, read(text))
        if verdict.wrong and not (item["id"] in NSA_WITHOUT_ITS_ANCHOR and verdict.label == "rat")
    ]
    assert not wrong, "\n".join(wrong)
