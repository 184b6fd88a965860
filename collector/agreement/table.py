"""The needs map as the agreement takes it: the table that was handed over, row by row; its hash is the frozen evidence."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from collector.agreement.entries import Publication, Verdict
from ground.errors import ConfigError
from ground.table import Row, read_table

COLUMNS = ("kode_desa", "operator", "kondisi", "periode_awal", "periode_akhir", "versi_ambang")
GRADE, VILLAGE = "kualitas_bukti", "kondisi_desa"
BLANK_SPOT = "blank spot"
GOOD = frozenset({"layak", "cukup"})
NOT_JUDGED = frozenset(
    {"tidak terdengar (pemindaian)", "tidak dapat dinilai", "terdengar, belum diukur", "data belum cukup", "belum diukur"}
)
"""Words of `kondisi` that are good service, and those that say nothing of it."""
BETWEEN, AND = "di antara ", " dan "


def enough(word: str) -> bool | None:
    """Say whether a word of `kondisi` is good service; between two words both must be. None where the village was not judged."""
    words = {*word.removeprefix(BETWEEN).split(AND)} if word.startswith(BETWEEN) else {word}
    return None if words <= NOT_JUDGED else words <= GOOD


def read_publication(path: Path) -> Publication:
    """Read a needs CSV as `sinyal-dashboards needs` wrote it. Raises ConfigError naming file, line and column.

    Each operator of a village has its verdict; the village's own, over all operators, is that without an operator.
    """
    rows, faults = read_table(path, COLUMNS)
    if faults:
        raise ConfigError("\n".join(faults))
    table = hashlib.sha256(path.read_bytes()).hexdigest()
    verdicts: dict[Verdict, None] = {}
    for row in rows:
        if row.cells["operator"]:  # a modem of nobody knows whom has no verdict
            verdicts[_verdict(row, row.cells["operator"], row.cells["kondisi"], table)] = None
        if row.cells.get(VILLAGE):
            verdicts.setdefault(_verdict(row, None, row.cells[VILLAGE], table))
    periods = {(verdict.since, verdict.until) for verdict in verdicts}
    if len(periods) != 1:
        raise ConfigError(f"{path.name}: needs the rows of one period, has those of {len(periods)}")
    ((since, until),) = periods
    return Publication(since=since, until=until, table=table, verdicts=tuple(verdicts))


def _verdict(row: Row, operator: str | None, word: str, table: str) -> Verdict:
    cells = row.cells
    try:
        return Verdict(
            site=cells["kode_desa"].replace(".", ""),
            operator=operator,
            since=date.fromisoformat(cells["periode_awal"]),
            until=date.fromisoformat(cells["periode_akhir"]),
            thresholds=cells["versi_ambang"],
            word=word,
            grade=(cells.get(GRADE) or None) if operator else None,
            evidence=table,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{row.where}: {first['loc'][0]}: {first['msg']}; take the file as `needs` wrote it") from None
    except ValueError as error:
        raise ConfigError(f"{row.where}: periode_awal, periode_akhir: {error}; take the file as `needs` wrote it") from None
