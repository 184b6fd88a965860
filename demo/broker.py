"""The demo's MQTT broker: Mosquitto where it is installed, else an embedded one; on loopback only, nothing on disk.

A process of its own either way, so that an incident can kill it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from demo.program import HOST, module

SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])  # Debian's is in sbin
# Of root: a change of user would take away what ends it together with a demo that is killed. Without root it has no effect.
MOSQUITTO = """\
user root
listener {port} {host}
allow_anonymous true
persistence false
log_dest stderr
"""


def broker_argv(folder: Path, port: int) -> tuple[str, ...]:
    """Return the command that runs a broker on a loopback port; a Mosquitto finds its configuration in the folder."""
    program = shutil.which("mosquitto", path=SEARCH_PATH)
    if program is None:
        return module("demo.embedded_broker", str(port))
    config = folder / "mosquitto.conf"
    config.write_text(MOSQUITTO.format(port=port, host=HOST))
    return (program, "-c", str(config))
