"""What is said of experiments: where they stand, and what can be told of a difference."""

from __future__ import annotations

from enum import StrEnum


class TrialState(StrEnum):
    """Where an experiment stands; a holdout runs as long as it is in the program."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    REMOVED = "removed"


class Call(StrEnum):
    """What can be said of a difference at this moment."""

    TOO_EARLY = "too_early"
    UNDECIDED = "undecided"
    MORE = "more"
    LESS = "less"
    UNKNOWN = "unknown"
    UNEVEN = "uneven"
