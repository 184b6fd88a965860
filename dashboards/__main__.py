"""`sinyal-dashboards`, and `python -m dashboards`."""

import sys
from functools import partial

from ground.ending import start

main = partial(start, "dashboards.cli")

if __name__ == "__main__":
    sys.exit(main())
