"""Test cases of marketers: what they say when something is not as expected, or cannot be meant."""

from __future__ import annotations

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import CaseError, CaseReport, run_case

PROGRAM = """
case: cafe
title: A cafe
program:
  program: cafe
  name: Cafe
  time_zone: Europe/Berlin
  wallets: [{id: points, name: Points}]
  earning_rules:
    - {id: base, type: per_amount, points: 1, per: 100}
  tiers:
    metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
    levels: [{id: gold, name: Gold, reach: {spend: 10000}}]
  rewards:
    - {id: two-off, name: 2.00 off, price: 20, gives: [{type: amount_off, value: 200}]}
steps:
"""


def run(steps: str) -> CaseReport:
    case = read_case(PROGRAM + steps)
    assert isinstance(case, Case), case
    return run_case(case)


def said(steps: str, expected: str) -> list[str]:
    """Return what differs where ``EXPECTED`` is this, without the step that it is said of."""
    report = run(steps.replace("EXPECTED", expected))
    return [words.split("): ", 1)[1] for words in report.differences()]


def test_every_difference_in_words() -> None:
    """Each wrong expectation is one sentence with the step, what should be and what is."""
    report = run("""
  - at: 2026-05-01 12:00
    order: {id: o1, lines: [{sku: a, amount: 3000}]}
    expect:
      earned: 31
      awards: {base: 31}
      balance: 29
      available: 30
      pending: 1
      tier: gold
      lots: [{available_at: "2026-05-01", left: 31}]
      refused: insufficient_points
""")
    assert not report.passed
    assert report.differences() == [
        'step 1 (2026-05-01 12:00): expected the refusal "Too few points", but it was no refusal',
        "step 1 (2026-05-01 12:00): earned should be 31 but is 30",
        "step 1 (2026-05-01 12:00): rule base should give 31 points but gives 30",
        "step 1 (2026-05-01 12:00): balance should be 29 but is 30",
        "step 1 (2026-05-01 12:00): pending should be 1 but is 0",
        "step 1 (2026-05-01 12:00): 31 points from 2026-05-01 should be left but 30 are",
        "step 1 (2026-05-01 12:00): the tier should be Gold but is none",
    ]


def test_lots_that_differ_are_said_by_their_dates() -> None:
    """Points that should not be there, those that are missing, and lots in other parts are told apart."""
    bought = """
  - at: 2026-05-01 12:00
    order: {id: o1, lines: [{sku: a, amount: 3000}]}
    expect: {lots: [EXPECTED]}
"""

    assert said(bought, '{available_at: "2026-05-01", left: 30}') == []
    assert said(bought, '{available_at: "2026-05-01", expires_at: "2027-01-01", left: 30}, {left: 5}') == [
        "30 points from 2026-05-01 until 2027-01-01 should be left but 0 are",
        "5 points that wait for their order should be left but 0 are",
        "0 points from 2026-05-01 should be left but 30 are",
    ]
    assert said(bought, '{expires_at: "2027-01-01", left: 4}, {available_at: "2026-05-01", left: 30}') == [
        "4 points that wait for their order until 2027-01-01 should be left but 0 are",
    ]
    assert said(bought, ", ".join(['{available_at: "2026-05-01", left: 15}'] * 2)) == [
        "the lots hold what they should, but in another order or in other parts",
    ]


def test_gifts_that_differ_are_said_field_by_field() -> None:
    """How many gifts there are, and each field that a case speaks of; the others are not looked at."""
    claimed = """
  - {at: 2026-05-01 12:00, order: {id: o1, lines: [{sku: a, amount: 3000}]}}
  - at: 2026-05-02 12:00
    claim: two-off
    as: v
    expect: {gives: [EXPECTED]}
"""

    assert said(claimed, "{kind: voucher, amount: 200}") == []
    assert said(claimed, "{kind: voucher, amount: 300, expires_at: 2027-01-01}, {kind: badge}") == [
        "the number of gifts should be 2 but is 1",
        "gift 1: amount should be 300 but is 200",
        "gift 1: expiry should be 2027-01-01 but is none",
    ]
    assert said(claimed, "{kind: badge, name: starter}") == [
        "gift 1: kind should be badge but is voucher",
        "gift 1: name should be starter but is none",
    ]


def test_an_unexpected_refusal_is_a_difference() -> None:
    """A claim that is refused without being expected to says why."""
    report = run("""
  - {at: 2026-05-01 12:00, join: true}
  - {at: 2026-05-01 12:01, claim: two-off}
""")
    (difference,) = report.differences()
    assert difference.startswith(
        'step 2 (2026-05-01 12:01): expected no refusal, but it was the refusal "Too few points" ('
    )


def test_returns_transfers_and_corrections() -> None:
    """A return takes back its part, a transfer moves points, a correction changes the balance."""
    report = run("""
  - at: 2026-05-01 12:00
    customer: ann
    order: {id: o1, lines: [{id: x, sku: a, amount: 10000, quantity: 4}]}
    expect: {earned: 100, tier: gold, tier_until: "2028-01-01"}
  - {at: 2026-05-01 12:00, customer: bob, join: true, expect: {tier: null}}
  - at: 2026-05-02 12:00
    customer: ann
    return: {order: o1, lines: {x: 1}}
    expect: {taken_back: 25, balance: 75, tier: gold}
  - at: 2026-05-03 12:00
    customer: ann
    transfer: {to: bob, points: 30}
    expect: {balance: 45, others: {bob: {balance: 30, tier: null}}}
  - {at: 2026-05-04 12:00, customer: bob, adjust: {points: -10}, expect: {balance: 20}}
  - {at: 2026-05-05 12:00, customer: ann, cancel: o1, expect: {taken_back: 45, balance: 0, shortfall: 30}}
""")
    assert report.differences() == []


def test_tier_floor_and_attributes() -> None:
    """Staff may set the floor of a tier; lifted, the tier lasts to the end of its term."""
    report = run("""
  - {at: 2026-05-01 12:00, attributes: {country: DE}}
  - {at: 2026-05-01 12:01, join: true}
  - {at: 2026-05-02 12:00, assign_tier: gold, expect: {tier: gold}}
  - {at: 2026-05-03 12:00, assign_tier: null, expect: {tier: gold}}
  - {at: 2027-12-31 23:59, expect: {tier: gold}}
  - {at: 2028-01-01, expect: {tier: null}}
""")
    assert report.differences() == []


def test_consents_are_read_by_conditions() -> None:
    """What is given counts from then on, what is named no more is withdrawn; a misspelled one is refused."""
    asking = PROGRAM.replace(
        "points: 1, per: 100}",
        "points: 1, per: 100, when: {fact: member.consents, contains: email.marketing}}",
    )
    steps = """
  - {at: 2026-05-01 12:00, order: {id: o1, lines: [{sku: a, amount: 1000}]}, expect: {earned: 0}}
  - {at: 2026-05-01 13:00, consents: [email.marketing, sms.news]}
  - {at: 2026-05-01 14:00, order: {id: o2, lines: [{sku: a, amount: 1000}]}, expect: {earned: 10}}
  - {at: 2026-05-01 15:00, consents: [sms.news]}
  - {at: 2026-05-01 16:00, order: {id: o3, lines: [{sku: a, amount: 1000}]}, expect: {earned: 0}}
"""
    case = read_case(asking + steps)
    assert isinstance(case, Case), case
    assert run_case(case).differences() == []
    with pytest.raises(CaseError, match="is no channel and purpose"):
        run("""
  - {at: 2026-05-01 12:00, consents: [emial.marketing]}
""")


def test_rfc_3339_times() -> None:
    """A time with an offset is that instant; one without is local: 23:30 in London is already May here."""
    report = run("""
  - at: "2026-04-30T22:30:00Z"
    order: {id: o1, lines: [{sku: a, amount: 100}]}
    expect: {lots: [{available_at: "2026-05-01", left: 1}]}
""")
    assert report.differences() == []


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{at: someday}", "'someday' is no time"),
        ("{at: 2026-05-01, cancel: o9}", "step 1: there is no order 'o9'"),
        ("{at: 2026-05-01, publish: {wallets: 5}}", "step 1: wallets: "),
        (
            "{at: 2026-05-01, switch: {off: {kind: rule, id: nothing}}}",
            "step 1: the program has no rule nothing",
        ),
        ("{at: 2026-05-01, switch: {on: {kind: everything}}}", "step 1: everything is not off"),
        ("{at: 2026-05-01, switch: {off: {kind: rule}}}", "step 1: only a part of the program has an id"),
        ("{at: 2026-05-01, switch: {}}", "step 1: a switch goes either off or on"),
    ],
)
def test_what_a_case_cannot_mean(step: str, words: str) -> None:
    """Names and times that do not exist are errors of the case, not differences."""
    with pytest.raises(CaseError, match=words):
        run(f"  - {step}")


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        (PROGRAM + "  - {at: 2026-05-01, cancel: o1, fulfill: o1}", "steps[0]", "one_deed"),
        (
            PROGRAM.replace("points: 1,", "points: many,") + "  []",
            "program.earning_rules[0].points",
            "wrong_type",
        ),
        (
            PROGRAM.replace("Europe/Berlin", "Europe/Atlantis") + "  []",
            "program.time_zone",
            "unknown_time_zone",
        ),
        ("case: [", "", "syntax"),
    ],
)
def test_problems_of_the_file(text: str, path: str, code: str) -> None:
    """What is wrong with a file is found with its path before anything runs."""
    found = read_case(text)
    assert isinstance(found, list)
    assert (found[0].path, found[0].code) == (path, code)


CHECKOUT = """
case: cafe
title: A cafe with a checkout
program:
  program: cafe
  name: Cafe
  time_zone: Europe/Berlin
  wallets: [{id: points, name: Points, pays: {points: 1, amount: 10}}]
  earning_rules:
    - {id: base, type: per_amount, points: 1, per: 100}
  rewards:
    - {id: two-off, name: 2.00 off, price: 20, gives: [{type: amount_off, value: 200}]}
    - {id: ten, name: 10 % off, codes: {shared: TEN}, gives: [{type: percent_off, percent: "10"}]}
    - {id: card, name: A card, price: 50, gives: [{type: gift_card, value: 1000}]}
    - {id: pool, name: 1.00 off, codes: {uses: 2}, gives: [{type: amount_off, value: 100}]}
steps:
  - {at: 2026-05-01 12:00, order: {id: o0, lines: [{sku: a, amount: 10000}]}, expect: {balance: 100}}
"""


def check_out(steps: str) -> CaseReport:
    case = read_case(CHECKOUT + steps)
    assert isinstance(case, Case), case
    return run_case(case)


def test_a_checkout_from_claim_to_return() -> None:
    """Claimed, quoted, held, redeemed, paid for and returned: every figure is said and compared."""
    report = check_out("""
  - {at: 2026-05-02 12:00, claim: two-off, as: v1, expect: {balance: 80}}
  - {at: 2026-05-02 12:01, claim: card, as: c1, expect: {balance: 30, cards: {c1: 1000}}}
  - at: 2026-05-02 12:02
    quote: {lines: [{id: l1, sku: a, amount: 4000}], shipping: 500, codes: [TEN, v1, c1, NO], points: 20}
    expect:
      discount: 600
      shipping_discount: 0
      total: 3900
      to_pay: 2700
      lines: {l1: 600}
      applied: [v1, TEN]
      not_applied: {NO: unknown}
      points_paid: 20
      earns: 34
      balance: 30
      cards: {c1: 1000}
  - at: 2026-05-02 12:03
    hold:
      {id: h1, order: o1, seconds: 60, lines: [{id: l1, sku: a, amount: 4000}], codes: [v1, c1], points: all}
    expect: {total: 3800, to_pay: 2500, balance: 0, held: 30, cards: {c1: 0}}
  - {at: "2026-05-02 12:03:59", redeem_hold: h1, expect: {to_pay: 2500, held: 0}}
  - {at: 2026-05-02 12:05, order: {id: o1, redemption: h1}, expect: {earned: 38}}
  - {at: 2026-05-03 12:00, return: {order: o1}, expect: {taken_back: 38, balance: 30, cards: {c1: 1000}}}
  - {at: 2026-05-03 12:01, quote: {lines: [{sku: a, amount: 500}], codes: [v1]}, expect: {applied: [v1]}}
""")
    assert report.differences() == []


def test_holds_end_by_themselves_and_guests_have_carts() -> None:
    """A hold gives back when its time is over; a guest may use a code of whoever has it, so often."""
    report = check_out("""
  - {at: 2026-05-02 12:00, voucher: {reward: pool, as: p1}}
  - at: 2026-05-02 12:01
    guest: true
    hold: {id: h1, seconds: 600, lines: [{sku: a, amount: 500}], codes: [p1]}
    expect: {to_pay: 400}
  - at: 2026-05-02 12:02
    guest: true
    redeem: {id: r1, lines: [{sku: a, amount: 500}], codes: [p1]}
    expect: {to_pay: 400}
  - at: 2026-05-02 12:03
    quote: {lines: [{sku: a, amount: 500}], codes: [p1]}
    expect: {not_applied: {p1: used_up}}
  - {at: "2026-05-02 12:11:00", quote: {lines: [{sku: a, amount: 500}], codes: [p1]}, expect: {applied: [p1]}}
  - {at: 2026-05-02 12:12, guest: true, redeem_hold: h1, expect: {refused: hold_over}}
  - {at: 2026-05-02 12:13, roll_back: {redemption: r1}}
  - {at: 2026-05-02 12:14, roll_back: {redemption: r1}, expect: {refused: nothing_to_roll_back}}
  - at: 2026-05-02 12:15
    redeem: {id: r2, lines: [{sku: a, amount: 500}], expects: 400}
    expect: {refused: price_changed}
""")
    assert report.differences() == []


def test_every_difference_of_a_checkout_in_words() -> None:
    """Each wrong figure is one sentence with what should be and what is."""
    report = check_out("""
  - at: 2026-05-02 12:02
    quote: {lines: [{id: l1, sku: a, amount: 4000}], shipping: 500, codes: [TEN], points: 20}
    expect:
      discount: 1
      shipping_discount: 1
      total: 1
      to_pay: 1
      lines: {l1: 1}
      applied: []
      not_applied: {TEN: expired}
      points_paid: 1
      earns: 1
  - {at: 2026-05-02 12:03, expect: {discount: 5}}
""")
    said = [words.split(": ", 1)[1] for words in report.differences()]
    assert said == [
        "the discount should be 1 but is 400",
        "the discount on shipping should be 1 but is 0",
        "the total should be 1 but is 4100",
        "what is left to pay should be 1 but is 3900",
        "the discount of line l1 should be 1 but is 400",
        "nothing should be applied, but it is TEN",
        "what is not applied should be {'TEN': 'expired'} but is {}",
        "points that pay should be 1 but is 20",
        "what it would earn should be 1 but is 36",
        "there is no cart, and so no discount",
    ]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{redeem_hold: h9}", "there is no hold or redemption 'h9'"),
        ("{voucher: {reward: ten, as: v}}", "reward 'ten' has no codes of its own"),
        ("{voucher: {reward: none, as: v}}", "the program has no reward 'none'"),
        ("{quote: {lines: [], rewards: [none]}}", "the program has no reward 'none'"),
        ("{quote: {lines: [], points: {stars: 5}}}", "points of 'stars' do not pay for orders"),
        ("{order: {id: o1, redemption: r9}}", "there is no hold or redemption 'r9'"),
        ("{expect: {cards: {c9: 5}}}", "there is no gift card 'c9'"),
    ],
)
def test_what_a_checkout_cannot_mean(step: str, words: str) -> None:
    """Names that do not exist are errors of the case."""
    with pytest.raises(CaseError, match=words):
        check_out(f"  - {step.replace('{', '{at: 2026-05-02, ', 1)}")


@pytest.mark.parametrize(
    ("step", "path", "code"),
    [
        ("{guest: true, claim: two-off}", "steps[1].guest", "not_a_guests"),
        ("{as: v1, fulfill: o0}", "steps[1].as", "no_voucher"),
        ("{order: {id: o1}}", "steps[1].order", "lines_or_redemption"),
    ],
)
def test_problems_of_a_checkout_step(step: str, path: str, code: str) -> None:
    """What does not go together in one step is found before anything runs."""
    found = read_case(f"{CHECKOUT}  - {step.replace('{', '{at: 2026-05-02, ', 1)}")
    assert isinstance(found, list)
    assert [(problem.path, problem.code) for problem in found] == [(path, code)]


def test_who_brings_an_order() -> None:
    """A case says which key and which till an order comes from, and conditions may ask."""
    rule = """
    - {id: till, type: fixed, points: 5, when: {fact: redeemer.device, is: t7}}
"""
    reward = """
    - id: web
      name: 1.00 off
      gives: [{type: amount_off, value: 100}]
      codes: {shared: WEB}
      usable_when: {fact: redeemer.key, is: web}
"""
    document = PROGRAM.replace("\n  tiers:", rule.rstrip() + "\n  tiers:").replace(
        "\nsteps:", reward.rstrip() + "\nsteps:"
    )
    case = read_case(
        document
        + """
  - at: 2026-05-01 12:00
    order: {id: o1, lines: [{sku: a, amount: 100}], redeemer: {key: web, device: t7}}
    expect: {awards: {base: 1, till: 5}}
  - at: 2026-05-01 13:00
    order: {id: o2, lines: [{sku: a, amount: 100}], redeemer: {staff: ana@shop.test, role: cashier}}
    expect: {awards: {base: 1}}
  - at: 2026-05-01 14:00
    quote: {lines: [{sku: a, amount: 500}], codes: [WEB], redeemer: {key: web}}
    expect: {discount: 100}
  - at: 2026-05-01 15:00
    quote: {lines: [{sku: a, amount: 500}], codes: [WEB]}
    expect: {not_applied: {WEB: conditions_not_met}}
"""
    )
    assert isinstance(case, Case), case
    assert run_case(case).differences() == []


WAITING = PROGRAM.replace(
    "  rewards:",
    """  rewards:
    - id: seat
      name: A seat
      price: 20
      gives: [{type: physical, sku: seat, stock: 1}]
      waiting_list: {places: 2, when_unable: %s}""",
)


def waiting(when_unable: str, steps: str) -> list[str]:
    """Play steps with a reward of which there is one; each member has 30 points. Return what differs."""
    rich = "".join(
        f"""
  - at: 2026-05-01 12:0{number}
    customer: {name}
    order: {{id: o-{name}, lines: [{{sku: a, amount: 3000}}]}}"""
        for number, name in enumerate(("anna", "ben", "cleo", "dora"))
    )
    case = read_case(WAITING % when_unable + rich + steps)
    assert isinstance(case, Case), case
    return run_case(case).differences()


LINE = """
  - {at: 2026-05-02 12:00, customer: anna, wait: seat, expect: {refused: nothing_to_wait_for}}
  - {at: 2026-05-02 12:01, customer: anna, claim: seat, expect: {balance: 10}}
  - {at: 2026-05-02 12:02, customer: ben, wait: seat, expect: {waiting: {seat: 1}}}
  - {at: 2026-05-02 12:03, customer: cleo, wait: seat, expect: {waiting: {seat: 2}, balance: 30}}
  - {at: 2026-05-02 12:04, customer: dora, wait: seat, expect: {refused: line_full, waiting: {seat: 0}}}
"""
ANOTHER = """
  - {at: 2026-05-03 12:00, customer: %s, publish: {rewards: [{id: seat, name: A seat, price: 20,
     gives: [{type: physical, sku: seat, stock: 2}], waiting_list: {places: 2, when_unable: %s}}]},
     expect: %s}
"""


def test_what_comes_free_goes_to_the_first_in_line() -> None:
    """One more seat: the first who waits has paid for it at once, and nobody else can claim it."""
    more = ANOTHER % (
        "ben",
        "leave",
        "{balance: 10, waiting: {seat: 0}, others: {cleo: {waiting: {seat: 1}}}}",
    )
    after = """
  - {at: 2026-05-03 13:00, customer: cleo, leave: seat, expect: {waiting: {seat: 0}, balance: 30}}
  - {at: 2026-05-03 14:00, customer: dora, wait: seat, expect: {waiting: {seat: 1}}}
"""
    assert waiting("leave", LINE + more + after) == []


@pytest.mark.parametrize(("when_unable", "place"), [("leave", 0), ("stay", 1)])
def test_who_cannot_pay_is_passed_over(when_unable: str, place: int) -> None:
    """The second in line gets it; the first keeps the place or loses it, and has it once there is another."""
    poor = """
  - {at: 2026-05-02 13:00, customer: ben, claim: two-off, expect: {balance: 10}}
"""
    expected = f"{{balance: 10, waiting: {{seat: 0}}, others: {{ben: {{waiting: {{seat: {place}}}}}}}}}"
    assert waiting(when_unable, LINE + poor + ANOTHER % ("cleo", when_unable, expected)) == []


def test_a_place_in_line_that_differs_is_said() -> None:
    """As every other difference; and what nobody can wait for is a mistake of the case."""
    wrong = LINE.replace("waiting: {seat: 1}", "waiting: {seat: 2}")
    assert waiting("leave", wrong) == [
        "step 7 (2026-05-02 12:02): the place in line of A seat (seat) should be 2 but is 1"
    ]
    with pytest.raises(CaseError, match="nobody can wait for reward 'two-off'"):
        waiting("leave", "\n  - {at: 2026-05-02 12:00, customer: anna, wait: two-off}")
