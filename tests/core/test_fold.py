"""Effects applied to a member in memory: every figure, the lots, and the due instant."""

from __future__ import annotations

from uuid import UUID

import pytest

from perennial.core.codes.codes import IssuedCode
from perennial.core.effects import (
    Activate,
    BeActive,
    Count,
    Credit,
    Debit,
    Effect,
    FallShort,
    Forgive,
    IssueVoucher,
    Join,
    Leave,
    MoveTier,
    Owe,
    Release,
    SetDue,
    Touch,
    UseBudget,
    UseLimit,
)
from perennial.core.fold import fold, fold_spent
from perennial.core.member import Member, Wallet
from perennial.core.snapshot import WalletFigures
from perennial.core.version import Version
from perennial.core.wallets.credit import credit_award
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from tests.core.ledger_stage import at, figures, local, lots, stage, version_on

UNIT = 1
NOW = at("2026-01-10 10:00")
ACTIVE = LotKey(Origin.EARNED, at("2026-01-10"), at("2026-07-11"))
LATER = LotKey(Origin.EARNED, at("2026-01-25"), at("2026-07-26"))
WAITING = LotKey(Origin.EARNED, None, None, "order-1")
ENOUGH = (
    Credit(UNIT, 100, ACTIVE, Account.ISSUED, False),
    Credit(UNIT, 50, LATER, Account.ISSUED, True),
    Credit(UNIT, 30, WAITING, Account.ISSUED, True),
)


def after(*effects: Effect, version: Version | None = None) -> Member:
    """Return a fresh member after effects."""
    member = Member(customer_id=UUID(int=7), owner=UUID(int=7))
    fold(member, version or version_on(stage()), effects, NOW)
    return member


def wallet_after(*effects: Effect) -> Wallet:
    """Return the wallet after 180 points, 80 of them pending, and then ``effects``."""
    return after(*ENOUGH, *effects).wallets[UNIT]


def test_credits_fill_lots_and_pending() -> None:
    """Available, dated and waiting points: 180 in all, 80 pending, in three lots."""
    wallet = wallet_after()
    assert figures(wallet) == (180, 80, 0, 0)
    assert (wallet.earned, local(wallet.activated_until)) == (180, "2026-01-10")
    assert lots(wallet) == [
        (None, None, 30),
        ("2026-01-10", "2026-07-11", 100),
        ("2026-01-25", "2026-07-26", 50),
    ]


def test_equal_keys_share_a_lot() -> None:
    """A second credit of the same key adds to what was granted and what remains."""
    wallet = wallet_after(ENOUGH[0], Debit(UNIT, 30, ACTIVE.lot_id, Account.REDEEMED, False))
    assert wallet.lots is not None
    lot = wallet.lots[ACTIVE.lot_id]
    assert (lot.granted, lot.remaining, wallet.spent) == (200, 170, 30)


@pytest.mark.parametrize(
    ("target", "changed"),
    [
        (Account.REDEEMED, {"spent": 20}),
        (Account.EXPIRED, {"expired": 20}),
        (Account.ISSUED, {"earned": 160}),
        (Account.ADJUSTED, {}),
        (Account.IN_TRANSIT, {}),
        (Account.CLOSED, {}),
    ],
)
def test_debits_say_where_the_points_went(target: Account, changed: dict[str, int]) -> None:
    """Balance and lot shrink; spent, expired and earned follow the target."""
    wallet = wallet_after(Debit(UNIT, 20, ACTIVE.lot_id, target, False))
    assert figures(wallet) == (160, 80, 0, 0)
    expected = {"spent": 0, "expired": 0, "earned": 180, **changed}
    assert {name: getattr(wallet, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("source", "changed"),
    [(Account.REDEEMED, {"spent": -20}), (Account.EXPIRED, {"expired": -20}), (Account.ADJUSTED, {})],
)
def test_points_given_back_undo_where_they_went(source: Account, changed: dict[str, int]) -> None:
    """Points that come back out of an account are taken off its figure."""
    wallet = wallet_after(Credit(UNIT, 20, ACTIVE, source, False))
    expected = {"spent": 0, "expired": 0, "earned": 180, **changed}
    assert {name: getattr(wallet, name) for name in expected} == expected


def test_a_pending_debit_takes_from_pending() -> None:
    """What leaves a pending lot is no longer pending either."""
    wallet = wallet_after(Debit(UNIT, 50, LATER.lot_id, Account.ISSUED, True))
    assert figures(wallet) == (130, 30, 0, 0)


def test_debts_and_shortfalls() -> None:
    """A debt takes from what was earned, unless staff made it; paying it needs points, forgiving none."""
    wallet = wallet_after(
        Owe(UNIT, 40),
        Owe(UNIT, 5, Account.ADJUSTED),
        FallShort(UNIT, 7),
        FallShort(UNIT, -3),
        Debit(UNIT, 30, ACTIVE.lot_id, Account.DEBT, False),
        Forgive(UNIT, 6),
    )
    assert figures(wallet) == (150, 80, 9, 4)
    assert wallet.earned == 140


def test_activation_and_release() -> None:
    """Dated points activate by the timer's instant; waiting ones move into a lot of their own dates."""
    released = LotKey(Origin.EARNED, at("2026-01-12"), at("2026-07-13"), "order-1")
    wallet = wallet_after(
        Release(UNIT, WAITING.lot_id, 30, released, False), Activate(UNIT, 50, at("2026-01-25"))
    )
    assert figures(wallet) == (180, 0, 0, 0)
    assert local(wallet.activated_until) == "2026-01-25"
    assert [remaining for _, _, remaining in lots(wallet)] == [100, 30, 50]


def test_counters_limits_and_budgets() -> None:
    """Counters and limits add up per period; a cooldown keeps the latest instant; budgets are shared."""
    effects = (
        Count(5, 2026, 100),
        Count(5, 2026, -30),
        Count(5, 2025, 1),
        UseLimit(6, 24312, 1, 3),
        UseLimit(6, 24312, 1, 3),
        Touch(7, NOW),
        Touch(7, NOW - 1),
        UseBudget(8, 0, 50, 100),
    )
    member = after(*effects)
    assert member.counters == {5: {2026: 70, 2025: 1}}
    assert member.limits == {6: {24312: 2}, 7: {0: NOW}}
    spent = {(8, 0): 10}
    fold_spent(spent, effects)
    assert spent == {(8, 0): 60}


def test_membership_and_tier() -> None:
    """Joining, moving, leaving; a voucher changes no figure."""
    move = MoveTier(None, "gold", NOW, NOW, at("2027-01-01"), "silver", "reached")
    voucher = IssueVoucher(IssuedCode("CODE", UUID(int=1), b""), "five", 500, "EUR", None, 500, UNIT)
    member = after(Join(NOW, "web"), move, voucher, Leave(NOW + 1))
    membership = member.memberships[1]
    assert (membership.joined_at, membership.source, membership.left_at) == (NOW, "web", NOW + 1)
    assert (membership.tier, membership.tier_since, membership.tier_floor) == ("gold", NOW, "silver")
    assert local(membership.tier_until) == "2027-01-01"
    assert member.wallets == {}


@pytest.mark.parametrize(
    ("effects", "due"),
    [
        ((ENOUGH[0],), "2026-07-11"),
        ((ENOUGH[0], ENOUGH[1]), "2026-01-25"),
        ((ENOUGH[2],), None),
        ((ENOUGH[1], SetDue(None)), None),
        ((SetDue(at("2026-01-20")), ENOUGH[1]), "2026-01-20"),
        (
            (Join(NOW, "web"), MoveTier(None, "gold", NOW, NOW, at("2026-02-01"), None, "reached")),
            "2026-02-01",
        ),
    ],
)
def test_the_due_instant_is_the_earliest(effects: tuple[Effect, ...], due: str | None) -> None:
    """New lots and tiers arm the timer, and never put it off."""
    assert local(after(*effects).due_at) == due


def test_activity_arms_the_expiry_by_inactivity() -> None:
    """The latest activity counts, and the timer is armed for the end of its time."""
    version = version_on(stage({"expiry": {"type": "inactivity", "after": {"days": 30}}}))
    member = after(BeActive(UNIT, NOW), BeActive(UNIT, NOW - 86_400_000_000), version=version)
    assert (member.wallets[UNIT].active_at, local(member.due_at)) == (NOW, "2026-02-10")


def test_lots_that_are_not_loaded_stay_unknown() -> None:
    """Without lots the figures follow all the same."""
    member = Member(UUID(int=7), UUID(int=7), wallets={UNIT: Wallet(balance=10, lots=None)})
    fold(member, version_on(stage()), ENOUGH, NOW)
    assert (figures(member.wallets[UNIT]), member.wallets[UNIT].lots) == ((190, 80, 0, 0), None)


@pytest.mark.parametrize(
    ("before", "points", "expected"),
    [
        (WalletFigures(), 100, (100, 0, 0, 0)),
        (WalletFigures(debt=30), 100, (70, 0, 0, 0)),
        (WalletFigures(shortfall=30), 100, (70, 0, 0, 0)),
        (WalletFigures(debt=50, shortfall=70), 100, (0, 0, 20, 0)),
        (WalletFigures(debt=50, shortfall=170), 100, (0, 0, 50, 70)),
        (WalletFigures(), 0, (0, 0, 0, 0)),
    ],
)
def test_an_award_nets_the_shortfall_then_pays_the_debt(
    before: WalletFigures, points: int, expected: tuple[int, int, int, int]
) -> None:
    """The fresh lot first makes up for a shortfall, then pays the debt, and never goes below zero."""
    version = version_on(stage())
    effects, lot_id = credit_award(version, 0, points, None, NOW, None, before)
    wallet = Wallet(debt=before.debt, shortfall=before.shortfall, lots={})
    member = Member(UUID(int=7), UUID(int=7), wallets={UNIT: wallet})
    fold(member, version, effects, NOW)
    assert figures(wallet) == expected
    assert wallet.earned == points - (before.shortfall - wallet.shortfall)
    assert (lot_id == 0) is (points == 0)


def test_an_award_may_be_pending_and_still_pays() -> None:
    """Pending points pay as well; whether they are pending is judged by the day and by the timers."""
    version = version_on(stage({"pending": {"type": "period", "after": {"days": 14}}}))
    effects, _ = credit_award(version, 0, 100, None, NOW, None, WalletFigures(debt=40))
    wallet = Wallet(debt=40, lots={})
    fold(Member(UUID(int=7), UUID(int=7), wallets={UNIT: wallet}), version, effects, NOW)
    assert figures(wallet) == (60, 60, 0, 0)
    late = credit_award(version, 0, 100, None, NOW, None, WalletFigures(activated_until=at("2026-03-01")))[0][
        0
    ]
    assert isinstance(late, Credit)
    assert not late.pending
