"""Text that is no answer, put among the replies of every capture: a value is the control's or absent, never another.

The long run: `python -m tests.agent.at.foreign [RANDOM_LINES]` prints how many sessions were read and exits 1 where one lied.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from typing import Any

from agent.parse import as_json, read_session
from tests.captures.judge import every_item, session

SENTENCES = (
    "$GPGGA,103045.0,0018.2,N,11632.2,E,1,05,1.2,20.0,M,,M,,*5A",
    "$GPGSV,3,1,11,03,03,111,00,04,15,270,00*74",
    "$GNRMC,235959.00,A,0018.20,N,11632.24,E,0.0,0.0,010126,,,A*6B",
    "$GPVTG,,T,,M,0.0,N,0.0,K,A*23",
    "$BDGSA,A,3,01,02,03",
    "32.2452,E,1,05,1.2,20.0,M,,M,,*5A",
    "$PQTMVER,1,2*5C",
)
BODIES = (
    "OK",
    "ERROR",
    "Halo, besok rapat jam 7, ya",
    "12,34,56",
    "-70,-10,-60,12",
    "RSRP -60, SINR 30, RSRQ -5",
    "SINR (dB): 30",
    "07916427417900F1040B916407281553F80000",
    "+CSQ: 31,0",
    '"LTE","FDD",510,10,1A2B3C,7,1850,3,5,5,77,-60,-5,-40,30',
)
MESSAGES = tuple(
    f"{header}\\r\\n{body}".replace("\\r\\n", "\r\n")
    for header in ('+CMT: "+6281100000000",,"26/11/27,10:30:45+32"', "+CMT: ,24", "+CBM: 1,50,0,1,1")
    for body in BODIES
)
MENUS = ('+CUSD: 1,"Pilih, satu:\r\n1,2,3\r\nKuota: 5, sisa\r\n0. Keluar, OK",15',)
LOOSE = (
    "Halo, besok rapat jam 7, ya",
    "HALO, BESOK RAPAT, 7",
    "12,34,56",
    "1,4,5",
    "2,4,510,10",
    "-70,-10,-60,12",
    "0,0",
    '"a","b",3',
    "-95",
    "A1B2,77",
    "60,-5,dB",
    "[12.345] EMM: state, 3",
    "Temperature: 99, panas",
    "TAC: 1234, RSRP: -60, kirim",
    "rsrp:-60,ya",
    "lte_rsrp:-60,ya",
    "LTE band: B9, SINR (dB): 30",
    "-60",
    "7 7 7 7 7 7 7 7 7 7 7 7 7 7",
    "1850 510 10 77 1A2B3C 3 5 5 10 7 -5.0 -60 -40 9",
    "07916427417900F1040B916407281553F80000",
)
ALL = (*SENTENCES, *MESSAGES, *MENUS, *LOOSE)
Out = dict[str, Any]


def seeds() -> list[tuple[str, str]]:
    """Return all captures as sessions by id."""
    return [(item["id"], session(item)) for item in every_item()]


def read(text: str) -> Out:
    """Read a session as `sinyal-agent parse` prints it."""
    reading, family = read_session(text)
    return as_json(text, reading, family)


def places(text: str) -> list[int]:
    """Where a line may be put: before every line but the first, which is the echo of the command."""
    return [found.end() for found in re.finditer(r"[\r\n]+", text)]


def insert(text: str, place: int, foreign: str) -> str:
    """Put foreign text on lines of its own."""
    return f"{text[:place]}{foreign}\r\n{text[place:]}"


WEAKER = {("limited", "not_registered"), ("limited", "searching")}
"""Limited service is proven by the cell; where the cell was lost, what the registration itself says is left, and is true."""


def lies(control: Out, out: Out) -> Iterator[str]:
    """Yield what the reading says that the control does not."""
    for name, value in out.items():
        if (name, value) == ("sim", "ready"):
            continue  # +CPIN says so; a reading with a registration does not repeat it
        if name == "registration" and (control.get(name), value) in WEAKER:
            continue
        if name not in ("cells", "notes") and control.get(name) != value:
            yield f"{name} is {value}, not {control.get(name)}"
    for cell in out["cells"]:
        if not any(cell.items() <= known.items() for known in control["cells"]):
            yield f"no such cell: {cell}"


def random_line(rng: random.Random) -> str:
    """Return a line of numbers, words and quotes with commas, as nothing that a modem was asked for."""
    kinds = (
        lambda: str(rng.randint(-150, 70000)),
        lambda: f"{rng.randint(0, 0xFFFFFFF):X}",
        lambda: rng.choice(("Halo", "jam 7", "OK ya", "LTE", "rapat", "-", "", '"x"', "3.5", "0x12")),
    )
    return ",".join(rng.choice(kinds)() for _ in range(rng.randint(2, 16)))


def main() -> int:
    rng = random.Random(1)
    extra = [random_line(rng) for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 20)]
    read_count = lie_count = same = 0
    for name, text in seeds():
        control = read(text)
        for place in places(text):
            for foreign in (*ALL, *extra):
                out = read(insert(text, place, foreign))
                read_count += 1
                same += all(out.get(key) == value for key, value in control.items() if key != "notes")
                for lie in lies(control, out):
                    lie_count += 1
                    print(f"{name} at {place} {foreign!r}: {lie}")
    print(f"{read_count} sessions with foreign text: {lie_count} values not the control's, {same} read as the control")
    return int(lie_count > 0)


if __name__ == "__main__":
    sys.exit(main())
