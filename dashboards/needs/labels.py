"""The names of states, diagnoses and changes, as they are shown."""

from __future__ import annotations

from dashboards.needs.model import UNKNOWN_OPERATOR, Change, Diagnosis, State
from dashboards.needs.words import UNKNOWN, Both

STATE_WORDS = {
    State.ADEQUATE: Both("Layak", "Adequate"),
    State.FAIR: Both("Cukup", "Fair"),
    State.WEAK: Both("Sinyal lemah", "Weak signal"),
    State.TWO_G_ONLY: Both("2G saja", "2G only"),
    State.BLANK_SPOT: Both("Blank spot", "Blank spot"),
    State.INSUFFICIENT: Both("Data belum cukup", "Insufficient data"),
    State.NOT_MEASURED: Both("Belum diukur", "Not measured"),
}
DIAGNOSIS_WORDS = {
    Diagnosis.BLANK_SPOT: Both("Blank spot", "Blank spot"),
    Diagnosis.TWO_G_ONLY: Both("2G saja", "2G only"),
    Diagnosis.WEAK_COVERAGE: Both("Cakupan lemah", "Weak coverage"),
    Diagnosis.CONGESTED: Both("Padat atau interferensi", "Congested or interfered"),
    Diagnosis.UNSTABLE: Both("Tidak stabil", "Unstable"),
    Diagnosis.POWER: Both("Listrik", "Power"),
    Diagnosis.DEVICE_FAULT: Both("Gangguan perangkat", "Device fault"),
    Diagnosis.INSUFFICIENT_DATA: Both("Data belum cukup", "Insufficient data"),
    Diagnosis.NOT_MEASURED: Both("Belum diukur", "Not measured"),
    Diagnosis.ADEQUATE: Both("Layak", "Adequate"),
}
CHANGE_WORDS = {
    Change.BETTER: Both("membaik", "better"),
    Change.SAME: Both("tetap", "same"),
    Change.WORSE: Both("memburuk", "worse"),
    Change.NOT_COMPARABLE: Both("tidak dapat dibandingkan", "not comparable"),
}


def operator_words(name: str) -> Both:
    """Return an operator as it is shown."""
    return UNKNOWN if name == UNKNOWN_OPERATOR else Both(name, name)
