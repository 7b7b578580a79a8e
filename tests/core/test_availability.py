"""What a reward costs whom, what it gives whom, and every reason why it cannot be claimed. V2 semantics."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case
from perennial.core.checkout.checkout import Basket, check_out
from perennial.core.claims.availability import Availability
from perennial.core.decision import Decision
from perennial.core.effects import Credit, Entitle, IssueVoucher
from perennial.core.member import Member, Membership
from perennial.core.pricing.redeemables import Reason, Wanted
from perennial.core.refusals import RefusalCode
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.core.rewards import KINDS
from tests.core.ledger_stage import at, local, refusal_of, stage
from tests.core.pricing_stage import ANNA, CART, NOON, anna, cart, line, offered, quoted, version_of

TIERS = {
    "metrics": [{"measure": "orders.net"}],
    "lasts": "life",
    "levels": [
        {"id": "base", "name": "Base", "reach": {"metric": 0}},
        {"id": "silver", "name": "Silver", "reach": {"metric": 50_000}},
        {"id": "gold", "name": "Gold", "reach": {"metric": 100_000}},
    ],
}

WALLETS = [{"id": "points", "name": "Points"}, {"id": "stars", "name": "Stars"}]


def shop(*rewards: dict[str, Any], **parts: Any) -> Rehearsal:
    """Return a program with these rewards and two wallets, of which anna has 100 points and 5 stars."""
    given = [{"name": reward["id"], "wallet": "points"} | reward for reward in rewards]
    play = stage(wallets=WALLETS, earning_rules=[], tiers=TIERS, rewards=given, **parts)
    play.join("anna", at("2026-01-01"))
    play.adjust("anna", at("2026-01-01"), "points", 100)
    play.adjust("anna", at("2026-01-01"), "stars", 5)
    return play


def seen(play: Rehearsal, reward: str, when: str = "2026-02-01", customer: str = "anna") -> Availability:
    """Return what a reward is to a customer."""
    found = {each.compiled.reward.id: each for each in play.catalogue(customer, at(when))}
    return found[reward]


def codes(found: Availability) -> list[RefusalCode]:
    """Return the codes of all reasons."""
    return [reason.code for reason in found.reasons]


def handed(decisions: list[Decision]) -> list[IssueVoucher | Entitle]:
    """Return everything that was handed out."""
    effects = [effect for decision in decisions for effect in decision.effects]
    return [effect for effect in effects if isinstance(effect, IssueVoucher | Entitle)]


OFF = {"gives": [{"type": "amount_off", "value": 500}]}


def test_the_first_price_that_fits_is_the_price() -> None:
    """Tiers, then conditions, top-down; what everybody pays comes last."""
    prices = [
        {"points": 10, "tiers": ["gold"]},
        {"points": 3, "wallet": "stars", "when": {"fact": "wallet.stars.available", "at_least": 5}},
    ]
    play = shop({"id": "five", "price": 80, "prices": prices, **OFF})
    anna = seen(play, "five")
    assert anna.price is not None
    assert (anna.price.points, anna.price.wallet, anna.spendable, anna.reasons) == (3, 1, 5, ())
    play.join("ben", at("2026-01-01"))
    ben = seen(play, "five", customer="ben")
    assert ben.price is not None
    assert (ben.price.points, ben.price.wallet, codes(ben)) == (80, 0, [RefusalCode.INSUFFICIENT_POINTS])
    play.assign_tier("anna", at("2026-01-02"), "gold")
    gold = seen(play, "five")
    assert gold.price is not None
    assert (gold.price.points, gold.price.wallet) == (10, 0)
    play.claim("anna", at("2026-02-01"), "five")
    assert (play.wallet("anna", "points").balance, play.wallet("anna", "stars").balance) == (90, 5)


def test_another_wallet_is_never_taken_because_this_one_is_empty() -> None:
    """The first price fits and cannot be paid: the second one, which could be, is not looked at."""
    prices = [{"points": 6, "wallet": "stars", "tiers": ["base"]}, {"points": 1}]
    play = shop({"id": "five", "prices": prices, **OFF})
    assert codes(seen(play, "five")) == [RefusalCode.INSUFFICIENT_POINTS]
    refusal = refusal_of(lambda: play.claim("anna", at("2026-02-01"), "five"))
    assert refusal.details == {"required": 6, "available": 5, "missing": 1}


def test_without_a_matching_price_there_is_none() -> None:
    """All prices are for others: the reason says so, and the tier that was seen."""
    play = shop({"id": "five", "prices": [{"points": 1, "tiers": ["gold", "silver"]}], **OFF})
    [reason] = seen(play, "five").reasons
    assert (reason.code, reason.details) == (
        RefusalCode.NO_MATCHING_PRICE,
        {"reward": "five", "tier": "base"},
    )


def test_every_reason_is_told_in_its_order() -> None:
    """Tier, time, condition, stock, limit, points: all at once, and the claim is refused with the first."""
    reward = {
        "id": "five",
        "price": 90,
        "stock": 1,
        "tiers": ["base"],
        "schedule": {"starts": "2026-01-01", "ends": "2026-02-28"},
        "when": {"fact": "wallet.stars.available", "at_least": 5},
        "limits": [{"times": 1}],
        **OFF,
    }
    play = shop(reward)
    before = seen(play, "five")
    assert (before.reasons, before.stock_left, local(before.ends_at)) == ((), 1, "2026-03-01")
    play.claim("anna", at("2026-02-01"), "five")
    play.adjust("anna", at("2026-02-01"), "stars", -1)
    play.assign_tier("anna", at("2026-02-01"), "gold")
    after = seen(play, "five", "2026-03-01")
    assert codes(after) == [
        RefusalCode.NEEDS_TIER,
        RefusalCode.REWARD_NOT_AVAILABLE,
        RefusalCode.CONDITIONS_NOT_MET,
        RefusalCode.OUT_OF_STOCK,
        RefusalCode.LIMIT_REACHED,
        RefusalCode.INSUFFICIENT_POINTS,
    ]
    # Machines are told the instant, people the midnight in Berlin.
    words = {reason.code: reason.words for reason in after.reasons}
    over = "Reward five was available until 2026-03-01 00:00."
    assert words[RefusalCode.REWARD_NOT_AVAILABLE] == over
    details = {reason.code: reason.details for reason in after.reasons}
    assert details[RefusalCode.NEEDS_TIER] == {"needs_tier": "base", "tier": "gold"}
    assert details[RefusalCode.REWARD_NOT_AVAILABLE]["ended_at"] == "2026-02-28T23:00:00Z"
    assert details[RefusalCode.OUT_OF_STOCK] == {"reward": "five", "stock": 1, "taken": 1}
    assert details[RefusalCode.CONDITIONS_NOT_MET]["value"] == 4
    first = refusal_of(lambda: play.claim("anna", at("2026-03-01"), "five"))
    assert first == after.reasons[0]


def test_a_stranger_is_told_that_alone() -> None:
    """Who is no member sees one reason, whatever else stands in the way."""
    play = shop({"id": "five", "price": 1, "tiers": ["gold"], **OFF})
    assert codes(seen(play, "five", customer="nobody")) == [RefusalCode.NOT_A_MEMBER]


def test_the_terms_of_a_campaign_hold_for_its_rewards() -> None:
    """A reward of a campaign is offered while the campaign applies, to its audience."""
    campaign = {
        "id": "may",
        "schedule": {"starts": "2026-05-01", "ends": "2026-05-31"},
        "when": {"fact": "member.tier", "is": "gold"},
        "rewards": [{"id": "may-off", "name": "May", "wallet": "points", "price": 1, **OFF}],
    }
    play = shop(campaigns=[campaign])
    found = seen(play, "may-off", "2026-04-30")
    assert codes(found) == [RefusalCode.REWARD_NOT_AVAILABLE, RefusalCode.CONDITIONS_NOT_MET]
    assert local(found.ends_at) == "2026-06-01"
    play.assign_tier("anna", at("2026-05-01"), "gold")
    assert codes(seen(play, "may-off", "2026-05-31 23:59")) == []


def test_the_stock_is_that_of_the_scarcest() -> None:
    """Seven pieces, two at a time, are enough for three claims; the reward's own stock may be less."""
    pairs = {"gives": [{"type": "physical", "sku": "sock", "quantity": 2, "stock": 7}]}
    play = shop({"id": "socks", "price": 1, **pairs}, {"id": "few", "price": 1, "stock": 2, **pairs})
    assert (seen(play, "socks").stock_left, seen(play, "few").stock_left) == (3, 2)
    for _ in range(3):
        play.claim("anna", at("2026-02-01"), "socks")
    assert refusal_of(lambda: play.claim("anna", at("2026-02-01"), "socks")).code == RefusalCode.OUT_OF_STOCK
    assert seen(play, "few").stock_left == 2


def test_a_raised_stock_keeps_what_was_taken() -> None:
    """A new version with more stock counts the claims of the old one."""
    play = shop({"id": "five", "price": 1, "stock": 2, **OFF})
    play.claim("anna", at("2026-02-01"), "five")
    more = shop({"id": "five", "price": 1, "stock": 5, **OFF}).versions[-1].program
    play.publish(more, at("2026-02-02"))
    assert seen(play, "five", "2026-02-03").stock_left == 4


def test_a_tier_gets_other_benefits() -> None:
    """SC-44: 5, 10 and 15 % off 200.00 by tier, applied by itself or claimed by that tier."""
    by_tier = {
        "silver": {"gives": [{"type": "percent_off", "percent": "10"}]},
        "gold": {"gives": [{"type": "percent_off", "percent": "15"}]},
    }
    reward = {"id": "member", "automatic": True, "gives": [{"type": "percent_off", "percent": "5"}]}
    version = version_of({**reward, "by_tier": by_tier}, tiers=TIERS)
    off = {
        tier: quoted(version, cart(line("a", 20_000)), member=_member_of(tier)).discount_total
        for tier in ("base", "silver", "gold")
    }
    assert off == {"base": 1_000, "silver": 2_000, "gold": 3_000}
    play = shop(
        {"id": "gift", "price": 1, "by_tier": {"gold": {"gives": [{"type": "perk", "name": "bar"}]}}, **OFF}
    )
    [voucher] = handed(play.claim("anna", at("2026-02-01"), "gift"))
    assert isinstance(voucher, IssueVoucher)
    assert (voucher.value, voucher.tier) == (500, None)
    play.assign_tier("anna", at("2026-02-02"), "gold")
    [perk] = handed(play.claim("anna", at("2026-02-03"), "gift"))
    assert isinstance(perk, Entitle)
    assert (perk.kind, perk.name) == ("perk", "bar")


def _member_of(tier: str) -> Member:
    return Member(customer_id=ANNA, owner=ANNA, memberships={1: Membership(joined_at=0, tier=tier)})


def test_the_voucher_keeps_the_tier_that_it_was_claimed_with() -> None:
    """What a gold member claims says so, where gold gets something else."""
    play = shop(
        {
            "id": "off",
            "price": 1,
            "by_tier": {"gold": {"gives": [{"type": "amount_off", "value": 900}]}},
            **OFF,
        }
    )
    play.assign_tier("anna", at("2026-01-02"), "gold")
    [voucher] = handed(play.claim("anna", at("2026-02-01"), "off"))
    assert isinstance(voucher, IssueVoucher)
    assert (voucher.value, voucher.tier, voucher.points) == (900, "gold", 1)


def test_points_enter_the_other_wallet_with_its_dates() -> None:
    """100 stars for 60 points: credited once, with the expiry of stars."""
    play = stage(
        wallets=[
            {"id": "points", "name": "Points"},
            {"id": "stars", "name": "Stars", "expiry": {"type": "rolling", "after": {"days": 10}}},
        ],
        earning_rules=[],
        rewards=[
            {
                "id": "stars",
                "name": "Stars",
                "wallet": "points",
                "price": 60,
                "gives": [
                    {"type": "points", "wallet": "stars", "points": 70},
                    {"type": "points", "wallet": "stars", "points": 30},
                ],
            }
        ],
    )
    play.join("anna", at("2026-01-01"))
    play.adjust("anna", at("2026-01-01"), "points", 100)
    decisions = play.claim("anna", at("2026-02-01 12:00"), "stars")
    credited = [e for d in decisions for e in d.effects if isinstance(e, Credit)]
    assert [(credit.amount, local(credit.key.expires_at)) for credit in credited] == [(100, "2026-02-12")]
    first, second = handed(decisions)
    assert isinstance(first, Entitle)
    assert isinstance(second, Entitle)
    assert [(each.kind, each.quantity, each.points) for each in (first, second)] == [
        ("points", 70, 60),
        ("points", 30, 0),
    ]


def test_points_that_are_given_pay_a_debt_off_first() -> None:
    """A wallet that owes 30 gets 50 and shows 20."""
    play = stage(
        {"refunds": "unlimited"},
        rewards=[{"id": "more", "name": "More", "price": 0, "gives": [{"type": "points", "points": 50}]}],
    )
    play.join("anna", at("2026-01-01"))
    play.adjust("anna", at("2026-01-01"), "points", -30)
    play.claim("anna", at("2026-01-02"), "more")
    wallet = play.wallet("anna", "points")
    assert (wallet.balance, wallet.debt) == (20, 0)


def test_the_price_is_noted_with_what_can_be_canceled() -> None:
    """Of a mug with a voucher the mug carries the price; it is noted once."""
    gives = [{"type": "free_shipping"}, {"type": "physical", "sku": "mug"}]
    play = shop({"id": "set", "price": 40, "gives": gives})
    voucher, mug = handed(play.claim("anna", at("2026-02-01"), "set"))
    assert (voucher.points, mug.points) == (0, 40)


def test_a_perk_by_itself_does_nothing_to_an_order() -> None:
    """An automatic perk is no candidate on an order, and takes no place among the rewards there."""
    version = version_of({"id": "lounge", "automatic": True, "gives": [{"type": "perk", "name": "lounge"}]})
    quote = quoted(version, cart(line("a", 1_000)))
    assert (quote.total, quote.redeemables) == (1_000, ())
    assert version.automatic == ()


@pytest.mark.parametrize(
    "kind", ["points", "cash_payout", "cashback", "physical", "coupon", "experience", "perk"]
)
def test_what_is_handed_out_takes_nothing_off_an_order(kind: str) -> None:
    """These kinds have no level, need no voucher, and hand something out in a state of their own."""
    assert kind in KINDS
    play = shop(
        {"id": "pool", "codes": {"pattern": "A-##########", "bound": True}, **OFF},
        {"id": "one", "price": 1, "gives": [_GIFTS[kind]]},
    )
    [given] = play.versions[-1].rewards["one"].gives
    assert (given.benefit.level(), given.benefit.needs_voucher()) == (None, False)
    [entitled] = handed(play.claim("anna", at("2026-02-01"), "one"))
    assert isinstance(entitled, Entitle)
    assert (entitled.kind, entitled.state.word, entitled.points) == (kind, _STATES[kind], 1)


_GIFTS: dict[str, dict[str, Any]] = {
    "points": {"type": "points", "wallet": "stars", "points": 1},
    "cash_payout": {"type": "cash_payout", "value": 100},
    "cashback": {"type": "cashback", "value": 100},
    "physical": {"type": "physical", "sku": "mug"},
    "coupon": {"type": "coupon", "pool": "pool"},
    "experience": {"type": "experience", "event": "dinner"},
    "perk": {"type": "perk", "name": "lounge"},
}
_STATES = {
    "points": "given",
    "cash_payout": "open",
    "cashback": "open",
    "physical": "ordered",
    "coupon": "given",
    "experience": "held",
    "perk": "held",
}


def test_a_case_says_what_was_not_given() -> None:
    """A case that expects another amount, or another catalogue, does not pass."""
    text = """
case: wrong
title: Wrong
program:
  program: shop
  name: Shop
  wallets: [{id: points, name: Points}]
  rewards: [{id: cash, name: Cash, price: 0, gives: [{type: cash_payout, value: 1000}]}]
steps:
  - {at: 2026-01-01, join: true, expect: {offered: []}}
  - {at: 2026-01-02, claim: cash, expect: {gives: [{kind: cash_payout, amount: 999}]}}
  - {at: 2026-01-03, claim: cash, expect: {gives: []}}
"""
    case = read_case(text)
    assert isinstance(case, Case), case
    found = run_case(case).differences()
    assert [words.split(": ", 1)[0] for words in found] == [
        "step 1 (2026-01-01)",
        "step 2 (2026-01-02)",
        "step 3 (2026-01-03)",
    ]
    assert "should be nothing but are Cash" in found[0]


def test_a_reward_with_gifts_is_not_claimed_in_a_cart() -> None:
    """What gives more than a discount has to be claimed by itself; in a cart nothing of it is taken."""
    gives = [{"type": "amount_off", "value": 500}, {"type": "physical", "sku": "mug"}]
    version = version_of(
        {"id": "set", "price": 0, "gives": gives}, {"id": "off", "prices": [{"points": 0}], **OFF}
    )
    order = cart(line("a", 2_000))
    wanted = tuple(Wanted(name=name, program=1, reward=name) for name in ("set", "off"))
    basket = Basket(id=CART, at=NOON, order=order, wanted=wanted)
    done = check_out(basket, [offered(version, order, anna())], anna())
    assert [one.standing.reason for one in done.quote.redeemables] == [Reason.NOT_FOR_ORDERS, None]
    assert (done.quote.discount_total, done.to_pay) == (500, 1_500)
