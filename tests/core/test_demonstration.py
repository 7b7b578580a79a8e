"""A program shown on made-up members tells what the program does, and nothing that it was expected to do."""

from __future__ import annotations

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.demonstration import Demonstration, demonstrate

_CASE = """
case: shown
title: A story
program:
  program: shown
  name: Shown
  currency: EUR
  wallets: [{id: points, name: Beans}]
  earning_rules: [{id: base, name: One for each euro, type: per_amount, points: 1, per: 100}]
  rewards: [{id: gift, name: A gift, price: 30, gives: [{type: amount_off, value: 100}]}]
steps:
  - at: 2027-03-01 10:00
    customer: anna
    order: {id: o1, lines: [{sku: a, amount: 2000}], discount: 500}
    expect: {earned: 99}
  - {at: 2027-03-02 10:00, customer: ben, claim: gift}
  - {at: 2027-03-03 10:00, customer: anna, return: {order: o1}}
  - {at: 2027-03-04 10:00, customer: anna}
"""


def _shown() -> Demonstration:
    case = read_case(_CASE)
    assert isinstance(case, Case), case
    return demonstrate(case)


def test_a_story_is_told_with_names_and_balances() -> None:
    """Amounts, names of rules, what a refusal says; what the case expects is not looked at."""
    shown = _shown()
    assert (shown.currency, [each.name for each in shown.wallets]) == ("EUR", ["Beans"])
    order, claim, back, wait = shown.steps
    assert (order.deed, order.amount, order.at) == ("order", 1_500, "2027-03-01T10:00:00Z")
    assert [(each.name, each.wallet, each.points) for each in order.gave] == [
        ("One for each euro", "points", 15)
    ]
    assert order.balances == {"points": 15}
    assert (claim.deed, claim.subject, claim.gave) == ("claim", "A gift", ())
    assert claim.refused is not None
    assert (back.deed, back.balances) == ("return", {"points": 0})
    assert (wait.deed, wait.amount, wait.refused) == ("wait", None, None)
