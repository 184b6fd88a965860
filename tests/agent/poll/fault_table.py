"""Print the fault table: what each illness of a modem leaves in the record, and how long recovery takes.

Run: `python -m tests.agent.poll.fault_table`. Times depend on the interval (here 0.5 s; 30 s in a hall) and the
time-outs. Silence, noise, half lines and SIM faults end when two samples of the healthy modem were seen; the others are
cured by the agent (baud, resets) or by the port coming back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.agent.poll.sick import CASES, INTERVAL_S, Outcome, run_busy, run_case, run_renumbered

HEAD = ("fault", "samples (registration)", "events", "sick -> service again")


def table(outcomes: Sequence[Outcome]) -> str:
    """Lay outcomes out as a Markdown table."""
    rows = [(o.name, ", ".join(o.registrations), ", ".join(o.kinds) or "-", _time(o)) for o in outcomes]
    widths = [max(len(row[k]) for row in (HEAD, *rows)) for k in range(len(HEAD))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in (HEAD, *rows)]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _time(outcome: Outcome) -> str:
    return "never sick" if outcome.recovery_s is None else f"{outcome.recovery_s:.1f} s"


def main() -> None:
    """Run every case in its own folder and print the table."""
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CASES):
            outcomes.append(run_case(case, Path(folder, str(number))))
        for number, run in enumerate((run_busy, run_renumbered)):
            outcomes.append(run(Path(folder, f"x{number}")))
    print(f"interval {INTERVAL_S:g} s\n\n{table(outcomes)}")


if __name__ == "__main__":
    main()
