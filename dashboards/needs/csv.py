"""The handover table as CSV that Indonesian Excel opens: UTF-8 with BOM; semicolon and decimal comma on demand."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from dashboards.needs.columns import COLUMNS, Cell, handover
from dashboards.needs.model import Report
from ground.table import safe


def csv_text(report: Report, *, semicolon: bool = False, decimal_comma: bool = False) -> str:
    """Return all rows, villages in the order of the register."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if semicolon else ",", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for village in report.villages:
        for row in village.rows:
            cells = handover(report, village, row)
            writer.writerow([_text(cells[name], decimal_comma=decimal_comma) for name in COLUMNS])
    return out.getvalue()


def write_csv(report: Report, path: Path, *, semicolon: bool = False, decimal_comma: bool = False) -> None:
    """Write the table."""
    text = csv_text(report, semicolon=semicolon, decimal_comma=decimal_comma)
    path.write_text(text, encoding="utf-8-sig", newline="")


def _text(cell: Cell, *, decimal_comma: bool) -> str:
    match cell:
        case None:
            return ""
        case float():
            text = repr(round(cell, 6))
            return text.replace(".", ",") if decimal_comma else text
        case date():
            return cell.isoformat()
        case str():
            return safe(cell)
        case _:
            return str(cell)
