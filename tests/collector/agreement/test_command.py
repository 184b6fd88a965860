"""`sinyal-collector agreement` as the office uses it on the server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from collector.agreement.links import holder, read_key
from collector.cli import main
from tests.collector.agreement import parts
from tests.collector.agreement.parts import T0_MS, VILLAGE, remark
from tests.collector.frames import SITE


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sites.csv").write_text(
        f"code,kecamatan,desa,lat,lon,coordinate_source\n{SITE.code},{SITE.kecamatan},{SITE.desa},0.5,117,centroid\n"
    )
    (tmp_path / "collector.toml").write_text(
        '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "s.db"\n'
    )
    return tmp_path


def agreement(etc: Path, *words: str) -> int:
    command, *rest = words
    return main(["agreement", command, "--config", f"{etc}/collector.toml", "--state", f"{etc}", "--lang", "en", *rest])


def test_the_office_sees_what_waits_and_answers(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "list") == 3
    book = parts.agreement(etc)
    n = book.add(remark(), VILLAGE, "page", T0_MS)
    assert agreement(etc, "list") == 0
    assert f"Senyiur: remark {n} (it is the power, not the signal) waits for an answer: " in capsys.readouterr().out
    assert agreement(etc, "answer", str(n), "noted", "--reason", "no") == 2
    assert "reason: String should have at least 10 characters" in capsys.readouterr().err
    assert agreement(etc, "answer", "99", "noted", "--reason", "we keep it in mind") == 2
    assert capsys.readouterr().err.strip() == "agreement: there is no remark 99"
    assert agreement(etc, "answer", str(n), "noted", "--reason", "we keep it in mind") == 0
    assert agreement(etc, "list") == 3
    assert book.state().remarks[n].answers[0].reason == "we keep it in mind"


def test_a_village_gets_its_address_and_loses_it(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement(etc, "link", SITE.code) == 0
    address = capsys.readouterr().out.strip()
    book, key = parts.agreement(etc), read_key(etc / "links.key")
    actor = holder(address.removeprefix("/r/"), book.state(), key)
    assert actor is not None
    assert actor.site == SITE.code
    assert agreement(etc, "link", SITE.code, "--revoke") == 0
    assert holder(address.removeprefix("/r/"), book.state(), key) is None
    assert agreement(etc, "link", "6408999999") == 2
    assert "6408999999 is not in sites.csv" in capsys.readouterr().err


def test_who_edits_the_file_is_told(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts.agreement(etc).add(remark(), VILLAGE, "page", T0_MS)
    assert agreement(etc, "verify") == 0
    assert "2 entries, none changed" in capsys.readouterr().out
    with sqlite3.connect(etc / "agreement.db") as db:
        db.executescript("DROP TRIGGER never_changed; UPDATE entry SET body = replace(body, 'power', 'agree') WHERE n = 2")
    assert agreement(etc, "verify") == 1
    assert "entry 2 is not what was written" in capsys.readouterr().err
