"""Laws of thresholds: what is said of a condition in advance is what happens to it while a cart is priced."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.conditions.walk import holds
from perennial.core.terms.conditions import All, Condition
from perennial.core.terms.thresholds import asked_of, course_of, looks_at_lines
from tests.laws.strategies import World, conditions, worlds

_LAW = settings(max_examples=400, deadline=None)


@st.composite
def _falling(draw: st.DrawFn) -> tuple[World, list[int]]:
    """An order, and what its lines cost after something was taken off them."""
    world = draw(worlds("order.paid"))
    return world, [net - draw(st.integers(0, net)) if net > 0 else net for net in world.scope.nets]


@_LAW
@given(conditions("order.paid"), _falling())
def test_the_course_of_a_condition(condition: Condition, falling: tuple[World, list[int]]) -> None:
    """While amounts fall, no condition begins or ceases to hold that was said to stay."""
    world, less = falling
    before = holds(condition, world.scope)
    after = holds(condition, msgspec.structs.replace(world.scope, nets=less))
    course = course_of(condition)
    assert before or not after or course.begins
    assert after or not before or course.ceases


@_LAW
@given(conditions("order.paid"), worlds("order.paid"), st.data())
def test_what_does_not_look_at_lines(condition: Condition, world: World, data: st.DataObject) -> None:
    """A condition that is said to look at the total only holds alike however it is shared over the lines."""
    nets = world.scope.nets
    if not nets or looks_at_lines(condition):
        return
    moved = data.draw(st.integers(0, abs(nets[0])))
    other = [nets[0] - moved, *nets[1:]]
    other[-1] += moved
    assert holds(condition, world.scope) is holds(condition, msgspec.structs.replace(world.scope, nets=other))


@_LAW
@given(conditions("order.paid"), worlds("order.paid"))
def test_a_condition_is_its_thresholds_and_the_rest(condition: Condition, world: World) -> None:
    """What a condition asks at least, and what it asks besides, together are the condition."""
    asked = asked_of(condition)
    scope = world.scope
    quantity = sum(line.quantity for line in scope.order.lines) if scope.order else 0
    enough = (asked.total is None or sum(scope.nets) >= asked.total) and (
        asked.quantity is None or quantity >= asked.quantity
    )
    assert holds(condition, scope) is (enough and holds(All(asked.besides), scope))
