"""What must be right about a program beyond types."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.document.program_cost import MAX_COST, worst_case
from perennial.core.validation.validation import check_agreement, validate

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))

BASE = """
program: points
name: Points
currency: EUR
time_zone: Europe/Berlin
wallets:
  - {id: points, name: Points}
declarations:
  member: {mood: {type: text, values: [good, bad]}}
  events:
    review.posted: {attributes: {rating: {type: integer}, text: {type: text}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
"""

TIERS = """
tiers:
  metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
  levels:
    - {id: silver, name: Silver, reach: {spend: 1000}}
    - {id: gold, name: Gold, reach: {spend: 5000}}
"""


def read(text: str) -> Program:
    """Read a document whose types are right."""
    program = read_program(text)
    assert isinstance(program, Program), program
    return program


def found(text: str) -> list[tuple[str, str]]:
    """Return the path and code of every problem of a document whose types are right."""
    return [(problem.path, problem.code) for problem in validate(read(text))]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_published(path: Path) -> None:
    """The example programs have no problems and cost little."""
    program = read(path.read_text())
    assert validate(program) == []
    assert worst_case(program) < MAX_COST // 100


def test_the_program_of_the_reference_can_be_published() -> None:
    """What people copy from the documentation works."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "program.md").read_text()
    document = page.split("```yaml\n")[1].split("```")[0]
    assert validate(read(document)) == []


def test_the_base_documents_of_these_tests_are_valid() -> None:
    """Each problem below comes from the line that its test adds, and from nothing else."""
    assert found(BASE) == []
    assert found(BASE + TIERS) == []


@pytest.mark.parametrize(
    ("line", "path", "code"),
    [
        ("{id: base, type: fixed, points: 1}", "id", "duplicate_id"),
        ("{id: x, type: fixed, points: 1, wallet: stamps}", "wallet", "unknown_reference"),
        ("{id: x, type: fixed, points: 1, trigger: review.post}", "trigger", "unknown_reference"),
        ("{id: x, type: fixed, points: 1, trigger: order.returned}", "trigger", "unknown_reference"),
        ("{id: x, type: fixed, points: 1, shared_limits: [all]}", "shared_limits[0]", "unknown_reference"),
        ("{id: x, type: fixed, points: 1, tiers: {gold: 2}}", "tiers.gold", "unknown_reference"),
        ("{id: x, type: fixed, points: 1, cooldown: {}}", "cooldown", "empty_span"),
        ("{id: x, type: fixed, points: 1, limits: [{every: day}]}", "limits[0]", "points_or_times"),
        ("{id: x, type: fixed, points: 1, limits: [{points: 1, times: 1}]}", "limits[0]", "points_or_times"),
        ("{id: x, type: fixed, points: 1, limits: [{times: 0}]}", "limits[0]", "limit_of_nothing"),
        ("{id: x, type: fixed, points: 1, limits: [{discount: 9}]}", "limits[0].discount", "points_or_times"),
        ("{id: x, type: fixed, points: 1, limits: [{customers: 9}]}", "limits[0].per", "customers_in_total"),
        (
            "{id: x, type: fixed, points: 1, limits: [{per: total, customers: 9, at_cap: cut}]}",
            "limits[0].at_cap",
            "cannot_be_cut",
        ),
        (
            "{id: x, type: fixed, points: 1, limits: [{per: attribute, times: 1}]}",
            "limits[0].attribute",
            "attribute_needed",
        ),
        (
            "{id: x, type: fixed, points: 1, limits: [{per: attribute, attribute: no, times: 1}]}",
            "limits[0].attribute",
            "unknown_reference",
        ),
        (
            "{id: x, type: fixed, points: 1, trigger: review.posted, limits: [{per: location, times: 1}]}",
            "limits[0].per",
            "no_location",
        ),
        (
            "{id: x, type: fixed, points: 1, trigger: review.posted, limits: [{order_value: 1}]}",
            "limits[0].order_value",
            "points_or_times",
        ),
        ("{id: x, type: fixed, points: 1, schedule: {starts: soon}}", "schedule.starts", None),
        ("{id: x, type: fixed, points: 1, schedule: {starts: 2026-03-02, ends: 2026-03-01}}", None, None),
        ("{id: x, type: fixed, points: 1, schedule: {rrule: FREQ=NEVER}}", "schedule.rrule", None),
        (
            "{id: x, type: fixed, points: 1, when: {fact: order.totl, at_least: 1}}",
            "when.fact",
            "unknown_fact",
        ),
        ("{id: x, type: fixed, points: 1, when: {fact: order.total, is: much}}", "when.is", "wrong_type"),
        ("{id: x, type: fixed, points: 1, when: {fact: event.rating, is: 5}}", "when.fact", None),
        (
            "{id: x, type: fixed, points: 1, trigger: review.posted, when: {fact: event.text, more_than: 4}}",
            "when.more_than",
            "wrong_type",
        ),
        (
            "{id: x, type: fixed, points: 1, trigger: review.posted, when: {fact: order.total, at_least: 4}}",
            "when.fact",
            "fact_not_here",
        ),
        (
            "{id: x, type: fixed, points: 1, trigger: review.posted, lines: {fact: line.sku, is: a}}",
            "lines",
            "no_lines",
        ),
        ("{id: x, type: per_amount, points: 1, per: 1, trigger: member.joined}", "trigger", "no_lines"),
        (
            "{id: x, type: per_amount, points: 1, per: 1, lines: {fact: line.sk, is: a}}",
            "lines.fact",
            "unknown_fact",
        ),
        (
            "{id: x, type: per_value, points: 1, attribute: text, trigger: review.posted}",
            "attribute",
            "no_number",
        ),
        (
            (
                "{id: x, type: fixed, points: 1, "
                "when: {history: orders.net, window: {last: {hours: 3}}, at_least: 1}}"
            ),
            "when.window.last",
            "bad_window",
        ),
        (
            "{id: x, type: fixed, points: 1, when: {fact: member.mood, is: angry}}",
            "when.is",
            "unknown_value",
        ),
    ],
)
def test_a_rule_that_cannot_work_is_named(line: str, path: str | None, code: str | None) -> None:
    """What a rule refers to exists, and its condition, schedule and limits can hold."""
    problems = found(f"{BASE}  - {line}\n")
    assert problems
    assert all(problem[0].startswith("earning_rules[1]") for problem in problems)
    if path is not None:
        assert problems[0][0] == f"earning_rules[1].{path}"
    if code is not None:
        assert problems[0][1] == code


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("currency: EUR", "currency: EUX", "currency", "unknown_currency"),
        ("currency: EUR", 'currency: EUR\nrates: {USD: "0"}', "rates.USD", "rate_of_nothing"),
        ("currency: EUR", 'currency: EUR\nrates: {EUR: "1"}', "rates.EUR", "own_currency"),
        ("currency: EUR", 'currency: EUR\nrates: {ABC: "1"}', "rates.ABC", "unknown_currency"),
        ("Europe/Berlin", "Europe/Berlim", "time_zone", "unknown_time_zone"),
        ("Europe/Berlin", "localtime", "time_zone", "unknown_time_zone"),
        ("Europe/Berlin", "../etc/passwd", "time_zone", "unknown_time_zone"),
        ("currency: EUR", "currency: EUR\nstarts: yesterday", "starts", "bad_moment"),
        ("currency: EUR", "currency: EUR\nends: 2026-02-30", "ends", "bad_moment"),
        ("currency: EUR", "currency: EUR\nstarts: 2026-03-01\nends: 2026-02-28", "ends", "ends_before_start"),
        ("name: Points}", "name: Points}\n  - {id: points, name: P}", "wallets[1].id", "duplicate_id"),
        ("name: Points}", "name: Points}\n  - {id: b, name: B}", "earning_rules[0].wallet", "wallet_needed"),
        (
            "name: Points}",
            "name: Points, expiry: {type: rolling, after: {}}}",
            "wallets[0].expiry.after",
            "empty_span",
        ),
        (
            "name: Points}",
            "name: Points, expiry: {type: fixed_dates, dates: [02-29, 02-30]}}",
            "wallets[0].expiry.dates[1]",
            "no_such_day",
        ),
        (
            "name: Points}",
            "name: Points, expiry: {type: fixed_dates, dates: []}}",
            "wallets[0].expiry.dates",
            "missing",
        ),
        (
            "name: Points}",
            "name: Points, expiry: {type: inactivity, after: {days: 1}, activities: [walking]}}",
            "wallets[0].expiry.activities[0]",
            "unknown_reference",
        ),
        (
            "name: Points}",
            "name: Points, pending: {type: period, after: {}}}",
            "wallets[0].pending.after",
            "empty_span",
        ),
        (
            "name: Points}",
            "name: Points, tiers: {gold: {pending: {type: none}}}}",
            "wallets[0].tiers.gold",
            "unknown_reference",
        ),
        ("name: Points}", "name: Points, caps: [{}]}", "wallets[0].caps[0]", "points_or_times"),
        ("mood:", "tier:", "declarations.member.tier", "reserved"),
        (
            "mood: {type: text, values: [good, bad]}",
            "birthday: {type: text}",
            "declarations.member.birthday.type",
            "birthday_type",
        ),
        (
            "type: text, values: [good, bad]",
            "type: integer, values: [good]",
            "declarations.member.mood.values",
            "values_of_text",
        ),
        ("values: [good, bad]", "values: [good, good]", "declarations.member.mood.values[1]", "duplicate"),
        (
            "rating: {type",
            "'my rating': {type",
            "declarations.events.review.posted.attributes.my rating",
            "malformed",
        ),
        ("review.posted", "order.paid", "declarations.events.order.paid", "reserved"),
        ("review.posted", "member.thing", "declarations.events.member.thing", "reserved"),
        ("review.posted", "Review Posted", "declarations.events.Review Posted", "malformed"),
    ],
)
def test_a_program_that_cannot_work_is_named(old: str, new: str, path: str, code: str) -> None:
    """Money, zone, life, wallets and declarations are right, and everything is found under its path."""
    assert old in BASE
    assert (path, code) in found(BASE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        (
            "gold, name: Gold, reach: {spend: 5000}",
            "gold, name: Gold, reach: {spend: 1000}",
            "levels[1].reach.spend",
            "not_ascending",
        ),
        ("{spend: 5000}", "{spent: 5000}", "levels[1].reach.spent", "unknown_reference"),
        ("{spend: 5000}", "{}", "levels[1].reach", "missing"),
        ("{spend: 5000}", "{spend: 5000}, keep: {spend: 5001}", "levels[1].keep.spend", "keep_above_reach"),
        ("id: gold", "id: silver", "levels[1].id", "duplicate_id"),
        (
            "{spend: 5000}",
            '{spend: 5000}, multiplier: {by: "2", rules: [bse]}',
            "levels[1].multiplier.rules[0]",
            "unknown_reference",
        ),
        ("window: {calendar: year}", "window: {last: {days: 30}}", "lasts", "no_calendar"),
        ("window: {calendar: year}", "window: {}", "metrics[0].window", "bad_window"),
        (
            "window: {calendar: year}",
            "window: {calendar: year, ever: true}",
            "metrics[0].window",
            "bad_window",
        ),
        ("measure: orders.net", "measure: orders.net, balance: points", "metrics[0]", "balance_or_measure"),
        ("measure: orders.net", "balance: stamps", "metrics[0].balance", "unknown_reference"),
        ("measure: orders.net", "measure: events.count", "metrics[0].event", "required"),
        (
            "measure: orders.net",
            "measure: events.sum, event: review.posted, attribute: text",
            "metrics[0].attribute",
            "unknown_attribute",
        ),
        ("tiers:", "tiers:\n  lasts: span", "span", "missing"),
        ("tiers:", "tiers:\n  span: {days: 5}", "span", "not_used"),
        ("tiers:", "tiers:\n  lasts: life\n  extend: {days: 5}", "extend", "not_used"),
        ("tiers:", "tiers:\n  lasts: life\n  grace: {days: 5}", "grace", "not_used"),
        ("tiers:", "tiers:\n  grace_round_up: month", "grace_round_up", "not_used"),
        ("tiers:", "tiers:\n  grace: {}", "grace", "empty_span"),
        (
            "metrics: [",
            "metrics: [{id: visits, measure: orders.count, window: {calendar: month}}, ",
            "lasts",
            "several_calendars",
        ),
        (
            "metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]",
            "metrics: []",
            "metrics",
            "count",
        ),
    ],
)
def test_tiers_that_cannot_work_are_named(old: str, new: str, path: str, code: str) -> None:
    """Metrics, thresholds and options of a tier system fit together."""
    text = BASE + TIERS
    assert old in text
    assert (f"tiers.{path}", code) in found(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        (
            "rewards: [{id: a, name: A, price: 1, tiers: [gold], gives: [{type: amount_off, value: 1}]}]",
            "rewards[0].tiers[0]",
            "unknown_reference",
        ),
        (
            "rewards: [{id: a, name: A, price: 1, gives: [{type: free_shipping}], expires_after: {}}]",
            "rewards[0].expires_after",
            "empty_span",
        ),
        (
            "rewards: [{id: a, name: A, price: 1, gives: [{type: free_shipping}], limits: [{points: 5}]}]",
            "rewards[0].limits[0].points",
            "points_or_times",
        ),
        (
            (
                "rewards: [{id: a, name: A, price: 1, gives: [{type: free_shipping}], "
                "when: {fact: order.total, is: 1}}]"
            ),
            "rewards[0].when.fact",
            "fact_not_here",
        ),
        *(
            (f"rewards: [{{id: a, name: A, {fields}}}]", f"rewards[0]{path}", code)
            for fields, path, code in (
                (
                    "prices: [{points: 1, wallet: x}], gives: [{type: free_shipping}]",
                    ".prices[0].wallet",
                    "unknown_reference",
                ),
                (
                    "prices: [{points: 1, tiers: [x]}], gives: [{type: free_shipping}]",
                    ".prices[0].tiers[0]",
                    "unknown_reference",
                ),
                (
                    "price: 2, prices: [{points: 1}], gives: [{type: free_shipping}]",
                    ".prices[0]",
                    "never_reached",
                ),
                (
                    "prices: [{points: 1, when: {fact: order.total, is: 1}}], gives: [{type: free_shipping}]",
                    ".prices[0].when.fact",
                    "fact_not_here",
                ),
                (
                    "price: 1, gives: [{type: points, points: 1, wallet: x}]",
                    ".gives[0].wallet",
                    "unknown_reference",
                ),
                ("price: 1, gives: [{type: coupon, pool: x}]", ".gives[0].pool", "unknown_reference"),
                ("price: 1, gives: [{type: coupon, pool: a}, {type: free_shipping}]", ".gives", "one_code"),
                ("price: 1, gives: [{type: physical, sku: s, quantity: 2, stock: 1}]", "", "no_stock"),
                ("price: 1, stock: 0, gives: [{type: free_shipping}]", "", "no_stock"),
                (
                    "price: 1, gives: [{type: experience, event: e, starts: soon}]",
                    ".gives[0].starts",
                    "bad_moment",
                ),
                (
                    "price: 1, gives: [{type: experience, event: e, starts: 2026-02-02, ends: 2026-02-01}]",
                    ".gives[0].ends",
                    "ends_before_start",
                ),
                ("automatic: true, gives: [{type: cash_payout, value: 1}]", ".gives[0]", "not_automatic"),
                ("automatic: true, gives: [{type: points, points: 1}]", ".gives[0]", "not_automatic"),
                (
                    "price: 1, by_tier: {x: {}}, gives: [{type: free_shipping}]",
                    ".by_tier.x",
                    "unknown_reference",
                ),
                ("price: 1, by_tier: {x: {}}, gives: [{type: free_shipping}]", ".by_tier.x", "empty"),
                (
                    "price: 1, by_tier: {x: {gives: [{type: physical, sku: s, stock: 1}]}}, gives: []",
                    ".by_tier.x.gives[0]",
                    "stock_by_tier",
                ),
            )
        ),
        ("campaigns: [{id: a}]", "campaigns[0]", "empty"),
        (
            'campaigns: [{id: a, multiplier: {by: "2", wallet: x}}]',
            "campaigns[0].multiplier.wallet",
            "unknown_reference",
        ),
        (
            "campaigns: [{id: a, earning_rules: [{id: base, type: fixed, points: 1}]}]",
            "campaigns[0].earning_rules[0].id",
            "duplicate_id",
        ),
        ("limits: [{id: a, times: 1, points: 1}]", "limits[0]", "points_or_times"),
        (
            (
                "limits: [{id: a, points: 5}]\n"
                "rewards: [{id: r, name: R, price: 1, gives: [{type: free_shipping}], shared_limits: [a]}]"
            ),
            "rewards[0].shared_limits[0]",
            "points_or_times",
        ),
        (
            'campaigns: [{id: a, multiplier: {by: "2"}, limits: [{points: 5}]}]',
            "campaigns[0].limits[0].points",
            "points_or_times",
        ),
        ("limits: [{id: a, times: 1}, {id: a, times: 1}]", "limits[1].id", "duplicate_id"),
    ],
)
def test_rewards_campaigns_and_limits_that_cannot_work_are_named(more: str, path: str, code: str) -> None:
    """The rest of the document refers to what exists, too."""
    assert (path, code) in found(BASE + more)


def test_a_program_that_would_stall_a_worker_is_refused_with_the_number() -> None:
    """The worst case of an order is bounded: the problem names both figures."""
    when = "{{lines: any, where: {{fact: line.sku, is: s{0}}}}}"
    rule = f"  - {{{{id: r{{0}}, type: fixed, points: 1, when: {when}}}}}\n"
    fits = BASE + "".join(rule.format(number) for number in range(1_990))
    assert found(fits) == []
    problems = validate(read(BASE + "".join(rule.format(number) for number in range(1_999))))
    assert [(problem.path, problem.code) for problem in problems] == [("", "too_expensive")]
    assert problems[0].words.startswith(
        "one order may take 2,002,999 comparisons under this program, the most is 2,000,000:"
    )


def test_an_attribute_has_one_type_in_all_programs_of_a_workspace() -> None:
    """The same name with another type is a problem that names the other program; equal types agree."""
    ours = read(BASE)
    same = read(BASE.replace("program: points", "program: other"))
    assert check_agreement(ours, {"other": same}) == []
    other = read(BASE.replace("mood: {type: text, values: [good, bad]}", "mood: {type: boolean}"))
    problems = check_agreement(ours, {"other": other})
    assert [(problem.path, problem.code) for problem in problems] == [
        ("declarations.member.mood", "declared_differently")
    ]
    assert problems[0].words == "program other declares it as boolean, this one as text"


def test_programs_of_two_currencies_share_no_money() -> None:
    """What two programs limit together across them is of one currency, if it is money."""
    limits = "limits: [{id: all, per: total, discount: 100, across_programs: true}]"
    ours, theirs = read(BASE + limits), read(BASE.replace("currency: EUR", "currency: USD") + limits)
    assert ours.currency != theirs.currency
    assert [problem.path for problem in check_agreement(ours, {"other": theirs})] == ["limits[0]"]
    assert check_agreement(ours, {"other": ours}) == []
