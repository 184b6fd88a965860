"""Mutated replies through the parser: it never raises and never gives a value outside its range.

The long run: `python -m tests.agent.at.fuzz 1000000 [SEED]` prints the number of replies and exits 1 at the first failure.
"""

from __future__ import annotations

import random
import sys
import time

from agent.at.digest import split_session
from agent.at.reading import Reading
from agent.modems import registry
from agent.modems.family import Family
from telemetry.streams import Cell, Rat, Signal, fields, plausible, present
from tests.captures.judge import every_item, session

JUNK = (
    *(
        "-",
        "",
        "0",
        "-1",
        "1",
        "255",
        "65535",
        "-32768",
        "-3276",
        "FFFE",
        "FFFFFFFF",
        "0x7FFFFFFF",
        "4294967295",
        "99999999999999999999",
    ),
    *(
        "NaN",
        "1e308",
        "-0",
        "--",
        "0x",
        '"',
        '""',
        "²",
        "٣",
        "é",
        "\x00",
        ":",
        ";",
        ",",
        "OK",
        "ERROR",
        "+QENG:",
        "AT",
        "LTE",
        "NR5G-SA",
    ),
    *("WCDMA", "GSM", "NR5G-NSA", "-157", "-44", "-30", "20", "503", "1007", "12.5.3", "9" * 5000),
)
LIMITS: dict[Rat, dict[str, float]] = {
    Rat.LTE: {"pci": 503, "tac": 65533, "cell_id": 0xFFFFFFE, "rsrq_db": 2.5},
    Rat.WCDMA: {"pci": 511, "tac": 65533, "cell_id": 0xFFFFFFE},
    Rat.GSM: {"tac": 65533, "cell_id": 65535},
    Rat.NR_SA: {"pci": 1007, "rsrp_dbm": -31},
}


def seeds() -> list[str]:
    """Return all captures as sessions."""
    return [session(item) for item in every_item()]


def mutate(text: str, rng: random.Random) -> str:
    """Change one to four places: a field, a line, a cut, a byte, the order."""
    for _ in range(rng.randint(1, 4)):
        kind = rng.randrange(6)
        place = rng.randrange(len(text) + 1)
        lines = text.splitlines(keepends=True)
        if kind <= 1:
            parts = text.split(",")
            parts[rng.randrange(len(parts))] = rng.choice(JUNK)
            text = ",".join(parts)
        elif kind == 2:
            text = text[:place] + rng.choice(JUNK) + text[place:]
        elif kind == 3:
            text = text[:place] + text[min(len(text), place + rng.randint(1, 30)) :]
        elif kind == 4 and lines:
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
            text = "".join(lines)
        elif lines:
            rng.shuffle(lines)
            text = "".join(lines)
    return text


def check(text: str, family: Family | None = None) -> Reading:
    """Read a session and assert that every value lies in its range."""
    replies = split_session(text)
    reading = registry.read(family or registry.detect(replies), replies)
    check_row(reading.signal)
    for cell in reading.cells:
        check_row(cell)
    return reading


def check_row(row: Signal | Cell) -> None:
    """Assert types, ranges of the contract and narrower ranges of the technology."""
    kinds = fields("signal" if isinstance(row, Signal) else "cell")
    for name, value in present(row).items():
        field = kinds[name]
        assert isinstance(value, field.type), (name, value)
        if field.choices:
            assert value in field.choices, (name, value)
        elif not isinstance(value, str):
            assert plausible(field, value), (name, value)
            top = LIMITS.get(row.rat, {}).get(name) if row.rat else None
            assert top is None or value <= top, (row.rat, name, value)
    if isinstance(row, Signal) and row.plmn is not None:
        assert row.plmn.isascii()
        assert row.plmn.isdigit()
        assert len(row.plmn) in (5, 6)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rng = random.Random(seed)
    corpus = seeds()
    started = time.monotonic()
    for number in range(count):
        text = mutate(rng.choice(corpus), rng)
        # every fourth goes to a family that it was not meant for
        family = rng.choice(registry.FAMILIES) if number % 4 == 0 else None
        try:
            check(text, family)
        except Exception as error:  # noqa: BLE001 - any exception is the finding
            print(f"failed at {number} (seed {seed}, family {family.name if family else 'detected'}): {error!r}\n{text!r}")
            return 1
    print(f"{count} replies, 0 failures, {time.monotonic() - started:.0f} s, seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
