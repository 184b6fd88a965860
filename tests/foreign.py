"""A folder full of modules named as ours, as somebody may have it in his working directory."""

from __future__ import annotations

from pathlib import Path

MARK = (
    "import pathlib; pathlib.Path(__file__).resolve().parents[{up}].joinpath('foreign_code_ran').touch()\nraise SystemExit(9)\n"
)


def foreign(folder: Path) -> None:
    """Fill a folder with modules and packages that leave the file `foreign_code_ran` in it when they are run."""
    for name in ("agent", "ground", "telemetry"):
        (folder / f"{name}.py").write_text(MARK.format(up=0))
    for name in ("collector", "dashboards", "demo"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(MARK.format(up=1))
