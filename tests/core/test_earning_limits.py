"""Limits at work: cut or rejected, own, shared and of the wallet, and cooldowns."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.decide import decide
from perennial.core.effects import Touch, UseBudget, UseLimit
from perennial.core.events import OrderReturned
from perennial.core.fold import fold, fold_spent
from perennial.units import stable_hash
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


def test_points_of_a_limit_have_the_decimals_of_its_wallet() -> None:
    """Of the rule's wallet, of the wallet that is spent, or of the wallets of the rules that share it."""
    cash = {"id": "cash", "name": "Cash", "decimals": 2, "caps": [{"points": 1}]}
    stars = {"id": "stars", "name": "Stars", "spending": [{"points": 1_000}]}
    rules = [
        act(wallet="cash", limits=[{"points": 25}, {"points": 100, "per": "total"}, {"times": 1}]),
        act(name="star", wallet="stars", limits=[{"points": 25}], shared_limits=["all"]),
    ]
    parts = {"limits": [{"id": "all", "points": 150}], **EVENTS}
    version = version_of(rules, wallets=[cash, stars], **parts)
    assert {limit.name for limit in (*version.limits, *version.budgets)} == {
        "rule act: 0.25 points in all",
        "rule act: 1.00 points in all, all members together",
        "rule act: 1 time in all",
        "wallet cash: 0.01 points in all",
        "rule star: 25 points in all",
        "limit all: 150 points in all",
        "spending stars: 1000 points in all",
    }
    cut = {award.rule: award.cut_by for award in Shopper(version).does(happened("act")).awards}
    assert cut["act"] == "wallet cash: 0.01 points in all: 0.01 left"
    (limit, *_) = version_of(
        [act(wallet="cash", shared_limits=["all"])], wallets=[stars, cash], limits=parts["limits"], **EVENTS
    ).limits
    assert limit.name == "limit all: 1.50 points in all"


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


def test_only_orders_whose_value_fits_take_part() -> None:
    """SC-63 for rules: of 100.00 in all 99.50 are used by two rules at once; 1.00 is refused, 0.50 fits."""
    rules = [
        {"id": name, "type": "per_amount", "points": 1, "per": 10, "shared_limits": ["value"]}
        for name in ("a", "b")
    ]
    version = version_of(rules, limits=[{"id": "value", "per": "total", "order_value": 10_000}])
    shopper = Shopper(version)
    assert shopper.earns(paid(9_950, number=1)) == 2 * 995
    refused = shopper.does(paid(100, number=2))
    assert [award.cut_by for award in refused.awards] == [
        "limit value: 100.00 USD of order value in all, all members together: 0.50 left, whole only"
    ] * 2
    assert shopper.earns(paid(50, number=3)) == 10
    assert [*shopper.spent.values()] == [10_000]


def test_the_first_customers_go_on_earning() -> None:
    """Of the first two customers both go on; the third gets nothing, with the reason."""
    limit = {"per": "total", "customers": 2, "every": "month"}
    version = version_of([act(limits=[limit])], **EVENTS)
    spent: dict[tuple[int, int], int] = {}
    first, second, third = (Shopper(version, spent=spent) for _ in range(3))
    earned = [shopper.earns(happened("act")) for shopper in (first, first, second, third, first, second)]
    assert earned == [30, 30, 30, 0, 30, 30]
    assert third.does(happened("act")).awards[0].cut_by == "rule act: 2 customers per month: used up"
    assert third.earns(happened("act", local("2026-12-01 00:00:00"))) == 30
    assert sorted(spent.values()) == [1, 2]


def test_each_store_and_each_device_has_a_part() -> None:
    """A cap per location is shared by a store's orders; one per attribute by what carries its value."""
    base = {"id": "base", "type": "per_amount", "points": 1, "per": 100}
    in_store = version_of([base | {"limits": [{"per": "location", "points": 15, "every": "day"}]}])
    shopper = Shopper(in_store)
    points = [
        shopper.earns(paid(1_000, location=place, number=number))
        for number, place in enumerate(("berlin", "berlin", "bonn", None), 1)
    ]
    assert points == [10, 5, 10, 0]
    nowhere = shopper.does(paid(1_000, number=5)).awards[0]
    assert nowhere.cut_by == "rule base: 15 points per day, for each location: no location is given"
    declared = {"events": {"act": {"attributes": {"device": {"type": "text"}}}}}
    limit = {"per": "attribute", "attribute": "device", "times": 1}
    by_device = Shopper(version_of([act(limits=[limit])], declarations=declared))
    events = [happened("act", device="d1"), happened("act", device="d1"), happened("act", device="d2")]
    assert [by_device.earns(event) for event in events] == [30, 0, 30]
    assert by_device.earns(happened("act", device="")) == 0


def test_a_campaign_limits_its_rules_together() -> None:
    """Two rules of a campaign share its 50 points; a rule outside of it goes on."""
    campaign = {"id": "may", "earning_rules": [act(30, "a"), act(30, "b")], "limits": [{"points": 50}]}
    shopper = Shopper(version_of([act(30, "c")], campaigns=[campaign], **EVENTS))
    assert by_rule(shopper.does(happened("act"))) == {"c": 30, "a": 30, "b": 20}
    assert by_rule(shopper.does(happened("act"))) == {"c": 30, "a": 0, "b": 0}


def test_a_canceled_order_gives_everything_back() -> None:
    """Order value, customers, times and a store's points come back, on the day on which they were used."""
    limits = [
        {"per": "total", "order_value": 10_000},
        {"per": "total", "customers": 1},
        {"times": 1},
        {"per": "location", "points": 100},
    ]
    base = {"id": "base", "type": "per_amount", "points": 1, "per": 100, "limits": limits}
    shopper = Shopper(version_of([base]))
    event = paid(1_000, location="berlin")
    awards = shopper.does(event).awards
    used = dict(shopper.spent)
    assert sorted(used.values()) == [1, 10, 1_000]
    canceled = OrderReturned(
        id=event.id,
        at=local("2026-12-24 12:00:00"),
        order=event.order,
        paid_at=event.at,
        awards=awards,
        before=(0,),
        after=(1,),
        canceled=True,
    )
    effects = decide(canceled, shopper.version, shopper.member, shopper.spent).effects
    days = {each.amount: each.day for each in effects if isinstance(each, UseBudget)}
    fold_spent(shopper.spent, effects)
    fold(shopper.member, shopper.version, effects, canceled.at)
    assert {*shopper.spent.values()} == {0}
    assert days == {-1_000: 739_944, -1: 739_944, -10: 0}
    assert {used for uses in shopper.member.limits.values() for used in uses.values()} == {0}
    assert shopper.earns(paid(1_000, location="berlin", number=2)) == 10


def test_numbers_of_limits_in_points_and_times_are_what_they_were() -> None:
    """What is stored of limits is found under numbers that no release may change."""
    limits = [{"points": 5}, {"times": 5, "every": "month"}, {"points": 5, "per": "total", "every": "day"}]
    version = version_of([act(limits=limits)], **EVENTS)
    numbers = [each.number for each in (*version.limits, *version.budgets)]
    assert numbers == [
        stable_hash("limit", "rule", 1, "act", "member", False, "ever", 0),
        stable_hash("limit", "rule", 1, "act", "member", True, "month", 0),
        stable_hash("limit", "rule", 1, "act", "total", False, "day", 0),
    ]


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
        (0, "cooldown of rule act: until 2026-11-25 12:00")
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
