"""Make everything that `make demo`, `make test` and their sisters need; standard library only, instant when nothing changed.

usage: python3 scripts/setup.py {demo,dev,servers,cluster,wheelhouse}...
  demo        .venv with what the demo needs
  dev         .venv with everything, for tests and checks
  servers     mosquitto, influxdb, nginx, chromium, faketime from Debian, for the tests against the real things
  cluster     clickhouse-server, zookeeper, haproxy, iptables from Debian, for `make test-cluster`
  wheelhouse  the folder wheelhouse/ with all packages, to be copied beside this Makefile on a machine without network; where it
              is there, nothing is fetched. A cache or mirror of your own: PIP_FIND_LINKS, PIP_NO_INDEX, PIP_INDEX_URL
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.setup_base import SetupError, say
from scripts.setup_python import compile_words, fill_wheelhouse, set_up_python
from scripts.setup_servers import missing_cluster, set_up_servers


def main(wanted: list[str]) -> int:
    """Do what was asked for, in order; 0, 1 with the reason, or 2 for a wrong word."""
    if not wanted or not set(wanted) <= {"demo", "dev", "servers", "cluster", "wheelhouse"}:
        print(__doc__)
        return 2
    try:
        for what in wanted:
            if what == "servers":
                set_up_servers()
            elif what == "cluster":
                set_up_servers(missing_cluster)
            elif what == "wheelhouse":
                fill_wheelhouse()
            else:
                set_up_python(what)
                compile_words()
    except SetupError as error:
        say(f"FAILED: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
