"""Compiling a program: numbers that last, lists that fit, and no text of the document in source."""

from __future__ import annotations

from types import CodeType
from typing import Any

import pytest

from perennial.core.terms.conditions import Measure
from tests.core.earning_stage import NOON, Shopper, line, paid, version_of

NASTY = 'x\'); import os; os.system("true") #\n\\u0000{0}%s'
BASE: dict[str, Any] = {"id": "base", "type": "per_amount", "points": 1, "per": 100}


def texts(code: CodeType) -> set[str]:
    """Return every text among the constants and names of a function and of what is nested in it."""
    found = {*code.co_names, *code.co_varnames}
    for constant in code.co_consts:
        if isinstance(constant, str):
            found.add(constant)
        elif isinstance(constant, CodeType):
            found |= texts(constant)
    return found


def test_no_text_of_the_document_becomes_source() -> None:
    """Whatever a marketer types is a value bound to a name: it compares equal and is never run."""
    when = {
        "all": [
            {"fact": "order.location", "is": NASTY},
            {"fact": "order.attributes.note", "starts_with": NASTY[:5]},
            {"fact": "order.codes", "contains": NASTY},
            {"lines": "any", "where": {"fact": "line.brand", "in": [NASTY, "other"]}},
        ]
    }
    rule = BASE | {"when": when, "lines": {"fact": "line.sku", "is": NASTY}}
    version = version_of([rule], declarations={"order": {"note": {"type": "text"}}})
    code = version.triggers["order.paid"].__code__
    assert not [text for text in texts(code) if NASTY[:5] in text]
    nasty = line(NASTY, 500, brand=NASTY)
    shopper = Shopper(version)
    event = paid(nasty, line("pen", 900), location=NASTY, codes=(NASTY,), attributes={"note": NASTY})
    assert shopper.earns(event) == 5
    assert shopper.earns(paid(nasty, location="x", codes=(NASTY,), attributes={"note": NASTY}, number=2)) == 0


def test_generated_functions_reach_no_builtins_but_the_listed_ones() -> None:
    """A generated function cannot import, open or evaluate anything."""
    reachable = version_of([BASE]).triggers["order.paid"].__globals__["__builtins__"]
    assert not {"__import__", "open", "eval", "exec", "getattr", "globals", "compile"} & set(reachable)


def test_limit_numbers_survive_a_new_cap_and_new_neighbors() -> None:
    """What a limit has counted belongs to it while caps change and other rules come and go."""
    limited = BASE | {"limits": [{"points": 100, "every": "month"}, {"times": 5}]}
    before = version_of([limited])
    raised = BASE | {"limits": [{"points": 900, "every": "month"}, {"times": 7}]}
    after = version_of([BASE | {"id": "new", "limits": [{"points": 1}]}, raised])
    numbers = {limit.name.split(":")[0]: limit.number for limit in after.limits}
    assert [limit.number for limit in before.limits] == [limit.number for limit in after.limits[1:]]
    assert numbers["rule new"] not in {limit.number for limit in before.limits}


def test_shared_limits_of_several_programs_have_one_number() -> None:
    """A limit across programs is one in all of them; otherwise each program has its own."""

    def number(program: int, *, across: bool) -> int:
        rule = BASE | {"shared_limits": ["both"]}
        shared = {"id": "both", "points": 10, "across_programs": across}
        return version_of([rule], limits=[shared], program_id=program).limits[0].number

    assert number(1, across=True) == number(2, across=True)
    assert number(1, across=False) != number(2, across=False)


def test_lists_of_a_version_fix_the_snapshot() -> None:
    """The tuples of a snapshot follow the version's lists, and what a rule reads is among them."""
    when = {
        "all": [
            {"fact": "member.country", "is": "DE"},
            {"history": "orders.net", "window": {"calendar": "year"}, "at_least": 0},
            {"fact": "wallet.points.balance", "at_least": 0},
        ]
    }
    rule = BASE | {"when": when, "limits": [{"points": 9}, {"per": "total", "points": 8, "every": "day"}]}
    version = version_of([rule], declarations={"member": {"country": {"type": "text"}}})
    decision = Shopper(version, country="DE").does(paid(5000))
    facts = decision.facts
    assert facts is not None
    assert facts.attributes == ("DE",)
    assert version.attributes == ("country",)
    assert [metric.measure for metric in version.metrics] == [Measure.ORDERS_NET]
    assert (facts.history, facts.used, facts.spent, len(facts.wallets)) == ((0,), (0,), (0,), 1)
    assert [award.points for award in decision.awards] == [8]


@pytest.mark.parametrize(
    "rule", [{"wallet": "other"}, {"shared_limits": ["other"]}, {"when": {"fact": "order.x", "is": 1}}]
)
def test_unknown_names_do_not_compile(rule: dict[str, Any]) -> None:
    """A program that names what it does not define is refused by the compiler as well."""
    with pytest.raises((KeyError, ValueError)):
        version_of([BASE | rule])


def test_a_rule_of_lines_never_fires_for_an_event() -> None:
    """A rule that counts amounts gives nothing for an event that is no order."""
    version = version_of([BASE | {"trigger": "review"}], declarations={"events": {"review": {}}})
    assert version.triggers["review"](NOON, None, [], {}, None) == (0, [])
