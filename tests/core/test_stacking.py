"""How rewards go together: sequences, categories, limits, all or nothing, caps."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from perennial.core.checkout.quote import Quote
from perennial.core.pricing.redeemables import Reason, Standing, Status
from tests.core.pricing_stage import anna, cart, code, line, quoted, version_of

HUNDRED = cart(line("shoes", 10_000))


def percent(name: str, share: str, **fields: Any) -> dict[str, Any]:
    """A reward that takes a share off the order."""
    return {"id": name, "gives": [{"type": "percent_off", "percent": share}]} | fields


def amount(name: str, value: int, **fields: Any) -> dict[str, Any]:
    """A reward that takes an amount off the order."""
    return {"id": name, "gives": [{"type": "amount_off", "value": value}]} | fields


def standing_of(quote: Quote, reward: str) -> Standing:
    """What became of a reward."""
    return next(one.standing for one in quote.redeemables if one.reward == reward)


def applied(quote: Quote) -> list[str]:
    """The rewards that applied, as the quote lists them."""
    return [one.reward for one in quote.redeemables if one.standing.status is Status.APPLICABLE]


GENERAL = percent("general", "15", automatic=True, category="offers")
LOYALTY = percent(
    "loyalty", "20", automatic=True, category="members", when={"fact": "member.joined", "is": True}
)


@pytest.mark.parametrize(
    ("sequence", "total", "kept_out", "by"),
    [
        ("best_for_customer", 8_000, "general", "loyalty"),
        ("best_for_margin", 8_500, "loyalty", "general"),
        ("hierarchy", 8_500, "loyalty", "general"),
    ],
)
def test_only_one_of_two_that_do_not_combine(sequence: str, total: int, kept_out: str, by: str) -> None:
    """SC-52: of 15 % and 20 % that exclude each other exactly one applies, the other names the rule."""
    categories = [
        {"id": "offers", "combines": "exclusive", "priority": 1},
        {"id": "members", "combines": "exclusive", "priority": 2},
    ]
    version = version_of(GENERAL, LOYALTY, stacking={"sequence": sequence, "categories": categories})
    quote = quoted(version, HUNDRED, member=anna())
    assert quote.total == total
    standing = standing_of(quote, kept_out)
    assert (standing.status, standing.reason, standing.by) == (Status.SKIPPED, Reason.EXCLUSIVE, by)
    guest = quoted(version, HUNDRED)
    assert (guest.total, applied(guest)) == (8_500, ["general"])


def test_a_single_reward_is_exclusive_without_a_category() -> None:
    """An exclusive reward keeps common ones out, whatever their priority; the best choice is free."""
    general = percent("general", "15", automatic=True, combines="exclusive", priority=9)
    loyalty = percent("loyalty", "20", automatic=True, priority=1)
    for sequence, total in (("levels", 8_500), ("hierarchy", 8_500), ("best_for_customer", 8_000)):
        quote = quoted(version_of(general, loyalty, stacking={"sequence": sequence}), HUNDRED)
        assert (sequence, quote.total) == (sequence, total)


def test_a_discount_and_a_credit_combine_or_do_not() -> None:
    """SC-53: 10 % and a credit of 25.00 leave 65.00 of 100.00; where they exclude each other, one waits."""
    discount = percent("discount", "10", codes={}, priority=1)
    credit = amount("credit", 2_500, price=100, priority=2)
    version = version_of(discount, credit)
    wanted = [code(version, "credit", claimed=True), code(version, "discount")]
    for entered in (wanted, wanted[::-1]):
        assert quoted(version, HUNDRED, *entered, member=anna()).total == 6_500
    forbidden = version_of(discount | {"combines": "exclusive"}, credit | {"combines": "exclusive"})
    wanted = [code(forbidden, "credit", claimed=True), code(forbidden, "discount")]
    quote = quoted(forbidden, HUNDRED, *wanted, member=anna())
    assert (quote.total, applied(quote)) == (9_000, ["discount"])
    standing = standing_of(quote, "credit")
    assert (standing.status, standing.reason, standing.by) == (Status.SKIPPED, Reason.EXCLUSIVE, "discount")
    assert standing.words == (
        "credit does not go together with discount: of exclusive rewards at most 1 applies"
    )


def test_the_hierarchy_decides_in_whatever_order_codes_are_entered() -> None:
    """SC-54: rewards that combine or not give the same quote in every order of entry, by the hierarchy."""
    categories = [
        {"id": "gifts", "priority": 3, "combines": "joint"},
        {"id": "deals", "priority": 2},
        {"id": "top", "priority": 1, "at_most": 1},
    ]
    version = version_of(
        amount("gift", 500, codes={}, category="gifts"),
        percent("deal", "10", codes={}, category="deals"),
        amount("first", 1_000, codes={}, category="top"),
        amount("second", 2_000, codes={}, category="top", priority=2_000),
        stacking={"sequence": "hierarchy", "categories": categories},
    )
    wanted = [code(version, reward) for reward in ("gift", "deal", "first", "second")]
    seen = set()
    for entered in permutations(wanted):
        quote = quoted(version, HUNDRED, *entered)
        seen.add((quote.total, tuple(sorted(applied(quote))), standing_of(quote, "second").by))
    # 100.00 - 10.00 = 90.00, 10 % off leaves 81.00, less 5.00.
    assert seen == {(7_600, ("deal", "first", "gift"), "first")}


def test_equal_places_in_the_hierarchy_go_by_the_document() -> None:
    """Two codes of the same priority apply in the order of the document, not in that of their entry."""
    version = version_of(
        percent("a", "10", codes={}), amount("b", 1_000, codes={}), stacking={"sequence": "hierarchy"}
    )
    assert quoted(version, HUNDRED, code(version, "b"), code(version, "a")).total == 8_000
    as_entered = version_of(
        percent("a", "10", codes={}), amount("b", 1_000, codes={}), stacking={"sequence": "requested"}
    )
    assert quoted(as_entered, HUNDRED, code(as_entered, "b"), code(as_entered, "a")).total == 8_100


def test_requested_order_decides_what_still_qualifies() -> None:
    """10 % first leaves 94.50, too little for 20 % over 100.00; the other way round both apply: 75.60."""
    version = version_of(
        percent("ten", "10", codes={}),
        percent("twenty", "20", codes={}, usable_when={"fact": "order.total", "more_than": 10_000}),
        stacking={"sequence": "requested"},
    )
    order = cart(line("a", 10_500))
    first = quoted(version, order, code(version, "ten"), code(version, "twenty"))
    assert (first.total, standing_of(first, "twenty").reason) == (9_450, Reason.CONDITIONS_NOT_MET)
    assert quoted(version, order, code(version, "twenty"), code(version, "ten")).total == 7_560


def test_what_applies_by_itself_comes_last_where_the_entry_decides() -> None:
    """Under ``requested`` codes come first, in their order, and automatic rewards after them."""
    version = version_of(
        percent("auto", "50", automatic=True, priority=1),
        amount("five", 500, codes={}),
        stacking={"sequence": "requested"},
    )
    assert quoted(version, HUNDRED, code(version, "five")).total == 4_750


@pytest.mark.parametrize(("joint_last", "total"), [(True, 7_600), (False, 7_650)])
def test_joint_rewards_come_last_or_with_the_rest(joint_last: bool, total: int) -> None:
    """A joint 5.00 with the smallest number comes after 10.00 and 10 %, unless it is sorted with the rest."""
    version = version_of(
        amount("joint", 500, automatic=True, combines="joint", priority=1),
        amount("ten", 1_000, automatic=True, priority=2),
        percent("share", "10", automatic=True, priority=3),
        stacking={"sequence": "hierarchy", "joint_last": joint_last},
    )
    assert quoted(version, HUNDRED).total == total


def test_exclusive_goes_with_joint_and_not_with_common() -> None:
    """An exclusive reward leaves joint ones in and keeps common ones out, and says so."""
    version = version_of(
        amount("common", 1_000, automatic=True, priority=1),
        amount("joint", 300, automatic=True, combines="joint"),
        amount("alone", 500, automatic=True, combines="exclusive"),
        amount("other", 400, automatic=True, combines="exclusive"),
    )
    quote = quoted(version, HUNDRED)
    assert (quote.total, sorted(applied(quote))) == (9_200, ["alone", "joint"])
    assert (standing_of(quote, "common").reason, standing_of(quote, "common").by) == (
        Reason.EXCLUSIVE,
        "alone",
    )
    assert (standing_of(quote, "other").reason, standing_of(quote, "other").by) == (Reason.EXCLUSIVE, "alone")


def test_an_exclusive_reward_that_does_not_apply_keeps_nobody_out() -> None:
    """An exclusive code that is not for the order leaves common ones alone."""
    version = version_of(
        amount("common", 1_000, automatic=True),
        amount(
            "alone",
            500,
            codes={},
            combines="exclusive",
            usable_when={"fact": "order.total", "at_least": 20_000},
        ),
    )
    quote = quoted(version, HUNDRED, code(version, "alone"))
    assert (quote.total, applied(quote)) == (9_000, ["common"])
    assert standing_of(quote, "alone").reason is Reason.CONDITIONS_NOT_MET


def test_up_to_five_exclusive_ones_where_the_limit_says_so() -> None:
    """Two exclusive rewards apply where ``exclusive_at_most`` is 2, and the third names the one before."""
    rewards = [amount(f"e{i}", 100 * i, automatic=True, combines="exclusive") for i in (1, 2, 3)]
    quote = quoted(version_of(*rewards, stacking={"exclusive_at_most": 2}), HUNDRED)
    assert (quote.total, applied(quote)) == (9_700, ["e1", "e2"])
    assert standing_of(quote, "e3").by == "e2"


def test_limits_skip_in_sorting_order() -> None:
    """Beyond a category's limit and beyond the limit of all, rewards are skipped in their order."""
    rewards = [amount(f"a{i}", 100, automatic=True, category="a", priority=i) for i in (1, 2, 3)]
    rewards.append(amount("b1", 1_000, automatic=True, priority=4))
    rewards.append(amount("b2", 1_000, automatic=True, priority=5))
    stacking = {"at_most": 3, "categories": [{"id": "a", "at_most": 2}]}
    quote = quoted(version_of(*rewards, stacking=stacking), HUNDRED)
    assert applied(quote) == ["a1", "a2", "b1"]
    third, last = standing_of(quote, "a3"), standing_of(quote, "b2")
    assert (third.status, third.reason, third.by) == (Status.SKIPPED, Reason.CATEGORY_LIMIT, "a2")
    assert (last.status, last.reason, last.by) == (Status.SKIPPED, Reason.TOO_MANY, "b1")
    assert (third.details["at_most"], last.details["at_most"]) == (2, 3)


def test_the_best_of_a_category() -> None:
    """Of a ``best_of`` category the one that saves most applies, at its own turn; others name it."""
    best = {"categories": [{"id": "sale", "best_of": True}]}
    version = version_of(
        amount("a", 550, automatic=True, category="sale"),
        percent("b", "20", automatic=True, category="sale"),
        stacking=best,
    )
    small = quoted(version, cart(line("v", 3_000)))
    assert (small.total, applied(small)) == (2_400, ["b"])
    standing = standing_of(small, "a")
    assert (standing.status, standing.reason, standing.by) == (Status.SKIPPED, Reason.NOT_THE_BEST, "b")
    cheap = quoted(version, cart(line("v", 2_000)))
    assert (cheap.total, applied(cheap)) == (1_450, ["a"])


def test_who_waited_for_a_better_one_in_vain_applies_after_all() -> None:
    """The best one of a category fails at its own turn, since another took the order below its threshold."""
    version = version_of(
        amount("small", 100, automatic=True, category="sale", priority=1),
        amount("other", 2_000, automatic=True, priority=2),
        amount(
            "large",
            500,
            automatic=True,
            category="sale",
            priority=3,
            usable_when={"fact": "order.total", "at_least": 9_000},
        ),
        stacking={"categories": [{"id": "sale", "best_of": True}]},
    )
    quote = quoted(version, HUNDRED)
    assert (quote.total, applied(quote)) == (7_900, ["small", "other"])


def test_all_or_nothing() -> None:
    """One code that cannot be used leaves the other unused as well; what applies by itself applies."""
    version = version_of(
        percent("ten", "10", automatic=True),
        amount("five", 500, codes={}),
        amount("big", 900, codes={}, usable_when={"fact": "order.total", "at_least": 20_000}),
        stacking={"mode": "all"},
    )
    quote = quoted(version, HUNDRED, code(version, "five"), code(version, "big"))
    assert (quote.total, applied(quote)) == (9_000, ["ten"])
    standing = standing_of(quote, "five")
    assert (standing.status, standing.reason, standing.by) == (Status.SKIPPED, Reason.NOT_ALL, "big")
    assert standing_of(quote, "big").reason is Reason.CONDITIONS_NOT_MET
    assert quoted(version, HUNDRED, code(version, "five")).total == 8_550
    spent = quoted(version, HUNDRED, code(version, "five"), code(version, "big", uses_left=0))
    assert (standing_of(spent, "five").by, standing_of(spent, "big").reason) == ("big", Reason.USED_UP)


def test_all_or_nothing_with_the_best_choice() -> None:
    """The best choice has everything that was asked for, even where less would save more."""
    rewards = [
        amount("small", 100, codes={}, combines="exclusive"),
        amount("large", 900, automatic=True),
        percent("joint", "10", automatic=True, combines="joint"),
    ]
    alone = version_of(*rewards, stacking={"sequence": "best_for_customer"})
    quote = quoted(alone, HUNDRED, code(alone, "small"))
    assert (quote.total, sorted(applied(quote))) == (8_100, ["joint", "large"])
    together = version_of(*rewards, stacking={"sequence": "best_for_customer", "mode": "all"})
    quote = quoted(together, HUNDRED, code(together, "small"))
    assert (quote.total, sorted(applied(quote))) == (8_900, ["joint", "small"])


@pytest.mark.parametrize("sequence", ["levels", "best_for_customer", "best_for_margin"])
def test_a_gift_that_is_worth_nothing_is_given(sequence: str) -> None:
    """A sample without a price takes nothing off, and is in the cart; no code is used up so."""
    rewards = [
        percent("ten", "10", automatic=True),
        {"id": "sample", "automatic": True, "gives": [_product("tea")]},
        percent("none", "10", codes={}),
    ]
    rewards[-1]["gives"][0]["lines"] = {"fact": "line.sku", "is": "socks"}
    version = version_of(*rewards, stacking={"sequence": sequence})
    quote = quoted(version, HUNDRED, code(version, "none"))
    assert [one.sku for one in quote.lines] == ["shoes", "tea"]
    assert (quote.total, sorted(applied(quote))) == (9_000, ["sample", "ten"])
    assert standing_of(quote, "none").reason is Reason.NO_EFFECT


def _product(sku: str) -> dict[str, Any]:
    return {"type": "free_product", "sku": sku}


def test_a_search_that_takes_too_long_says_that_it_is_approximate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rewards that all change each other are looked at within a bound, and what is found is no bad choice."""
    rewards = [
        percent(f"p{number}", str(5 + number), automatic=True, usable_when=_at_least(number))
        for number in range(6)
    ]
    version = version_of(*rewards, stacking={"sequence": "best_for_customer"})
    exact = quoted(version, HUNDRED)
    monkeypatch.setattr("perennial.core.pricing.best.MOST_CHOICES", 2)
    bounded = quoted(version, HUNDRED)
    assert (exact.approximate, bounded.approximate) == (False, True)
    assert exact.total <= bounded.total < 9_000


def _at_least(number: int) -> dict[str, Any]:
    return {"fact": "order.total", "at_least": 9_600 - 700 * number}


def test_a_share_of_the_order_is_the_most_that_rewards_take() -> None:
    """At most half of 100.00 and 10.00 shipping: 40.00 fit, of 30.00 only 15.00, and 5.00 not at all."""
    version = version_of(
        amount("a", 4_000, automatic=True, priority=1),
        amount("b", 3_000, automatic=True, priority=2),
        amount("c", 500, automatic=True, priority=3),
        stacking={"most_off": "50"},
    )
    quote = quoted(version, cart(line("shoes", 10_000), shipping=1_000))
    assert (quote.total, quote.discount_total) == (5_500, 5_500)
    cut, refused = standing_of(quote, "b"), standing_of(quote, "c")
    assert (cut.status, cut.discount, cut.reason) == (Status.APPLICABLE, 1_500, Reason.ORDER_CAP)
    assert cut.details == {"cut": 1_500}
    assert cut.words == "b takes 15.00 and not 30.00 off: rewards take at most 50 % of an order"
    assert (refused.status, refused.reason, refused.by) == (
        Status.SKIPPED,
        Reason.ORDER_CAP,
        "stacking.most_off",
    )
    assert standing_of(quote, "a").reason is None


def test_nothing_is_sold_below_its_cost() -> None:
    """A line stays at its cost of 80.00; one without a cost may be free."""
    version = version_of(percent("most", "90", automatic=True), stacking={"covers_cost": True})
    quote = quoted(version, cart(line("shoes", 10_000, cost=8_000)))
    assert (quote.total, standing_of(quote, "most").details) == (8_000, {"cut": 7_000})
    assert quoted(version, HUNDRED).total == 1_000


def test_percents_on_initial_amounts_stop_at_nothing() -> None:
    """10 % and 20 % of 100.00 are 30.00 of the initial amount, 28.00 of the reduced, by category."""
    rewards = [
        percent("a", "10", automatic=True, category="x"),
        percent("b", "20", automatic=True, category="x"),
    ]
    for base, total in (("initial", 7_000), ("reduced", 7_200)):
        stacking = {"categories": [{"id": "x", "percent_base": base}]}
        assert quoted(version_of(*rewards, stacking=stacking), HUNDRED).total == total
    much = [percent(f"m{i}", "60", automatic=True) for i in range(2)]
    assert quoted(version_of(*much, stacking={"percent_base": "initial"}), HUNDRED).total == 0


def test_one_discount_for_a_product() -> None:
    """Where a product is discounted once, the second reward takes its share of the other lines only."""
    shoes = {
        "type": "percent_off",
        "percent": "10",
        "target": "lines",
        "lines": {"fact": "line.sku", "is": "shoes"},
    }
    version = version_of(
        {"id": "shoes", "gives": [shoes], "automatic": True},
        percent("all", "10", automatic=True),
        stacking={"products": "once"},
    )
    quote = quoted(version, cart(line("shoes", 10_000), line("hat", 2_000)))
    assert [one.discount for one in quote.lines] == [1_000, 200]


def test_a_reward_without_effect_is_kept_or_used_up() -> None:
    """Free shipping of an order without shipping is skipped, unless its category says that it is used up."""
    ship = {"id": "ship", "gives": [{"type": "free_shipping"}], "codes": {}, "category": "x"}
    for rule, status in (("skip", Status.SKIPPED), ("redeem", Status.APPLICABLE)):
        version = version_of(ship, stacking={"categories": [{"id": "x", "no_effect": rule}]})
        assert standing_of(quoted(version, HUNDRED, code(version, "ship")), "ship").status is status
