"""Who is told when: audiences, kecamatan, severity, quiet hours in WITA, digests."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import pytest

from ground.wita import WITA
from tests.collector.notify.parts import message, ms, post
from tests.collector.notify.services import Hook

TEXT = """
[destination.desa]
url = "json://127.0.0.1:1/desa"
[destination.teknisi]
url = "json://127.0.0.1:1/teknisi"
[destination.kadis]
url = "json://127.0.0.1:1/kadis"
[route.sandaran]
audience = "desa"
to = ["desa"]
kecamatan = ["Sandaran"]
severity = "warning"
[route.teknisi]
audience = "teknisi"
to = ["teknisi"]
gather = []
[route.pimpinan]
audience = "pimpinan"
to = ["kadis"]
severity = "warning"
digest = true
[digest]
at = ["07:00", "16:00"]
"""


def due(folder: Path, at: str, text: str = TEXT, **fields: str | None) -> dict[str, str]:
    route = post(folder, text).outbox()._route
    told = route(message("x", ms(at), **fields))  # type: ignore[arg-type]
    return {name: f"{datetime.fromtimestamp(when / 1000, WITA):%d %H:%M}" for name, when in told}


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        ("2026-11-24T20:59", "24 20:59"),
        ("2026-11-24T21:00", "25 06:00"),
        ("2026-11-24T23:59", "25 06:00"),
        ("2026-11-25T00:00", "25 06:00"),
        ("2026-11-25T05:59", "25 06:00"),
        ("2026-11-25T06:00", "25 06:00"),
        ("2026-12-31T22:00", "01 06:00"),
    ],
)
def test_village_staff_sleep_from_21_to_06_wita(tmp_path: Path, at: str, goes: str) -> None:
    assert due(tmp_path, at) == {"desa": goes, "teknisi": datetime.fromisoformat(at).strftime("%d %H:%M")}


def test_what_a_village_can_act_on_reaches_the_technicians_with_the_digest(tmp_path: Path) -> None:
    text = TEXT.replace('to = ["teknisi"]\ngather = []', 'to = ["teknisi"]')
    assert due(tmp_path, "2026-11-24T08:00", text)["teknisi"] == "24 16:00"
    assert due(tmp_path, "2026-11-24T08:00", text, role="field")["teknisi"] == "24 08:00"
    assert due(tmp_path, "2026-11-24T08:00", text, severity="critical")["teknisi"] == "24 08:00"


def test_what_may_wait_waits_for_the_digest_everywhere(tmp_path: Path) -> None:
    told = dataclasses.replace(message("x", ms("2026-11-24T08:00")), digest=True)
    assert {name for name, _ in post(tmp_path, TEXT).outbox()._route(told)} == {"desa", "teknisi"}
    assert {f"{datetime.fromtimestamp(at / 1000, WITA):%H:%M}" for _, at in post(tmp_path, TEXT).outbox()._route(told)} == {
        "16:00"
    }


def test_critical_passes_where_the_route_says_so(tmp_path: Path) -> None:
    assert due(tmp_path, "2026-11-24T23:00", severity="critical")["desa"] == "24 23:00"
    held = TEXT.replace('kecamatan = ["Sandaran"]', 'kecamatan = ["Sandaran"]\ncritical_passes = false')
    assert due(tmp_path, "2026-11-24T23:00", held, severity="critical")["desa"] == "25 06:00"


def test_routes_go_by_kecamatan_severity_and_role(tmp_path: Path) -> None:
    at = "2026-11-24T12:00"
    assert set(due(tmp_path, at, kecamatan="Telen")) == {"teknisi"}
    assert set(due(tmp_path, at, kecamatan=None)) == {"teknisi"}
    assert set(due(tmp_path, at, severity="info")) == {"teknisi"}
    assert due(tmp_path, at, role="network") == {"teknisi": "24 12:00", "kadis": "24 16:00"}
    assert due(tmp_path, "2026-11-24T17:00", role="network")["kadis"] == "25 07:00"
    assert due(tmp_path, "2026-11-24T17:00", role="network", severity="critical")["kadis"] == "24 17:00"


def test_a_message_that_no_route_takes_is_named_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert due(tmp_path, "2026-11-24T12:00", TEXT.split("[route.teknisi]", maxsplit=1)[0], severity="info") == {}
    assert "event=no_route key=x rule=mains_off severity=info role=village" in caplog.text


def test_the_morning_brings_one_message_a_kecamatan(tmp_path: Path) -> None:
    with Hook() as hook:
        text = f'[destination.desa]\nurl = "{hook.url}"\n[route.desa]\naudience = "desa"\nto = ["desa"]\n'
        box = post(tmp_path, text)
        night = ms("2026-11-24T23:30")
        box.put(
            message("Tadoan", night), message("Susuk", night), message("Benua Baru", night, kecamatan="Karangan"),
            message("Tadoan", night + 3_600_000, kind="resolve"), message("Manubar", night, severity="critical"),
        )  # fmt: skip
        sender = box.sender("desa")
        box.clock.set("2026-11-25T05:59")
        sender.step()
        assert [body["alert"] for body in hook.got] == ["Manubar"]
        box.clock.set("2026-11-25T06:00")
        sender.step()
        sender.step()
    assert [body["title"] for body in hook.got[1:]] == [
        "Kecamatan Sandaran: 1 peringatan, 1 selesai",
        "[Waspada] Benua Baru: listrik padam",
    ]
    assert hook.got[1]["message"].splitlines()[:2] == [
        "- [Selesai] Tadoan: kembali normal (24/11 23.30 - 25/11 00.30 WITA)",
        "- [Waspada] Susuk: listrik padam (24/11 23.30 WITA)",
    ]
