"""What a return takes back: exact to the line, the lot and the policy. REF-01, REF-03, EXP-04, SC-11."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from perennial.core.award import Award
from perennial.core.decide import decide
from perennial.core.decisions.returns import reversed_of
from perennial.core.events import OrderReturned
from perennial.core.orders.order import Line
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.units import Points
from tests.core.ledger_stage import REVIEW, at, figures, lots, order, stage, version_on

_REWARD = {"id": "off", "name": "Off", "gives": [{"type": "amount_off", "value": 500}]}
POLICIES = ["only_pending", "within_balance", "unlimited"]


def taken(decisions: list[Any]) -> Points:
    """Return what the decisions took back in all."""
    return sum(sum(decision.taken_back.values()) for decision in decisions)


def spender(policy: str, price: Points = 100, **wallet: Any) -> Rehearsal:
    """Return a program with a reward for ``price`` points."""
    return stage({"refunds": policy, **wallet}, rewards=[{**_REWARD, "price": price}])


def test_half_of_the_goods_takes_half_of_the_points() -> None:
    """REF-01: two pens of 50.00 earn 100; one comes back and 50 points go."""
    play = stage()
    play.pay("anna", "o1", at("2026-01-01"), order(Line(sku="pen", amount=10_000, quantity=2)))
    assert play.wallet("anna", "points").balance == 100
    assert taken(play.give_back("o1", at("2026-01-02"), {"1": 1})) == 50
    assert play.wallet("anna", "points").balance == 50


def test_a_multiplied_order_is_taken_back_as_it_was_earned() -> None:
    """SC-11: 40.00 earned 80 points on a double day; half of it takes back 40, not 20."""
    campaign = {"id": "double", "multiplier": {"by": "2"}}
    play = stage(campaigns=[campaign])
    play.pay("anna", "o1", at("2026-11-23"), order(Line(sku="a", amount=4_000, quantity=2)))
    assert play.wallet("anna", "points").balance == 80
    assert taken(play.give_back("o1", at("2026-11-25"), {"1": 1})) == 40


@pytest.mark.parametrize(
    ("policy", "reversed_points", "after"),
    [
        ("within_balance", 50, (0, 0, 0, 100)),
        ("unlimited", 150, (0, 0, 100, 0)),
        ("only_pending", 50, (0, 0, 0, 0)),
    ],
)
def test_spent_points_are_taken_back_by_policy(
    policy: str, reversed_points: Points, after: tuple[int, int, int, int]
) -> None:
    """REF-03: of 150 points 100 were spent; the rest goes, and what is missing follows the policy."""
    play = spender(policy)
    play.pay("anna", "o1", at("2026-01-01"), order(15_000))
    play.claim("anna", at("2026-01-02"), "off")
    assert taken(play.give_back("o1", at("2026-01-03"), {})) == reversed_points
    assert figures(play.wallet("anna", "points")) == after


def test_the_same_return_again_takes_nothing() -> None:
    """REF-03: a clawback that was made is not made twice."""
    play = stage()
    play.pay("anna", "o1", at("2026-01-01"), order(15_000))
    assert taken(play.give_back("o1", at("2026-01-02"), {})) == 150
    assert taken(play.give_back("o1", at("2026-01-03"), {})) == 0
    assert taken(play.cancel("o1", at("2026-01-04"))) == 0
    assert figures(play.wallet("anna", "points")) == (0, 0, 0, 0)


def test_a_debt_is_worked_off_by_the_next_credit() -> None:
    """EXP-04: 50 earned, 80 taken, 100 earned: -30, then 70, all of it in the new lot."""
    play = stage({"refunds": "unlimited"})
    play.pay("anna", "o1", at("2026-01-01"), order(5_000))
    play.adjust("anna", at("2026-01-02"), "points", -80)
    wallet = play.wallet("anna", "points")
    assert wallet.balance - wallet.debt == -30
    play.pay("anna", "o2", at("2026-01-03"), order(10_000))
    assert figures(wallet) == (70, 0, 0, 0)
    assert lots(wallet) == [("2026-01-03", None, 70)]


def test_a_shortfall_is_netted_from_the_next_award() -> None:
    """What could not be taken back is missing from the next award, and only from awards."""
    play = spender("within_balance")
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.claim("anna", at("2026-01-02"), "off")
    play.cancel("o1", at("2026-01-03"))
    play.adjust("anna", at("2026-01-04"), "points", 30)
    assert figures(play.wallet("anna", "points")) == (30, 0, 0, 100)
    play.pay("anna", "o2", at("2026-01-05"), order(6_000))
    assert figures(play.wallet("anna", "points")) == (30, 0, 0, 40)
    play.pay("anna", "o3", at("2026-01-06"), order(6_000))
    assert figures(play.wallet("anna", "points")) == (50, 0, 0, 0)


@pytest.mark.parametrize("policy", POLICIES)
def test_pending_points_go_from_pending(policy: str) -> None:
    """A return before activation takes the pending points under every policy, and no others."""
    play = spender(policy, pending={"type": "period", "after": {"days": 14}})
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.pay("anna", "o2", at("2026-01-10"), order(7_000))
    play.run_timers("anna", at("2026-01-16"))
    assert figures(play.wallet("anna", "points")) == (170, 70, 0, 0)
    play.give_back("o2", at("2026-01-17"), {})
    assert figures(play.wallet("anna", "points")) == (100, 0, 0, 0)


@pytest.mark.parametrize(
    ("policy", "after"),
    [("only_pending", (170, 0, 0, 0)), ("within_balance", (70, 0, 0, 0)), ("unlimited", (70, 0, 0, 0))],
)
def test_other_lots_give_by_policy(policy: str, after: tuple[int, int, int, int]) -> None:
    """The order's own lot is spent: pending points of others go first, then active ones if they may."""
    rolling = {"type": "rolling", "after": {"months": 1}}
    play = spender(policy, expiry=rolling)
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.pay("anna", "o2", at("2026-01-10"), order(17_000))
    play.claim("anna", at("2026-01-11"), "off")
    assert lots(play.wallet("anna", "points")) == [("2026-01-10", "2026-02-11", 170)]
    play.give_back("o1", at("2026-01-12"), {})
    assert figures(play.wallet("anna", "points")) == after


def test_pending_points_of_other_orders_give_under_every_policy() -> None:
    """With its own lot spent, even ``only_pending`` takes what is pending from another order."""
    play = spender("only_pending", pending={"type": "period", "after": {"days": 14}})
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.claim("anna", at("2026-01-16"), "off")
    play.pay("anna", "o2", at("2026-01-17"), order(6_000))
    assert taken(play.give_back("o1", at("2026-01-18"), {})) == 60
    assert figures(play.wallet("anna", "points")) == (0, 0, 0, 0)


@pytest.mark.parametrize("policy", POLICIES)
def test_released_points_are_found_again(policy: str) -> None:
    """Points that waited for fulfillment are taken from the lot into which they were released."""
    play = spender(policy, pending={"type": "fulfillment"}, expiry={"type": "rolling", "after": {"days": 30}})
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.pay("anna", "o2", at("2026-01-01"), order(5_000))
    play.fulfill("o2", at("2026-01-02"))
    play.fulfill("o1", at("2026-01-09"))
    play.cancel("o1", at("2026-01-10"))
    assert lots(play.wallet("anna", "points")) == [("2026-01-02", "2026-02-02", 50)]


@pytest.mark.parametrize("units", [[1, 1, 1], [2, 1], [1, 2]])
def test_partial_returns_equal_one(units: list[int]) -> None:
    """Three units earned 100 points: 33, 33 and 34, whatever the steps; the last takes the rest."""
    play = stage()
    play.pay("anna", "o1", at("2026-01-01"), order(Line(sku="a", amount=10_000, quantity=3)))
    steps = [taken(play.give_back("o1", at("2026-01-02"), {"1": count})) for count in units]
    assert steps == {3: [33, 33, 34], 2: [66, 34] if units[0] == 2 else [33, 67]}[len(units)]
    assert play.wallet("anna", "points").balance == 0


def test_what_no_line_earned_goes_with_the_net() -> None:
    """A fixed bonus of 100 on an order of 30.00 and 70.00: 30 go with the first line, 70 with the other."""
    bonus = {"id": "bonus", "type": "fixed", "points": 100}
    play = stage(earning_rules=[bonus, REVIEW])
    play.pay("anna", "o1", at("2026-01-01"), order(3_000, 7_000))
    assert taken(play.give_back("o1", at("2026-01-02"), {"1": 1})) == 30
    assert taken(play.give_back("o1", at("2026-01-03"), {"2": 1})) == 70


def test_lines_that_were_given_away_take_nothing_and_discounts_do_not_take_more() -> None:
    """Free and negative lines do not move what a bonus reverses; a canceled order reverses everything."""
    award = Award(rule="bonus", unit=1, base=100, points=100)
    bought = order(3_000, 7_000, 0, -2_000)
    assert reversed_of(award, bought, (1, 0, 0, 0)) == 30
    assert reversed_of(award, bought, (1, 0, 1, 0)) == 30
    assert reversed_of(award, bought, (1, 0, 1, 1)) == 30
    assert reversed_of(award, bought, (1, 1, 1, 1)) == 100
    assert reversed_of(award, bought, (0, 0, 0, 0), canceled=True) == 100


def test_a_line_without_units_comes_back_with_the_whole_order() -> None:
    """A line of no quantity cannot be returned by itself; its points go when all other units are back."""
    award = Award(rule="base", unit=1, base=100, points=100, lines=(60, 40))
    bought = order(Line(sku="a", amount=6_000, quantity=2), Line(sku="b", amount=4_000, quantity=0))
    assert [reversed_of(award, bought, (units, 0)) for units in (0, 1, 2)] == [0, 30, 100]


def test_limits_are_given_back_with_the_whole_order_only() -> None:
    """Once per month: a return of a part keeps the use, a return of everything gives it back."""
    bonus = {"id": "bonus", "type": "fixed", "points": 100, "limits": [{"times": 1, "every": "month"}]}
    play = stage(earning_rules=[bonus, REVIEW])
    play.pay("anna", "o1", at("2026-01-01"), order(Line(sku="a", amount=4_000, quantity=2)))
    play.give_back("o1", at("2026-01-02"), {"1": 1})
    assert play.pay("anna", "o2", at("2026-01-03"), order(4_000))[-1].awards[0].points == 0
    play.give_back("o1", at("2026-02-02"), {"1": 1})
    assert play.pay("anna", "o3", at("2026-01-31"), order(4_000))[-1].awards[0].points == 100


def test_budgets_are_given_back_with_the_whole_order() -> None:
    """At most 150 points for all members together: what a canceled order used can be used again."""
    bonus = {"id": "bonus", "type": "fixed", "points": 100, "limits": [{"per": "total", "points": 150}]}
    play = stage(earning_rules=[bonus, REVIEW])
    play.pay("anna", "o1", at("2026-01-01"), order(4_000))
    assert play.pay("bob", "o2", at("2026-01-02"), order(4_000))[-1].awards[0].points == 50
    play.cancel("o1", at("2026-01-03"))
    assert list(play.spent.values()) == [50]
    assert play.pay("cleo", "o3", at("2026-01-04"), order(4_000))[-1].awards[0].points == 100


def test_a_return_of_someone_who_is_no_member_takes_nothing() -> None:
    """An order that earned nothing gives nothing back, but is no longer counted."""
    play = stage()
    version = version_on(play)
    event = OrderReturned(
        id=UUID(int=1),
        at=at("2026-01-02"),
        order=order(4_000),
        paid_at=at("2026-01-01"),
        awards=(),
        before=(0,),
        after=(1,),
    )
    decision = decide(event, version, play.member("nobody"))
    assert (decision.effects, decision.taken_back, decision.refusal) == ((), {}, None)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_return_of_unspent_points_changes_nothing(policy: str) -> None:
    """Earned and fully returned: balance, lots and counters are as before, whatever the policy."""
    play = spender(policy)
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    before = figures(play.wallet("anna", "points")), lots(play.wallet("anna", "points"))
    play.pay("anna", "o2", at("2026-01-02"), order(3_333, 1_234))
    play.give_back("o2", at("2026-01-03"), {"2": 1})
    play.give_back("o2", at("2026-01-03"), {"1": 1})
    assert (figures(play.wallet("anna", "points")), lots(play.wallet("anna", "points"))) == before
