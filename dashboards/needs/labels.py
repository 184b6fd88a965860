"""The names of states, diagnoses and changes, as they are shown."""

from __future__ import annotations

from dashboards.needs.model import UNKNOWN_OPERATOR, Change, Diagnosis, State, is_unknown
from dashboards.needs.words import UNKNOWN, Both

STATE_WORDS = {
    State.ADEQUATE: Both("Layak", "Adequate"),
    State.FAIR: Both("Cukup", "Fair"),
    State.WEAK: Both("Sinyal lemah", "Weak signal"),
    State.TWO_G_ONLY: Both("2G saja", "2G only"),
    State.BLANK_SPOT: Both("Blank spot", "Blank spot"),
    State.ABSENT: Both("Tidak terdengar (pemindaian)", "Not found by scans"),
    State.UNJUDGEABLE: Both("Tidak dapat dinilai", "Cannot be judged"),
    State.HEARD: Both("Terdengar, belum diukur", "Heard, not measured"),
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
    Diagnosis.SIM_REFUSED: Both("SIM ditolak / terkunci", "SIM refused / locked"),
    Diagnosis.BARRED: Both("Terdengar, tidak melayani", "Heard, not serving"),
    Diagnosis.UNSUPPORTED_BAND: Both("Pita tidak didukung modem", "Band not supported by the modem"),
    Diagnosis.UNPROVEN: Both("Alat ukur belum terbukti", "Instrument not proven"),
    Diagnosis.UNKNOWN_OPERATOR: Both("Operator tidak diketahui", "Operator not known"),
    Diagnosis.HEARD: Both("Terdengar, belum diukur", "Heard, not measured"),
    Diagnosis.ABSENT: Both("Tidak terdengar (pemindaian)", "Not found by scans"),
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
    if not is_unknown(name):
        return Both(name, name)
    modem = name.removeprefix(UNKNOWN_OPERATOR).strip()
    return Both(f"{UNKNOWN.id} ({modem})", f"{UNKNOWN.en} ({modem})") if modem else UNKNOWN
