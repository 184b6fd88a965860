"""The names of states, diagnoses, changes and what the register knows, as they are shown."""

from __future__ import annotations

from dashboards.needs.model import UNKNOWN_OPERATOR, Change, Diagnosis, State, Verdict, VillageVerdict, is_unknown
from ground.words import Phrase, Said, phrase, said
from telemetry.operators import operator_name

STATE_WORDS = {
    State.ADEQUATE: phrase("Adequate"),
    State.FAIR: phrase("Fair"),
    State.POOR: phrase("Poor service"),
    State.WEAK: phrase("Weak signal"),
    State.TWO_G_ONLY: phrase("2G only"),
    State.BLANK_SPOT: phrase("Blank spot"),
    State.ABSENT: phrase("Not found by scans"),
    State.UNJUDGEABLE: phrase("Cannot be judged"),
    State.HEARD: phrase("Heard, not measured"),
    State.INSUFFICIENT: phrase("Insufficient data"),
    State.NOT_MEASURED: phrase("Not measured"),
}
DIAGNOSIS_WORDS = {
    Diagnosis.BLANK_SPOT: phrase("Blank spot"),
    Diagnosis.TWO_G_ONLY: phrase("2G only"),
    Diagnosis.WEAK_COVERAGE: phrase("Weak coverage"),
    Diagnosis.RARELY_SERVED: phrase("Rarely served"),
    Diagnosis.CONGESTED: phrase("Congested or interfered"),
    Diagnosis.UNSTABLE: phrase("Unstable"),
    Diagnosis.POWER: phrase("Power"),
    Diagnosis.DEVICE_FAULT: phrase("Device fault"),
    Diagnosis.SIM_REFUSED: phrase("SIM refused / locked"),
    Diagnosis.BARRED: phrase("Heard, not serving"),
    Diagnosis.UNSUPPORTED_BAND: phrase("Band not supported by the modem"),
    Diagnosis.UNPROVEN: phrase("Instrument not proven"),
    Diagnosis.UNKNOWN_OPERATOR: phrase("Operator not known"),
    Diagnosis.HEARD: phrase("Heard, not measured"),
    Diagnosis.ABSENT: phrase("Not found by scans"),
    Diagnosis.INSUFFICIENT_DATA: phrase("Insufficient data"),
    Diagnosis.NOT_MEASURED: phrase("Not measured"),
    Diagnosis.ADEQUATE: phrase("No finding"),
}
CHANGE_WORDS = {
    Change.BETTER: phrase("better"),
    Change.SAME: phrase("same"),
    Change.WORSE: phrase("worse"),
    Change.NOT_COMPARABLE: phrase("not comparable"),
}


COORDINATES = {
    "centroid": phrase("middle of the village, not the office"),
    "gnss": phrase("GNSS on the spot"),
    "office": phrase("reported by the office"),
    "map": phrase("read from a map"),
}
UNKNOWN = phrase("not known")
YES, NO = phrase("yes"), phrase("no")


def state_words(verdict: Verdict | VillageVerdict) -> Phrase:
    """Return the condition in the one scale of words; where the figures do not decide between two, both."""
    word = STATE_WORDS[verdict.state]
    if verdict.between is None:
        return word
    order = list(State)
    first, last = sorted((verdict.state, verdict.between), key=order.index)
    return phrase("Between {better} and {worse}", better=STATE_WORDS[first], worse=STATE_WORDS[last])


def yes_no(value: bool | None) -> Phrase:
    """Write yes, no, or not known."""
    return UNKNOWN if value is None else YES if value else NO


def operator_words(name: str) -> Said:
    """Return an operator as it is shown."""
    if not is_unknown(name):
        return operator_name(name)
    modem = name.removeprefix(UNKNOWN_OPERATOR).strip()
    return phrase("not known ({modem})", modem=modem) if modem else UNKNOWN


def indonesian(value: Said) -> str:
    """Return anything in Indonesian, the language of the register and of the printed report."""
    return said(value, "id")


def english(value: Said) -> str:
    """Return anything in English, which stands beside it."""
    return said(value, "en")


def both(value: Said) -> str:
    """Return a heading in both languages."""
    return f"{indonesian(value)} / {english(value)}"
