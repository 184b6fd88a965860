"""The counts at the end of a demo that ended before its agents had made their spools."""

from pathlib import Path

from collector.store.sqlite import Sqlite
from demo import count


def test_a_spool_that_its_agent_has_not_made_yet_counts_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    store = Sqlite(tmp_path / "store.db")
    for spool in (tmp_path / "missing.db", empty):
        assert count.refused(spool) == 0
        assert not count.waiting(spool)
        assert count.count(store, {"6408012001": spool}) == count.Count(0, 0, 0, 0)
    store.close()
