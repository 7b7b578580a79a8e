"""A life is played the same whether what is due runs at once or when somebody looks."""

from __future__ import annotations

from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.codes.codes import IssuedCode
from perennial.core.events import ClaimRequested, CustomEvent, OrderPaid, PointsAdjusted
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.quiet_timers import is_quiet, may_wait
from perennial.core.simulation.past import CameBack, Canceled, Life, Past, Person, Rejudged, Waited
from perennial.core.simulation.playing import Playing
from perennial.core.simulation.side import Side
from perennial.core.version import Version
from perennial.units import DAY, named_id
from tests.simulation.agreement import state
from tests.simulation.test_quiet_timers import version_of

PROGRAM = """
program: points
name: Points
currency: USD
declarations: {events: {review.posted: {}}}
wallets:
  - {id: points, name: Points, pending: {type: period, after: {days: 4}},
     expiry: {type: rolling, after: {days: 20}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: again, type: fixed, points: 7, cooldown: {days: 9}}
  - {id: review, type: fixed, points: 3, trigger: review.posted}
tiers:
  metrics: [{id: spend, measure: orders.net, window: {calendar: month}}]
  lasts: next_period
  levels: [{id: silver, name: Silver, reach: {spend: 2000}, multiplier: {by: "1.5"}}]
rewards: [{id: five, name: Five off, price: 20, gives: [{type: amount_off, value: 500}]}]
"""
VERSION = version_of(PROGRAM)
UNTIL = 120 * DAY
WHO = named_id(1, "customer", "anna")

Happening = tuple[str, int, int, int]
"""What, how many days after (or, from 21 on, before) what was told last, how much, and of which order."""
Told = list[tuple[UUID, int, Past]]

HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["order"] * 4 + ["review", "claim", "return", "cancel", "change", "adjust", "wait"]),
        st.integers(0, 30),
        st.integers(1, 3_000),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=25,
)


def past_of(
    happenings: list[Happening],
) -> tuple[list[tuple[UUID, int, Past]], frozenset[UUID]]:
    """Return what happened, in the order in which it was told, and the orders that something happens to."""
    told: list[Past] = []
    orders: list[UUID] = []
    kept: set[UUID] = set()
    day = 25
    for number, (what, ahead, amount, place) in enumerate(happenings, 1):
        day = min(max(day + (ahead if ahead <= 20 else 20 - ahead), 1), 118)
        at, who = day * DAY + number, UUID(int=number)
        of = orders[place % len(orders)] if orders else who
        order = Order(
            status=OrderStatus.PAID,
            lines=(Line(sku="a", amount=amount, quantity=2), Line(sku="b", amount=amount // 3)),
        )
        if what == "order":
            orders.append(who)
            told.append(OrderPaid(id=who, at=at, order=order))
            continue
        kept |= {of} if what in {"return", "cancel", "change"} else set()
        told.append(_told(what, who, of, at, amount, order))
    return [(UUID(int=number), 0, past) for number, past in enumerate(told, 1)], frozenset(kept)


def _told(what: str, who: UUID, of: UUID, at: int, amount: int, order: Order) -> Past:
    match what:
        case "review":
            return CustomEvent(id=who, at=at, name="review.posted", attributes={})
        case "claim":
            return ClaimRequested(
                id=who, at=at, reward="five", code=IssuedCode("", who, b""), drawn=("five",)
            )
        case "return":
            return CameBack(at=at, order_id=of, lines=(("1", 1),))
        case "cancel":
            return Canceled(at=at, order_id=of)
        case "change":
            return Rejudged(at=at, order_id=of, order=order)
        case "adjust":
            return PointsAdjusted(id=who, at=at, wallet="points", amount=amount, reason="", actor="")
        case _:
            return Waited(at=at)


def play(past: Told, kept: frozenset[UUID], *, patient: bool) -> Playing:
    """Play a life on a side that lets what is due wait, or does not."""
    side = Side([VERSION], 0)
    side.patient = patient and side.patient
    playing = Playing(side, Life(WHO, [Person(WHO, "anna")], past, kept))
    for _, who, what in past:
        playing.take(who, what)
    playing.finish(UNTIL)
    return playing


@settings(max_examples=120, deadline=None)
@given(HAPPENINGS)
def test_waiting_changes_nothing(happenings: list[Happening]) -> None:
    """Late orders, claims, returns, cancellations and changes come out the same, to the lot and the tally."""
    past, kept = past_of(happenings)
    patient, prompt = (play(past, kept, patient=each) for each in (True, False))
    assert patient.side.patient
    assert not prompt.side.patient
    assert state(patient.members[0], 1) == state(prompt.members[0], 1)
    assert msgspec.structs.asdict(patient.tally) == msgspec.structs.asdict(prompt.tally)


@settings(max_examples=60, deadline=None)
@given(HAPPENINGS)
def test_lines_are_worked_out_for_what_comes_back(happenings: list[Happening]) -> None:
    """Orders that nothing happens to later are played without the parts of lines: it shows nowhere."""
    past, kept = past_of(happenings)
    every = frozenset(what.id for _, _, what in past if isinstance(what, OrderPaid))
    few, all_of_them = (play(past, each, patient=True) for each in (kept, every))
    assert few.tally == all_of_them.tally
    assert state(few.members[0], 1) == state(all_of_them.members[0], 1)


def test_what_is_read_does_not_wait() -> None:
    """A rule that asks about points, and one that gives a reward, see every lot as it is."""
    assert is_quiet(VERSION)
    assert may_wait(VERSION)
    asks = PROGRAM.replace("points: 7,", "points: 7, when: {fact: wallet.points.available, at_least: 5},")
    gives = PROGRAM.replace("type: fixed, points: 7,", "type: gives_reward, reward: five,")
    for text in (asks, gives):
        assert text != PROGRAM
        version: Version = version_of(text)
        assert is_quiet(version)
        assert not may_wait(version)
