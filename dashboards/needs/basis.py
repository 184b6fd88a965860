"""Reads what a report judges by, beside the measurements, from the folder of the register."""

from __future__ import annotations

import logging
from pathlib import Path

from collector.sites.classes import read_classes
from collector.sites.sites import read_sites
from dashboards.atlas.areas import DESA, read_areas
from dashboards.needs.assemble import Basis
from dashboards.needs.boundaries import read_context
from dashboards.needs.parameters import read_parameters

log = logging.getLogger(__name__)


def read_basis(
    beside: Path, classes: Path, sites: Path | None = None, parameters: Path | None = None, context: Path | None = None
) -> Basis:
    """Read the files of a folder, or those named in their place. Raises ConfigError."""
    other = context or beside / "kutim_context.csv"
    known = context is not None or other.exists()
    if not known:
        log.warning("event=needs_no_context file=%s effect=inputs_not_known", other)
    return Basis(
        sites=read_sites(sites or beside / "sites.csv"),
        contexts=read_context(other) if known else {},
        areas=read_areas(DESA),
        parameters=read_parameters(parameters or beside / "needs.toml"),
        classes=read_classes(classes),
    )
