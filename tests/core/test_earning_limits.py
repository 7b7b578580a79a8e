"""Limits at work: cut or rejected, own, shared and of the wallet, and cooldowns."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.effects import Touch, UseBudget, UseLimit
from tests.core.earning_stage import Shopper, by_rule, happened, local, paid, points_of, version_of

EVENTS: dict[str, Any] = {"declarations": {"events": {"act": {}, "other": {}}}}


def act(points: int = 30, name: str = "act", trigger: str = "act", **more: Any) -> dict[str, Any]:
    """Return a rule of fixed points for an event."""
    return {"id": name, "type": "fixed", "trigger": trigger, "points": points, **more}


@pytest.mark.parametrize(
    ("every", "inside", "outside"),
    [
        ("hour", "2026-11-24 12:59:59", "2026-11-24 13:00:00"),
        ("day", "2026-11-24 23:59:59", "2026-11-25 00:00:00"),
        ("week", "2026-11-29 23:59:59", "2026-11-30 00:00:00"),
        ("month", "2026-11-30 23:59:59", "2026-12-01 00:00:00"),
        ("quarter", "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
        ("year", "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
    ],
)
def test_limit_follows_the_local_calendar(every: str, inside: str, outside: str) -> None:
    """What was used counts to the end of the local period, and not a microsecond longer."""
    shopper = Shopper(version_of([act(limits=[{"points": 30, "every": every}])], **EVENTS))
    assert shopper.earns(happened("act", local("2026-11-24 12:00:00"))) == 30
    assert shopper.earns(happened("act", local(inside))) == 0
    assert shopper.earns(happened("act", local(outside))) == 30


def test_week_starts_by_setting() -> None:
    """With weeks that start on Sunday the limit is free again on Sunday."""
    version = version_of([act(limits=[{"times": 1, "every": "week"}])], week_starts="sun", **EVENTS)
    shopper = Shopper(version)
    assert shopper.earns(happened("act", local("2026-11-28 23:59:59"))) == 30
    assert shopper.earns(happened("act", local("2026-11-29 00:00:00"))) == 30
    assert shopper.earns(happened("act", local("2026-12-05 23:59:59"))) == 0


def test_limit_meets_the_points_after_multipliers() -> None:
    """20 points doubled to 40 meet a cap of 25."""
    base = {"id": "base", "type": "per_amount", "points": 1, "per": 100, "limits": [{"points": 25}]}
    version = version_of([base], campaigns=[{"id": "double", "multiplier": {"by": "2"}}])
    award = Shopper(version).does(paid(2000)).awards[0]
    assert (award.base, award.points, award.lines) == (20, 25, (25,))
    assert award.cut_by == "rule base: 25 points in all: 25 left"


def test_every_limit_uses_what_was_given_in_the_end() -> None:
    """An award of 30 cut to 20 and then to 5 uses 5 of both limits, and one time."""
    limits = [{"points": 20}, {"times": 9}, {"points": 5, "per": "total", "every": "day"}]
    shopper = Shopper(version_of([act(limits=limits)], **EVENTS))
    decision = shopper.does(happened("act"))
    uses = [
        (type(effect).__name__, effect.amount, effect.cap)
        for effect in decision.effects
        if isinstance(effect, UseLimit | UseBudget)
    ]
    assert uses == [("UseLimit", 5, 20), ("UseLimit", 1, 9), ("UseBudget", 5, 5)]
    assert decision.awards[0].cut_by == "rule act: 5 points per day, all members together: 5 left"


def test_what_one_limit_rejects_uses_none_of_the_others() -> None:
    """An award that a later limit rejects leaves the earlier ones untouched."""
    limits = [{"points": 100}, {"points": 10, "every": "day", "at_cap": "reject"}]
    shopper = Shopper(version_of([act(limits=limits)], **EVENTS))
    decision = shopper.does(happened("act"))
    assert points_of(decision) == 0
    assert [effect for effect in decision.effects if isinstance(effect, UseLimit)] == []
    assert decision.awards[0].cut_by == "rule act: 10 points per day: 10 left, whole awards only"


def test_rules_share_a_limit_within_one_event() -> None:
    """Two rules of one event share 50 points in the order of the document."""
    rules = [act(30, "a", shared_limits=["both"]), act(30, "b", shared_limits=["both"]), act(30, "c")]
    version = version_of(rules, limits=[{"id": "both", "points": 50}], **EVENTS)
    assert by_rule(Shopper(version).does(happened("act"))) == {"a": 30, "b": 20, "c": 30}


def test_cap_of_the_wallet_comes_last() -> None:
    """A wallet that takes 40 points a day takes them from all rules together."""
    wallets = [{"id": "points", "name": "Points", "caps": [{"points": 40, "every": "day"}]}]
    version = version_of([act(30, "a"), act(30, "b", "other")], wallets=wallets, **EVENTS)
    shopper = Shopper(version)
    assert shopper.earns(happened("act")) == 30
    second = shopper.does(happened("other"))
    assert (points_of(second), second.awards[0].cut_by) == (10, "wallet points: 40 points per day: 10 left")
    assert shopper.earns(happened("act", local("2026-11-25 00:00:00"))) == 30


def test_lowered_cap_leaves_no_room() -> None:
    """A new version that lowers a cap below what was used gives nothing, and takes nothing back."""
    before = version_of([act(limits=[{"points": 100}])], **EVENTS)
    after = version_of([act(limits=[{"points": 10}])], **EVENTS)
    shopper = Shopper(before)
    assert shopper.earns(happened("act")) == 30
    shopper.version = after
    assert shopper.earns(happened("act")) == 0
    shopper.version = before
    assert shopper.earns(happened("act")) == 30


def test_cooldown_rests_to_the_microsecond() -> None:
    """A rule that rests for a day fires again a day later; nothing is multiplied or used meanwhile."""
    shopper = Shopper(version_of([act(cooldown={"days": 1}, limits=[{"times": 2}])], **EVENTS))
    first = local("2026-11-24 12:00:00")
    assert shopper.earns(happened("act", first)) == 30
    resting = shopper.does(happened("act", local("2026-11-25 12:00:00") - 1))
    assert [(award.points, award.cut_by) for award in resting.awards] == [
        (0, "cooldown of rule act: until 2026-11-25T11:00:00Z")
    ]
    assert [effect for effect in resting.effects if isinstance(effect, Touch | UseLimit)] == []
    assert shopper.earns(happened("act", local("2026-11-25 12:00:00"))) == 30


def test_cooldown_and_late_events() -> None:
    """A late event rests if the later one lies within its own cooldown, and fires before that."""
    shopper = Shopper(version_of([act(cooldown={"days": 1})], **EVENTS), joined_at=0)
    assert shopper.earns(happened("act", local("2026-11-24 12:00:00"))) == 30
    assert shopper.earns(happened("act", local("2026-11-23 12:00:00") + 1)) == 0
    assert shopper.earns(happened("act", local("2026-11-23 12:00:00"))) == 30
    assert shopper.earns(happened("act", local("2026-11-25 11:00:00"))) == 0
