"""`sinyal-agent`, and `python -m agent`."""

import sys
from functools import partial

from ground.ending import start

main = partial(start, "agent.cli")

if __name__ == "__main__":
    sys.exit(main())
