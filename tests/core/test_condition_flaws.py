"""What is odd about a valid condition: it never holds, always holds, or contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.conditions.check import Place, check, member_place, rule_place
from perennial.core.conditions.flaws import Flaw, flaws_of
from perennial.core.terms.condition_document import decode_condition
from tests.laws.strategies import FACTS

ORDER = rule_place("order.paid")


def found(plain: Any, place: Place = ORDER) -> list[tuple[str, str, str | None]]:
    condition = decode_condition(plain)
    assert check(condition, FACTS, place) == []
    flaws = flaws_of(condition, FACTS, place)
    assert all(isinstance(flaw, Flaw) and flaw.words for flaw in flaws)
    return [(flaw.path, flaw.code, flaw.other) for flaw in flaws]


def fact(name: str, **compared: Any) -> dict[str, Any]:
    return {"fact": name, **compared}


TOTAL = "order.total"


@pytest.mark.parametrize(
    "parts",
    [
        (fact(TOTAL, more_than=100), fact(TOTAL, at_most=100)),
        (fact(TOTAL, between=[1, 5]), fact(TOTAL, between=[6, 9])),
        (fact(TOTAL, **{"is": 5}), fact(TOTAL, is_not=5)),
        (fact(TOTAL, **{"in": [1, 2]}), fact(TOTAL, not_in=[2, 1, 3])),
        (fact("order.location", **{"is": "a"}), fact("order.location", exists=False)),
        (fact("order.location", **{"is": "abc"}), fact("order.location", starts_with="b")),
        (fact("order.codes", contains="X"), fact("order.codes", not_in=["X", "Y"])),
        (fact("member.tier", **{"is": "gold"}), fact("member.tier_level", at_most=1)),
        (fact("member.joined", **{"is": False}), fact("member.tier", **{"is": "gold"})),
        (fact("member.joined", **{"is": False}), fact("member.joined_days", at_least=3)),
        (fact("now.date", **{"is": "2026-12-25"}), fact("now.weekday", **{"is": "mon"})),
        (fact("now.month", **{"is": 2}), fact("now.day", **{"is": 30})),
        (fact("now.date", between=["2026-03-01", "2026-05-31"]), fact("now.month", **{"is": 12})),
        (fact("now.time", less_than="09:00"), fact("now.hour", at_least=9)),
        (fact("now.year", **{"is": 2027}), fact("now.date", less_than="2027-01-01")),
        (fact("member.birthday_month", **{"is": 4}), fact("member.birthday_day", **{"is": 31})),
        (fact("member.is_birthday", **{"is": True}), fact("member.is_birthday", **{"is": False})),
        (fact("member.orders", at_least=3), {"not": fact("member.orders", at_least=2)}),
        (
            {"history": "orders.net", "window": {"last": {"days": 30}}, "at_least": 500},
            {"history": "orders.net", "window": {"last": {"days": 30}}, "less_than": 500},
        ),
        (
            {"lines": "count", "where": fact("line.sku", **{"is": "a"}), "at_least": 2},
            {"lines": "count", "where": fact("line.sku", **{"is": "a"}), "is": 1},
        ),
        (
            {"any": [fact(TOTAL, less_than=5), fact(TOTAL, more_than=50)]},
            fact(TOTAL, between=[5, 50]),
        ),
        (
            fact("member.instant", more_than="2026-01-01T00:00:00Z"),
            fact("member.instant", less_than="2026-01-01T00:00:00+01:00"),
        ),
    ],
)
def test_a_contradiction_names_both_parts(parts: tuple[Any, Any]) -> None:
    """Of two parts that cannot hold together the second is named, with the first one beside it."""
    assert found({"all": [fact("order.tax", at_least=5), *parts]}) == [("all[2]", "contradicts", "all[1]")]
    assert found({"all": [{"all": [parts[0]]}, {"not": {"not": parts[1]}}]}) == [
        ("all[1]", "contradicts", "all[0]")
    ]


@pytest.mark.parametrize(
    ("plain", "path"),
    [
        (fact("order.line_count", less_than=0), ""),
        (fact("now.hour", more_than=23), ""),
        (fact("wallet.points.pending", less_than=0), ""),
        (fact("member.tier_level", more_than=2), ""),
        ({"any": []}, ""),
        ({"any": [fact(TOTAL, at_least=5), fact("now.day", more_than=31)]}, "any[1]"),
        ({"lines": "any", "where": fact("line.quantity", less_than=0)}, "where"),
        ({"not": fact("order.quantity", at_least=0)}, ""),
        ({"history": "orders.count", "window": "ever", "less_than": 0}, ""),
        (
            {
                "all": [
                    fact(TOTAL, **{"in": [1, 2, 3]}),
                    fact(TOTAL, **{"in": [2, 3, 4]}),
                    fact(TOTAL, **{"in": [1, 4, 5, 3]}),
                    fact(TOTAL, **{"in": [1, 2, 4, 5]}),
                ]
            },
            "",
        ),
    ],
)
def test_what_can_never_hold_is_named(plain: Any, path: str) -> None:
    """The smallest part that can never hold is named."""
    assert [(at, code) for at, code, _ in found(plain)] == [(path, "never_holds")]


@pytest.mark.parametrize(
    ("plain", "path"),
    [
        ({"all": []}, ""),
        ({"any": [fact(TOTAL, at_least=5), fact(TOTAL, less_than=5)]}, ""),
        ({"any": [fact("order.location", exists=True), fact("order.location", exists=False)]}, ""),
        ({"all": [fact(TOTAL, at_least=5), fact("order.line_count", at_least=0)]}, "all[1]"),
        (fact("now.weekday", **{"in": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}), ""),
        (fact("member.orders", at_least=0), ""),
        ({"not": {"all": [fact(TOTAL, more_than=5), fact(TOTAL, less_than=5)]}}, ""),
    ],
)
def test_what_always_holds_is_named(plain: Any, path: str) -> None:
    """The part that says nothing is named."""
    assert found(plain) == [(path, "always_holds", None)]


@pytest.mark.parametrize(
    "plain",
    [
        {"any": [fact("order.location", **{"is": "a"}), fact("order.location", is_not="a")]},
        {"all": [fact("now.date", **{"is": "2026-12-25"}), fact("now.weekday", **{"is": "fri"})]},
        {"all": [fact("now.month", **{"is": 2}), fact("now.day", **{"is": 29})]},
        {"all": [fact("now.date", at_least="2020-01-01"), fact("now.year", **{"is": 2100})]},
        {"all": [fact("now.time", at_least="09:30"), fact("now.hour", **{"is": 9})]},
        {"all": [fact("member.tier", **{"is": "gold"}), fact("member.tier_level", **{"is": 2})]},
        {"all": [fact("member.joined", **{"is": False}), fact("member.tier", exists=False)]},
        {"all": [fact(TOTAL, more_than=4), fact(TOTAL, less_than=6)]},
        {"all": [fact("order.codes", contains="X"), fact("order.codes", contains="Y")]},
        {"not": fact("order.location", **{"is": "a"})},
        fact("wallet.points.available", less_than=0),
        fact("wallet.points.earned", less_than=0),
        {"lines": "none", "where": fact("line.net", more_than=5)},
        {"all": [fact("member.text", less_than="b"), fact("member.text", more_than="a")]},
    ],
)
def test_what_may_come_out_either_way_is_left_alone(plain: Any) -> None:
    """Nothing is said of a condition that may hold and may not."""
    assert found(plain) == []


def test_without_an_order_its_facts_are_missing() -> None:
    """What always holds of an order is no matter of course where there may be none."""
    place = Place(ORDER.sources, None)
    assert found(fact("order.line_count", at_least=0), place) == []
    assert found(fact("member.orders", at_least=0), member_place()) == [("", "always_holds", None)]


def test_a_place_that_is_missing_is_neither_inside_nor_outside() -> None:
    """What asks for either contradicts that there is none, and leaves out who has none."""
    inside = fact("location.place", within=["52.52,13.4", 5000])
    missing, known = fact("location.place", exists=False), fact("location.place", exists=True)
    for side in (inside, {"not": inside}, {"not": {"not": inside}}):
        assert found({"all": [side, missing]}) == [("all[1]", "contradicts", "all[0]")]
        assert found({"any": [side, known]}) == []
    assert found({"any": [known, missing]}) == [("", "always_holds", None)]
    in_lines = {"lines": "any", "where": {"all": [{"not": inside}, missing]}}
    assert found(in_lines) == [("where.all[1]", "contradicts", "where.all[0]")]
