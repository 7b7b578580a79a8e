"""What merging makes of tiers, memberships, rounds of challenges and attributes, without a database."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from perennial.core.challenge_round import Round, RoundState
from perennial.core.checkout.used import Used, UsedByProgram, UsedLot, handed_over
from perennial.core.decisions.merging import filled_attributes, merged_membership, merged_rounds
from perennial.core.effects import UseVoucher
from perennial.core.member import Membership
from perennial.core.orders.order import Scalar
from perennial.ledger.lot import LotKey, Origin

A, B, C = (0, UUID(int=1)), (1, UUID(int=2)), (2, UUID(int=3))

_instants = st.integers(0, 1_000)
_memberships = st.builds(
    Membership,
    joined_at=_instants,
    source=st.sampled_from(["api", "automatic"]),
    left_at=st.none() | _instants,
)
_rounds = st.builds(
    Round,
    number=st.integers(1, 3),
    started_at=_instants,
    ends_at=st.none() | _instants,
    state=st.sampled_from(RoundState),
    amounts=st.lists(st.integers(0, 9), min_size=2, max_size=2).map(tuple),
    marks=st.dictionaries(st.integers(0, 5), st.integers(1, 3)).map(
        lambda marks: tuple(sorted(marks.items()))
    ),
    given=st.integers(0, 3),
    revision=st.integers(0, 5),
    latest=st.just(()) | st.tuples(st.none() | _instants, st.none() | _instants),
    earned=st.dictionaries(st.integers(1, 3), st.integers(1, 99)).map(lambda sums: tuple(sums.items())),
)
_standings = st.lists(_rounds, unique_by=lambda one: one.number).map(
    lambda rounds: {one.number: one for one in rounds}
)


@given(ours=_memberships, theirs=_memberships)
def test_a_member_of_either_is_a_member_since_the_earlier_day(ours: Membership, theirs: Membership) -> None:
    """Whichever of the two is merged into the other."""
    one, other = merged_membership(ours, theirs), merged_membership(theirs, ours)
    assert one.joined_at == other.joined_at == min(ours.joined_at, theirs.joined_at)
    assert one.left_at == other.left_at
    assert (one.left_at is None) == (ours.left_at is None or theirs.left_at is None)
    assert merged_membership(None, theirs).joined_at == theirs.joined_at


@given(ours=_standings, theirs=_standings)
def test_rounds_add_up(ours: dict[int, Round], theirs: dict[int, Round]) -> None:
    """Nothing that was counted, marked or given is lost, and the revision passes that of both."""
    both = {**ours, **merged_rounds(ours, theirs)}
    assert set(both) == set(ours) | set(theirs)
    for place in range(2):
        counted = [one.amounts[place] for one in (*ours.values(), *theirs.values())]
        assert sum(one.amounts[place] for one in both.values()) == sum(counted)
    everything = (*ours.values(), *theirs.values())
    assert sum(one.given for one in both.values()) == sum(one.given for one in everything)
    for unit in (1, 2, 3):
        earned = sum(dict(one.earned).get(unit, 0) for one in everything)
        assert sum(dict(one.earned).get(unit, 0) for one in both.values()) == earned
    marked = sum(amount for one in everything for _, amount in one.marks)
    assert sum(amount for one in both.values() for _, amount in one.marks) == marked
    for number in set(ours) & set(theirs):
        assert both[number].revision > max(ours[number].revision, theirs[number].revision)
        completed = RoundState.COMPLETED in (ours[number].state, theirs[number].state)
        assert (both[number].state is RoundState.COMPLETED) == completed
        pairs = [one.latest or (None, None) for one in (ours[number], theirs[number])]
        for place, known in enumerate(both[number].latest):
            given = [at for at in (pair[place] for pair in pairs) if at is not None]
            assert known == max(given, default=None)
        assert len(both[number].latest) == max(len(ours[number].latest), len(theirs[number].latest))


def test_the_survivors_attributes_stay() -> None:
    """What only the other one had is taken over."""
    ours: dict[str, Scalar] = {"city": "Kiel", "vip": False}
    assert filled_attributes(ours, {"city": "Bonn", "size": "M"}) == {**ours, "size": "M"}


def test_what_was_used_comes_back_to_the_survivor() -> None:
    """Lots become the survivor's own, with their dates; what others lent stays theirs."""
    key = LotKey(Origin.EARNED, 5, 90)
    lots = (UsedLot(*A, 1, key, 10), UsedLot(*C, 1, key, 20))
    vouchers = (UseVoucher(*A, UUID(int=9), 1), UseVoucher(*C, UUID(int=8), 1))
    parts = (UsedByProgram(1, 1, lots=lots, vouchers=vouchers),)
    used = Used(programs=parts, ids=(), quantities=(), paid=(), returned=(), captured=True)
    (part,) = handed_over(used, A, B).programs
    assert part.lots == (UsedLot(*B, 1, LotKey(Origin.RETURNED, 5, 90), 10), lots[1])
    assert part.vouchers == (UseVoucher(*B, UUID(int=9), 1), vouchers[1])
