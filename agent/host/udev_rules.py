"""The udev rules of a hall."""

from __future__ import annotations

from collections.abc import Iterable


def udev_rules(vendors: Iterable[str]) -> str:
    """Return the rules that let the service restart a hung modem of these USB vendors.

    ModemManager is left as it is: where it carries the uplink, keeping it off would cut the hall off.
    """
    lines = ["# Sinyal: the service may restart a hung modem through the file `authorized` of its USB device."]
    run = ", ".join(f'RUN+="/bin/{command} /sys%p/authorized"' for command in ("chgrp dialout", "chmod g+w"))
    match = 'ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device"'
    return "\n".join([*lines, *(f'{match}, ATTR{{idVendor}}=="{vendor}", {run}' for vendor in sorted(set(vendors))), ""])
