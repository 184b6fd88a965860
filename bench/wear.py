"""What an agent with two modems writes onto its card (P9): `python -m bench.wear --minutes 60`. Needs root."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.footprint import card

TARGET_MB_DAY = 25.0


def main() -> int:
    """Measure; exit 0 when the target holds."""
    parser = argparse.ArgumentParser(prog="python -m bench.wear", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sinyal-wear-") as folder:
        day = card(Path(folder), args.minutes, lambda text: print(text, flush=True))
    print(f"{day:.1f} MB a day; target {TARGET_MB_DAY:.0f}")
    return 0 if day <= TARGET_MB_DAY else 1


if __name__ == "__main__":
    sys.exit(main())
