"""The life of a referral, event by event, and what is wrong with a document's referrals."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program, rewards_of, unit_codes
from perennial.core.document.program_parts import decode_published, join_parts, split_program
from perennial.core.explaining.program_diff import diff
from perennial.core.rehearsal.referrals import ReferralRehearsal
from perennial.core.validation.validation import validate

BASE: dict[str, Any] = {
    "program": "shop",
    "name": "Shop",
    "wallets": [{"id": "points", "name": "Points"}],
    "declarations": {"events": {"ride.done": {}}},
}
OFFER: dict[str, Any] = {
    "id": "friends",
    "name": "Friends",
    "advocate": {"gets": {"gives": [{"type": "points", "points": 500}]}},
    "friend": {"gets": {"gives": [{"type": "points", "points": 250}]}},
}


def program(**offer: Any) -> Program:
    """Return a program with one offer."""
    read = program_of(BASE | {"referrals": {"offers": [OFFER | offer]}})
    assert isinstance(read, Program), read
    return read


def codes_of(**offer: Any) -> list[tuple[str, str]]:
    """Return path and code of every problem."""
    return [(problem.path, problem.code) for problem in validate(program(**offer))]


def test_a_plain_offer_is_valid() -> None:
    """It needs a name, and that somebody gets something."""
    assert codes_of() == []


@pytest.mark.parametrize(
    ("offer", "path", "code"),
    [
        ({"advocate": {}, "friend": {}}, "referrals.offers[0]", "gives_nothing"),
        ({"converts": {"on": "event"}}, "referrals.offers[0].converts.event", "event_needed"),
        ({"converts": {"event": "ride.done"}}, "referrals.offers[0].converts.event", "event_needed"),
        (
            {"converts": {"on": "event", "event": "ride.did"}},
            "referrals.offers[0].converts.event",
            "unknown_reference",
        ),
        ({"converts": {"on": "joining", "number": 2}}, "referrals.offers[0].converts.number", "joins_once"),
        (
            {"converts": {"on": "joining", "min_order": 5}},
            "referrals.offers[0].converts.min_order",
            "only_orders",
        ),
        ({"waits": {}}, "referrals.offers[0].waits", "empty_span"),
        (
            {"checks": [{"type": "same_email"}, {"type": "same_email"}]},
            "referrals.offers[0].checks[1]",
            "duplicate",
        ),
        (
            {"advocate": OFFER["advocate"] | {"limits": [{"points": 5}]}},
            "referrals.offers[0].advocate.limits[0].points",
            "points_or_times",
        ),
        ({"friend": {"gets": {"gives": []}}}, "referrals.offers[0].friend.gets.gives", "empty"),
        (
            {"advocate": {"tiers": [{"after": 5, "gives": []}, {"after": 5, "gives": []}]}},
            "referrals.offers[0].advocate.tiers",
            "tiers_out_of_order",
        ),
    ],
)
def test_what_is_wrong_is_named(offer: dict[str, Any], path: str, code: str) -> None:
    """Each mistake has its path and its code."""
    assert (path, code) in codes_of(**offer)


def test_a_link_and_codes() -> None:
    """A link holds the code once; a member's code is for any number of friends, for good."""
    for section, path, code in (
        ({"link": "https://shop.example/"}, "referrals.link", "link_without_code"),
        ({"codes": {"uses": 5}}, "referrals.codes.uses", "not_for_referrals"),
        ({"codes": {"shared": "ALL"}}, "referrals.codes.shared", "not_for_referrals"),
        ({"codes": {"pattern": "ABC"}}, "referrals.codes.pattern", "no_random_character"),
    ):
        read = program_of(BASE | {"referrals": {"offers": [OFFER]} | section})
        assert isinstance(read, Program)
        assert (path, code) in [(problem.path, problem.code) for problem in validate(read)]


def test_the_document_says_what_changed_and_is_stored_in_parts() -> None:
    """A new offer is named in the difference, the program comes back whole, gift cards have a unit."""
    before = program_of(BASE)
    assert isinstance(before, Program)
    after = program(friend={"gets": {"gives": [{"type": "gift_card", "value": 1000}]}})
    assert [change.words for change in diff(before, after)][:2] == [
        "program: referrals added",
        "offer “Friends” added",
    ]
    parts = split_program(after)
    assert decode_published(join_parts(parts.manifest, parts.bodies)) == after
    assert [reward.id for reward in rewards_of(after)] == ["friends.advocate", "friends.friend"]
    assert unit_codes(after) == ["points", "gift_card"]


def test_the_count_is_the_last_limit() -> None:
    """Conditions find ``member.referral_count`` there."""
    version = ReferralRehearsal(program()).versions[-1]
    assert version.referral_limit == -1
    assert version.limits[-1].name == "friends who have converted"
