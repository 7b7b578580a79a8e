"""Passing time in one go is passing it instant by instant."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.compiling.compile import compile_version
from perennial.core.course import Course
from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.member import Member, Membership, Wallet
from perennial.core.quiet_timers import is_quiet, pass_quietly
from perennial.core.scratch import copy_of
from perennial.core.timers import next_due
from perennial.core.version import Version
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import DAY, named_id

PROGRAM = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points, pending: {type: period, after: {days: 3}}}]
"""
TIERS = """tiers:
  metrics: [{id: held, balance: points}]
  lasts: while_reached
  levels: [{id: gold, name: Gold, reach: {held: 5}}]
"""
LOTS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 30)),
        st.one_of(st.none(), st.integers(1, 40)),
        st.integers(0, 50),
    ),
    max_size=8,
)


def version_of(text: str) -> Version:
    """Compile a program."""
    program = read_program(text)
    assert isinstance(program, Program), program
    return compile_version(program, 1, 1, 0, {"points": 1})


VERSION = version_of(PROGRAM)


def member_with(lots: list[tuple[int | None, int | None, int]], active: int) -> Member:
    """Return a member whose timers ran up to the day ``active``."""
    wallet = Wallet(lots={}, activated_until=active * DAY)
    assert wallet.lots is not None
    for number, (available, expires, remaining) in enumerate(lots):
        if expires is not None and (expires <= active or available is None):
            continue
        at = None if available is None else available * DAY
        key = LotKey(Origin.EARNED, at, None if expires is None else expires * DAY, str(number))
        wallet.lots[key.lot_id] = Lot(key.lot_id, key, remaining, remaining)
        wallet.balance += remaining
        wallet.pending += remaining if wallet.counts_as_pending(key) else 0
    who = named_id(1, "customer", "anna")
    member = Member(customer_id=who, owner=who, memberships={1: Membership(0)}, wallets={1: wallet})
    member.due_at = next_due([VERSION], member, active * DAY)
    return member


@settings(max_examples=300, deadline=None)
@given(LOTS, st.integers(0, 20), st.integers(0, 45))
def test_in_one_go_is_instant_by_instant(
    lots: list[tuple[int | None, int | None, int]], active: int, later: int
) -> None:
    """The same balances, the same open lots, the same timer."""
    quick = member_with(lots, active)
    slow = copy_of(quick, VERSION)
    at = (active + later) * DAY
    course = Course()
    course.versions = [VERSION]
    course.pass_time(slow, at)
    if quick.due_at is not None and quick.due_at <= at:
        assert pass_quietly(VERSION, quick, at)
    assert _state(quick) == _state(slow)


def _state(member: Member) -> object:
    wallet = member.wallets[1]
    lots = {number: lot for number, lot in (wallet.lots or {}).items() if lot.remaining}
    return msgspec.structs.replace(wallet, lots=lots), member.due_at


def test_what_looks_at_balances_is_not_quiet() -> None:
    """Tiers by a balance, expiry by inactivity, birthdays and an end of the program need every instant."""
    assert is_quiet(VERSION)
    for more in (
        "ends: 2030-01-01",
        "earning_rules: [{id: day, type: fixed, trigger: member.birthday, points: 5}]",
        TIERS,
    ):
        assert not is_quiet(version_of(f"{PROGRAM}{more}\n")), more
    inactive = PROGRAM.replace("pending:", "expiry: {type: inactivity, after: {months: 6}}, pending:")
    assert not is_quiet(version_of(inactive))
