"""Writes the dashboards: `python -m dashboards.grafana.build`; with --check it only says whether they are current."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from collector.errors import ConfigError
from collector.sites.classes import read_classes
from dashboards.grafana import alerts, basemap, fleet, hall, nation, operators, pipeline, regency, wall
from dashboards.grafana.context import GENERATED, MAP_FILE, NATION, Context
from dashboards.grafana.dialect import DIALECTS
from ground.words import LANGUAGES

HERE = Path(__file__).parent
CLASSES = HERE.parents[1] / "config" / "classes.toml"
DASHBOARDS = {
    "regency": regency.build,
    "hall": hall.build,
    "operators": operators.build,
    "fleet": fleet.build,
    "pipeline": pipeline.build,
    "alerts": alerts.build,
    "wall": wall.build,
}
EPILOG = """\
What lies under dashboards/grafana/generated/ is made from the modules beside this one and from config/classes.toml.
After changing one of them, run this without --check and keep what it wrote together with the change.

exit: 0 current or written; 1 stale (--check); 2 classes.toml is faulty
"""


def build_all(classes: Path = CLASSES) -> dict[str, dict[str, Any]]:
    """Return every dashboard by its path below `generated/`. Raises ConfigError."""
    read = read_classes(classes)
    contexts = [Context(language, read) for language in LANGUAGES]
    found = {f"{c.language}/{name}.json": build(c) for c in contexts for name, build in DASHBOARDS.items()}
    return found | {f"{NATION}/{c.language}-{d.name}.json": nation.build(c, d) for c in contexts for d in DIALECTS}


def as_text(dashboard: dict[str, Any]) -> str:
    """Return the text of a dashboard's file; the same dashboard gives the same bytes."""
    return json.dumps(dashboard, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def all_texts(classes: Path = CLASSES) -> dict[str, str]:
    """Return the text of every generated file by its path: Raises ConfigError."""
    texts = {name: as_text(dashboard) for name, dashboard in build_all(classes).items()}
    return {**texts, MAP_FILE: basemap.boundaries()}


def stale_files(classes: Path = CLASSES, folder: Path = GENERATED) -> list[str]:
    """Name the files that differ from what would be written, are missing, or belong to nothing."""
    wanted = all_texts(classes)
    found = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.glob("*/*.*")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write_files(classes: Path = CLASSES, folder: Path = GENERATED) -> list[str]:
    """Write all files and remove those of no dashboard; return the names of those that changed."""
    changed = stale_files(classes, folder)
    wanted = all_texts(classes)
    for name in changed:
        path = folder / name
        if name not in wanted:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[name], encoding="utf-8")
    return changed


def main(argv: list[str] | None = None) -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboards.grafana.build",
        description="Writes the Grafana dashboards (Indonesian and English) as files.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not current")
    args = parser.parse_args(argv)
    try:
        if not args.check:
            for name in write_files():
                print(f"written: {name}")
            return 0
        stale = stale_files()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    for name in stale:
        print(f"stale: dashboards/grafana/generated/{name}; run: python -m dashboards.grafana.build", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
