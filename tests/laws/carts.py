"""Generated carts and rewards for the laws of prices: few values, close to each other, all kinds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.pricing.redeemables import Wanted
from perennial.core.version import Version
from tests.core.pricing_stage import code, version_of

SKUS = ("s1", "s2", "s3")
_amounts = st.integers(1, 1_500) | st.sampled_from([100, 333, 1_000])
_percents = st.sampled_from(["0.5", "2.9", "10", "33.3333", "50", "100", "150"])

lines = st.builds(
    lambda unit_price, quantity, **fields: Line(amount=unit_price * quantity, quantity=quantity, **fields),
    unit_price=st.integers(1, 1_200) | st.sampled_from([0, 100, 333, 500, -60, -300]),
    quantity=st.integers(0, 6) | st.sampled_from([1, 2, 3]),
    sku=st.sampled_from(SKUS),
    discount=st.sampled_from([0, 0, 0, 7, 250]),
    categories=st.sampled_from([(), ("tea",), ("tea", "cups"), ("cups",)]),
    cost=st.none() | st.integers(0, 900),
    floor=st.none() | st.integers(0, 700),
)
carts = st.builds(
    Order,
    status=st.just(OrderStatus.CREATED),
    lines=st.lists(lines, min_size=1, max_size=5).map(tuple),
    discount=st.sampled_from([0, 0, 99]),
    shipping=st.sampled_from([0, 490]),
)

_filters = st.none() | st.sampled_from(
    [
        {"fact": "line.categories", "contains": "tea"},
        {"fact": "line.categories", "contains": "cups"},
        {"fact": "line.sku", "is": "s1"},
        {"fact": "line.unit_price", "at_least": 300},
    ]
)
_counts = st.integers(1, 4)
_by = st.sampled_from(["line", "cheapest", "dearest"])


def given_only(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Fields, without those that are drawn as None."""
    return st.fixed_dictionaries(fields).map(
        lambda drawn: {name: value for name, value in drawn.items() if value is not None}
    )


def _pick(*, units: bool) -> st.SearchStrategy[dict[str, Any] | None]:
    return st.none() | given_only(
        by=_by,
        skip=st.integers(0, 2),
        every=st.integers(1, 3),
        most_per_line=st.none() | _counts if units else st.none(),
        most=st.none() | _counts,
        groups_of=st.integers(1, 3),
    )


def _percentage(off: str) -> dict[str, st.SearchStrategy[Any]]:
    shared = st.none() if off == "shipping" else st.sampled_from([None, "amount", "quantity"])
    return {
        "target": st.just(off),
        "lines": _filters,
        "pick": st.none() if off == "shipping" else _pick(units=off == "units"),
        "share_by": shared,
        "most": st.none() | _amounts,
    }


def _amount_off(off: str) -> st.SearchStrategy[dict[str, Any]]:
    together = off in ("order", "lines", "units")
    return given_only(
        type=st.just("amount_off"),
        value=_amounts,
        target=st.just(off),
        lines=_filters,
        pick=st.none() if off == "shipping" else _pick(units="unit" in off),
        share_by=st.sampled_from([None, "quantity"]) if together else st.none(),
        most=st.none() | _amounts,
    )


_offs = ("order", "lines", "units", "shipping")
benefits: st.SearchStrategy[dict[str, Any]] = st.one_of(
    *(_amount_off(off) for off in (*_offs, "each_line", "each_unit")),
    *(given_only(type=st.just("percent_off"), percent=_percents, **_percentage(off)) for off in _offs),
    *(
        given_only(
            type=st.just("percent_by_total"),
            steps=st.just([{"at_least": 0, "percent": "5"}, {"at_least": 900, "percent": "20"}]),
            total=st.sampled_from(["amount", "quantity"]),
            **_percentage(off),
        )
        for off in _offs
    ),
    given_only(type=st.just("fixed_price"), price=_amounts, lines=_filters, pick=_pick(units=True)),
    given_only(type=st.just("free_shipping"), most=st.none() | _amounts),
    given_only(
        type=st.just("free_product"),
        sku=st.sampled_from(SKUS),
        quantity=_counts,
        mode=st.sampled_from(["add_missing", "always_add"]),
        unit_price=st.none() | _amounts,
        lines=_filters,
        by=_by,
    ),
    given_only(type=st.just("free_product"), mode=st.just("in_cart"), sku=st.sampled_from(SKUS), by=_by),
    given_only(
        type=st.just("buy_x_get_y"),
        buy=_counts,
        get=_counts,
        lines=_filters,
        get_lines=_filters,
        by=st.sampled_from(["cheapest", "dearest"]),
        percent=_percents,
        at_most=st.none() | _counts,
    ),
    given_only(
        type=st.just("buy_x_get_y"),
        buy=_counts,
        get=_counts,
        lines=_filters,
        mode=st.just("extra"),
        sku=st.sampled_from(SKUS),
        unit_price=st.none() | _amounts,
        percent=_percents,
    ),
    st.builds(
        lambda parts, off, at_most: {"type": "bundle", "parts": parts} | off | at_most,
        st.lists(given_only(quantity=_counts, lines=_filters), min_size=1, max_size=3),
        st.one_of(given_only(price=_amounts), given_only(amount=_amounts), given_only(percent=_percents)),
        given_only(at_most=st.none() | _counts),
    ),
    given_only(
        type=st.just("upgrade"),
        sku=st.just("better"),
        unit_price=_amounts,
        lines=_filters.filter(bool),
        pick=_pick(units=True),
    ),
)


_chosen = given_only(target=st.sampled_from(["order", "lines"]), lines=_filters.filter(bool))
choosy_benefits = st.one_of(
    _chosen.flatmap(
        lambda chosen: given_only(
            type=st.just("amount_off"),
            value=_amounts,
            **{name: st.just(each) for name, each in chosen.items()},
        )
    ),
    _chosen.flatmap(
        lambda chosen: given_only(
            type=st.just("percent_off"),
            percent=_percents,
            **{name: st.just(each) for name, each in chosen.items()},
        )
    ),
    given_only(type=st.just("free_shipping"), most=st.none() | _amounts),
)
"""What says beforehand whether it takes something, and often does not: for lines that few carts have."""


_choosy = st.lists(choosy_benefits, min_size=1, max_size=3)
_choosy_stackings = given_only(products=st.sampled_from([None, "once"]))


@st.composite
def choosy_programs(draw: st.DrawFn) -> tuple[Version, list[Wanted]]:
    """A program of rewards with several benefits each, of which some are for no line of most carts."""
    rewards: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        gives = draw(_choosy)
        rewards.append({"id": f"r{number}", "automatic": True, "gives": gives})
        if draw(st.integers(0, 3)) == 0:
            rewards[-1]["full_price_only"] = True
    return version_of(*rewards, stacking=draw(_choosy_stackings)), []


_gives = st.lists(benefits, min_size=1, max_size=2)
_least = st.sampled_from([1, 800, 2_000])
_stackings = given_only(
    percent_base=st.sampled_from([None, "initial", "reduced"]),
    products=st.sampled_from([None, None, "once"]),
    most_off=st.sampled_from([None, "50"]),
    covers_cost=st.sampled_from([None, None, True]),
    no_effect=st.sampled_from([None, "redeem"]),
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[Version, list[Wanted]]:
    """A program of up to four rewards, and the codes of those that do not apply by themselves."""
    rewards = []
    for number in range(draw(st.integers(1, 4))):
        by_code = draw(st.booleans())
        reward: dict[str, Any] = {"id": f"r{number}", "priority": draw(st.integers(1, 3))}
        reward["gives"] = draw(_gives)
        reward |= {"codes": {"shared": f"R{number}"}} if by_code else {"automatic": True}
        if draw(st.booleans()):
            reward["usable_when"] = {"fact": "order.total", "at_least": draw(_least)}
        if draw(st.integers(0, 4)) == 0:
            reward["full_price_only"] = True
        rewards.append(reward)
    never = {"id": "never", "codes": {"shared": "NEVER"}, "gives": [{"type": "amount_off", "value": 1}]}
    never["usable_when"] = {"fact": "order.total", "at_least": 10**12}
    version = version_of(*rewards, never, stacking=draw(_stackings))
    return version, [code(version, reward["id"]) for reward in rewards if "codes" in reward]
