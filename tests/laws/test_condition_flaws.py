"""The law of warnings: what is said never to hold, or always, comes out so for everybody."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perennial.core.conditions.check import rule_place
from perennial.core.conditions.flaws import flaws_of
from perennial.core.conditions.walk import holds
from perennial.core.terms.conditions import All, AnyOf, Condition, Not
from tests.laws.strategies import FACTS, TRIGGERS, World, conditions, worlds


@st.composite
def _judged(draw: st.DrawFn) -> tuple[Condition, World]:
    trigger = draw(st.sampled_from(TRIGGERS))
    parts = tuple(draw(conditions(trigger)) for _ in range(draw(st.integers(1, 4))))
    forms: list[Condition] = [All(parts), AnyOf(parts), Not(All(parts)), Not(AnyOf(parts))]
    return draw(st.sampled_from(forms)), draw(worlds(trigger))


@settings(max_examples=300, deadline=None)
@given(_judged())
def test_no_warning_is_wrong(judged: tuple[Condition, World]) -> None:
    """A condition that is said never or always to hold does so in every world that is drawn."""
    condition, world = judged
    # No wallet lies below zero, and none has more pending than it has: what is owed stands beside it.
    assume(all(0 <= wallet.pending <= wallet.balance for wallet in world.snapshot.wallets))
    place = rule_place(world.trigger)
    for flaw in flaws_of(condition, FACTS, place):
        if flaw.path == "" and flaw.code == "always_holds":
            assert holds(condition, world.scope)
        if flaw.path == "" and flaw.code == "never_holds":
            assert not holds(condition, world.scope)
        if flaw.code == "contradicts" and isinstance(condition, All) and flaw.path.count("[") == 1:
            assert not holds(condition, world.scope)
