"""Orders come, change and come back: each message goes out once for each, as often as its limits let it.

The reference is a table: what was sent for which order, and how often in all.
"""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.decide import decide
from perennial.core.decision import sent_by
from perennial.core.effects import UseLimit
from perennial.core.events import OrderPaid, OrderReturned
from perennial.core.explaining.explain import explain
from perennial.core.fold import fold
from perennial.core.member import Member, Membership
from perennial.core.simulation.past import Canceled, Life, Past, Person, Rejudged
from perennial.core.simulation.playing import Playing
from perennial.core.simulation.side import Side
from perennial.units import HOUR, named_id
from tests.core.earning_stage import paid, version_of

WHO = named_id(1, "customer", "anna")
LARGE, HUGE = 2_000, 5_000
MANY, FEW, TOGETHER = 5, 2, 7
VERSION = version_of(
    [{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
    limits=[{"id": "together", "times": TOGETHER}],
    messages=[
        {
            "id": name,
            "type": "email",
            "subject": name,
            "body": name,
            "when": {"fact": "order.total", "at_least": least},
            "limits": [{"times": times}],
            "shared_limits": ["together"],
        }
        for name, least, times in (("any", 1, MANY), ("large", LARGE, MANY), ("huge", HUGE, FEW))
    ],
)
THRESHOLDS = {"any": (1, MANY), "large": (LARGE, MANY), "huge": (HUGE, FEW)}

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "pay", "change", "change", "cancel"]),
        st.integers(0, 5),
        st.sampled_from([100, LARGE - 1, LARGE, HUGE - 1, HUGE, 2 * HUGE]),
    ),
    min_size=1,
    max_size=30,
)


def _paid(number: int, amount: int) -> OrderPaid:
    return paid(amount, at=(number + 1) * HOUR, number=number + 1)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_each_message_goes_out_once_for_each_order(steps: list[tuple[str, int, int]]) -> None:
    """Whatever an order becomes: what it has sent is neither sent nor counted again, what is new is sent."""
    sent: dict[tuple[int, str], int] = {}
    used = dict.fromkeys(THRESHOLDS, 0)
    past: list[tuple[UUID, int, Past]] = []
    orders: dict[int, bool] = {}
    for told, (what, place, amount) in enumerate(steps, 1):
        number = len(orders) if what == "pay" or not orders else place % len(orders)
        known = number in orders
        if known and orders[number]:
            continue  # it is canceled, and stays so
        event = _paid(number, amount)
        if known and what == "cancel":
            orders[number] = True
            past.append((UUID(int=told), 0, Canceled(at=event.at, order_id=event.id)))
            continue
        orders[number] = False
        past.append(
            (
                UUID(int=told),
                0,
                Rejudged(at=event.at, order_id=event.id, order=event.order) if known else event,
            )
        )
        for message, (least, times) in THRESHOLDS.items():
            room = used[message] < times and sum(used.values()) < TOGETHER
            if amount >= least and room and (number, message) not in sent:
                sent[number, message] = 1
                used[message] += 1
    kept = frozenset(_paid(number, 1).id for number in orders)
    playing = Playing(Side([VERSION], 0), Life(WHO, [Person(WHO, "anna")], past, kept))
    for _, who, each in past:
        playing.take(who, each)
    assert playing.tally.messages == {message: times for message, times in used.items() if times}
    limits = playing.members[0].limits
    own = {each.id: limits.get(each.bounds[0].limit.number, {}) for each in VERSION.messages}
    assert {message: sum(periods.values()) for message, periods in own.items()} == used
    shared = limits.get(VERSION.messages[0].bounds[1].limit.number, {})
    assert sum(shared.values()) == sum(used.values()) <= TOGETHER


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 2 * HUGE), min_size=1, max_size=12))
def test_the_explanation_says_what_was_decided(amounts: list[int]) -> None:
    """The messages that fired and were not cut are those of the effects, each with one use of its limits."""
    member = Member(customer_id=WHO, owner=WHO, memberships={1: Membership(joined_at=0)})
    for number, amount in enumerate(amounts):
        event = _paid(number, amount)
        decision = decide(event, VERSION, member)
        assert decision.facts is not None
        told = explain(event, VERSION, decision.facts).messages
        assert [each.message for each in told if each.fired and each.cut_by is None] == sent_by(decision)
        own = {each.bounds[0].limit.number for each in VERSION.messages}
        uses = [e.amount for e in decision.effects if isinstance(e, UseLimit) and e.limit in own]
        assert uses == [1] * len(sent_by(decision))
        fold(member, VERSION, decision.effects, event.at)


@pytest.mark.parametrize("twice", [False, True])
def test_without_what_was_sent_it_would_be_sent_and_counted_twice(*, twice: bool) -> None:
    """The negative control: the same order judged anew, by somebody who has forgotten."""
    member = Member(customer_id=WHO, owner=WHO, memberships={1: Membership(joined_at=0)})
    event = _paid(0, 100)
    first = decide(event, VERSION, member)
    fold(member, VERSION, first.effects, event.at)
    back = OrderReturned(
        id=event.id,
        at=event.at,
        order=event.order,
        paid_at=event.at,
        awards=first.awards,
        before=(0,),
        after=(1,),
        canceled=True,
        revised=True,
    )
    fold(member, VERSION, decide(back, VERSION, member).effects, event.at)
    again = decide(event, VERSION, member, sent=() if twice else sent_by(first))
    fold(member, VERSION, again.effects, event.at)
    used = member.limits[VERSION.messages[0].bounds[0].limit.number]
    assert (sent_by(again), sum(used.values())) == ((["any"], 2) if twice else ([], 1))
