"""Which moves have to be decided, and that blocks of segments judge what everything judges."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from perennial.core.compile_segments import BasedOn, Kept, SegmentSet, compile_segments
from perennial.core.condition_document import DEC_HOOK
from perennial.core.following_segments import hears
from perennial.core.member import Member, Wallet
from perennial.core.segment import Segment
from perennial.core.segmenting import Judging
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
