"""A slice of the scripted year: what is due is not forgotten, a copy proves itself (all: `python -m lab.agreement_year`)."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from collector.sites.sites import read_sites
from ground.paths import shipped
from lab.agreement_play import played
from lab.agreement_year import deadlines, proves_itself


def test_whatever_is_due_is_met_or_told(tmp_path: Path) -> None:
    sites = dict(islice(read_sites(shipped() / "sites.csv").items(), 4))
    year = played(sites, tmp_path / "server", days=70, seed=3, papers=0)
    due = deadlines(year)
    assert due["met"] > 0
    assert [what for what in due if what.startswith("NEITHER")] == []
    assert proves_itself(year, tmp_path / "other").endswith("yes")
    assert max(year.digests.values()) == 1
    year.book.close()
