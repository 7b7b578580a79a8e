"""Laws of what saves time when a cart is priced: it finds, and says, what looking at each reward would.

The rewards of an order are found all at once by a generated function, a reward that was found is not asked
everything again, and a hint only asks if a reward would take something. Here each is beside the plain way.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from perennial.core.budgets.allowances import Allowances
from perennial.core.checkout.quote import price
from perennial.core.checkout.why_not import why_not_offered
from perennial.core.conditions.walk import holds
from perennial.core.kinds.benefit import Base
from perennial.core.orders.cart import Cart, cart_of
from perennial.core.orders.order import Order, net_amounts
from perennial.core.pricing.price import (
    Attempt,
    Bill,
    Candidate,
    Offer,
    apply,
    candidate_of,
    is_usable,
    work,
    would_take,
)
from perennial.core.pricing.redeemables import Wanted
from perennial.core.terms.thresholds import asked_of, course_of
from perennial.core.version import CompiledReward, Version
from perennial.core.version_scope import scope_of
from perennial.units import DAY, Instant
from tests.core.pricing_stage import CART, NOON, anna, cart, line, offered, version_of
from tests.laws import carts as any_kind

Plain = dict[str, Any]

_SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_SKUS = ("cup", "hat", "shoe")
_FIRST = datetime(2026, 5, 20, tzinfo=UTC).date()
_days = st.none() | st.integers(0, 24)
_lengths = st.none() | st.integers(1, 12)


@st.composite
def schedules(draw: st.DrawFn) -> Plain | None:
    """Between two days around the noon at which carts are priced, or open on one side or both."""
    starts, length = draw(_days), draw(_lengths)
    found = {} if starts is None else {"starts": (_FIRST + timedelta(days=starts)).isoformat()}
    if length is not None:
        found["ends"] = (_FIRST + timedelta(days=(starts or 0) + length)).isoformat()
    return found or None


# Round amounts, of orders and of what is asked of them: so they meet, and fall past each other.
_nets = st.sampled_from([100, 200, 400, 500, 800])
_totals = st.sampled_from([100, 200, 400, 500, 800, 1_000, 1_600])

thresholds: st.SearchStrategy[Plain] = st.builds(
    lambda compared, amount: {"fact": "order.total", compared: amount},
    st.sampled_from(["at_least", "more_than", "more_than"]),
    _totals,
)
conditions: st.SearchStrategy[Plain] = st.one_of(
    st.sampled_from(["web", "app"]).map(lambda one: {"fact": "order.channel", "is": one}),
    st.sampled_from(["a", "b", "c"]).map(lambda one: {"fact": "order.location", "is": one}),
    st.sampled_from(["DE", "AT"]).map(lambda one: {"fact": "member.country", "is": one}),
    st.sampled_from(_SKUS).map(lambda sku: {"lines": "any", "where": {"fact": "line.sku", "is": sku}}),
    st.sampled_from(["tea", "cups"]).map(
        lambda one: {
            "lines": "quantity",
            "where": {"fact": "line.categories", "contains": one},
            "at_least": 2,
        }
    ),
    thresholds,
    _totals.map(lambda most: {"fact": "order.total", "at_most": most}),
    st.integers(1, 6).map(lambda least: {"fact": "order.quantity", "at_least": least}),
    st.builds(
        lambda which, where: {"lines": which, "where": where},
        st.sampled_from(["any", "every", "none", "cheapest"]),
        _nets.map(lambda least: {"fact": "line.net", "at_least": least}),
    ),
    st.builds(
        lambda compared, least, where: {"lines": "sum", "where": where, compared: least},
        st.sampled_from(["at_least", "at_most"]),
        _totals,
        st.sampled_from([{"fact": "line.sku", "is": "cup"}, {"fact": "line.net", "at_least": 300}]),
    ),
)


_percents = st.sampled_from(["5", "20", "50", "50"])
_judged_on = st.sampled_from(["initial", "reduced", "reduced"])
_asked = st.lists(conditions, max_size=3)
_asked_always = st.lists(thresholds | conditions, max_size=3)
_schedules = schedules()


@st.composite
def versions(draw: st.DrawFn, *, scheduled: bool = True) -> Version:
    """A program of many campaigns with a reward each, in all stages of their lives if ``scheduled``."""
    campaigns = []
    for number in range(draw(st.integers(1, 14))):
        reward: Plain = {"id": f"r{number}", "name": f"R{number}", "automatic": True}
        reward["gives"] = [{"type": "percent_off", "percent": draw(_percents)}]
        reward["judged_on"] = draw(_judged_on)
        asked = draw(_asked if scheduled else _asked_always)
        if asked:
            reward["usable_when"] = {"all": asked}
        if (own := draw(_schedules) if scheduled else None) is not None:
            reward["schedule"] = own
        campaign: Plain = {"id": f"c{number}", "rewards": [reward]}
        if (whole := draw(_schedules) if scheduled else None) is not None:
            campaign["schedule"] = whole
        campaigns.append(campaign)
    declared = {"member": {"country": {"type": "text"}}}
    return version_of(campaigns=campaigns, declarations=declared)


_bought = st.lists(st.sampled_from(_SKUS), min_size=1, max_size=3, unique=True)
_categories = st.sampled_from([(), ("tea",), ("tea", "cups"), ("tea", "tea")])
_channels = st.sampled_from([None, "web", "app"])
_locations = st.sampled_from([None, "a", "b"])


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """A cart of some of the products."""
    odd = draw(st.integers(0, 3)) == 0
    bought = draw(_bought)
    lines = [
        line(
            sku,
            draw(st.integers(1, 1_000) if odd else _nets),
            draw(st.integers(1, 3)),
            categories=draw(_categories),
        )
        for sku in bought
    ]
    return cart(*lines, shipping=490, channel=draw(_channels), location=draw(_locations))


def _plainly(compiled: CompiledReward, offer: Offer, order: Order, at: Instant) -> bool | None:
    """Whether the order reaches a reward's thresholds; None if it is not offered, or not for this order."""
    reward = compiled.reward
    want = Wanted(name=reward.id, program=1, reward=reward.id)
    if why_not_offered(want, compiled, offer, at) is not None:
        return None
    asked = asked_of(reward.usable_when)
    scope = scope_of(offer.version, offer.snapshot, at, order=order, nets=net_amounts(order))
    initial = reward.judged_on is Base.INITIAL
    lasting = [part for part in asked.besides if initial or not course_of(part).begins]
    if not all(holds(part, scope) for part in lasting):
        return None
    return all(holds(part, scope) for part in asked.thresholds)


@_SOME
@given(versions(), orders(), st.integers(-12, 12), st.sampled_from(["DE", "AT"]))
def test_rewards_are_found_as_if_each_were_looked_at(
    version: Version, order: Order, days: int, country: str
) -> None:
    """The finder finds what asking every reward finds, in the order of the document, at any time."""
    at = NOON + days * DAY
    offer = offered(version, order, anna(attributes={"country": country}), at)
    assert version.finder is not None
    assert version.near_finder is not None
    reached, missed = version.near_finder(at, order, net_amounts(order), {}, offer.snapshot)
    assert version.finder(at, order, net_amounts(order), {}, offer.snapshot) == reached
    plain = [_plainly(compiled, offer, order, at) for compiled in version.automatic]
    assert reached == [index for index, found in enumerate(plain) if found]
    assert missed == [index for index, found in enumerate(plain) if found is False]


@_SOME
@given(versions(scheduled=False), orders(), st.sampled_from(["DE", "AT"]), st.randoms(use_true_random=False))
def test_what_was_found_is_usable_as_long_as_all_of_its_conditions_hold(
    version: Version, order: Order, country: str, random: Any
) -> None:
    """Whatever else is applied meanwhile, a found reward is usable when one that is asked everything is.

    And what was not found is never usable, however far the amounts fall.
    """
    offer = offered(version, order, anna(attributes={"country": country}))
    start, bill = _start(offer, order)
    assert version.finder is not None
    reached = version.finder(NOON, order, start.cart.left, {}, offer.snapshot)
    pairs = [
        (_of(offer, version.automatic[index], found=True), _of(offer, version.automatic[index]))
        for index in reached
    ]
    everything = [_of(offer, compiled) for compiled in version.automatic]
    others = [one for index, one in enumerate(everything) if index not in reached]
    random.shuffle(everything)
    for other in everything:
        for found, plain in pairs:
            assert is_usable(start.cart, found, bill) == is_usable(start.cart, plain, bill)
        assert not any(is_usable(start.cart, one, bill) for one in others)
        apply(start, other, bill)


_halves = st.sampled_from([50, 100, 200, 400])
_compared = st.sampled_from(["at_least", "more_than", "at_most", "less_than"])
_compared_with = _compared | st.just("is")
_of_lines = st.builds(
    lambda fact, compared, amount: {"fact": f"line.{fact}", compared: amount},
    st.sampled_from(["net", "unit_price", "discount"]),
    _compared_with,
    _halves,
)
_of_one_product: st.SearchStrategy[Plain] = st.sampled_from(_SKUS).map(
    lambda sku: {"fact": "line.sku", "is": sku}
)
_changing: st.SearchStrategy[Plain] = st.one_of(
    st.builds(
        lambda fact, compared, amount: {"fact": f"order.{fact}", compared: amount},
        st.sampled_from(["total", "discount"]),
        _compared_with,
        _halves,
    ),
    st.builds(
        lambda which, where: {"lines": which, "where": where},
        st.sampled_from(["any", "every", "none", "cheapest", "most_expensive"]),
        _of_lines,
    ),
    # Of one product: nothing about the line changes but whether it is the one that is asked.
    st.builds(
        lambda which, where: {"lines": which, "where": where},
        st.sampled_from(["cheapest", "most_expensive"]),
        _of_one_product,
    ),
    st.builds(
        lambda what, where, compared, amount: {"lines": what, "where": where, compared: amount},
        st.sampled_from(["sum", "quantity"]),
        _of_lines | st.just({"fact": "line.sku", "is": "cup"}),
        _compared,
        st.sampled_from([1, 2, 100, 200, 400]),
    ),
)
_least_totals: st.SearchStrategy[Plain] = st.builds(
    lambda compared, amount: {"fact": "order.total", compared: amount},
    st.sampled_from(["at_least", "more_than"]),
    _halves,
)
changing: st.SearchStrategy[Plain] = st.one_of(
    _changing,
    _changing.map(lambda one: {"not": one}),
    st.lists(_changing, min_size=2, max_size=2).map(lambda both: {"any": both}),
    st.lists(thresholds | _changing, min_size=2, max_size=3).map(lambda each: {"all": each}),
    st.lists(_least_totals, min_size=2, max_size=2).map(lambda both: {"all": both}),
)
halved = st.lists(st.builds(line, st.sampled_from(_SKUS), _halves, st.just(1)), min_size=1, max_size=3)


_cheapest: list[tuple[Plain, str]] = [
    ({"lines": "cheapest", "where": {"fact": "line.sku", "is": sku}}, "reduced") for sku in ("cup", "hat")
]


@settings(_SOME, max_examples=150)
@example(_cheapest, [line("cup", 150, 1), line("hat", 100, 1)])
@given(st.lists(st.tuples(changing, st.sampled_from(["initial", "reduced", "reduced"])), min_size=4), halved)
def test_what_was_found_follows_amounts_that_fall_by_halves(
    asked: list[tuple[Plain, str]], lines: list[Any]
) -> None:
    """Prices are halved again and again, so that they meet what is asked of them, to the cent.

    Those of cups are halved more often than others, so that another line becomes the cheapest. At every step
    a reward that was found is usable exactly if it is when it is asked everything, and one that was not found
    is never usable.
    """
    every: Plain = {"type": "percent_off", "percent": "50"}
    cups = every | {"target": "lines", "lines": {"fact": "line.sku", "is": "cup"}}
    half: Plain = {"name": "Half", "automatic": True, "gives": [every]}
    steps = [
        half | {"id": f"half{number}", "gives": [gives]} for number, gives in enumerate([cups, every] * 2)
    ]
    rewards = [
        half | {"id": f"r{number}", "judged_on": base, "usable_when": one}
        for number, (one, base) in enumerate(asked)
    ]
    version, order = version_of(rewards=[*steps, *rewards]), cart(*lines)
    offer = offered(version, order, anna())
    start, bill = _start(offer, order)
    assert version.finder is not None
    reached = version.finder(NOON, order, start.cart.left, {}, offer.snapshot)
    each = [
        (index in reached, _of(offer, compiled, found=index in reached), _of(offer, compiled))
        for index, compiled in enumerate(version.automatic)
    ]
    for step in steps:
        for is_found, found, plain in each:
            usable = is_usable(start.cart, plain, bill)
            assert (is_found and is_usable(start.cart, found, bill)) == usable, plain.key
        before = sum(start.cart.left)
        apply(start, next(plain for _, _, plain in each if plain.key == step["id"]), bill)
        assert sum(start.cart.left) < before or step["gives"] == [cups]


@_SOME
@given(any_kind.programs() | any_kind.choosy_programs(), any_kind.carts)
def test_a_reward_says_that_it_takes_something_exactly_if_it_does(
    program: tuple[Version, list[Wanted]], order: Order
) -> None:
    """On every cart on the way to the price, whatever a reward gives: unless only trying tells."""
    version, wanted = program
    offer = offered(version, order, anna())
    attempt, bill = _start(offer, order)
    for compiled in version.rewards.values():
        for other in version.rewards.values():
            candidate = _of(offer, other)
            told = would_take(attempt.cart.copy(), candidate, bill)
            assert told is None or told is _takes(attempt.cart, candidate, bill)
        apply(attempt, _of(offer, compiled), bill)
    quote = price(order, wanted, [offer], NOON, CART).quote
    for hint in quote.hints:
        assert hint.reward in version.rewards


def _start(offer: Offer, order: Order) -> tuple[Attempt, Bill]:
    version = offer.version
    allowances = Allowances(version, offer.snapshot, version.budget_numbers)
    return Attempt(cart_of(order), {1: allowances}), Bill(order, NOON, version.program.stacking)


def _of(offer: Offer, compiled: CompiledReward, *, found: bool = False) -> Candidate:
    return candidate_of(compiled.place, [offer], 0, compiled, found=found)


def _takes(cart: Cart, candidate: Candidate, bill: Bill) -> bool:
    after = cart.copy()
    work(after, candidate, bill)
    return len(after.takes) > len(cart.takes) or len(after.added) > len(cart.added)
