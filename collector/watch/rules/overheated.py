"""A device that is too hot: above 80 °C a Raspberry Pi slows down."""

from __future__ import annotations

from pydantic import model_validator

from collector.store.store import Row
from collector.watch.rule import Family, Rule, Settings, Verdict, number
from collector.watch.state import Hall, Modem
from ground.words import mark


class Overheated(Settings):
    """[rule.overheated]: raised at `above_c`, over below `below_c`; °C."""

    above_c: float
    below_c: float

    @model_validator(mode="after")
    def _hysteresis(self) -> Overheated:
        if self.below_c >= self.above_c:
            raise ValueError(f"below_c = {self.below_c:g} must be less than above_c = {self.above_c:g}")
        return self


def judge(settings: Overheated, _hall: Hall, _modem: Modem | None, row: Row) -> Verdict:
    """Judge a row of `device`."""
    value = number(row, "cpu_temperature_c")
    if value is None:
        return Verdict(None)
    return Verdict(True if value >= settings.above_c else False if value < settings.below_c else None, round(value))


RULE = Rule(
    family=Family.DEVICE,
    subject="hall",
    settings=Overheated,
    columns={"device": ("cpu_temperature_c",)},
    on_row=judge,
    title=mark("device too hot, {detail} °C"),
    likely=mark("the box stands in the sun or has no air"),
    action=mark("give the box shade and air"),
)
