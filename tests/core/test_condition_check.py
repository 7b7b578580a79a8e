"""Problems of conditions, each with its path and code."""

from __future__ import annotations

import pytest

from perennial.core.conditions.check import (
    Place,
    campaign_place,
    check,
    check_figure,
    line_place,
    member_place,
    rule_place,
)
from perennial.core.facts import reserved_attributes
from perennial.core.terms.condition_document import decode_condition
from perennial.core.terms.conditions import All, HistoryWindow, Measure, Not
from tests.laws.strategies import FACTS

ORDER, REVIEW, LINE = rule_place("order.paid"), rule_place("review.posted"), line_place()


def found(plain: object, place: Place = ORDER) -> list[tuple[str, str]]:
    return [(one.path, one.code) for one in check(decode_condition(plain), FACTS, place)]


@pytest.mark.parametrize(
    ("plain", "place", "path", "code"),
    [
        ({"fact": "order.totl", "is": 1}, ORDER, "fact", "unknown_fact"),
        ({"fact": "order.attributes.wether", "is": 1}, ORDER, "fact", "unknown_fact"),
        ({"fact": "event.integer", "is": 1}, ORDER, "fact", "unknown_fact"),
        ({"fact": "event.ratng", "is": 1}, REVIEW, "fact", "unknown_fact"),
        ({"fact": "order.total", "is": 1}, REVIEW, "fact", "fact_not_here"),
        ({"fact": "order.total", "is": 1}, member_place(), "fact", "fact_not_here"),
        ({"fact": "line.sku", "is": "a"}, ORDER, "fact", "fact_not_here"),
        (
            {"not": {"all": [{"fact": "order.total", "contains": "1"}]}},
            ORDER,
            "not.all[0].contains",
            "operator_does_not_fit",
        ),
        ({"fact": "member.boolean", "at_least": True}, ORDER, "at_least", "operator_does_not_fit"),
        ({"fact": "order.codes", "is": "A"}, ORDER, "is", "operator_does_not_fit"),
        ({"fact": "order.total", "is": "5"}, ORDER, "is", "wrong_type"),
        ({"fact": "order.total", "is": True}, ORDER, "is", "wrong_type"),
        ({"fact": "order.channel", "in": ["web", 5]}, ORDER, "in[1]", "wrong_type"),
        ({"fact": "now.date", "is": "2026-02-30"}, ORDER, "is", "wrong_type"),
        ({"fact": "now.date", "is": "2026-W10-1"}, ORDER, "is", "wrong_type"),
        ({"fact": "now.time", "is": "7:00"}, ORDER, "is", "wrong_type"),
        ({"fact": "now.time", "is": "24:00"}, ORDER, "is", "wrong_type"),
        ({"fact": "member.instant", "is": "2026-01-01T00:00:00"}, ORDER, "is", "wrong_type"),
        ({"fact": "now.weekday", "in": ["mon", "tuesday"]}, ORDER, "in[1]", "unknown_value"),
        ({"fact": "member.tier", "is": "platinum"}, ORDER, "is", "unknown_value"),
        ({"fact": "member.consents", "contains": "emial.marketing"}, ORDER, "contains", "unknown_value"),
        ({"fact": "member.consents", "in": ["sms.news", "sms"]}, ORDER, "in[1]", "unknown_value"),
        ({"fact": "member.consents", "is": "sms.news"}, ORDER, "is", "operator_does_not_fit"),
        ({"fact": "order.total", "between": [2, 1]}, ORDER, "between", "between"),
        ({"fact": "now.date", "between": ["2026-01-02", "2026-01-01"]}, ORDER, "between", "between"),
        ({"fact": "order.channel", "matches": "a(?=b)"}, ORDER, "matches", "bad_pattern"),
        ({"fact": "order.channel", "matches": "("}, ORDER, "matches", "bad_pattern"),
        ({"fact": "order.channel", "matches": "(a{1000}){1000}"}, ORDER, "matches", "bad_pattern"),
        ({"lines": "any", "where": {"fact": "line.skuu", "is": "a"}}, ORDER, "where.fact", "unknown_fact"),
        (
            {"lines": "any", "where": {"lines": "any", "where": {"all": []}}},
            ORDER,
            "where.lines",
            "lines_not_here",
        ),
        ({"lines": "count", "is": 1}, REVIEW, "lines", "lines_not_here"),
        ({"lines": "count", "exists": True}, ORDER, "exists", "operator_does_not_fit"),
        ({"lines": "count", "is": "1"}, ORDER, "is", "wrong_type"),
        ({"history": "orders.net", "is": True}, ORDER, "is", "wrong_type"),
        ({"history": "orders.net", "event": "review.posted", "is": 1}, ORDER, "event", "not_used"),
        ({"history": "orders.net", "wallet": "points", "is": 1}, ORDER, "wallet", "not_used"),
        ({"history": "points.earned", "wallet": "point", "is": 1}, ORDER, "wallet", "unknown_wallet"),
        ({"history": "points.earned", "where": {"all": []}, "is": 1}, ORDER, "where", "not_used"),
        ({"history": "events.count", "is": 1}, ORDER, "event", "required"),
        ({"history": "events.count", "event": "review", "is": 1}, ORDER, "event", "unknown_event"),
        ({"history": "events.count", "event": "order.paid", "is": 1}, ORDER, "event", "unknown_event"),
        (
            {"history": "events.count", "event": "review.posted", "attribute": "integer", "is": 1},
            ORDER,
            "attribute",
            "not_used",
        ),
        (
            {"history": "events.sum", "event": "review.posted", "is": 1},
            ORDER,
            "attribute",
            "unknown_attribute",
        ),
        (
            {"history": "events.sum", "event": "review.posted", "attribute": "text", "is": 1},
            ORDER,
            "attribute",
            "unknown_attribute",
        ),
        (
            {"history": "orders.net", "where": {"fact": "member.text", "is": "a"}, "is": 1},
            ORDER,
            "where.fact",
            "fact_not_here",
        ),
        (
            {"history": "orders.net", "where": {"fact": "line.sku", "is": "a"}, "is": 1},
            ORDER,
            "where.fact",
            "fact_not_here",
        ),
        (
            {"history": "orders.net", "where": {"history": "orders.net", "is": 1}, "is": 1},
            ORDER,
            "where.history",
            "history_not_here",
        ),
        (
            {"history": "orders.net", "window": {"calendar": "hour"}, "is": 1},
            ORDER,
            "window.calendar",
            "bad_window",
        ),
        (
            {"history": "orders.net", "window": {"calendar": "year", "offset": 1}, "is": 1},
            ORDER,
            "window.offset",
            "bad_window",
        ),
        (
            {"history": "orders.net", "window": {"ever": True, "offset": -1}, "is": 1},
            ORDER,
            "window.offset",
            "bad_window",
        ),
        (
            {"history": "orders.net", "window": {"last": {"hours": 5, "days": 1}}, "is": 1},
            ORDER,
            "window.last",
            "bad_window",
        ),
        ({"history": "orders.net", "window": {"last": {}}, "is": 1}, ORDER, "window.last", "bad_window"),
    ],
)
def test_every_problem_has_its_place(plain: object, place: Place, path: str, code: str) -> None:
    """One problem each, found where it is."""
    assert found(plain, place) == [(path, code)]


@pytest.mark.parametrize(
    ("plain", "place"),
    [
        ({"fact": "event.integer", "is": 5}, REVIEW),
        ({"fact": "event.before", "exists": False}, rule_place("tier.entered")),
        ({"fact": "line.categories", "in": ["a", "b"]}, LINE),
        ({"fact": "order.total", "at_least": 1}, LINE),
        ({"lines": "any", "where": {"fact": "order.total", "is": 1}}, campaign_place()),
        ({"history": "lines.net", "where": {"fact": "line.sku", "is": "a"}, "is": 1}, REVIEW),
        (
            {
                "history": "orders.count",
                "where": {"lines": "any", "where": {"fact": "line.sku", "is": "a"}},
                "is": 1,
            },
            ORDER,
        ),
        ({"history": "events.sum", "event": "review.posted", "attribute": "integer", "is": 1}, ORDER),
        ({"fact": "wallet.stamps.available", "at_least": 10}, member_place()),
    ],
)
def test_what_fits_has_no_problem(plain: object, place: Place) -> None:
    """Facts of lines inside filters of lines, facts of an event where it is judged."""
    assert found(plain, place) == []


def test_an_unknown_fact_gets_the_nearest_one_that_may_be_asked() -> None:
    """``order.totl`` is ``order.total``; a fact that may not be asked here is not suggested."""
    (problem,) = check(decode_condition({"fact": "order.totl", "is": 1}), FACTS, ORDER)
    assert problem.words == "order.totl is not known; did you mean order.total?"
    (problem,) = check(decode_condition({"fact": "order.totl", "is": 1}), FACTS, REVIEW)
    assert "order.total" not in problem.words


def test_all_problems_are_found_at_once() -> None:
    """Two wrong parts, two problems, under the path of the condition."""
    plain = {"any": [{"fact": "a", "is": 1}, {"fact": "order.total", "is": "x"}]}
    problems = check(decode_condition(plain), FACTS, ORDER, "earning_rules[0].when")
    assert [one.path for one in problems] == [
        "earning_rules[0].when.any[0].fact",
        "earning_rules[0].when.any[1].is",
    ]


def test_a_condition_built_too_deep_or_too_large_is_a_problem() -> None:
    """Conditions that no document held are bounded as well."""
    deep = All(())
    for _ in range(32):
        deep = All((Not(deep),))
    assert [one.code for one in check(deep, FACTS, ORDER)] == ["too_deep"]
    assert [one.code for one in check(All((All(()),) * 500), FACTS, ORDER)] == ["too_large"]


def test_the_figure_of_a_tier_is_checked_like_a_history() -> None:
    """The metric of a tier is a figure of the past without a comparison."""
    window = HistoryWindow(ever=True)
    assert check_figure(Measure.ORDERS_NET, None, None, None, None, window, FACTS, "metric") == []
    problems = check_figure(Measure.EVENTS_COUNT, None, "reviw.posted", None, None, window, FACTS, "metric")
    assert [(one.path, one.code) for one in problems] == [("metric.event", "unknown_event")]
    assert "did you mean review.posted?" in problems[0].words


def test_names_of_member_facts_are_reserved() -> None:
    """A declared attribute cannot take the name of a built-in fact, but may declare the birthday."""
    assert {"tier", "joined", "age", "birthday_month"} <= reserved_attributes()
    assert "birthday" not in reserved_attributes()
