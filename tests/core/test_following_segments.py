"""Which moves have to be decided, and that blocks of segments judge what everything judges."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.core.effects import (
    Effect,
    Entitle,
    Expose,
    IssueVoucher,
    Progress,
    SendMessage,
    SetDue,
    Touch,
    UseBudget,
    UseVoucher,
    VoidVoucher,
)
from perennial.core.member import Member, Wallet
from perennial.core.needs import days_within, sum_within, summed_up
from perennial.core.segments.compile_segments import BasedOn, Kept, SegmentSet, compile_segments
from perennial.core.segments.following_segments import hears
from perennial.core.segments.segment import Segment
from perennial.core.segments.segmenting import KEY_OF_EFFECT, Judging
from perennial.core.terms.condition_document import DEC_HOOK
from tests.core.earning_stage import NOON, version_of

ENTERED, LEFT = "segment.entered", "segment.left"
RULE = {"id": "hello", "type": "fixed", "points": 5, "trigger": ENTERED}
MOVES = {"measure": "events.count", "event": ENTERED, "target": 3}
TIER = {
    "metrics": [{"measure": "events.count", "event": ENTERED}],
    "levels": [{"id": "gold", "name": "Gold", "reach": {"metric": 2}}],
}
IDLE = {"type": "inactivity", "after": {"months": 6}, "activities": [ENTERED]}


@pytest.mark.parametrize(
    "parts",
    [
        {"earning_rules": [RULE]},
        {"challenges": [{"id": "c", "name": "Moves", "goals": [{"id": "moves", **MOVES}], "gives": []}]},
        {"tiers": TIER},
        {"wallets": [{"id": "points", "name": "Points", "expiry": IDLE}]},
    ],
    ids=["a rule", "a challenge", "a count", "an activity"],
)
def test_a_version_hears_what_it_has_something_for(parts: dict[str, Any]) -> None:
    """Entering is heard, leaving is not: nothing of the program waits for it."""
    version = version_of(**parts)
    assert hears(version, ENTERED)
    assert not hears(version, LEFT)


def test_a_version_that_waits_for_nothing_hears_nothing() -> None:
    """A rule about orders is no reason to decide a move."""
    version = version_of([{"id": "order", "type": "fixed", "points": 5}])
    assert not hears(version, ENTERED)


RICH = {"fact": "wallet.points.balance", "at_least": 100}
KNOWN = {"fact": "member.tier", "exists": True}
BOTH = {"all": [{"fact": "member.segments", "contains": code} for code in ("rich", "german")]}
NEITHER = {"all": [{"fact": "member.segments", "not_in": ["both", "rich"]}]}


def _set() -> SegmentSet:
    version = version_of(declarations={"member": {"country": {"type": "text"}}})
    german = {"fact": "member.country", "is": "DE"}
    conditions = {"both": BOTH, "neither": NEITHER, "rich": RICH, "german": german, "known": KNOWN}
    segments = [
        msgspec.convert({"segment": code, "name": code, "when": when}, Segment, dec_hook=DEC_HOOK)
        for code, when in conditions.items()
    ]
    kept = [Kept(segment, number, 1, True) for number, segment in enumerate(segments, 1)]
    return compile_segments(kept, [BasedOn(version.program, 1, {"points": 1})])


def test_who_asks_about_a_segment_that_moved_is_judged_after_it() -> None:
    """Only what reads the wallet is asked for; two steps of segments that ask about others follow."""
    segments = _set()
    member = Member(customer_id=UUID(int=1), owner=UUID(int=1), attributes={"country": "DE"})
    Judging(segments, member, NOON).judge()
    assert set(member.segments) == {"german", "neither"}
    member.wallets[1] = Wallet(balance=100)
    moves = Judging(segments, member, NOON + 1).judge(segments.live_one("rich").block)
    assert [(move.code, move.entered) for move in moves] == [
        ("rich", True),
        ("both", True),
        ("neither", False),
    ]
    assert set(member.segments) == {"german", "rich", "both"}


def test_what_was_not_asked_for_is_left_as_it_is() -> None:
    """A wallet that nobody says has changed moves nobody: the bits decide who is judged."""
    segments = _set()
    member = Member(customer_id=UUID(int=1), owner=UUID(int=1), attributes={})
    member.wallets[1] = Wallet(balance=100)
    assert Judging(segments, member, NOON).judge(segments.live_one("known").block) == []
    assert "rich" not in member.segments


def test_every_effect_says_what_segments_read_of_it() -> None:
    """A new kind of effect has to be either looked up, or named here as one that no segment reads."""
    read_by_none = {
        Touch,
        SetDue,
        Expose,
        Progress,
        UseBudget,
        IssueVoucher,
        Entitle,
        UseVoucher,
        VoidVoucher,
        SendMessage,
    }
    assert KEY_OF_EFFECT.keys() | read_by_none == set(get_args(Effect))
    assert KEY_OF_EFFECT.keys().isdisjoint(read_by_none)


@given(
    st.dictionaries(st.integers(0, 40), st.integers(-9, 9), max_size=8),
    st.integers(0, 45),
    st.integers(0, 45),
)
def test_what_is_summed_up_tells_every_sum_of_the_last_days(
    counted: dict[int, int], first: int, today: int
) -> None:
    """Days come in any order, returns may be more than orders, and something may lie ahead."""
    first = min(first, today)
    periods, sums = summed_up(counted)
    found = sums[bisect_right(periods, today)] - sums[bisect_left(periods, first)]
    assert found == sum_within(counted, (first, today))
    assert days_within(counted, periods, (first, today)) == [
        day for day in sorted(counted) if first <= day <= today and counted[day] > 0
    ]


def test_nothing_counted_is_summed_up_to_nothing() -> None:
    """Whoever never ordered has no day and no sum."""
    assert summed_up(None) == ([], [0])
    assert list(days_within(None, [], (0, 9))) == []
