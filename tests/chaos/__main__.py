"""`make chaos`: the long form. Exit 0 when nothing was lost and nothing doubled, else 1."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.run import attack, table


def main() -> int:
    """Run rounds of faults on real servers and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="how many faults (default 100)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeat a run with its seed")
    args = parser.parse_args()
    print(f"seed {args.seed}, {args.rounds} rounds", flush=True)
    with tempfile.TemporaryDirectory(prefix="sinyal-chaos-") as folder:
        outcome = attack(Path(folder), args.rounds, args.seed, lambda text: print(text, flush=True))
    print(table(outcome))
    harmless = not any(intruder.taken for intruder in outcome.bad)
    return 0 if harmless and all(c.lost == 0 and c.doubled == 0 for c in outcome.counts) else 1


if __name__ == "__main__":
    sys.exit(main())
