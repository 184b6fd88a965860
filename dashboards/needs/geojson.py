"""The needs map as GeoJSON (RFC 7946): one point per hall and operator, with the handover columns and the diagnosis."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from dashboards.needs.columns import handover
from dashboards.needs.labels import both, english, indonesian, operator_words
from dashboards.needs.model import Report, Row, Village
from dashboards.needs.need import NEED_FORMULA, READINESS_FORMULA
from ground.words import phrase

DEGREE_DIGITS = 6  # 0.1 m


def write_geojson(report: Report, path: Path) -> None:
    """Write the collection; the method is in its `metadata`, a foreign member as section 6.1 allows."""
    rows = [(village, row) for village in report.villages for row in village.rows]
    collection: dict[str, Any] = {
        "type": "FeatureCollection",
        "metadata": {
            "title": "Peta kebutuhan infrastruktur digital",
            "period": [report.period.first.isoformat(), report.period.last.isoformat()],
            "thresholds": report.version,
            "need": english(NEED_FORMULA),
            "readiness": english(READINESS_FORMULA),
            "note": both(phrase("A point is a hall; it does not describe the whole village.")),
            "sources": [english(source) for source in report.sources],
        },
        "features": [_feature(report, village, row) for village, row in rows],
    }
    if rows:
        lons, lats = zip(*(_position(row) for _, row in rows), strict=True)
        collection["bbox"] = [min(lons), min(lats), max(lons), max(lats)]
    path.write_text(json.dumps(collection, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")


def _feature(report: Report, village: Village, row: Row) -> dict[str, Any]:
    cells = handover(report, village, row)
    properties: dict[str, Any] = {name: cell.isoformat() if isinstance(cell, date) else cell for name, cell in cells.items()}
    e = row.evidence
    properties |= {
        "state": row.verdict.state.value,
        "diagnosis": row.verdict.main.diagnosis.value,
        "reason_id": indonesian(row.verdict.main.reason),
        "reason_en": english(row.verdict.main.reason),
        "completeness_percent": None if e is None or e.completeness is None else round(e.completeness, 1),
        "estimated_time_percent": None if e is None or e.estimated_share is None else round(e.estimated_share, 1),
        "coordinate_source": row.site.coordinate_source,
        "change": row.compared.change.value if row.compared else None,
    }
    name = f"{row.site.code}-{english(operator_words(row.operator)).lower().replace(' ', '-')}"
    return {"type": "Feature", "id": name, "geometry": {"type": "Point", "coordinates": _position(row)}, "properties": properties}


def _position(row: Row) -> list[float]:
    return [round(row.site.lon, DEGREE_DIGITS), round(row.site.lat, DEGREE_DIGITS)]
