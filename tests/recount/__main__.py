"""The report again, figure by figure, from the raw samples by plain arithmetic: nothing of the programs that made it is imported.

    python -m tests.recount STORE.db FOLDER/peta-kebutuhan.csv [--beside config]

After docs/verdict.md, for a store (SQLite) that holds every raw sample of the period. The ends of the intervals are taken from
the table (bench.coverage tests them), texts of reasons are not compared; all else is computed. What is judged is what is printed,
to its last digit. Prints how many figures were compared and how many differ; ends with 1 where one does. It knows what
`sinyal-demo seed` writes: no guest, no refused SIM, no barred cell.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tests.recount.rules import BLANK, Judged, Rules, graded, judge, key_of, ranked, unmeasured, village, words
from tests.recount.samples import DAY_S, WITA_S, Row, measured, read


def by_code(path: Path) -> dict[str, Row]:
    """Read a table by the code of the village."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        return {row["code"].replace(".", ""): row for row in csv.DictReader(text)}


def recount(store: Path, table: Path, beside: Path) -> Iterator[tuple[str, str, object, str]]:
    """Yield each figure: where it stands, its column, what was computed, what the table says."""
    with table.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    first, last = (date.fromisoformat(rows[0][name]) for name in ("periode_awal", "periode_akhir"))
    days = (last - first).days + 1
    start_s = (first - date(1970, 1, 1)).days * DAY_S - WITA_S
    rules, sites, contexts = Rules(beside), by_code(beside / "sites.csv"), by_code(beside / "kutim_context.csv")
    halls, scans, tested = read(store, start_s, start_s + days * DAY_S)
    judged: dict[str, dict[str, Judged]] = defaultdict(dict)
    for row in rows:
        code, name = row["kode_desa"].replace(".", ""), row["operator"]
        o, where = halls.get(code, {}).get(name), f"{code} {name}"
        if o is None:
            judged[code][name] = (unmeasured(rules, scans[code], name), None, "")
            made: Row = {"jumlah_sampel": 0}
        else:
            judged[code][name] = judge(rules, o, row, scans[code], name)
            made = measured(o)
        state, between, _ = judged[code][name]
        made["kondisi"] = words(state, between)
        made["kualitas_bukti"] = (
            graded(rules, o, row, sites[code], between, days, tested=code in tested) if o is not None and state <= BLANK else None
        )
        for column, value in made.items():
            yield where, column, value, row[column]
    villages = {code: village(rules, found, sites[code], contexts.get(code, {})) for code, found in judged.items()}
    keys = {
        code: key_of(villages[code], found, halls.get(code, {}), sites[code], contexts.get(code, {}))
        for code, found in judged.items()
    }
    for code, places in ranked(villages, keys):
        villages[code] |= places
    for row in rows:
        code = row["kode_desa"].replace(".", "")
        for column, value in villages[code].items():
            yield f"{code} {row['operator']}", column, value, row[column]


def same(value: object, text: str) -> bool:
    """Whether a cell says what was computed."""
    if isinstance(value, set):
        return value == set(text.split("; "))
    if isinstance(value, (int, float)):
        return bool(text) and abs(float(text) - value) < 1e-6
    return text == ("" if value is None else value)


def main() -> int:
    """Compare everything; say what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--beside", type=Path, default=Path("config"))
    args = parser.parse_args()
    compared: Counter[str] = Counter()
    different: Counter[str] = Counter()
    for where, column, value, text in recount(args.store, args.table, args.beside):
        compared[column] += 1
        if not same(value, text):
            different[column] += 1
            print(f"{where} {column}: computed {value!r}, the report says {text!r}")
    for column, n in compared.items():
        print(f"{column:24} compared {n:5}, different {different[column]}")
    print(f"n compared {compared.total()}, n different {different.total()}")
    return min(1, different.total())


if __name__ == "__main__":
    sys.exit(main())
