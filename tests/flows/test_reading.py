"""What the API shows: customers, orders, explanations."""

from __future__ import annotations

import pytest

from perennial.flows.commands import AssignTier
from perennial.flows.explaining import explain_order
from perennial.flows.order_views import read_order
from perennial.flows.reading import MissingView, read_customer
from perennial.units import parse_instant
from tests.flows.shop import START, Shop

TIERS = """
program: points
name: Points
time_zone: UTC
wallets:
  - {id: points, name: Points, expiry: {type: rolling, after: {days: 30}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - id: big
    type: fixed
    points: 50
    when: {fact: order.total, at_least: 20000}
tiers:
  metrics:
    - {id: spend, measure: orders.net, window: {calendar: year}}
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
    - {id: silver, name: Silver, reach: {spend: 50000}, multiplier: {by: "1.5"}}
rewards:
  - {id: five-off, name: 5.00 off, price: 100, gives: [{type: amount_off, value: 500}]}
"""


async def test_a_customer_shows_balances_tiers_and_what_is_missing(shop: Shop) -> None:
    """300.00 of 500.00 spent: 200.00 to silver; the points expire 30 days later at midnight."""
    await shop.publish(TIERS)
    await shop.order("o1", "c1", 30_000)
    view = await read_customer(shop.handler, shop.workspace_id, "c1")
    (wallet,), (membership,) = view.wallets, view.memberships
    assert (wallet.available, wallet.earned) == (350, 350)
    assert wallet.expiring_next is not None
    assert (wallet.expiring_next.points, wallet.expiring_next.at) == (350, "2026-04-02T00:00:00Z")
    assert membership.tier == "bronze"
    assert membership.progress is not None
    (silver,) = membership.progress.higher
    assert silver.tier == "silver"
    assert silver.missing == (
        MissingView(
            metric="spend", figure=30_000, needed=50_000, missing=20_000, measure="orders.net", currency="USD"
        ),
    )


@pytest.mark.parametrize(
    ("metric", "measure", "decimals"),
    [
        ("balance: points", None, 2),
        ("measure: points.earned", "points.earned", 2),
        ("measure: points.earned, wallet: stamps", "points.earned", 0),
        ("measure: orders.count", "orders.count", 0),
    ],
)
async def test_what_is_missing_says_what_it_counts(
    shop: Shop, metric: str, measure: str | None, decimals: int
) -> None:
    """Points have the decimals of their wallet, the first one where none is named; a number has none."""
    await shop.publish(f"""
program: points
name: Points
wallets: [{{id: points, name: Points, decimals: 2}}, {{id: stamps, name: Stamps}}]
tiers:
  lasts: life
  metrics: [{{id: counted, {metric}}}]
  levels: [{{id: silver, name: Silver, reach: {{counted: 500}}}}]
""")
    await shop.order("o1", "c1", 30_000)
    (membership,) = (await read_customer(shop.handler, shop.workspace_id, "c1")).memberships
    assert membership.progress is not None
    (missing,) = membership.progress.higher[0].missing
    assert (missing.measure, missing.currency, missing.decimals) == (measure, None, decimals)


async def test_a_tier_that_waits_or_is_in_grace_says_so(shop: Shop) -> None:
    """Silver is reached in March and begins with April; what keeps it in May is a grace of five days."""
    terms = "  start: next_period\n  lasts: period\n  grace: {days: 5}\nrewards:"
    await shop.publish(TIERS.replace("calendar: year", "calendar: month").replace("rewards:", terms))
    await shop.order("o1", "c1", 60_000)
    seen = []
    for day in ("2026-03-02", "2026-04-02", "2026-05-02", "2026-05-07"):
        await shop.advance(parse_instant(f"{day}T12:00:00Z"))
        (membership,) = (await read_customer(shop.handler, shop.workspace_id, "c1")).memberships
        assert membership.progress is not None
        seen.append((membership.tier, membership.progress.begins, membership.progress.in_grace))
    assert seen == [
        ("bronze", "2026-04-01T00:00:00Z", False),
        ("silver", None, False),
        ("silver", None, True),
        ("bronze", None, False),
    ]


async def test_a_tier_that_there_is_not_names_the_field(shop: Shop) -> None:
    """A floor of an unknown tier is refused, with the path of the field."""
    await shop.publish(TIERS)
    await shop.order("o1", "c1", 100)
    refused = await shop.refuse(
        AssignTier(
            id="a1", customer="c1", at=START, program="points", tier="gold", reason="press", actor="me"
        )
    )
    assert [(refused.code, each.path) for each in refused.errors] == [("tier_unknown", "$.tier")]


async def test_an_order_is_explained_rule_by_rule(shop: Shop) -> None:
    """What fired has its numbers, what did not has the value that said no; the sum is what was posted."""
    await shop.publish(TIERS)
    await shop.order("o1", "c1", 10_050)
    explained = await explain_order(shop.handler, shop.workspace_id, "o1")
    decision = next(each for each in explained.decisions if each.trigger == "order.paid")
    base, big = decision.explanation.rules
    assert (base.fired, base.points) == (True, 100)
    assert not big.fired
    assert "10050" in big.words.replace(",", "").replace(".", "")
    order = await read_order(shop.handler, shop.workspace_id, "o1")
    assert b'"points":100' in bytes(order.answer)
