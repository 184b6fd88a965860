"""Colours, thresholds and words for values: signal classes from config/classes.toml, and the few limits that are not signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode, ValueMap, ValueMapping, ValueMappingResult

from collector.sites.classes import AVAILABILITY_PERCENT
from dashboards.grafana.context import Context
from ground.words import Phrase, mark, sentence
from telemetry.meaning import Registration, standing_of

NOT_MEASURED, SILENT, UNSAID, FAULT, SIM_REFUSED, NO_SERVICE, SERVED, TWO_G = -600, -500, -450, -400, -350, -300, -250, -200
"""A state in place of a level in dBm: far below any power, so that the best of several is simply the largest."""
LEVELS = {
    NOT_MEASURED: "not_measured",
    SILENT: "silent",
    UNSAID: "not_measured",
    FAULT: "device_fault",
    SIM_REFUSED: "sim_refused",
    NO_SERVICE: "no_service",
    SERVED: "served",
    TWO_G: "two_g_only",
}
LOWEST_DBM = -157
"""The lowest power that the contract takes: from here on a level is a power."""
Steps = Sequence[tuple[float | None, str]]

PLAIN = "#8a93a0"
DBM = "suffix:dBm"
"""Grafana's own unit `dBm` is written "dbm" from 13 on."""
MOMENT = {"id": "time:DD/MM/YYYY HH.mm", "en": "time:YYYY-MM-DD HH:mm"}
"""A date and time as the board's language writes it, in the board's zone; Grafana's own follow the browser."""
AVAILABILITY = AVAILABILITY_PERCENT
SPOOL_S = (3600.0, 86400.0)
"""Age of the oldest sample on a card: an hour is an outage, a day is a hall to look after."""
BUDGET = (80.0, 100.0)
"""Share of the monthly bytes: the agent slows at the limit; at four fifths there is time to act."""
CPU_C = (70.0, 80.0)
"""A Raspberry Pi slows itself from 80 °C."""
LAG_MS = (600_000.0, 3_600_000.0)
"""Frames leave every 5 minutes; two of them late is worth a look."""


def steps(*pairs: tuple[float | None, str]) -> ThresholdsConfig:
    """Make thresholds from (lowest value, colour), ascending; the first has no lowest value."""
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(value=low, color=colour) for low, colour in pairs])


def one_colour(colour: str = PLAIN) -> Steps:
    """Return a scale that is one colour throughout."""
    return [(None, colour)]


def classes_of(context: Context, metric: str) -> Steps:
    """Return the scale of rsrp_dbm, rsrq_db, sinr_db or rssi_dbm as the classes cut it."""
    *ranked, last = context.classes.classes
    return [(None, last.colour), *((c.cuts[metric], c.colour) for c in reversed(ranked))]


def levels_of(context: Context) -> Steps:
    """Return the scale of a level: the states first, then the classes of RSRP."""
    states = [(code if k else None, context.classes.state[key].colour) for k, (code, key) in enumerate(LEVELS.items())]
    (_, worst), *classes = classes_of(context, "rsrp_dbm")
    return [*states, (LOWEST_DBM, worst), *classes]


def rising(context: Context, cuts: Sequence[float]) -> Steps:
    """Return a scale on which more is better, worst first; takes the class colours, so that good looks the same everywhere."""
    colours = [c.colour for c in reversed(context.classes.classes)]
    return [(None, colours[0]), *zip(cuts, colours[len(colours) - len(cuts) :], strict=True)]


def falling(context: Context, cuts: tuple[float, float]) -> Steps:
    """Return a scale on which more is worse: good, then poor, then very poor."""
    colours = {c.key: c.colour for c in context.classes.classes}
    return [(None, colours["good"]), (cuts[0], colours["poor"]), (cuts[1], colours["very_poor"])]


def level_words(context: Context) -> list[ValueMapping]:
    """Return the words for the states of a level; a power stays a number."""
    found = {str(code): context.classes.state[key] for code, key in LEVELS.items()}
    return mapped((code, state.word(context.language), state.colour) for code, state in found.items())


def words(context: Context, table: Mapping[str, tuple[str | Phrase, str]]) -> list[ValueMapping]:
    """Map values to words and colours."""
    return mapped((value, context.say(text), colour) for value, (text, colour) in table.items())


def mapped(shown: Iterable[tuple[str, str, str]]) -> list[ValueMapping]:
    """Map values to what is shown for them: (value, text, colour)."""
    results = {value: ValueMappingResult(text=text, color=colour, index=k) for k, (value, text, colour) in enumerate(shown)}
    return [ValueMap(options=results)]


def named(context: Context, names: Mapping[str, str] | None) -> list[ValueMapping] | None:
    """Map values to words alone, as text keeps its colour."""
    if names is None:
        return None
    return [ValueMap(options={value: ValueMappingResult(text=context.say(text)) for value, text in names.items()})]


def registrations(context: Context) -> list[ValueMapping]:
    """Return the words and colours of the registration states."""
    best, good, *_ = context.classes.classes
    served = {Registration.HOME: best.colour, Registration.ROAMING: good.colour}
    shown = []
    for word in Registration:
        standing = standing_of({"registration": word})
        colour = served.get(word) or context.classes.state[str(standing)].colour
        shown.append((word.value, context.say(sentence(word.message)), colour))
    return mapped(shown)


def yes_no(context: Context, *, bad: bool) -> list[ValueMapping]:
    """Return words for a truth; `bad` says which of the two is a fault."""
    good_colour, fault = context.classes.classes[1].colour, context.classes.state["device_fault"].colour
    yes, no = (fault, good_colour) if bad else (good_colour, fault)
    return words(context, {"true": (mark("Yes"), yes), "false": (mark("No"), no)})


def clocks(context: Context) -> list[ValueMapping]:
    """Return the words of a clock's state."""
    good, poor = context.classes.classes[1].colour, context.classes.classes[3].colour
    return words(
        context,
        {
            "ntp": (mark("Synced (NTP)"), good),
            "network": (mark("Synced (network)"), good),
            "rtc": (mark("By its clock chip"), good),
            "untrusted": (mark("Not synced"), poor),
        },
    )
