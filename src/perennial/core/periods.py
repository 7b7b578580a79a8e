"""Calendar periods in a zone, as whole numbers, so that counters and limits can be keyed by them."""

from __future__ import annotations

from enum import StrEnum


class Period(StrEnum):
    """The calendar periods in which something is counted, in the program's zone."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    EVER = "ever"
