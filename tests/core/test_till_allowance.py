"""What a till may give offline: every bound, exact at its edge."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.core.codes.till_allowance import Bounds, EntryReason, Granted, Overspend, Spent, why_refused

ANNA, BEN = UUID(int=1), UUID(int=2)
BOUNDS = Bounds(
    issued_at=1_000,
    expires_at=2_000,
    members=(ANNA,),
    max_points=100,
    max_points_total=150,
    max_amount=500,
    max_redemptions=3,
    overspend=Overspend.ACCEPT,
)
FITS = Spent(at=1_000, member=ANNA, points=100, amount=500)


def test_up_to_the_edge() -> None:
    """What fills the bounds is within them."""
    assert why_refused(BOUNDS, Granted(redemptions=2, points=50), FITS) is None
    assert why_refused(BOUNDS, Granted(), msgspec.structs.replace(FITS, at=1_999)) is None


@pytest.mark.parametrize(
    ("spent", "granted", "reason"),
    [
        ({"at": 999}, {}, EntryReason.BEFORE_ALLOWANCE),
        ({"at": 2_000}, {}, EntryReason.ALLOWANCE_EXPIRED),
        ({"member": BEN}, {}, EntryReason.MEMBER_NOT_ALLOWED),
        ({"member": None}, {}, EntryReason.MEMBER_NOT_ALLOWED),
        ({}, {"redemptions": 3}, EntryReason.TOO_MANY_REDEMPTIONS),
        ({"points": 101}, {}, EntryReason.TOO_MANY_POINTS),
        ({}, {"member_points": 1}, EntryReason.TOO_MANY_POINTS),
        ({}, {"points": 51}, EntryReason.TOO_MANY_POINTS),
        ({}, {"amount": 1}, EntryReason.TOO_MUCH_MONEY),
        ({"amount": 501}, {}, EntryReason.TOO_MUCH_MONEY),
    ],
)
def test_past_the_edge(spent: dict[str, Any], granted: dict[str, Any], reason: EntryReason) -> None:
    """One more than a bound is refused, with its reason."""
    assert why_refused(BOUNDS, Granted(**granted), msgspec.structs.replace(FITS, **spent)) is reason


def test_anybody_may_use_a_voucher_but_points_are_a_members() -> None:
    """Without a list of members a guest's entry is within, unless it spends points."""
    anybody = msgspec.structs.replace(BOUNDS, members=None)
    guest = Spent(at=1_000, member=None, points=0, amount=1)
    assert why_refused(anybody, Granted(), guest) is None
    paid = msgspec.structs.replace(guest, points=1)
    assert why_refused(anybody, Granted(), paid) is EntryReason.CUSTOMER_REQUIRED


@given(
    st.lists(
        st.tuples(
            st.integers(900, 2_100),
            st.sampled_from([ANNA, BEN, None]),
            st.integers(0, 120),
            st.integers(0, 300),
        ),
        max_size=30,
    )
)
def test_the_risk_is_bounded(entries: list[tuple[int, UUID | None, int, int]]) -> None:
    """Law: whatever is uploaded in whatever order, what is granted never passes one of the bounds."""
    bounds = msgspec.structs.replace(BOUNDS, members=None)
    points = amount = redemptions = 0
    of: dict[UUID | None, int] = {}
    for at, member, given_points, given_amount in entries:
        spent = Spent(at=at, member=member, points=given_points, amount=given_amount)
        granted = Granted(
            redemptions=redemptions, points=points, amount=amount, member_points=of.get(member, 0)
        )
        if why_refused(bounds, granted, spent) is None:
            redemptions, points, amount = redemptions + 1, points + given_points, amount + given_amount
            of[member] = of.get(member, 0) + given_points
    assert redemptions <= 3
    assert points <= 150
    assert amount <= 500
    assert all(each <= 100 for each in of.values())
    assert of.get(None, 0) == 0
