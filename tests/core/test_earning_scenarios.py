"""Acceptance scenarios of earning, told in the core alone."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.events import MemberJoined, TierEntered
from tests.core.earning_stage import CUSTOMER, NOON, Shopper, by_rule, happened, line, local, paid, version_of

BASE: dict[str, Any] = {"id": "base", "type": "per_amount", "points": 1, "per": 100}
MONDAYS: dict[str, Any] = {
    "campaigns": [
        {
            "id": "german-mondays",
            "schedule": {"windows": [{"days": ["mon"]}]},
            "when": {"fact": "member.country", "is": "DE"},
            "multiplier": {"by": "2"},
        }
    ],
    "declarations": {"member": {"country": {"type": "text"}}},
}


@pytest.mark.parametrize(
    ("country", "at", "points"),
    [
        ("DE", "2026-11-23 10:00:00", 80),
        ("DE", "2026-11-24 10:00:00", 40),
        ("FR", "2026-11-23 10:00:00", 40),
    ],
)
def test_sc_08_germans_on_mondays(country: str, at: str, points: int) -> None:
    """SC-08: customers from Germany get double points on Mondays."""
    shopper = Shopper(version_of([BASE], **MONDAYS), country=country)
    assert shopper.earns(paid(4000, at=local(at))) == points


@pytest.mark.parametrize(
    ("at", "points"),
    [
        ("2026-11-22 23:59:59", 40),
        ("2026-11-23 00:00:00", 80),
        ("2026-11-23 23:59:59", 80),
        ("2026-11-24 00:00:00", 40),
    ],
)
def test_sc_10_edges_of_monday(at: str, points: int) -> None:
    """SC-10: Monday begins and ends at midnight in the program's zone."""
    shopper = Shopper(version_of([BASE], **MONDAYS), country="DE")
    assert shopper.earns(paid(4000, at=local(at))) == points


def test_sc_21_custom_events_earn_their_own_points() -> None:
    """SC-21: newsletter, like and comment award 50, 20 and 30."""
    points = {"newsletter": 50, "like": 20, "comment": 30}
    rules = [
        {"id": name, "type": "fixed", "trigger": name, "points": gives} for name, gives in points.items()
    ]
    shopper = Shopper(version_of(rules, declarations={"events": {name: {} for name in points}}))
    assert [shopper.earns(happened(name)) for name in points] == [50, 20, 30]


@pytest.mark.parametrize(
    ("tier", "at", "points"),
    [
        ("vip", "2026-12-12 15:00:00", 100),
        (None, "2026-12-12 15:00:00", 50),
        ("vip", "2026-12-13 15:00:00", 50),
    ],
)
def test_sc_23_vip_day(tier: str | None, at: str, points: int) -> None:
    """SC-23: VIP customers get double points on one day."""
    day = {
        "id": "vip-day",
        "schedule": {"starts": "2026-12-12", "ends": "2026-12-12"},
        "when": {"fact": "member.tier", "is": "vip"},
        "multiplier": {"by": "2"},
    }
    shopper = Shopper(version_of([BASE], campaigns=[day], tiers=TIERS), tier=tier)
    assert shopper.earns(paid(5000, at=local(at))) == points


TIERS: dict[str, Any] = {
    "metrics": [{"measure": "orders.net"}],
    "levels": [{"id": "vip", "name": "VIP", "reach": {"metric": 10_000_000}}],
}


@pytest.mark.parametrize(
    ("at", "sku", "points"),
    [
        ("2026-11-27 16:59:59", "cake", 10),
        ("2026-11-27 17:00:00", "cake", 30),
        ("2026-11-27 18:59:59", "cake", 30),
        ("2026-11-27 19:00:00", "cake", 10),
        ("2026-11-27 18:00:00", "pen", 10),
        ("2026-11-26 18:00:00", "cake", 10),
    ],
)
def test_sc_24_happy_hour(at: str, sku: str, points: int) -> None:
    """SC-24: Friday from 17:00 up to 19:00, three times for qualifying purchases."""
    happy_hour = {
        "id": "happy-hour",
        "schedule": {"windows": [{"days": ["fri"], "start": "17:00", "end": "19:00"}]},
        "when": {"lines": "any", "where": {"fact": "line.sku", "is": "cake"}},
        "multiplier": {"by": "3"},
    }
    shopper = Shopper(version_of([BASE], campaigns=[happy_hour]))
    assert shopper.earns(paid(line(sku, 1000), at=local(at))) == points


def test_sc_25_christmas_extra() -> None:
    """SC-25: +5 per order from 1 to 26 December, kept apart in the explanation."""
    christmas = {
        "id": "christmas",
        "schedule": {"starts": "2026-12-01", "ends": "2026-12-26"},
        "earning_rules": [{"id": "gift", "type": "fixed", "points": 5}],
    }
    shopper = Shopper(version_of([BASE], campaigns=[christmas]))
    assert by_rule(shopper.does(paid(2000, at=local("2026-12-24 10:00:00")))) == {"base": 20, "gift": 5}
    assert by_rule(shopper.does(paid(2000, at=local("2026-12-26 23:59:59"), number=2))) == {
        "base": 20,
        "gift": 5,
    }
    later = paid(2000, at=local("2026-12-27 00:00:00"), number=3)
    gift = shopper.why(later).rules[1]
    assert (gift.fired, gift.campaign) == (False, "christmas")
    assert gift.words == "Rule gift: did not fire: campaign christmas did not apply."
    assert by_rule(shopper.does(later)) == {"base": 20}


@pytest.mark.parametrize(("rounding", "together", "apart"), [("down", 1, 0), ("half_up", 2, 3)])
def test_sc_32_splitting_an_order(rounding: str, together: int, apart: int) -> None:
    """SC-32: 3 x 0.50 as one order gives 1, as three nothing; only half up rewards splitting."""
    version = version_of([BASE | {"rounding": rounding}])
    assert Shopper(version).earns(paid(50, 50, 50)) == together
    shopper = Shopper(version)
    assert sum(shopper.earns(paid(50, number=number)) for number in (1, 2, 3)) == apart


@pytest.mark.parametrize(("amount", "points"), [(8000, [80, 120, 160]), (3300, [33, 49, 66])])
def test_sc_43_rates_by_tier(amount: int, points: list[int]) -> None:
    """SC-43: 1, 1.5 and 2 points per 1.00 by tier; 49.5 is rounded down."""
    levels = [
        {"id": name, "name": name, "reach": {"metric": 10_000_000 * (place + 1)}, "multiplier": {"by": by}}
        for place, (name, by) in enumerate([("bottom", "1"), ("middle", "1.5"), ("vip", "2")])
    ]
    tiers = {"metrics": [{"measure": "orders.net"}], "levels": levels}
    by_factor = version_of([BASE], tiers=tiers)
    by_rate = version_of([BASE | {"points": 2, "per": 200, "tiers": {"middle": 3, "vip": 4}}])
    for version in (by_factor, by_rate):
        earned = [Shopper(version, tier=tier).earns(paid(amount)) for tier in ("bottom", "middle", "vip")]
        assert earned == points


@pytest.mark.parametrize(("at_cap", "points"), [("cut", [30, 30, 30, 10, 0]), ("reject", [30, 30, 30, 0, 0])])
@pytest.mark.parametrize("per", ["member", "total"])
def test_sc_64_budget_of_points(per: str, at_cap: str, points: list[int]) -> None:
    """SC-64: at most 100 points for social media and 30 per action, per customer or in total."""
    social = {"id": "social", "per": per, "points": 100, "at_cap": at_cap}
    share = {"id": "share", "type": "fixed", "trigger": "share", "points": 30, "shared_limits": ["social"]}
    version = version_of([BASE, share], limits=[social], declarations={"events": {"share": {}}})
    spent: dict[tuple[int, int], int] = {}
    first = Shopper(version, spent=spent)
    assert [first.earns(happened("share", number=number)) for number in range(5)] == points
    assert first.earns(paid(2000)) == 20
    second = Shopper(version, spent=spent)
    assert second.earns(happened("share")) == (30 if per == "member" else points[-1])


def test_sc_66_three_reviews_a_month() -> None:
    """SC-66: the fourth review of a month gives nothing, with the reason; the first of next month earns."""
    review = {"id": "review", "type": "fixed", "trigger": "review", "points": 10}
    limit = {"times": 3, "every": "month"}
    version = version_of([review | {"limits": [limit]}], declarations={"events": {"review": {}}})
    shopper = Shopper(version)
    at = local("2026-11-30 23:59:59")
    assert [shopper.earns(happened("review", at)) for _ in range(3)] == [10, 10, 10]
    fourth = shopper.does(happened("review", at))
    assert [(award.points, award.base, award.lot_id) for award in fourth.awards] == [(0, 10, 0)]
    assert fourth.awards[0].cut_by == "rule review: 3 times per month: used up"
    assert shopper.earns(happened("review", local("2026-12-01 00:00:00"))) == 10


def test_joining_and_entering_a_tier_earn() -> None:
    """A welcome gift for joining, and an entry gift that knows which tier was entered."""
    rules = [
        {"id": "welcome", "type": "fixed", "trigger": "member.joined", "points": 100},
        {
            "id": "gold",
            "type": "fixed",
            "trigger": "tier.entered",
            "points": 500,
            "when": {"fact": "event.tier", "is": "gold"},
        },
    ]
    shopper = Shopper(version_of(rules))
    assert shopper.earns(MemberJoined(id=CUSTOMER, at=NOON)) == 100
    assert shopper.earns(TierEntered(id=CUSTOMER, at=NOON, before=None, after="silver")) == 0
    assert shopper.earns(TierEntered(id=CUSTOMER, at=NOON, before="silver", after="gold")) == 500


def test_birthday_and_anniversary_are_triggers() -> None:
    """The days of a member arrive as events of their own."""
    rules = [
        {"id": "birthday", "type": "fixed", "trigger": "member.birthday", "points": 50},
        {"id": "anniversary", "type": "fixed", "trigger": "member.anniversary", "points": 70},
    ]
    shopper = Shopper(version_of(rules))
    assert shopper.earns(happened("member.birthday")) == 50
    assert shopper.earns(happened("member.anniversary")) == 70
