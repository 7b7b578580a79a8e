"""Laws of conditions: the compiled form is the walked one, and nothing is lost in writing."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.conditions.check import check, line_place, rule_place
from perennial.core.conditions.source import Source
from perennial.core.conditions.walk import holds, matching_lines, refusing, trace
from perennial.core.conditions.words import describe
from perennial.core.kinds.rule import EarningRule
from perennial.core.terms.condition_document import DEC_HOOK, decode_condition, encode_condition
from perennial.core.terms.conditions import Condition
from tests.laws.nearby import near
from tests.laws.strategies import (
    FACTS,
    LOCATION_ATTRIBUTES,
    MEMBER_ATTRIBUTES,
    TRIGGERS,
    WALLETS,
    World,
    conditions,
    facts_asked,
    line_conditions,
    worlds,
)


@st.composite
def _judged(draw: st.DrawFn) -> tuple[Condition, World]:
    trigger = draw(st.sampled_from(TRIGGERS))
    return draw(conditions(trigger)), draw(worlds(trigger))


def _source(world: World) -> Source:
    return Source(
        FACTS,
        world.scope.zone,
        trigger=world.trigger,
        need_index=World.need_index,
        attribute_index=MEMBER_ATTRIBUTES.index,
        wallet_index=WALLETS.index,
        location_index=LOCATION_ATTRIBUTES.index,
    )


def _run(source: Source, result: str, world: World) -> object:
    """Run generated source as the live path does: one function, its constants as globals."""
    body = [*source.prelude(), f"return {result}"]
    text = "\n    ".join(["def judge(at, order, nets, event, snapshot):", *body])
    namespace = dict(source.constants)
    exec(text, namespace)
    scope = world.scope
    judge = namespace["judge"]
    assert callable(judge)
    return judge(scope.at, scope.order, scope.nets, scope.event, world.snapshot)


@settings(max_examples=200, deadline=None)
@given(_judged())
def test_compiled_conditions_agree_with_walked_ones(judged: tuple[Condition, World]) -> None:
    """The generated source of a condition comes out as the walk of its tree, for every trigger."""
    condition, world = judged
    source = _source(world)
    assert bool(_run(source, source.expression(condition), world)) is holds(condition, world.scope)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TRIGGERS).flatmap(worlds), st.randoms())
def test_compiled_comparisons_agree_at_the_values_themselves(world: World, chance: Random) -> None:
    """Compared with its own value, the next one and another one, a fact compiles as it walks."""
    compared = [near(world, fact, chance) for fact in facts_asked(world) for _ in range(2)]
    source = _source(world)
    expressions = [f"bool({source.expression(condition)})" for condition in compared]
    expected = [holds(condition, world.scope) for condition in compared]
    assert _run(source, f"[{', '.join(expressions)}]", world) == expected


@settings(max_examples=200, deadline=None)
@given(line_conditions(), worlds("order.paid"))
def test_compiled_line_filters_agree_with_walked_ones(where: Condition, world: World) -> None:
    """The positions that the generated source of a line filter gives are those that match by walking."""
    source = _source(world)
    found = _run(source, source.indexes(where), world)
    assert isinstance(found, list | tuple | range)
    assert list(found) == matching_lines(where, world.scope)


@settings(max_examples=200, deadline=None)
@given(_judged())
def test_a_condition_without_problems_is_said_to_have_none(judged: tuple[Condition, World]) -> None:
    """What is generated well-typed passes the check of its place."""
    condition, world = judged
    assert check(condition, FACTS, rule_place(world.trigger)) == []


@settings(max_examples=200, deadline=None)
@given(line_conditions())
def test_a_line_filter_without_problems_is_said_to_have_none(where: Condition) -> None:
    """The same for filters of lines."""
    assert check(where, FACTS, line_place()) == []


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TRIGGERS).flatmap(conditions))
def test_writing_and_reading_gives_the_same_condition(condition: Condition) -> None:
    """Decoding what was encoded gives an equal condition, through JSON and through a document too."""
    plain = encode_condition(condition)
    assert decode_condition(plain) == condition
    assert encode_condition(decode_condition(plain)) == plain
    assert decode_condition(msgspec.json.decode(msgspec.json.encode(plain))) == condition
    document = msgspec.convert(
        {"id": "rule", "type": "EarningRule", "when": plain}, EarningRule, dec_hook=DEC_HOOK
    )
    assert document.when == condition


@settings(max_examples=200, deadline=None)
@given(_judged())
def test_explanations_name_what_refused(judged: tuple[Condition, World]) -> None:
    """A condition says itself in words, and a trace names a refusing part exactly when it does not hold."""
    condition, world = judged
    assert describe(condition)
    assert describe(condition, FACTS)
    seen = trace(condition, world.scope)
    held = holds(condition, world.scope)
    refused = refusing(condition, world.scope)
    assert held is (refused == [])
    assert all(one in seen for one in refused)
