"""What the chips of UPS boards say, from their registers. Pure: takes a function that reads `n` bytes from a register.

Sources: INA219 SBOS448 8.6.2-8.6.3; MAX17040/41 19-5210 table 2, MAX17048 19-6171 table 2; PiSugar 3 I2C datasheet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

Read = Callable[[int, int], bytes]
"""(register, how many bytes) -> those bytes; raises OSError when the chip does not answer."""
DISCHARGE_UV = -2000
"""INA219: a Pi draws 0.3 A or more, 30 mV on the usual 0.1 ohm; a full battery idles within half a millivolt of zero."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What feeds the hall now: mains present, battery carries it, battery voltage (V) and charge (%). None: not measured."""

    mains: bool | None = None
    on_battery: bool | None = None
    battery_v: float | None = None
    battery_percent: float | None = None

    def beside(self, other: Supply) -> Supply:
        """Return this, with what it lacks from another."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Supply(*(mine if mine is not None else theirs for mine, theirs in pairs))


def ina219(read: Read) -> Supply:
    """Read an INA219 between battery and load (Waveshare UPS HAT): negative current flows out of the battery."""
    shunt_uv = int.from_bytes(read(0x01, 2), "big", signed=True) * 10
    bus_v = (int.from_bytes(read(0x02, 2), "big") >> 3) * 0.004
    if bus_v == 0:
        return Supply()  # no battery on the measured side, or not converted yet
    discharges = shunt_uv < DISCHARGE_UV
    return Supply(not discharges, discharges, round(bus_v, 2))


def max17040(read: Read) -> Supply:
    """Read a fuel gauge MAX17040/41/43/48 (Geekworm X7xx, SupTronics): voltage and charge; mains it does not know."""
    volts = (int.from_bytes(read(0x02, 2), "big") >> 4) * 0.00125
    percent = int.from_bytes(read(0x04, 2), "big") / 256
    return Supply(battery_v=round(volts, 2), battery_percent=round(min(100.0, percent), 1)) if volts else Supply()


def pisugar3(read: Read) -> Supply:
    """Read a PiSugar 3: external power, voltage in mV, charge."""
    powered = bool(read(0x02, 1)[0] & 0x80)
    volts = (read(0x22, 1)[0] << 8 | read(0x23, 1)[0]) / 1000
    return Supply(powered, not powered, round(volts, 2) if volts else None, float(min(100, read(0x2A, 1)[0])))


CHIPS: Mapping[str, tuple[int, Callable[[Read], Supply]]] = {
    "ina219": (0x42, ina219),
    "max17040": (0x36, max17040),
    "pisugar3": (0x57, pisugar3),
}
"""Name in agent.toml -> the address it has on the usual board, and its reader."""
