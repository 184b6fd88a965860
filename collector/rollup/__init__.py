"""Rollups: an hour and a day of one modem and operator in one row, exact enough for any percentile."""

from collector.rollup.summary import Histogram, Summary, percentile
from collector.rollup.update import bring_up_to_date, recompute

__all__ = ["Histogram", "Summary", "bring_up_to_date", "percentile", "recompute"]
