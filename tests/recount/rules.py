"""The verdict as docs/verdict.md tells it: words, grades, need, readiness, rank."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.recount.samples import DAY_S, WITA_S, Operator, Row, percentile

NATIONAL = ("Telkomsel", "IOH", "XLSMART")
WORDS = (
    *("layak", "cukup", "layanan kurang", "sinyal lemah", "2G saja", "blank spot", "tidak terdengar (pemindaian)"),
    *("tidak dapat dinilai", "terdengar, belum diukur", "data belum cukup", "belum diukur"),
)
GOOD, FAIR, POOR, WEAK, TWO_G, BLANK, ABSENT, UNJUDGED, HEARD, FEW, NEVER = range(11)
OF_STATE = {GOOD: "adequate", FAIR: "adequate", POOR: "unstable", WEAK: "weak_coverage", TWO_G: "two_g_only"}
OF_STATE |= {BLANK: "blank_spot", ABSENT: "blank_spot"}
POWER = {"grid": 1.0, "grid_partial": 0.6, "solar": 0.3, "genset": 0.3, "no_grid": 0.0, "none": 0.0}
Judged = tuple[int, int | None, str]


class Rules:
    """The figures of needs.toml and classes.toml, and the verdict as docs/verdict.md tells it."""

    def __init__(self, beside: Path) -> None:
        needs = tomllib.loads((beside / "needs.toml").read_text())
        classes = {c["key"]: c["cuts"] for c in tomllib.loads((beside / "classes.toml").read_text())["class"] if "cuts" in c}
        self.limit = {name: found["value"] for name, found in needs["limits"].items()}
        self.severity = {name: found["value"] for name, found in needs["severity"].items()}
        self.weights = {name: found["value"] for name, found in needs["readiness"].items()}
        self.grade = needs["grade"]
        self.people, self.alternatives = (needs["need"][name]["value"] for name in ("people", "alternatives"))
        self.strong, self.fair, self.edge = (classes[key]["rsrp_dbm"] for key in ("good", "fair", "poor"))
        self.quality = classes["fair"]["sinr_db"]

    def network(self, o: Operator, median: float | None, p10: float | None, available: float, most: float) -> list[str]:
        """Return what stands against an operator, worst first."""
        limit = self.limit
        if most <= limit["blank_spot_availability_percent"]:
            return ["blank_spot"]
        found = ["rarely_served"] if available < limit["rare_availability_percent"] else []
        lte = o.share("lte", "served")
        below = (median is not None and median < self.fair) or (p10 is not None and p10 < self.edge)
        if o.count["served"] and lte < limit["two_g_lte_percent"]:
            found.append("two_g_only")
        elif below or (o.count["served"] and lte < limit["weak_lte_percent"]):
            found.append("weak_coverage")
        else:
            whole = percentile(o.sinr, 50)
            busy = percentile(o.busy, 50) if len(o.busy) >= limit["min_busy_samples"] else None
            if whole is not None and (whole < self.quality or (busy is not None and busy < self.quality)):
                found.append("congested")
        changes = o.count["changes"] * 12 / len(o.slots)
        shaky = available < limit["unstable_availability_percent"] or changes > limit["unstable_cell_changes_per_hour"]
        return [*found, "unstable"] if shaky and "rarely_served" not in found else found

    def state(self, found: list[str], median: float | None) -> int:
        """Return the word that the findings give."""
        for name, state in (("blank_spot", BLANK), ("two_g_only", TWO_G), ("weak_coverage", WEAK)):
            if name in found:
                return state
        if found:
            return POOR
        return GOOD if median is not None and median >= self.strong else FAIR

    def letter(self, name: str, value: float, *, least: bool) -> str:
        """Return the grade of one figure."""
        steps = self.grade[name]
        for letter in "abc":
            if (value >= steps[letter]) if least else (value <= steps[letter]):
                return letter.upper()
        return "D"


def number(text: str) -> float | None:
    """Read a cell."""
    return float(text) if text else None


def judge(rules: Rules, o: Operator, told: Row, scan: Any, operator: str) -> Judged:
    """Return state, neighbour and main finding of an operator with a SIM of its own."""
    limit, available = rules.limit, o.share("served", "served", "away")
    median, p10 = percentile(o.rsrp, 50), percentile(o.rsrp, 10)
    older = o.count["served"] and o.share("lte", "served") < limit["two_g_lte_percent"]
    served = available > limit["blank_spot_availability_percent"]
    few = o.count["served"] + o.count["away"] < limit["min_samples"] or len(o.days) < limit["min_days"]
    if few or len(o.slots) < limit["min_slots"] or (served and not older and len(o.rsrp) < limit["min_lte_samples"]):
        return FEW, None, "device_fault" if o.share("device", "samples") >= limit["device_fault_percent"] else "insufficient_data"
    if o.share("device", "samples") >= limit["device_fault_percent"]:
        return UNJUDGED, None, "device_fault"
    most = number(told["ketersediaan_atas"])
    found = rules.network(o, median, p10, available, available if most is None else most)
    if found == ["blank_spot"] and 100 * sum(operator in names for names in scan["found"].values()) > limit[
        "device_fault_percent"
    ] * len(scan["days"]):
        return UNJUDGED, None, "barred"
    state = rules.state(found, median)
    moved: set[int] = set()
    ends = {name: number(told[name]) for name in told if name.endswith(("_bawah", "_atas"))}
    for side, sign in (("bawah", -1), ("atas", 1)):
        level, low = ends[f"rsrp_median_{side}"], ends[f"rsrp_p10_{side}"]
        if level is not None and low is not None:
            budget = sign * limit["instrument_rsrp_db"]
            again = rules.network(o, level + budget, low + budget, available, most or 0.0)
            moved.add(rules.state(again, level + budget))
        end = ends[f"ketersediaan_{side}"]
        if end is not None:
            moved.add(rules.state(rules.network(o, median, p10, end, end), median))
    others = sorted(moved - {state}, key=lambda other: (other < state, abs(other - state)))  # a worse one before a better
    return state, others[0] if others else None, found[0] if found else "adequate"


def unmeasured(rules: Rules, scan: Any, operator: str) -> int:
    """Return what scans say of an operator without a SIM."""
    if any(operator in names for names in scan["found"].values()):
        return HEARD
    return ABSENT if len(scan["complete"]) >= rules.limit["min_scan_days"] else NEVER


def words(state: int, between: int | None) -> str:
    """Write a condition as the table does."""
    if between is None:
        return WORDS[state]
    return f"di antara {WORDS[min(state, between)]} dan {WORDS[max(state, between)]}"


def graded(rules: Rules, o: Operator, told: Row, site: Row, between: int | None, days: int, *, tested: bool) -> str:
    """Return the letter of a row that was judged: the worst of its criteria."""
    hours: Counter[int] = Counter((slot * 300 + WITA_S) % DAY_S // 3600 for slot in o.slots)
    full = {hour for hour, n in hours.items() if n >= 36}
    letters = [
        rules.letter("days", len(o.days), least=True),
        rules.letter("completeness_percent", round(100 * len(o.slots) / (288 * days), 1), least=True),
        rules.letter("hours", len(full), least=True)
        if {19, 20, 21} <= full
        else max("C", rules.letter("hours", len(full), least=True)),
        "A" if between is None else "B",
        "A" if tested else "C",
        {"gnss": "A", "office": "A", "map": "B", "centroid": "C"}[site["coordinate_source"]],
        "C" if not site["antenna"] else "B",
    ]
    for name, key in (("ketersediaan", "availability_points"), ("rsrp_median", "median_db")):
        low, high = number(told[f"{name}_bawah"]), number(told[f"{name}_atas"])
        if low is not None and high is not None:
            letters.append(rules.letter(key, (high - low) / 2, least=False))
    return max(letters)


def village(rules: Rules, rows: dict[str, Judged], site: Row, context: Row) -> Row:
    """Return condition, need and readiness of a village."""
    known = {name: row for name, row in rows.items() if row[0] <= ABSENT}
    ranges = []
    for state, between, main in known.values():
        value = rules.severity["blank_spot" if state == ABSENT else main]
        other = value if between is None else rules.severity[OF_STATE[between]]
        ranges.append((min(value, other), value, max(value, other)))
    unknown = len(NATIONAL) - len(known)
    low, value, high = (min(r[k] for r in ranges) for k in range(3)) if ranges else (0.0, 0.0, 1.0)
    low = 0.0 if unknown else low
    people = (0.0, 1.0) if not site["population"] else (min(1.0, float(site["population"]) / rules.limit["population_full"]),) * 2
    others = max(0, sum(row[0] <= WEAK for row in known.values()) - 1)
    most = min(2, others + unknown) / 2

    def need(s: float, p: float, a: float) -> float:
        return float(round(100 * s * (1 - rules.people * (1 - p)) * (1 - rules.alternatives * a), 1))

    state, between, _ = min(rows.values(), key=lambda row: row[0])
    if state in {BLANK, ABSENT} and unknown:
        state, between = HEARD if any(row[0] == HEARD for row in rows.values()) else FEW, None
    elif state == ABSENT:
        state, between = BLANK, None
    grid = {"1": (0.0, 0.0), "0": (0.6, 1.0)}.get(context.get("no_pln_grid_2026_13", ""), (0.0, 1.0))
    if site["power"]:
        grid = (POWER[site["power"]],) * 2
    total = sum(rules.weights.values())
    open_ = total - rules.weights["power"]
    return {
        "kondisi_desa": words(state, between),
        "skor_kebutuhan": need(value, people[0], others / 2) if known else None,
        "skor_kebutuhan_min": need(low, people[0], most),
        "skor_kebutuhan_maks": need(high, people[1], others / 2),
        "skor_kesiapan_min": round(100 * rules.weights["power"] * grid[0] / total, 1),
        "skor_kesiapan_maks": round(100 * (rules.weights["power"] * grid[1] + open_) / total, 1),
    }


def ranked(villages: dict[str, Row], keys: dict[str, tuple[Any, ...]]) -> Iterator[tuple[str, Row]]:
    """Yield place, best and worst place of each village."""
    order = sorted(keys, key=lambda code: keys[code])
    ends = {code: (v["skor_kebutuhan_min"], v["skor_kebutuhan_maks"]) for code, v in villages.items()}

    def first(one: str, other: str) -> bool:
        exact = len(set(ends[one])) == 1 == len(set(ends[other]))
        return ends[one][0] > ends[other][1] or (exact and keys[one] < keys[other])

    for place, code in enumerate(order, 1):
        before, after = sum(first(o, code) for o in order), sum(first(code, o) for o in order)
        yield code, {"peringkat_desa": place, "peringkat_terbaik": before + 1, "peringkat_terburuk": len(order) - after}


def key_of(v: Row, rows: dict[str, Judged], hall: dict[str, Operator], site: Row, context: Row) -> tuple[Any, ...]:
    best = min(NATIONAL, key=lambda name: rows[name][0])
    o = hall.get(best)
    asked = o is not None and o.count["served"] + o.count["away"]
    available = 1000.0 if o is None or not asked else o.share("served", "served", "away")
    level = None if o is None else percentile(o.rsrp, 50)
    listed = context.get("blankspot_list_37") == "1"
    return (
        -(v["skor_kebutuhan"] or 0.0), -v["skor_kebutuhan_maks"], not listed, available,
        1000.0 if level is None else level, -float(site["population"] or 0), site["code"],
    )  # fmt: skip
