"""`python -m lab.incidents [FILE.toml ...]`: plays scenario files with the shipped rules; prints what was said and wanted.

Without a file: all of tests/collector/watch/scenarios. Exit 0 when each went as wanted, 1 when one did not, 2 for a faulty file.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from lab.incidents.scenario import ScenarioError, judge, play, read

SHIPPED = Path(__file__).parents[2] / "tests" / "collector" / "watch" / "scenarios"


def main() -> int:
    """Play and print."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.incidents", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.toml")
    parser.add_argument("--verbose", "-v", action="store_true", help="print every message")
    args = parser.parse_args()
    bad = 0
    print(f"{'scenario':58} {'said':44} ok")
    for path in args.files or sorted(SHIPPED.glob("*.toml")):
        began = time.monotonic()
        try:
            scenario = read(path)
        except ScenarioError as error:
            print(error, file=sys.stderr)
            return 2
        result = judge(scenario, play(scenario))
        counts: dict[str, Counter[str]] = {}
        for message in result.messages:
            counts.setdefault(message.rule, Counter())[message.kind] += 1
        said = ", ".join(
            f"{rule} {'+'.join(str(kinds[k]) for k in ('open', 'update', 'reminder', 'resolve'))}"
            for rule, kinds in counts.items()
        )
        print(
            f"{scenario.name[:58]:58} {said or 'nothing':44} {'NO' if result.faults else 'yes'}  {time.monotonic() - began:.1f} s"
        )
        for fault in result.faults:
            print(f"    {fault}")
        if args.verbose:
            for message in result.messages:
                print(f"    {message.kind:9} {message.key:36} {message.title_id} | {message.text_id}")
        bad += bool(result.faults)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
