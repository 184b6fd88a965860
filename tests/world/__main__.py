"""Prints the world as a table."""

import sys

from tests.world.table import main

sys.exit(main())
