"""Limits on what rewards take off: money, customers, stores and devices, refused whole or cut."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perennial.core.budgets.allowances import Allowances, together
from perennial.core.budgets.giving_back import give_back
from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.checkout.quote import Quote, price
from perennial.core.compiling.compile import compile_version
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.effects import UseBudget, UseLimit
from perennial.core.fold import fold, fold_spent
from perennial.core.pricing.redeemables import Reason, Status, Wanted
from perennial.core.terms.limits import Use
from perennial.core.today import today_of
from perennial.core.validation.validation import validate
from perennial.core.version import Version
from perennial.units import parse_instant
from tests.core.pricing_stage import (
    CART,
    NOON,
    anna,
    cart,
    code,
    line,
    offered,
    priced,
    quoted,
    redeemed,
    version_of,
)

Spent = dict[tuple[int, int], int]
POINTS = {"id": "points", "name": "Points"}


def off(name: str, value: int, *limits: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a reward that applies by itself and takes an amount off the order."""
    reward = {"id": name, "name": name, "automatic": True, "gives": [{"type": "amount_off", "value": value}]}
    return reward | ({"limits": list(limits)} if limits else {}) | parts


def used(version: Version, amount: int) -> Spent:
    """Say that this much of the version's first budget is used, in its period at noon."""
    result = priced(version, cart(line("tee", 100_000)), member=anna())
    [budget] = [
        each for each in result.limited[1].effects(today_of(version, NOON)) if isinstance(each, UseBudget)
    ]
    return {(budget.budget, budget.period): amount}


def why(quote: Quote) -> tuple[Reason | None, str]:
    """Return why the only reward of a quote was refused."""
    [redeemable] = quote.redeemables
    return redeemable.standing.reason, redeemable.standing.words


def test_a_discount_larger_than_the_budget_is_refused_whole() -> None:
    """BUD-01: of 1000.00 one of 500.00 is given, one of 1500.00 is not given at all."""
    budget = {"per": "total", "discount": 100_000}
    order = cart(line("tee", 100_000, 5))
    assert quoted(version_of(off("fits", 50_000, budget)), order).discount_total == 50_000
    too_big = quoted(version_of(off("big", 150_000, budget)), order)
    assert too_big.discount_total == 0
    reason, words = why(too_big)
    assert reason is Reason.LIMIT_REACHED
    limit = "reward big: 1000.00 USD of discount in all, all members together"
    assert words == f"big cannot be used now: {limit}: 1000.00 left, whole only"


def test_a_discount_is_cut_where_the_limit_says_so() -> None:
    """BUD-01 by the setting: the 1500.00 are cut to the 1000.00 that are left, and the quote says so."""
    version = version_of(off("big", 150_000, {"per": "total", "discount": 100_000, "at_cap": "cut"}))
    quote = quoted(version, cart(line("tee", 100_000, 5), shipping=500))
    assert (quote.discount_total, quote.total) == (100_000, 400_500)
    assert quote.redeemables[0].standing.words.startswith("takes only what is left: reward big: 1000.00 USD")


def test_the_last_of_a_budget_in_both_readings() -> None:
    """SC-62: of 300.00 are 290.00 used; 15.00 more are refused whole, or cut to 10.00, and never more."""
    order = cart(line("tee", 10_000))
    for at_cap, first, second in (("reject", 0, 0), ("cut", 1_000, 0)):
        limit = {"per": "total", "discount": 30_000, "at_cap": at_cap}
        campaign = {"id": "spring", "limits": [limit], "rewards": [off("off", 1_500)]}
        version = version_of(campaigns=[campaign])
        spent = used(version, 29_000)
        assert redeemed(version, order, spent=spent).discount_total == first
        assert redeemed(version, order, spent=spent).discount_total == second
        assert [*spent.values()] == [29_000 + first]


def test_what_a_cut_leaves_of_the_cart_may_still_be_taken_by_others() -> None:
    """A reward that is cut to 3.00 keeps nothing from the next one but what it took."""
    limit = {"per": "total", "discount": 300, "at_cap": "cut"}
    version = version_of(off("first", 900, limit, priority=1), off("second", 900, priority=2))
    quote = quoted(version, cart(line("tee", 1_000)))
    assert [each.standing.discount for each in quote.redeemables] == [300, 700]


def test_a_full_budget_of_uses_refuses() -> None:
    """BUD-02: after 1000 of 1000 uses nothing is given."""
    version = version_of(off("off", 1_000, {"per": "total", "times": 1_000}))
    quote = quoted(version, cart(line("tee", 20_000), line("sweater", 60_000)), spent=used(version, 1_000))
    assert quote.discount_total == 0
    assert why(quote)[1].endswith("1000 times in all, all members together: used up")


def test_an_order_takes_part_only_if_its_value_fits() -> None:
    """SC-63: of 1000.00 are 999.50 used: an order of 1.00 takes no part, one of 0.50 fills it exactly."""
    version = version_of(off("off", 10, {"per": "total", "order_value": 100_000}))
    spent = used(version, 99_950)
    assert redeemed(version, cart(line("tee", 100)), spent=spent).discount_total == 0
    assert redeemed(version, cart(line("tee", 50)), spent=spent).discount_total == 10
    assert [*spent.values()] == [100_000]
    assert redeemed(version, cart(line("tee", 1)), spent=spent).discount_total == 0


def test_the_value_of_an_order_counts_once_for_a_campaign() -> None:
    """Two rewards of one campaign on an order of 10.00 use 10.00 of its order value, and two times."""
    limits = [{"per": "total", "order_value": 100_000}, {"per": "total", "times": 9}]
    rewards = [off("a", 100), off("b", 100)]
    version = version_of(campaigns=[{"id": "spring", "limits": limits, "rewards": rewards}])
    result = priced(version, cart(line("tee", 1_000)))
    assert result.quote.discount_total == 200
    uses = {
        version.budgets[0 if each.budget == version.budgets[0].number else 1].counts: each.amount
        for each in result.limited[1].effects(today_of(version, NOON))
        if isinstance(each, UseBudget)
    }
    assert uses == {"order_value": 1_000, "times": 2}


def test_a_guest_cannot_use_what_is_limited_for_each_customer() -> None:
    """PCL-03: without a customer, none; the first use of a customer is one, the second is refused."""
    version = version_of(off("off", 1_000, {"times": 1}))
    order = cart(line("tee", 10_000))
    guest = redeemed(version, order, code(version, "off"), spent={})
    assert why(guest) == (
        Reason.CUSTOMER_REQUIRED,
        "off is limited for each customer, and none is known: reward off: 1 time in all",
    )
    member = anna()
    assert redeemed(version, order, member=member, spent={}).discount_total == 1_000
    second = redeemed(version, order, member=member, spent={})
    assert (second.discount_total, why(second)[0]) == (0, Reason.LIMIT_REACHED)


def test_the_first_customers_may_go_on() -> None:
    """SC-61: of the first two customers each may go on; the third and a guest are refused."""
    version = version_of(off("off", 100, {"per": "total", "customers": 2}))
    order = cart(line("tee", 1_000))
    members = [anna(), anna(), anna()]
    spent: Spent = {}
    discounts = [
        redeemed(version, order, member=member, spent=spent).discount_total
        for member in (members[0], members[0], members[1], members[2], members[0], members[1])
    ]
    assert discounts == [100, 100, 100, 0, 100, 100]
    assert [*spent.values()] == [2]
    guest = quoted(version, order, code(version, "off"), spent=spent)
    assert why(guest)[0] is Reason.CUSTOMER_REQUIRED


def test_a_customer_who_is_in_stays_in_when_the_cap_is_lowered() -> None:
    """Lowered below what is used, a limit lets nobody new in, and those who are in go on."""
    before = version_of(off("off", 100, {"per": "total", "customers": 3}))
    after = version_of(off("off", 100, {"per": "total", "customers": 1}))
    order, spent, members = cart(line("tee", 1_000)), Spent(), [anna(), anna(), anna()]
    for member in members[:2]:
        redeemed(before, order, member=member, spent=spent)
    discounts = [redeemed(after, order, member=each, spent=spent).discount_total for each in members]
    assert discounts == [100, 100, 0]


def test_what_a_customer_gives_back_frees_the_place_with_the_last_use() -> None:
    """Two uses of one customer are one place: it is free again when both were given back."""
    version = version_of(off("off", 100, {"per": "total", "customers": 1}))
    order, spent, member = cart(line("tee", 1_000)), Spent(), anna()
    bounds = version.rewards["off"].bounds
    for _ in range(2):
        redeemed(version, order, member=member, spent=spent)
    left = []
    for _ in range(3):
        numbers = numbers_of_order(version, order)
        back = give_back(version, member, spent, NOON, numbers, [(bounds, Use())])
        fold(member, version, back, NOON)
        fold_spent(spent, back)
        left.append((sum(spent.values()), sum(member.limits[version.limits[0].number].values())))
    assert left == [(1, 1), (0, 0), (0, 0)]


def test_each_store_has_a_budget_of_its_own() -> None:
    """Three uses a day in each store: the fourth in one is refused, another store goes on."""
    version = version_of(off("off", 100, {"per": "location", "times": 3, "every": "day"}))
    spent: Spent = {}

    def uses(store: str | None, day: str = "2026-06-01") -> int:
        order = cart(line("tee", 1_000), location=store)
        at = parse_instant(f"{day}T12:00:00Z")
        return redeemed(version, order, spent=spent, at=at).discount_total

    assert [uses("berlin") for _ in range(4)] == [100, 100, 100, 0]
    assert [uses("bonn"), uses("berlin", "2026-06-02"), uses("berlin")] == [100, 100, 0]


@pytest.mark.parametrize(
    ("limit", "brought", "words"),
    [
        ({"per": "location", "times": 1}, {}, "no location is given"),
        ({"per": "attribute", "attribute": "device", "times": 1}, {"location": "x"}, "no device is given"),
        ({"per": "location", "discount": 100, "at_cap": "cut"}, {}, "no location is given"),
    ],
)
def test_who_does_not_say_where_gets_nothing(
    limit: dict[str, Any], brought: dict[str, Any], words: str
) -> None:
    """Without the location or attribute that a limit looks at, the reward is refused, and says so."""
    declared = {"order": {"device": {"type": "text"}}}
    version = version_of(off("off", 100, limit), declarations=declared)
    quote = quoted(version, cart(line("tee", 1_000), **brought), code(version, "off"))
    assert quote.discount_total == 0
    reason, said = why(quote)
    assert (reason, said.endswith(words)) == (Reason.LIMIT_REACHED, True)


def test_one_device_cannot_use_it_as_two_customers() -> None:
    """Two customers with one device: the second is refused; with another device it is given."""
    limit = {"per": "attribute", "attribute": "device", "times": 1}
    version = version_of(off("off", 100, limit), declarations={"order": {"device": {"type": "text"}}})
    spent: Spent = {}

    def uses(device: str) -> int:
        order = cart(line("tee", 1_000), attributes={"device": device})
        return redeemed(version, order, member=anna(), spent=spent).discount_total

    assert [uses("d1"), uses("d1"), uses("d2")] == [100, 0, 100]


def test_what_was_claimed_counts_as_a_time_once_and_as_money_when_used() -> None:
    """The use of a claimed reward takes no time off its limits, but its discount off the budget."""
    limits = [{"per": "total", "times": 1}, {"per": "total", "discount": 500}]
    version = version_of(off("off", 300, *limits, automatic=False, price=10))
    spent: Spent = {(version.budgets[0].number, 0): 1}
    order = cart(line("tee", 1_000))

    def use() -> Status:
        claimed: Wanted = code(version, "off", claimed=True)
        return redeemed(version, order, claimed, member=anna(), spent=spent).redeemables[0].standing.status

    assert [use(), use()] == [Status.APPLICABLE, Status.INAPPLICABLE]
    assert [*spent.values()] == [1, 300]


def test_what_the_order_earns_sees_what_its_rewards_used() -> None:
    """A rule and a reward share three times: where the reward takes the last one, nothing is earned."""
    rule = {"id": "base", "type": "per_amount", "points": 1, "per": 100, "shared_limits": ["both"]}
    version = version_of(
        off("off", 100, shared_limits=["both"]),
        earning_rules=[rule],
        limits=[{"id": "both", "per": "total", "times": 3}],
    )
    for used_before, points in ((1, 9), (2, 0)):
        spent = {(version.budgets[0].number, 0): used_before}
        quote = quoted(version, cart(line("tee", 1_000)), member=anna(), spent=spent)
        assert (quote.discount_total, sum(award.points for award in quote.earns[1])) == (100, points)


def test_programs_that_decide_together_share_a_cap() -> None:
    """Two programs give 3.00 each of one budget of 5.00: the second is refused, also in a copy."""
    limits = [{"id": "all", "per": "total", "discount": 500, "across_programs": True}]
    first = version_of(off("one", 300, shared_limits=["all"]), limits=limits)
    program = msgspec.structs.replace(first.program, program="other")
    second = compile_version(program, 2, 1, 0, {"points": 9})
    order = cart(line("tee", 1_000))
    offers = [offered(first, order), offered(second, order)]
    result = price(order, [], offers, NOON, CART)
    assert result.quote.discount_total == 300
    copies = together(result.limited)
    bounds = second.rewards["one"].bounds
    assert copies[2].use(bounds, Use(discount=200)) is None
    assert copies[1].use(first.rewards["one"].bounds, Use(discount=1)) is not None
    assert result.limited[1].use(first.rewards["one"].bounds, Use(discount=200)) is None


def test_limits_of_one_program_are_copied_apart() -> None:
    """What a copy uses the original does not see."""
    version = version_of(off("off", 300, {"per": "total", "times": 1}))
    order = cart(line("tee", 1_000))
    allowances = Allowances(version, offered(version, order).snapshot, numbers_of_order(version, order))
    bounds = version.rewards["off"].bounds
    assert together({1: allowances})[1].use(bounds, Use()) is None
    assert allowances.use(bounds, Use()) is None
    assert allowances.use(bounds, Use()) is not None


def test_effects_name_the_day_of_a_total_alone() -> None:
    """A budget in total is shown by day, a store's is not; a member's is an effect on the member."""
    limits: list[dict[str, Any]] = [
        {"per": "total", "times": 9},
        {"per": "location", "times": 9},
        {"times": 9},
    ]
    version = version_of(off("off", 100, *limits))
    result = priced(version, cart(line("tee", 1_000), location="berlin"), member=anna())
    effects = result.limited[1].effects(today_of(version, NOON))
    assert [each.day for each in effects if isinstance(each, UseBudget)] == [739_768, 0]
    assert [each.amount for each in effects if isinstance(each, UseLimit)] == [1]


@pytest.mark.parametrize(
    ("benefit", "codes"),
    [
        ({"type": "percent_off", "percent": "5", "target": "units"}, []),
        ({"type": "fixed_price", "price": 100}, []),
        ({"type": "percent_off", "percent": "5"}, ["not_by_units"]),
        ({"type": "free_shipping"}, ["not_by_units"]),
    ],
)
def test_a_limit_of_units_needs_units(benefit: dict[str, Any], codes: list[str]) -> None:
    """What takes something off the whole order has no units that could be counted."""
    limited = {"id": "off", "name": "Off", "automatic": True, "gives": [benefit], "limits": [{"units": 3}]}
    document = {"program": "shop", "name": "Shop", "wallets": [POINTS], "rewards": [limited]}
    program = program_of(document)
    assert isinstance(program, Program), program
    assert [each.code for each in validate(program)] == codes
