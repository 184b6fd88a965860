"""The needs map beside the page: the last report, its own files, and no other file of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.web.needs import Needs, policy


def test_the_last_report_is_shown_once_it_is_there(tmp_path: Path) -> None:
    assert Needs(None).page is None
    needs = Needs(tmp_path / "needs")
    assert needs.page is None
    for month in ("2026-10", "2026-09"):
        (tmp_path / "needs" / month).mkdir(parents=True)
        (tmp_path / "needs" / month / "map.html").write_text(month)
        (tmp_path / "needs" / month / "map.csv").write_text(month)
    assert needs.page == tmp_path / "needs" / "2026-10" / "map.html"
    assert needs.file("map.csv") == tmp_path / "needs" / "2026-10" / "map.csv"


@pytest.mark.parametrize("name", ["../secret.csv", "secret.key", "2026-10", "/etc/passwd", ".."])
def test_nothing_else_is_given(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.csv").write_text("")
    report = tmp_path / "needs"
    report.mkdir()
    for file in ("map.html", "secret.key"):
        (report / file).write_text("")
    assert Needs(report).file(name) is None


def test_the_policy_names_what_stands_in_the_page_alone() -> None:
    found = policy(b"<style>a</style><script>b</script><script src='x'></script><script type='application/json'>{}</script>")
    assert found.count("sha256-") == 3
    assert "unsafe" not in found
    assert "script-src 'none'" in policy(b"<p>")
