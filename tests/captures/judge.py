"""Compare what the parser gave with what a capture expects. Every judged value ends as right, missing or wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))

RAT = {
    "LTE": "lte",
    "LTE-M": "lte_m",
    "NB-IoT": "nb_iot",
    "NR5G-SA": "nr_sa",
    "NR5G-NSA": "nr_nsa",
    "WCDMA": "wcdma",
    "GSM": "gsm",
}
NAME = {"bandwidth_mhz_dl": "bandwidth_dl_mhz", "bandwidth_mhz_ul": "bandwidth_ul_mhz"}
CHANNELS = ("earfcn", "nrarfcn", "uarfcn", "arfcn")
LEVELS = ("rsrp_dbm", "rsrq_db", "rssi_dbm", "sinr_db", "rscp_dbm", "ecio_db", "temperature_c", "tx_power_dbm")
CELL = ("tac", "cell_id", "band", "pci", *CHANNELS, "bandwidth_mhz_dl", "bandwidth_mhz_ul")
JUDGED = frozenset(("rat", "mcc", "mnc", "registered", *CELL, *LEVELS))
FINAL = ("OK", "ERROR", "NO CARRIER", "ABORTED", "COMMAND NOT SUPPORT")

Json = Mapping[str, Any]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C reads the captures in a tenth of the time."""


@dataclass(frozen=True)
class Verdict:
    item: str
    label: str
    want: object
    got: object
    right: bool

    @property
    def wrong(self) -> bool:
        return not self.right and self.got is not None

    def __str__(self) -> str:
        return f"{self.item} {self.label}: {'WRONG ' + str(self.got) if self.got is not None else 'missing'}, want {self.want}"


@cache
def items(path: Path) -> Sequence[Json]:
    """Return the captures of a file, for reading only: they are read once."""
    loaded: list[Json] = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - a safe one either way
    return loaded


def every_item() -> Iterator[Json]:
    """Yield the captures of all files."""
    for path in FILES:
        yield from items(path)


def session(item: Json) -> str:
    """Return the item as a terminal session: the first command before it and OK after it where the source cut them."""
    text: str = item.get("raw_escaped") or item["response"].replace("\n", "\r\n")
    first = item["command"].split(" / ")[0].strip()
    head = "" if text.lstrip().upper().startswith("AT") else f"{'' if first.upper().startswith('AT') else 'AT'}{first}\r\r\n"
    ended = any(line.strip() in FINAL or line.strip().startswith(("+CME ERROR", "+CMS ERROR")) for line in text.splitlines()[-3:])
    return head + text + ("" if ended else "\r\n\r\nOK\r\n")


def judge(item: Json, out: Json) -> Iterator[Verdict]:
    """Compare all judged values of an item."""
    tol: Json = item.get("tol") or {}
    for key, want in (item.get("expect") or {}).items():
        if key in JUDGED:
            yield _verdict(item, key, key, want, _have(out, key), tol.get(key))
        elif key == "nr":
            for name in JUDGED.intersection(want or ()) - {"mcc", "mnc"}:
                yield _verdict(item, f"nr.{name}", name, want[name], _have(out, name, "nr_"), tol.get(f"nr.{name}"))
            if want is None:
                yield _verdict(item, "nr", "nr", None, out.get("nr_rsrp_dbm"), None)
        elif key == "neighbours":
            for cell in want:
                yield from _neighbour(item, cell, out, tol)


def _neighbour(item: Json, want: Json, out: Json, tol: Json) -> Iterator[Verdict]:
    channel = next((name for name in CHANNELS if want.get(name) is not None), None)
    hit: Json = next(
        (
            cell
            for cell in out.get("cells", ())
            if cell.get("role") == "neighbour"
            and (channel is None or cell.get(channel) == want[channel])
            and cell.get("pci") == want.get("pci")
        ),
        {},
    )
    for key in ("rsrp_dbm", "rsrq_db"):
        if key in want:
            yield _verdict(item, f"neighbour {want.get('pci')} {key}", key, want[key], hit.get(key), tol.get(f"neighbours.{key}"))


def _have(out: Json, key: str, prefix: str = "") -> object:
    plmn = out.get("plmn")
    if key in ("mcc", "mnc"):
        return None if plmn is None else plmn[:3] if key == "mcc" else plmn[3:]
    if key == "registered":
        return None if "registration" not in out else out["registration"] in ("home", "roaming")
    return out.get(prefix + NAME.get(key, key))


def _verdict(item: Json, label: str, key: str, want: object, got: object, tol: float | None) -> Verdict:
    return Verdict(item["id"], label, want, got, _same(key, want, got, tol))


def _same(key: str, want: object, got: object, tol: float | None) -> bool:
    if want is None or got is None:
        return want is got
    if key == "rat":
        return RAT.get(str(want), want) == got
    if key == "mnc":
        return str(want).lstrip("0") == str(got).lstrip("0")
    if isinstance(want, bool):
        return want == got
    if isinstance(want, int | float) and isinstance(got, int | float):
        exact = isinstance(want, int) and isinstance(got, int)
        return abs(want - got) <= (tol or (0 if exact else 0.051))
    return str(want) == str(got)
