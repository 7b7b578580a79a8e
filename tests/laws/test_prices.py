"""Laws of prices: whatever is bought and whatever is given, the figures of a quote hold together."""

from __future__ import annotations

from hypothesis import given, settings

from perennial.core.checkout.quote import Quote, QuotedLine
from perennial.core.orders.order import Order, net_amounts
from perennial.core.pricing.redeemables import Reason, Wanted
from perennial.core.version import Version
from tests.core.pricing_stage import anna, code, quoted
from tests.laws.carts import carts, programs

Program = tuple[Version, list[Wanted]]


def least(order: Order, position: int, line: QuotedLine, *, covers_cost: bool) -> int:
    """What a line of the order may cost at least: its floor or its cost, unless it cost less before."""
    own = order.lines[position]
    floor = (own.floor or 0) * line.quantity
    cost = own.cost or 0 if covers_cost and line.quantity == own.quantity else 0
    return min(max(floor, cost, 0), line.amount)


@settings(max_examples=200, deadline=None)
@given(programs(), carts)
def test_discounts_never_exceed_the_price(program: Program, order: Order) -> None:
    """No line costs less than its floor or than nothing, nor do the goods, nor the shipping."""
    version, wanted = program
    quote = quoted(version, order, *wanted, member=anna())
    covers_cost = version.program.stacking.covers_cost
    for position, line in enumerate(quote.lines):
        assert line.discount >= 0
        floor = 0 if line.added_by is not None else least(order, position, line, covers_cost=covers_cost)
        assert line.amount - line.discount >= floor
        assert all(0 <= units.discount <= units.amount for units in line.units)
    assert 0 <= quote.shipping_discount <= quote.shipping
    nets = net_amounts(order)
    if min(nets) >= 0 or (sum(nets) >= 0 and not any(line.sku == "better" for line in quote.lines)):
        assert quote.subtotal - sum(line.discount for line in quote.lines) >= 0


@settings(max_examples=200, deadline=None)
@given(programs(), carts)
def test_parts_sum_to_the_whole(program: Program, order: Order) -> None:
    """Line by line, unit by unit and reward by reward the discounts are the same sum."""
    version, wanted = program
    quote = quoted(version, order, *wanted, member=anna())
    by_reward = [0] * len(quote.redeemables)
    for line in quote.lines:
        assert sum(part.amount for part in line.discounts) == line.discount
        if line.units:
            assert sum(units.quantity for units in line.units) == line.quantity
            assert sum(units.quantity * units.amount for units in line.units) == line.amount
            assert sum(units.quantity * units.discount for units in line.units) == line.discount
        for part in line.discounts:
            by_reward[part.redeemable] += part.amount
    of_lines = sum(line.discount for line in quote.lines)
    assert of_lines + quote.shipping_discount == quote.discount_total
    given_by_rewards = [one.standing.discount for one in quote.redeemables]
    assert sum(given_by_rewards) == quote.discount_total
    assert sum(by_reward) + quote.shipping_discount == quote.discount_total
    assert all(of_line <= whole for of_line, whole in zip(by_reward, given_by_rewards, strict=True))
    assert sum(line.amount for line in quote.lines) == quote.subtotal
    assert quote.subtotal + quote.shipping - quote.discount_total == quote.total
    assert sum(net_amounts(quote.order)) + quote.order.shipping == quote.total


@settings(max_examples=150, deadline=None)
@given(programs(), carts)
def test_a_cap_of_the_order_holds(program: Program, order: Order) -> None:
    """What rewards take off, but for gifts that they add, is at most the share that is set."""
    version, wanted = program
    if version.program.stacking.most_off is not None:
        quote = quoted(version, order, *wanted, member=anna())
        gifts = sum(
            line.discount for line in quote.lines if line.added_by is not None and line.sku != "better"
        )
        goods = max(sum(net_amounts(order)), 0)
        assert 2 * (quote.discount_total - gifts) <= goods + quote.shipping


@settings(max_examples=150, deadline=None)
@given(programs(), carts)
def test_what_cannot_be_used_changes_nothing(program: Program, order: Order) -> None:
    """A code whose condition does not hold leaves every figure as it was."""
    version, wanted = program
    without = quoted(version, order, *wanted, member=anna())
    refused = quoted(version, order, *wanted, code(version, "never"), member=anna())
    assert refused.redeemables[len(wanted)].standing.reason is Reason.CONDITIONS_NOT_MET
    assert figures(refused) == figures(without)


@settings(max_examples=150, deadline=None)
@given(programs(), carts)
def test_a_line_that_costs_less_than_nothing_is_left_alone(program: Program, order: Order) -> None:
    """A manual discount is never discounted, nor replaced."""
    version, wanted = program
    quote = quoted(version, order, *wanted, member=anna())
    for line, net in zip(quote.lines, net_amounts(order), strict=False):
        if net < 0:
            assert (line.amount, line.discount) == (net, 0)


def figures(quote: Quote) -> object:
    """Everything that a quote says but what became of the codes."""
    lines = [
        (line.id, line.sku, line.quantity, line.amount, line.discount, line.units) for line in quote.lines
    ]
    totals = (quote.subtotal, quote.discount_total, quote.shipping_discount, quote.total)
    return lines, totals, quote.order, quote.earns
