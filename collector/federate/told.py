"""What a regency said of itself, kept beside its letters: halls and where they lie, verdicts, grades, hash, proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import orjson

from collector.agreement.table import BLANK_SPOT, enough
from collector.sites.sites import Site

RECORD, ABOUT = "record.json", "about.json"
_BUILT = frozenset({"built", "measured_again"})


def told(folder: Path) -> dict[str, Any]:
    """Return what the regency of this folder said of itself; None: nothing. `lat`, `lon`: the middle of its halls."""
    about, record = (_read(folder / name) for name in (ABOUT, RECORD))
    verdicts, proposals = record.get("verdict", []), record.get("proposal", [])
    villages = [one for one in verdicts if one["operator"] is None]
    good = Counter(enough(str(one["word"])) for one in villages)
    grades = Counter(one["grade"] for one in verdicts)
    newest: Mapping[str, Any] = max(verdicts, key=lambda one: str(one["until"]), default={})
    found = {
        **{name: about.get(name) for name in ("halls", "lat", "lon")},
        "villages_good": good[True],
        "villages_lacking": good[False],
        "villages_blank_spot": sum(one["word"] == BLANK_SPOT for one in villages),
        "villages_not_judged": good[None],
        **{f"grade_{grade.lower()}": grades[grade] for grade in "ABCD"},
        "published_until": newest.get("until"),
        "table_sha256": newest.get("evidence"),
        "proposals": len(proposals),
        "proposals_built": sum(one["step"] in _BUILT for one in proposals),
        "last_day": about.get("last"),
    }
    return found if about or record else dict.fromkeys(found)  # nothing came: a count of none would be a claim


def middle(sites: Collection[Site]) -> dict[str, float]:
    """Return the middle of some halls, degrees; nothing of none."""
    if not sites:
        return {}
    return {"lat": round(fmean(site.lat for site in sites), 4), "lon": round(fmean(site.lon for site in sites), 4)}


def _read(path: Path) -> dict[str, Any]:
    return dict(orjson.loads(path.read_bytes())) if path.exists() else {}
