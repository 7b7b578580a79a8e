"""What the tests of tiers share: clubs, where a member stands, and how far it is to the next tier."""

from __future__ import annotations

from typing import Any

from perennial.core.decision import Decision
from perennial.core.events import TierEntered
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.core.tiers.progress import TierProgress, progress
from perennial.units import Points
from tests.core.ledger_stage import at, local, stage, version_on

BY_SPEND = {"measure": "orders.net", "window": {"calendar": "year"}}
BY_BALANCE = {"balance": "points"}


def levels(*thresholds: int, names: tuple[str, ...] = ("bronze", "silver", "gold")) -> list[dict[str, Any]]:
    """Return tiers of one metric with these thresholds."""
    return [
        {"id": name, "name": name.title(), "reach": {"metric": needed}}
        for name, needed in zip(names, thresholds, strict=False)
    ]


def club(metric: dict[str, Any], thresholds: tuple[int, ...], **system: Any) -> Rehearsal:
    """Return a program with tiers by one metric."""
    return stage(tiers={"metrics": [metric], "levels": levels(*thresholds), **system})


def standing(play: Rehearsal, customer: str = "anna") -> tuple[str | None, str | None, str | None]:
    """Return the tier of a member, since when, and when it is reviewed."""
    membership = play.membership(customer)
    assert membership is not None
    return membership.tier, local(membership.tier_since), local(membership.tier_until)


def tier(play: Rehearsal, when: str | None = None) -> str | None:
    """Return Anna's tier, at a time to which the timers have run."""
    if when is not None:
        play.run_timers("anna", at(when))
    return standing(play)[0]


def entered(decisions: list[Decision]) -> list[str | None]:
    """Return the tiers that were entered."""
    return [e.after for d in decisions for e in d.follow_ups if isinstance(e, TierEntered)]


def earned(decisions: list[Decision]) -> Points:
    """Return the points of all awards."""
    return sum(award.points for decision in decisions for award in decision.awards)


def seen(play: Rehearsal, when: str) -> TierProgress:
    """Return Anna's progress."""
    found = progress(version_on(play), play.member("anna"), at(when))
    assert found is not None
    return found
