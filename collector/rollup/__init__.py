"""Rollups: an hour and a day of one modem and operator in one row, exact enough for any percentile."""

from collector.rollup.summary import Histogram, Summary, percentile
from collector.rollup.tally import ModemHour, Tally
from collector.rollup.update import READ, bring_up_to_date, recompute, rows_of

__all__ = ["READ", "Histogram", "ModemHour", "Summary", "Tally", "bring_up_to_date", "percentile", "recompute", "rows_of"]
