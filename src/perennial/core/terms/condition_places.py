"""The places at which conditions stand, by the names that editors use."""

from __future__ import annotations

from enum import StrEnum


class Where(StrEnum):
    """Where in a program, or beside one, a condition stands: it decides what may be asked."""

    RULE = "rule"
    RULE_LINES = "rule_lines"
    CAMPAIGN = "campaign"
    MEMBER = "member"
    ORDER = "order"
    BENEFIT_LINES = "benefit_lines"
    AUDIENCE = "audience"
    SEGMENT = "segment"
