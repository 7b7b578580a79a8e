"""Cases in which people live together: they share points, and what else their program pools."""

from __future__ import annotations

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import CaseError, CaseReport, run_case

CAFE = """
case: cafe
title: A cafe
program:
  program: cafe
  name: Cafe
  time_zone: Europe/Berlin
  wallets: [{id: points, name: Points, expiry: {type: rolling, after: {days: 30}}}]
  declarations: {events: {review.posted: {}}}
  earning_rules:
    - {id: base, type: per_amount, points: 1, per: 100}
    - {id: review, type: fixed, trigger: review.posted, points: 5, limits: [{times: 1}]}
  tiers:
    lasts: period
    metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
    levels: [{id: gold, name: Gold, reach: {spend: 10000}}]
POOL
steps:
"""
ENTER = """
  - {at: 2026-05-01 09:00, customer: anna, order: {id: a1, lines: [{sku: tea, amount: 6000}]}}
  - {at: 2026-05-01 09:00, customer: ben, order: {id: b1, lines: [{sku: tea, amount: 5000}]}}
  - {at: 2026-05-02 09:00, customer: anna, household: home, expect: {balance: 60}}
  - at: 2026-05-02 09:00
    customer: ben
    household: home
    expect: {balance: 110, others: {anna: {balance: 110}}}
"""
OWES = """
  - {at: 2026-05-02 10:00, customer: cora, order: {id: c1, lines: [{sku: tea, amount: 900}]}}
  - {at: 2026-05-02 10:00, customer: cora, adjust: {points: -9}}
  - {at: 2026-05-02 10:00, customer: cora, return: {order: c1}}
  - {at: 2026-05-02 10:00, customer: cora, household: home}
"""


def run(steps: str, pool: str = "") -> CaseReport:
    """Play steps, in which ``pool`` is what the program says of households."""
    case = read_case(CAFE.replace("POOL", pool) + steps)
    assert isinstance(case, Case), case
    return run_case(case)


@pytest.mark.parametrize(
    ("pool", "tier", "second"), [("", "null", 5), ("  pool: wallets", "null", 5), ("  pool: all", "gold", 0)]
)
def test_what_people_of_a_household_share(pool: str, tier: str, second: int) -> None:
    """Points always; where the program says so, a tier by 60.00 and 50.00, and the one review that counts."""
    report = run(
        ENTER
        + f"""
  - at: 2026-05-03 09:00
    customer: anna
    event: {{type: review.posted}}
    expect: {{earned: 5, tier: {tier}, others: {{ben: {{tier: {tier}}}}}}}
  - at: 2026-05-03 10:00
    customer: ben
    event: {{type: review.posted}}
    expect: {{earned: {second}}}
""",
        pool,
    )
    assert report.differences() == []


def test_who_leaves_goes_without_points_and_with_their_figures() -> None:
    """Neither 60.00 nor 50.00 keep gold; a return of an order from before takes from who has its points."""
    report = run(
        ENTER
        + """
  - at: 2026-05-04 09:00
    customer: ben
    household: null
    expect: {balance: 0, tier: null, others: {anna: {balance: 110, tier: null}}}
  - at: 2026-05-05 09:00
    customer: ben
    return: {order: b1}
    expect: {taken_back: 50, balance: 0, others: {anna: {balance: 60}}}
  - at: 2026-05-06 09:00
    customer: ben
    order: {id: b2, lines: [{sku: tea, amount: 10000}]}
    expect: {balance: 100, tier: gold, others: {anna: {balance: 60, tier: null}}}
""",
        "  pool: all",
    )
    assert report.differences() == []


def test_time_is_that_of_everybody_who_lives_there() -> None:
    """What Ben brought expires at its time, whoever of the two does something next, and after he has left."""
    report = run(
        ENTER
        + """
  - {at: 2026-05-20 09:00, customer: ben, household: null}
  - {at: 2026-06-02 09:00, customer: anna, expect: {balance: 0}}
"""
    )
    assert report.differences() == []


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (
            "  - {at: 2026-05-02 10:00, customer: ben, household: other}\n",
            "step 5: the customer lives in 'home' and has to leave it first",
        ),
        (
            OWES,
            "step 8: the customer owes points and cannot enter a household",
        ),
    ],
)
def test_what_a_household_refuses(steps: str, words: str) -> None:
    """As the calls do: two households at once, and somebody who owes points."""
    with pytest.raises(CaseError) as refused:
        run(ENTER + steps)
    assert str(refused.value) == words


FRIENDS = """
case: friends
title: Friends who live together
program:
  program: cafe
  name: Cafe
  wallets: [{id: points, name: Points}]
  referrals:
    offers:
      - id: friends
        name: Friends
        OFFER
        advocate: {gets: {gives: [{type: points, points: 100}]}}
        converts: {on: order}
        waits: {days: 7}
steps:
  - {at: 2026-05-01 09:00, customer: anna, join: true}
  - {at: 2026-05-01 09:00, customer: anna, household: home}
"""


@pytest.mark.parametrize(("offer", "state"), [("", "rejected"), ("same_household: true", "converted")])
@pytest.mark.parametrize("moves_in_first", [True, False])
def test_a_household_refers_itself_only_where_the_offer_says_so(
    offer: str, state: str, moves_in_first: bool
) -> None:
    """As on the live path: looked at when somebody is referred, and again before anything is given."""
    moves = "  - {at: 2026-05-02 09:00, customer: ben, household: home}\n"
    refers = "  - {at: 2026-05-02 09:00, customer: anna, refer: {friend: ben}}\n"
    lines = "[{sku: tea, amount: 900}]"
    buys = f"  - {{at: 2026-05-03 09:00, customer: ben, order: {{id: b1, lines: {lines}}}}}\n"
    reason, points = ("same_household", 0) if state == "rejected" else ("null", 100)
    end = f"""
  - at: 2026-05-20 09:00
    customer: ben
    expect: {{referral: {state}, referral_reason: {reason}, others: {{anna: {{balance: {points}}}}}}}
"""
    steps = moves + refers + buys if moves_in_first else refers + buys + moves.replace("05-02", "05-04")
    case = read_case(FRIENDS.replace("OFFER", offer) + steps + end)
    assert isinstance(case, Case), case
    report = run_case(case)
    assert report.differences() == []
