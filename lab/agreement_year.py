"""A year of the agreement with all villages: `python -m lab.agreement_year` plays it, and prints what became of everything.

Real rules, real file, real papers; only the days are made up. Exit 1 where a state was not reached, a deadline was neither met
nor told, or a copy in another folder does not prove itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from statistics import median

from collector.agreement.agreement import FILE, Agreement
from collector.agreement.entries import Step
from collector.agreement.papers import check_papers
from collector.agreement.state import DAY_MS, State
from collector.agreement.waiting import waiting
from collector.server import backup
from collector.sites.sites import read_sites
from ground.paths import shipped
from ground.wita import wita
from lab.agreement_play import Year, played

SPOKEN = {"remark", "answer", "reopening", "proposal", "progress"}
"""Kinds of entries after which something else waits."""


def deadlines(year: Year) -> Counter[str]:
    """Count what was due within the year: met, told by the digest of the next morning, or neither."""
    end_ms, found = year.now_ms - 4 * 3_600_000, Counter[str]()
    for what, since_ms, due_ms, done_ms in _dues(year):
        if done_ms is not None and done_ms <= due_ms:
            found["met"] += 1
        elif due_ms >= end_ms - DAY_MS:
            found["not due yet"] += 1
        else:
            at_ms = year.told.get((what, due_ms))
            soon = at_ms is not None and at_ms <= due_ms + DAY_MS
            found["late, told the next morning" if soon else f"NEITHER: {what} since {wita(since_ms):%F}"] += 1
    return found


def _dues(year: Year) -> Iterator[tuple[str, int, int, int | None]]:
    """Yield everything that was ever due: what, since when, until when, when it was done. By the entries alone."""
    since: dict[str, tuple[int, int]] = {}
    before = State()
    for record in year.book.ledger.records():
        now = before.after([record])
        waits = waiting(now, year.book.sites) if record.body["kind"] in SPOKEN else None
        open_now = since if waits is None else {wait.what: (wait.since_ms, wait.due_ms) for wait in waits}
        for what, (began_ms, due_ms) in since.items():
            if open_now.get(what) != (began_ms, due_ms):
                yield what, began_ms, due_ms, record.at_ms
        since, before = open_now, now
    yield from ((what, began_ms, due_ms, None) for what, (began_ms, due_ms) in since.items())


def proves_itself(year: Year, folder: Path) -> str:
    """Copy the record as a backup does, open it in another folder, and check chain and papers there. Raises LedgerError."""
    backup.copy(year.record, folder)
    other = Agreement(folder / FILE, year.book.sites)
    same = other.state().head == year.book.state().head
    papers = check_papers(folder, other.state())
    other.close()
    return f"{papers} papers, none changed; the same newest hash: {'yes' if same else 'NO'}"


def cost_ms(year: Year) -> dict[str, float]:
    """Measure what a look at the state costs at the end of the year, ms of processor time."""

    def took(work: Callable[[], object], times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            work()
        return 1000 * (time.process_time() - began) / times

    state = year.book.state()
    records = list(year.book.ledger.records(state.n - 1))
    return {
        "nothing new": took(year.book.state, 1000),
        "one entry more": took(lambda: state.after(records), 200),
        "a deep copy, as it was": took(lambda: deepcopy(state), 3),
    }


def report(year: Year, other: Path) -> int:
    """Print what became of everything; return the exit code."""
    state, due = year.book.state(), deadlines(year)
    kinds = Counter(str(record.body["kind"]) for record in year.book.ledger.records())
    reached = defaultdict(int, {Step.DRAFTED: len(state.proposals)})
    for one in state.proposals.values():
        for _, _, step in one.steps:
            reached[step.to] += 1
    weeks = [year.touched[week] for week in range(year.today // 7 + 1)]
    print(
        f"villages {len(year.book.sites)}, days {year.today + 1}, entries {state.n}: "
        + ", ".join(f"{k} {n}" for k, n in kinds.items())
    )
    print("steps reached: " + ", ".join(f"{step} {reached[step]}" for step in Step))
    print(f"double proposals refused with the old number: {year.refused_double} of {len(state.proposals)}")
    print("deadlines: " + ", ".join(f"{what} {n}" for what, n in sorted(due.items())))
    print(f"entries that the office wrote in a week: median {median(weeks):g}, most {max(weeks)} (after three weeks away)")
    print(f"digests in a day: at most {max(year.digests.values())}")
    copied = proves_itself(year, other)
    print(f"a copy in another folder: {copied}")
    print("state, ms of processor time: " + ", ".join(f"{what} {value:.3f}" for what, value in cost_ms(year).items()))
    good = all(reached[step] for step in Step) and not any(what.startswith("NEITHER") for what in due) and "NO" not in copied
    return 0 if good and year.refused_double == len(state.proposals) else 1


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--papers", type=int, default=40, help="minutes that are printed; default: %(default)s")
    args = parser.parse_args()
    sites = read_sites(shipped() / "sites.csv")
    with tempfile.TemporaryDirectory() as name:
        year = played(sites, Path(name) / "server", args.days, args.seed, args.papers)
        return report(year, Path(name) / "other")


if __name__ == "__main__":
    sys.exit(main())
