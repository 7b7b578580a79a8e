"""Rewards that rules give: what they count for, what bounds them, and what comes back with the order."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.case_segments import read_segments
from perennial.core.customers.blocks import Block
from perennial.core.events import RewardEarned
from perennial.core.following_up import FollowUps, TooManyFollowUps
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.core.switches import SwitchKind, SwitchObject
from tests.core.earning_stage import CUSTOMER, happened
from tests.core.ledger_stage import PER_EURO, REVIEW, at, order, stage
from tests.core.tier_stage import levels, tier

BONUS = {"id": "bonus", "name": "500 points", "gives": [{"type": "points", "points": 500}]}
"""A reward that gives points at once."""

BIG = {
    "id": "big",
    "type": "gives_reward",
    "when": {"fact": "order.total", "at_least": 1000},
    "reward": "bonus",
}
"""A rule that gives it with an order of 10.00, which earns 10 points besides."""

NOON = at("2026-03-02 12:00")
BY_POINTS = {
    "metrics": [{"measure": "points.earned"}],
    "levels": levels(510, names=("gold",)),
    "lasts": "while_reached",
}


def giving(*rules: dict[str, Any], rewards: tuple[dict[str, Any], ...] = (BONUS,), **parts: Any) -> Rehearsal:
    """A shop with a point per 1.00 and rules that give rewards."""
    return stage(earning_rules=[PER_EURO, REVIEW, *rules], rewards=list(rewards), **parts)


def counted(play: Rehearsal) -> int:
    """What the counters say that Anna earned, the version having no other figure."""
    return sum(sum(periods.values()) for periods in play.member("anna").counters.values())


@pytest.mark.parametrize("undo", ["cancel", "return", "halves"])
def test_points_of_a_reward_are_earned_until_the_order_is_back(undo: str) -> None:
    """10 points of a rule and 500 of a reward reach gold; all the figures are 0 again once it is undone."""
    play = giving(BIG, tiers=BY_POINTS)
    play.pay("anna", "o1", NOON, order(500, 500))
    assert (counted(play), tier(play)) == (510, "gold")
    if undo == "cancel":
        play.cancel("o1", NOON + 1)
    elif undo == "return":
        play.give_back("o1", NOON + 1, {})
    else:
        play.give_back("o1", NOON + 1, {"1": 1})
        assert counted(play) == 255
        play.give_back("o1", NOON + 2, {"2": 1})
    assert (counted(play), tier(play), play.wallet("anna", "points").balance) == (0, None, 0)


@pytest.mark.parametrize("by", ["segment", "later version"])
def test_whoever_asks_for_points_earned_has_those_of_rewards(by: str) -> None:
    """A segment, and a version published after the order was paid, find 510 points, and none after."""
    play = giving(BIG)
    if by == "segment":
        when = {"history": "points.earned", "window": "ever", "at_least": 510}
        rich = read_segments(
            [{"segment": "rich", "name": "Rich", "when": when}], play.versions[0].program, {}
        )
        assert isinstance(rich, tuple), rich
        play.put_segments(rich, NOON - 1)
    else:
        play.publish(giving(BIG, tiers=BY_POINTS).versions[0].program, NOON + 1)
    play.pay("anna", "o1", NOON, order(1000))
    assert counted(play) == 510
    if by == "segment":
        assert "rich" in play.member("anna").segments
    play.cancel("o1", NOON + 2)
    assert (counted(play), play.member("anna").segments) == (0, {})


MUG = {"id": "mug", "name": "A mug", "gives": [{"type": "experience", "event": "mug", "capacity": 9}]}
SUMMER = {"id": "summer", "rewards": [MUG]}


@pytest.mark.parametrize(
    ("off", "given"),
    [
        (Block(0), ["bonus", "mug"]),
        (Block.SPENDING, ["bonus", "mug"]),
        (Block.EARNING, []),
        (SwitchObject(kind=SwitchKind.REWARD, program="shop", id="bonus"), ["mug"]),
        (SwitchObject(kind=SwitchKind.CAMPAIGN, program="shop", id="summer"), ["bonus"]),
        (SwitchObject(kind=SwitchKind.RULE, program="shop", id="big"), ["mug"]),
        (SwitchObject(kind=SwitchKind.PROGRAM, program="shop"), []),
    ],
)
def test_what_is_off_is_neither_promised_nor_given(off: Block | SwitchObject, given: list[str]) -> None:
    """A quote promises what the order then gives; who may not spend gets rewards all the same."""
    shop = giving(BIG, BIG | {"id": "mugs", "reward": "mug"}, campaigns=[SUMMER])
    play = CheckoutRehearsal(shop.versions[0].program)
    play.join("anna", NOON)
    if isinstance(off, SwitchObject):
        play.turn_off(off, NOON, "it leaked")
    else:
        play.block("anna", earning=Block.EARNING in off, spending=Block.SPENDING in off)
    quote = play.quote("anna", NOON + 1, CartAsked(order=order(1000))).quote
    assert [reward for rewards in quote.gives.values() for reward in rewards] == given
    play.pay("anna", "o1", NOON + 1, order(1000))
    assert [each.reward for each in play.orders["o1"].given] == given


@pytest.mark.parametrize("rules", [32, 33, 100])
def test_rewards_of_rules_are_no_chain_of_events(rules: int) -> None:
    """However many rules give a reward for one order, each gives its own."""
    many = [BIG | {"id": f"big-{number}"} for number in range(rules)]
    play = giving(*many)
    play.pay("anna", "o1", NOON, order(1000))
    assert play.wallet("anna", "points").balance == 10 + 500 * rules


def test_a_chain_of_events_ends_all_the_same() -> None:
    """32 moves between segments are decided beside any number of rewards; one more is too many."""
    rewards = [RewardEarned(id=CUSTOMER, at=NOON, rule=f"r{number}", reward="bonus") for number in range(40)]
    moves = [happened("segment.entered", segment=f"s{number}") for number in range(33)]
    assert len(list(FollowUps([*rewards, *moves[1:], *rewards]))) == 72
    with pytest.raises(TooManyFollowUps):
        list(FollowUps([*rewards, *moves]))
