"""What `doctor` and `status` say of the sensors of mains and battery that agent.toml names: which gives nothing, and its cure."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping

from agent.host.checks import Hall
from ground.doctor import Finding, fine, wanting
from ground.words import mark

SILENT = mark("{sensor} gives nothing ({reason}): mains or battery are not measured; the modems are")
DENIED = mark("sudo usermod --append --groups gpio,i2c sinyal; sudo systemctl restart sinyal-agent")
CURES: Mapping[int, str] = {
    errno.ENOPKG: mark("sudo apt-get install python3-periphery, or pip install python-periphery; the agent finds it by itself"),
    errno.ENOENT: mark("switch I2C on (sudo raspi-config), or correct [mains] in {file}"),
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
}
OTHER = mark("check the board and its cable, and [mains] in {file}; the agent goes on asking")


def sensors(hall: Hall) -> Iterator[Finding]:
    """Check that what [mains] names gives a value. Nothing is said where agent.toml names no sensor."""
    if hall.config.mains is None or hall.state is None:
        return
    unread = hall.state.get("unread", {})
    for name, (number, reason) in unread.items():
        yield wanting(SILENT, CURES.get(number, OTHER), sensor=name, reason=reason, file=str(hall.file))
    if not unread:
        yield fine("mains and battery are measured")
