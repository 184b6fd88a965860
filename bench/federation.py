"""`python -m bench.federation`: what federation promises, printed: a week offline, a liar, the size of a day, a nation's table.

Everything is made up; regencies and node above are the real programs on loopback.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import orjson

from collector.federate import keys
from collector.federate.chain import Chain
from collector.federate.gather import of_day
from collector.federate.letter import MOST_BYTES, Letter, pack, unpack
from collector.federate.send import send
from collector.federate.table import Tables
from collector.federate.take import MONTHLY
from collector.federate.told import ABOUT, RECORD
from collector.rollup.summary import Summary
from collector.rollup.update import PLACES
from collector.sites.sites import read_sites
from collector.store.sqlite import Sqlite
from collector.store.store import Point, Row
from demo.seed import seed
from ground.paths import shipped
from ground.wita import WITA, midnight_ns
from lab.federation import DAY, Above, Regency

CODES = ("6408", "6409", "6472")
HALLS, REGENCIES, NATION = 162, 514, 83_000
OPERATORS = ("Telkomsel", "IOH", "XLSMART")
MONTH = date(2026, 11, 1)
CHUNK = 50_000


def _federate(words: list[str]) -> str:
    done = subprocess.run([sys.executable, "-m", "collector.cli", *words], capture_output=True, text=True, check=False)
    return f"exit {done.returncode}; {(done.stdout or done.stderr).strip().splitlines()[-1]}"


def week(folder: Path, days: int = 8) -> None:
    """Have three regencies measure and send every night, the last of them without a net for a week."""
    today = datetime.now(UTC).astimezone(WITA).date()
    above, ends = Above(folder / "above"), [Regency(folder / code, code, halls=10) for code in CODES]
    for end in ends:
        keys.admit(above.letters, end.code, f"Regency {end.code}", end.key)
    with above.listens():
        for end in ends:
            end.goes_to(above.url)
        for k in range(days, 0, -1):
            day = today - DAY * k
            for number, end in enumerate(ends):
                end.measure(day)
                end.write_letters(day)
                if number < 2 or k == days:
                    send(end.config, end.folder)
        print(f"above after a week without {CODES[2]}: rows of days {[len(above.rows(of=code)) for code in CODES]}")
        for _ in range(2):
            print(f"{CODES[2]}, its line is back: federate send: {_federate(ends[2].command('send'))}")
        for end in ends:
            theirs, ours = above.rows(of=end.code), end.rows()
            letters = len(list(Chain(above.letters, end.code).after(0)))
            print(f"{end.code}: {len(ours)} rows of days there, {len(theirs)} above, equal: {ours == theirs}; {letters} letters")
        _lie(above, ends[0])
        print(_table(above, f"{today - DAY:%Y-%m}"))


def _lie(above: Above, liar: Regency) -> None:
    key, chain, before = keys.own_key(liar.letters), Chain(liar.letters, liar.code), above.rows()
    head = chain.head()
    said = next(unpack(data, lambda _: key.public_key()) for _, data in chain.after(0))
    tables = dict(said.tables)
    tables["signal_1d"] = {**tables["signal_1d"], "site": [f"{CODES[1]}012001"] * len(tables["signal_1d"]["site"])}
    lie = replace(said, number=head.number + 1, previous=head.digest, tables=tables)
    path = liar.folder / "lie.letter"
    path.write_bytes(pack(lie, key))
    print(f"{liar.code} speaks of a hall of {CODES[1]}: {_federate(above.command('receive', str(path)))}")
    print(f"above is as it was: {above.rows() == before}")


def _table(above: Above, month: str) -> str:
    words = [sys.executable, "-m", "collector.cli", *above.command("table", "--month", month)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def day_sizes(folder: Path) -> None:
    """Print the bytes of a day's letter of 162 halls, and what 514 such regencies need, of the demo's made-up measurements."""
    sites, end = read_sites(shipped() / "sites.csv"), datetime(2026, 11, 24, tzinfo=WITA)
    store = Sqlite(folder / "made-up.db")
    seed(store, sites, days=3, halls=len(sites), end=end, raw_days=0.05)
    found: dict[tuple[object, ...], dict[str, list[Row]]] = {}
    for k in (3, 2, 1):
        for measurement, table in of_day(store, end.date() - DAY * k, sites).items():
            for cells in zip(*table.values(), strict=True):
                row = dict(zip(table, cells, strict=True))
                found.setdefault((k, row["site"], row["modem"]), {}).setdefault(measurement, []).append(row)
    modem_days = list(found.values())
    for modems in (1, 2, 3):
        count = min(len(modem_days), HALLS * modems)
        tables: dict[str, dict[str, list[object]]] = {}
        for number, one in enumerate(modem_days[:count]):
            for measurement, rows in one.items():
                for row in rows:
                    row |= {"site": f"640801{2001 + number // modems:04d}", "modem": f"m{number % modems}"}
                    row["time_ns"] = int(row["time_ns"]) % (24 * 3600 * 10**9) + midnight_ns(end.date())
                    for name, cell in row.items():
                        tables.setdefault(measurement, {}).setdefault(name, []).append(cell)
        letter = Letter("6408", 1, "0" * 64, 0, "", end.date(), end.date(), tables)
        size = len(pack(letter, keys.own_key(folder)))
        many = sum(len(table["site"]) for table in tables.values())
        print(f"{HALLS} halls, {modems} modem(s) each: {count} modems, {many} rows, {size:,} bytes a day", end="; ")
        print(f"{REGENCIES} regencies: {size * REGENCIES / 1e6:,.0f} MB a day, {size * REGENCIES * 365 / 1e9:,.0f} GB a year")
        assert size <= 1_000_000 < MOST_BYTES, size


def _months() -> Iterator[Point]:
    for number in range(NATION):
        code, rest = 1101 + number % REGENCIES, number // REGENCIES
        site = f"{code:04d}01{2001 + rest:04d}"
        for place, operator in enumerate(OPERATORS):
            served = 60_000 + number % 20_000
            summary = Summary(samples=86_400, served=served, no_service=86_400 - served, lte=served - 900, slots=8_600)
            summary.rsrp = {float(-90 - number % 30): served - 900}
            values = {name: value for name, value in summary.values(day=True).items() if not name.endswith("_hist")}
            tags = {
                "site": site,
                "kecamatan": f"Kecamatan {rest % 20}",
                "desa": f"Desa {rest}",
                "modem": f"m{place}",
                "operator": operator,
            }
            yield Point(MONTHLY, tags, values | {"days": 30}, midnight_ns(MONTH) + PLACES[operator])


def nation(folder: Path) -> None:
    """Fill a node above with a month of 83,000 halls, and print how long its tables take."""
    store, points = Sqlite(folder / "nation.db"), _months()
    while some := list(islice(points, CHUNK)):
        store.write_points(some)
    letters = folder / "federation"
    known = {f"{1101 + k:04d}": {"name": f"Regency {k}", "key": "00" * 32} for k in range(REGENCIES)}
    for code in known:
        own = letters / code
        own.mkdir(parents=True)
        halls = len(range(int(code) - 1101, NATION, REGENCIES))
        (own / ABOUT).write_bytes(orjson.dumps({"halls": halls, "last": "2026-11-30"}))
        verdicts = [_verdict(f"{code}01{2001 + k:04d}", operator) for k in range(halls) for operator in (None, *OPERATORS)]
        (own / RECORD).write_bytes(orjson.dumps({"verdict": verdicts, "proposal": []}))
    (letters / "regencies.json").write_bytes(orjson.dumps(known))
    tables = Tables(store, letters)
    for what, halls in (("a row a regency", False), ("a row a hall and operator", True)):
        began, cpu = time.perf_counter(), time.process_time()
        text = tables.csv(f"{MONTH:%Y-%m}", halls=halls)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        count = len(text.splitlines()) - 1
        print(f"{NATION:,} halls, {len(OPERATORS)} operators, {what}: {count:,} rows in {seconds:.1f} s, {cpu:.1f} s of one core")
    print(text.splitlines()[1])


def _verdict(site: str, operator: str | None) -> Row:
    word = "cukup" if int(site[-1]) % 3 else "blank spot"
    return {"site": site, "operator": operator, "until": "2026-10-31", "word": word, "grade": "B", "evidence": "ab" * 32}  # type: ignore[dict-item]


PARTS = {"week": week, "sizes": day_sizes, "nation": nation}


def main() -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all")
    asked = parser.parse_args().parts or list(PARTS)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in asked:
        with tempfile.TemporaryDirectory(prefix="sinyal-federation-") as folder:
            PARTS[name](Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
