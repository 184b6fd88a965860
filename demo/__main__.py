"""`sinyal-demo`, and `python -m demo`."""

import sys
from functools import partial

from ground.ending import start

main = partial(start, "demo.cli")

if __name__ == "__main__":
    sys.exit(main())
