"""The udev rules of a hall."""

from __future__ import annotations

from collections.abc import Iterable


def udev_rules(vendors: Iterable[str]) -> str:
    """Return the rules that let the service restart a hung modem of these USB vendors, and read pins, I2C and clock chip.

    ModemManager is left as it is: where it carries the uplink, keeping it off would cut the hall off.
    """
    lines = ["# Sinyal: the service may restart a hung modem, by its hub's port (power cut where it can) or `authorized`."]
    run = ", ".join(f'RUN+="/bin/{command} /sys%p/authorized"' for command in ("chgrp dialout", "chmod g+w"))
    ports = "chgrp dialout /sys%p/*-port*/disable; chmod g+w /sys%p/*-port*/disable"
    hub = 'ACTION=="add|bind", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_interface", ATTR{bInterfaceClass}=="09"'
    lines.append(f"{hub}, RUN+=\"/bin/sh -c '{ports}'\"")
    match = 'ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device"'
    board = [
        "# Pins and I2C of a UPS board, by the groups that Raspberry Pi OS has; the clock chip, which says if its battery holds.",
        'SUBSYSTEM=="gpio", KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"',
        'SUBSYSTEM=="i2c-dev", GROUP="i2c", MODE="0660"',
        'SUBSYSTEM=="rtc", KERNEL=="rtc[0-9]*", GROUP="dialout", MODE="0640"',
    ]
    return "\n".join([*lines, *(f'{match}, ATTR{{idVendor}}=="{vendor}", {run}' for vendor in sorted(set(vendors))), *board, ""])
