"""`sinyal-collector`, and `python -m collector`."""

import sys
from functools import partial

from ground.ending import start

main = partial(start, "collector.cli")

if __name__ == "__main__":
    sys.exit(main())
