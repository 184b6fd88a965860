"""Debian's package beside the versions that updates bring: /opt/sinyal/current names /usr, or a folder of a newer version.

The package is the first version of a hall and what an update goes back to; its program looks at `current` and hands over. Its
postinst runs this: `python3 -m agent.host.packaged BEFORE`, with the version that dpkg had before (empty: none).
"""

from __future__ import annotations

import sys
from pathlib import Path

from agent.host import versions
from agent.host.versions import newer
from ground.durable import link_durably
from ground.paths import PROGRAMS

HOME = Path("/usr")


def settle(folder: Path, before: str, home: Path = HOME) -> None:
    """Turn `current` to the package, unless an update brought a newer version; one that is put back is a person's word.

    `before`: the package's version until now, as dpkg writes it. Raises VersionError, OSError.
    """
    own, current = versions.version_in(home), folder / "current"
    put_back = newer(before.partition("+")[0], own.partition("+")[0])
    beside = (current / versions.PACKAGE).is_dir()  # else there is none, or a venv of before the package
    if beside and not put_back and newer(versions.running(folder), own):
        return
    for name in ("current", "previous"):
        link_durably(folder / name, home)
    (folder / "trial.json").unlink(missing_ok=True)
    versions.prune(folder)


if __name__ == "__main__":
    settle(PROGRAMS, sys.argv[1] if len(sys.argv) > 1 else "")
