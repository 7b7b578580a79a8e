"""Laws of stacking: what never happens whatever the rewards are, and the best choice beside brute force."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.core.budgets.allowances import Allowances
from perennial.core.checkout.quote import Quote, price
from perennial.core.needs import snapshot_of
from perennial.core.orders.cart import cart_of
from perennial.core.orders.order import Line, Order
from perennial.core.pricing.price import Attempt, Bill, Candidate, Offer, apply, candidate_of
from perennial.core.pricing.redeemables import Reason, Status, Voucher, Wanted
from perennial.core.version import Version
from tests.core.pricing_stage import CART, NOON, anna, cart, line, version_of

Plain = dict[str, Any]

_SKUS = ("cup", "hat", "shoe")
_SOME = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class World(NamedTuple):
    """A version whose rewards are ``r0``, ``r1`` and so on, an order, and which rewards are entered."""

    version: Version
    order: Order
    entered: tuple[str, ...]

    def __repr__(self) -> str:
        program = self.version.program
        return f"World({program.rewards}, {program.stacking}, {self.order}, {self.entered})"


# A strategy is made once: hypothesis looks through each before it first draws from it.
_LINES = st.none() | st.sampled_from(_SKUS).map(lambda sku: {"fact": "line.sku", "is": sku})
_PERCENTS = st.sampled_from(("3", "5", "10", "12.5", "20", "33.3", "50", "100"))
_PARTS = st.sampled_from(("lines", "each_line", "each_unit"))


@st.composite
def benefits(draw: st.DrawFn) -> Plain:
    """A benefit of some kind."""
    lines = draw(_LINES)
    match draw(st.integers(0, 5)):
        case 0:
            return {"type": "free_shipping"}
        case 1 | 2:
            share = draw(_PERCENTS)
            of = "lines" if lines else "order"
            found: Plain = {"type": "percent_off", "percent": share, "target": of}
            if draw(st.booleans()):
                found["most"] = draw(st.integers(1, 900))
        case 3:
            found = {"type": "amount_off", "value": draw(st.integers(1, 1_500)), "target": "order"}
            lines = None
        case _:
            found = {"type": "amount_off", "value": draw(st.integers(1, 400)), "target": draw(_PARTS)}
    return found | ({"lines": lines} if lines else {})


@st.composite
def conditions(draw: st.DrawFn) -> Plain:
    """A condition on an order, mostly on its amounts."""
    amount = draw(st.integers(100, 4_000))
    some: tuple[Plain, ...] = (
        {"fact": "order.total", "at_least": amount},
        {"fact": "order.total", "at_most": amount},
        {"fact": "order.total", "between": [amount, 2 * amount]},
        {"fact": "order.quantity", "at_least": 3},
        {"lines": "any", "where": {"fact": "line.net", "at_most": amount}},
        {"not": {"fact": "order.total", "more_than": amount}},
    )
    return some[draw(st.integers(0, len(some) - 1))]


_BENEFITS = st.lists(benefits(), min_size=1, max_size=2)
_CONDITIONS = conditions()
_CATEGORIES = st.sampled_from((None, None, "a", "b", "best", "alone", "always"))
_JUDGED_ON = st.sampled_from(("reduced", "reduced", "initial"))


@st.composite
def rewards(draw: st.DrawFn, number: int) -> Plain:
    """The reward ``r<number>``; each has a priority of its own."""
    reward: Plain = {
        "id": f"r{number}",
        "gives": draw(_BENEFITS),
        "priority": draw(st.integers(0, 99)) * 100 + number,
        "automatic": draw(st.booleans()),
        "codes": {},
    }
    category = draw(_CATEGORIES)
    if category:
        reward["category"] = category
    if draw(st.integers(0, 2)) == 0:
        reward["usable_when"] = draw(_CONDITIONS)
        reward["judged_on"] = draw(_JUDGED_ON)
    if draw(st.integers(0, 5)) == 0:
        reward["limits"] = [{"per": "total", "times": draw(st.integers(1, 2))}]
    return reward


_REWARDS = tuple(rewards(number) for number in range(6))
_AT_MOST = st.sampled_from((30, 30, 3, 2))
_PRODUCTS = st.sampled_from(("stack", "stack", "stack", "once"))
_NO_EFFECT = st.sampled_from(("skip", "skip", "redeem"))
_MOST_OFF = st.sampled_from(("20", "50"))


@st.composite
def stackings(draw: st.DrawFn, fixed: Plain) -> Plain:
    """The stacking of a program, with these settings as they are."""
    stacking: Plain = {
        "at_most": draw(_AT_MOST),
        "exclusive_at_most": draw(st.integers(1, 2)),
        "products": draw(_PRODUCTS),
        "no_effect": draw(_NO_EFFECT),
        "percent_base": draw(_JUDGED_ON),
        "joint_last": draw(st.booleans()),
    }
    if draw(st.integers(0, 3)) == 0:
        stacking["most_off"] = draw(_MOST_OFF)
    stacking |= fixed
    most = stacking["at_most"]
    stacking["categories"] = [
        {"id": "a", "at_most": min(2, most), "priority": 5},
        {"id": "b", "percent_base": "initial", "priority": 4},
        {"id": "best", "best_of": True, "priority": 3},
        {"id": "alone", "combines": "exclusive", "priority": 2},
        {"id": "always", "combines": "joint", "priority": 1},
    ]
    return stacking


_FLOORS = st.sampled_from((None, None, None, 50))
_SHIPPINGS = st.sampled_from((0, 490))
_BOUGHT = st.lists(st.sampled_from(_SKUS), min_size=1, max_size=3, unique=True)


@functools.cache
def worlds(most: int = len(_REWARDS), **fixed: Any) -> st.SearchStrategy[World]:
    """A program with rewards, whose stacking has these settings as they are, and a cart."""
    return _worlds(stackings(fixed), most)


@st.composite
def _worlds(draw: st.DrawFn, stacking: st.SearchStrategy[Plain], most: int) -> World:
    given_rewards = [draw(each) for each in _REWARDS[: draw(st.integers(1, most))]]
    version = version_of(*given_rewards, stacking=draw(stacking))
    lines = [
        line(
            sku,
            draw(st.integers(1, 2_000)),
            draw(st.integers(1, 3)),
            floor=draw(_FLOORS),
        )
        for sku in draw(_BOUGHT)
    ]
    order = cart(*lines, shipping=draw(_SHIPPINGS))
    entered = tuple(one["id"] for one in given_rewards if not one["automatic"] or draw(st.booleans()))
    return World(version, order, tuple(draw(st.permutations(entered))))


def wanted(world: World, entered: Sequence[str]) -> list[Wanted]:
    """A voucher of each of these rewards."""
    return [
        Wanted(
            name=reward,
            program=1,
            reward=reward,
            voucher=Voucher(
                voucher_id=UUID(int=int(reward[1:]) + 1), gives=world.version.rewards[reward].gives
            ),
        )
        for reward in entered
    ]


def offers(world: World) -> list[Offer]:
    """What the program offers to a member."""
    member = anna()
    return [Offer(world.version, snapshot_of(NOON, world.version, member), member.customer_id)]


def quoted(world: World, entered: Sequence[str] | None = None) -> Quote:
    """The quote of the world's cart."""
    names = world.entered if entered is None else entered
    return price(world.order, wanted(world, names), offers(world), NOON, CART).quote


def outcome(quote: Quote) -> object:
    """What a quote says, without the order in which things were entered."""
    return (
        quote.total,
        tuple(one.discount for one in quote.lines),
        sorted(
            (one.reward, one.standing.status, str(one.standing.reason), one.standing.discount)
            for one in quote.redeemables
        ),
    )


def combines_of(world: World, reward: str) -> str:
    """With what a reward combines."""
    return world.version.rewards[reward].combines.value


def applied(quote: Quote) -> list[str]:
    """The rewards that applied."""
    return [one.reward for one in quote.redeemables if one.standing.status is Status.APPLICABLE]


SEQUENCES = st.sampled_from(("levels", "requested", "hierarchy", "best_for_customer", "best_for_margin"))


@_SOME
@given(st.data())
def test_what_never_goes_together(data: st.DataObject) -> None:
    """No discount passes the price, parts sum to the whole, exclusive and common never meet, limits hold."""
    world = data.draw(worlds(sequence=data.draw(SEQUENCES)))
    quote = quoted(world)
    stacking = world.version.program.stacking
    assert quote.total == quote.subtotal + quote.shipping - quote.discount_total
    assert quote.discount_total == quote.shipping_discount + sum(one.discount for one in quote.lines)
    assert quote.discount_total == sum(one.standing.discount for one in quote.redeemables)
    for part in quote.lines:
        assert 0 <= part.discount <= part.amount
        assert part.discount == sum(share.amount for share in part.discounts)
    kinds = [combines_of(world, reward) for reward in applied(quote)]
    assert not {"exclusive", "common"} <= set(kinds)
    assert kinds.count("exclusive") <= stacking.exclusive_at_most
    assert len(kinds) <= stacking.at_most
    for category in stacking.categories:
        alike = [one for one in applied(quote) if world.version.rewards[one].category.id == category.id]
        assert len(alike) <= (1 if category.best_of else category.at_most or 30)
    for one in quote.redeemables:
        if one.standing.status is Status.SKIPPED:
            assert one.standing.words
            assert one.standing.by or one.standing.reason is Reason.NO_EFFECT


@_SOME
@given(st.data())
def test_all_or_nothing_is_all_or_nothing(data: st.DataObject) -> None:
    """Under ``mode: all`` everything that was asked for applies, or nothing of it."""
    world = data.draw(worlds(mode="all", sequence=data.draw(SEQUENCES)))
    states = {
        one.standing.status is Status.APPLICABLE for one in quoted(world).redeemables[: len(world.entered)]
    }
    assert len(states) <= 1


@_SOME
@given(worlds(sequence="hierarchy"), st.randoms(use_true_random=False))
def test_the_order_of_entry_changes_nothing_in_a_hierarchy(world: World, random: Any) -> None:
    """Under ``hierarchy`` codes may be entered in any order."""
    other = list(world.entered)
    random.shuffle(other)
    assert outcome(quoted(world)) == outcome(quoted(world, other))


@_SOME
@given(st.data())
def test_the_order_of_joint_rewards_changes_nothing(data: st.DataObject) -> None:
    """Joint rewards may be entered in any order among the others, under every sequence."""
    world = data.draw(worlds(sequence=data.draw(SEQUENCES), joint_last=True))
    joint = [one for one in world.entered if combines_of(world, one) == "joint"]
    other = [one for one in world.entered if one not in joint]
    mixed = list(other)
    for one in data.draw(st.permutations(joint)):
        mixed.insert(data.draw(st.integers(0, len(mixed))), one)
    assert outcome(quoted(world)) == outcome(quoted(world, mixed))


@_SOME
@given(st.data())
def test_what_cannot_be_used_changes_nothing(data: st.DataObject) -> None:
    """A void voucher beside the others leaves every amount as it is."""
    world = data.draw(worlds(sequence=data.draw(SEQUENCES)))
    void = Wanted(
        name="void",
        program=1,
        reward="r0",
        voucher=Voucher(voucher_id=UUID(int=99), gives=(), voided=True),
    )
    with_it = price(world.order, [*wanted(world, world.entered), void], offers(world), NOON, CART).quote
    without = quoted(world)
    assert with_it.total == without.total
    assert [one.discount for one in with_it.lines] == [one.discount for one in without.lines]
    assert applied(with_it) == applied(without)


# The best choice beside brute force


def _candidates(world: World) -> list[Candidate]:
    found = [
        candidate_of(place, offers(world), 0, world.version.rewards[want.reward], want)
        for place, want in enumerate(wanted(world, world.entered))
    ]
    for compiled in world.version.automatic:
        if compiled.reward.id not in world.entered:
            found.append(candidate_of(len(found), offers(world), 0, compiled))
    return found


def _rank(world: World, one: Candidate) -> tuple[object, ...]:
    joint = one.combines == "joint" and world.version.program.stacking.joint_last
    return joint, one.compiled.category.priority, one.compiled.reward.priority


def _fits(world: World, chosen: Sequence[Candidate]) -> bool:
    """Whether the rules of combining let these rewards be together."""
    stacking = world.version.program.stacking
    kinds = [one.combines.value for one in chosen]
    if {"exclusive", "common"} <= set(kinds) or kinds.count("exclusive") > stacking.exclusive_at_most:
        return False
    ids = [one.compiled.category.id for one in chosen]
    return (
        len(chosen) <= stacking.at_most
        and ids.count("best") <= 1
        and ids.count("a") <= (stacking.categories[0].at_most or 30)
    )


class Found(NamedTuple):
    """A choice by brute force: what it takes off, and its rewards in their order."""

    off: int
    chosen: tuple[Candidate, ...]


def _start(world: World) -> tuple[Attempt, Bill]:
    stacking = world.version.program.stacking
    working = cart_of(world.order)
    if stacking.most_off is not None:
        working.may_take = working.may_take * int(stacking.most_off) // 100
    offer = offers(world)[0]
    return Attempt(
        working, {1: Allowances(offer.version, offer.snapshot, offer.version.budget_numbers)}
    ), Bill(world.order, NOON, stacking)


def _could_follow(world: World, attempt: Attempt, bill: Bill, others: Sequence[Candidate]) -> list[Candidate]:
    found = []
    for one in others:
        if _fits(world, (*attempt.applied, one)):
            standing = apply(attempt.copy(), one, bill)
            if standing.status is Status.APPLICABLE:
                found.append(one)
    return found


def _every_choice(world: World) -> Iterator[tuple[Found, list[Candidate]]]:
    """Every allowed choice in every order, with what could still follow."""
    start, bill = _start(world)
    candidates = _candidates(world)
    for size in range(len(candidates) + 1):
        for chosen in permutations(candidates, size):
            attempt = start.copy()
            fits = all(_fits(world, chosen[: i + 1]) for i in range(size))
            if fits and all(apply(attempt, one, bill).status is Status.APPLICABLE for one in chosen):
                others = [one for one in candidates if one not in chosen]
                yield Found(attempt.cart.taken(), chosen), _could_follow(world, attempt, bill, others)


def _with_gifts(world: World, chosen: tuple[Candidate, ...]) -> list[str]:
    """What the choice is once all is added that takes nothing more off, but puts something into the cart."""
    attempt, bill = _start(world)
    for one in chosen:
        apply(attempt, one, bill)
    for one in sorted(_candidates(world), key=lambda one: _rank(world, one)):
        if one in chosen or not _fits(world, (*attempt.applied, one)):
            continue
        trial = attempt.copy()
        apply(trial, one, bill)
        if len(trial.cart.added) > len(attempt.cart.added):
            attempt = trial
    return [one.key for one in attempt.applied]


def _key(world: World, found: Found, sign: int) -> tuple[object, ...]:
    return -sign * found.off, len(found.chosen), sorted(_rank(world, one) for one in found.chosen)


@settings(_SOME, max_examples=200)
@given(worlds(5, sequence="best_for_customer"))
def test_the_best_choice_for_the_customer_is_the_true_optimum(world: World) -> None:
    """No allowed choice in any order saves more; of equal ones the shortest, then the first; with gifts."""
    allowed = [
        found
        for found, following in _every_choice(world)
        if not any(one.combines == "joint" for one in following)
    ]
    best = min(allowed, key=lambda found: _key(world, found, 1))
    quote = quoted(world)
    assert not quote.approximate
    assert quote.discount_total == best.off
    assert sorted(applied(quote)) == sorted(_with_gifts(world, best.chosen))


@settings(_SOME, max_examples=200)
@given(worlds(5, sequence="best_for_margin"))
def test_the_best_choice_for_the_margin_is_the_true_one(world: World) -> None:
    """No allowed choice to which nothing can be added takes less off."""
    start, bill = _start(world)

    def most_of_its_category(chosen: tuple[Candidate, ...]) -> bool:
        attempt = start.copy()
        for one in chosen:
            if one.compiled.category.best_of:
                rivals = [
                    other
                    for other in _candidates(world)
                    if other.compiled.category.id == one.compiled.category.id
                    and _fits(world, (*attempt.applied, other))
                ]
                discounts = {
                    other.key: standing.discount
                    for other in rivals
                    if (standing := apply(attempt.copy(), other, bill)).status is Status.APPLICABLE
                }
                if discounts[one.key] < max(discounts.values()):
                    return False
            apply(attempt, one, bill)
        return True

    allowed = [
        found
        for found, following in _every_choice(world)
        if not following and most_of_its_category(found.chosen)
    ]
    best = min(allowed, key=lambda found: _key(world, found, -1))
    quote = quoted(world)
    assert quote.discount_total == best.off
    assert sorted(applied(quote)) == sorted(one.key for one in best.chosen)


def test_taking_the_largest_first_is_not_best() -> None:
    """A control: where the largest reward spoils another, taking turns leaves more to pay than the choice."""
    rewards: list[Plain] = [
        {"id": "r0", "gives": [{"type": "percent_off", "percent": "50"}], "codes": {}, "priority": 0},
        {
            "id": "r1",
            "gives": [{"type": "amount_off", "value": 4_000}],
            "codes": {},
            "usable_when": {"fact": "order.total", "at_least": 9_000},
        },
        {"id": "r2", "gives": [{"type": "amount_off", "value": 3_500}], "codes": {}},
    ]
    totals = {}
    for sequence in ("levels", "best_for_customer"):
        version = version_of(*rewards, stacking={"sequence": sequence})
        world = World(version, cart(Line(sku="a", amount=10_000)), ("r0", "r1", "r2"))
        totals[sequence] = quoted(world).total
    assert totals == {"levels": 1_500, "best_for_customer": 0}


def test_eight_candidates_are_searched_whole() -> None:
    """With eight candidates the choice is as good as the best of all 109,601 choices and orders."""
    amounts = (310, 170, 90)
    rewards: list[Plain] = [
        {"id": f"r{i}", "gives": [{"type": "percent_off", "percent": share}], "codes": {}}
        for i, share in enumerate(("7", "11.3", "13", "3.5", "23"))
    ]
    for i, value in enumerate(amounts, 5):
        limit = {"fact": "order.total", "at_least": 1_200 + 400 * i}
        gives = [{"type": "amount_off", "value": value}]
        rewards.append({"id": f"r{i}", "gives": gives, "codes": {}, "usable_when": limit})
    version = version_of(*rewards, stacking={"sequence": "best_for_customer"})
    world = World(version, cart(line("cup", 1_311), line("hat", 2_917)), tuple(f"r{i}" for i in range(8)))
    start, bill = _start(world)

    def most_after(attempt: Attempt, others: list[Candidate]) -> int:
        most = attempt.cart.taken()
        for one in others:
            after = attempt.copy()
            if apply(after, one, bill).status is Status.APPLICABLE:
                most = max(most, most_after(after, [other for other in others if other is not one]))
        return most

    assert quoted(world).discount_total == most_after(start, _candidates(world))
