"""Applies the effects of a decision to the member in memory: the same as a write and a reload.

A batch decides events one after the other; each has to see what the one before did. A law demands that
folding and reloading give the same member.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from perennial.core.calendar_days import next_yearly_day
from perennial.core.challenge_round import RoundState, Standing
from perennial.core.dates.periods import add_span
from perennial.core.effects import (
    Activate,
    BeActive,
    Capture,
    Count,
    Credit,
    Debit,
    Effect,
    Entitle,
    Expose,
    FallShort,
    Forgive,
    GiveBack,
    IssueVoucher,
    Join,
    Leave,
    MoveTier,
    Owe,
    Progress,
    Release,
    SendMessage,
    SetDue,
    Touch,
    UseBudget,
    UseLimit,
    UseVoucher,
    VoidVoucher,
)
from perennial.core.member import Exposure, Member, Membership, Wallet
from perennial.core.version import Version
from perennial.core.wallets.inactivity import inactive_at
from perennial.ledger.account import Account
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import Instant, Points

# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_ISSUED, _REDEEMED, _EXPIRED, _DEBT, _HELD = (
    Account.ISSUED,
    Account.REDEEMED,
    Account.EXPIRED,
    Account.DEBT,
    Account.HELD,
)


def fold(
    member: Member,
    version: Version,
    effects: Iterable[Effect],
    at: Instant,  # noqa: ARG001 (a decision is folded at its instant; today every effect carries its own)
) -> None:
    """Apply ``effects`` that a decision under ``version`` made at ``at`` to ``member``, in order.

    ``due_at`` stays a lower bound of the next due instant.
    """
    for effect in effects:
        # Most are counts, and to ask whether a struct is of another kind costs more than to add one.
        if type(effect) is Count:
            _add(member.counters, effect.metric, effect.period, effect.amount)
            continue
        match effect:
            case Credit():
                _credit(member, effect)
                _due_with_points(member, version, effect.unit)
            case Count(metric=metric, period=period, amount=amount):
                _add(member.counters, metric, period, amount)
            case UseLimit(limit=limit, period=period, amount=amount):
                _add(member.limits, limit, period, amount)
            case UseBudget() | IssueVoucher() | Entitle() | UseVoucher() | VoidVoucher() | SendMessage():
                pass
            case Capture(unit=unit, amount=amount):
                wallet = _wallet(member, unit)
                wallet.held -= amount
                wallet.spent += amount
            case GiveBack():
                _give_back(member, effect)
                _due_with_points(member, version, effect.unit)
            case Debit():
                _debit(_wallet(member, effect.unit), effect)
            case Owe(unit=unit, amount=amount, target=target):
                wallet = _wallet(member, unit)
                wallet.debt += amount
                if target is _ISSUED:
                    wallet.earned -= amount
                elif target is _REDEEMED:
                    wallet.spent += amount
            case Forgive(unit=unit, amount=amount):
                _wallet(member, unit).debt -= amount
            case FallShort(unit=unit, amount=amount):
                _wallet(member, unit).shortfall += amount
            case Activate(unit=unit, amount=amount, until=until):
                wallet = _wallet(member, unit)
                wallet.pending -= amount
                wallet.activated_until = max(wallet.activated_until, until)
            case Release():
                _release(member, effect)
            case Touch(limit=limit, at=touched, place=place):
                known = member.limits.setdefault(limit, {})
                known[place] = max(known.get(place, touched), touched)
            case MoveTier() | Join() | Leave():
                _move(member, version, effect)
                _due_in_tier(member, version)
            case SetDue(at=due):
                member.due_at = due
            case BeActive(unit=unit, at=active):
                _be_active(member, version, unit, active)
            case Progress():
                _progress(member, effect)
            case Expose(experiment=experiment, variant=variant, at=exposed):
                key = (version.program_id, experiment)
                member.exposures = {**member.exposures, key: Exposure(variant, exposed)}
            case _:
                assert_never(effect)


def fold_spent(spent: dict[tuple[int, int], int], effects: Iterable[Effect]) -> None:
    """Add what ``effects`` use of budgets to ``spent``: (number, period) -> used by all members."""
    for effect in effects:
        if type(effect) is UseBudget:
            key = (effect.budget, effect.period)
            spent[key] = spent.get(key, 0) + effect.amount


def closes_at(version: Version) -> Instant | None:
    """Return when the balances of an ended program are closed: the program's grace after its end."""
    if version.ends is None:
        return None
    return add_span(version.ends, version.program.grace, version.zone)


def _wallet(member: Member, unit: int) -> Wallet:
    """Return the wallet of a unit; one that was never used has no lots."""
    wallet = member.wallets.get(unit)
    if wallet is None:
        wallet = member.wallets[unit] = Wallet(lots={})
    return wallet


def _add(values: dict[int, dict[int, int]], number: int, period: int, amount: int) -> None:
    periods = values.get(number)
    if periods is None:
        values[number] = {period: amount}
    else:
        periods[period] = periods.get(period, 0) + amount


def _due(member: Member, at: Instant | None) -> None:
    """Let something be due at ``at``: the member's next timer is never later than that."""
    if at is not None and (member.due_at is None or at < member.due_at):
        member.due_at = at


def _due_with_points(member: Member, version: Version, unit: int) -> None:
    """Points came in: their balance is closed with the program, or expires by inactivity."""
    if version.ends is not None:
        _due(member, closes_at(version))
    for wallet in version.wallets:
        if wallet.rests and wallet.unit == unit:
            _due(member, inactive_at(version, member, unit, _wallet(member, unit)))


def _due_in_tier(member: Member, version: Version) -> None:
    """Another tier came: in it a balance may expire by inactivity that did not before."""
    for compiled in version.wallets:
        wallet = member.wallets.get(compiled.unit) if compiled.rests else None
        if wallet is not None:
            _due(member, inactive_at(version, member, compiled.unit, wallet))


def _credit(member: Member, effect: Credit) -> None:
    wallet = _wallet(member, effect.unit)
    wallet.balance += effect.amount
    source = effect.source
    if source is _ISSUED:
        wallet.earned += effect.amount
    elif source is _REDEEMED:
        wallet.spent -= effect.amount
    elif source is _EXPIRED:
        wallet.expired -= effect.amount
    _arrive(member, wallet, effect.key, effect.amount, effect.pending, added=effect.amount)


def _arrive(
    member: Member,
    wallet: Wallet,
    key: LotKey,
    amount: Points,
    pending: bool,
    *,
    added: Points,
    granted: bool = True,
) -> None:
    """Put ``amount`` into the lot ``key``; ``added`` of it are new to the wallet's pending points.

    What comes back into a lot was ``granted`` by it before.
    """
    if pending:
        wallet.pending += added
        _due(member, key.available_at)
    else:
        wallet.pending -= amount - added
        if key.available_at is not None and key.available_at > wallet.activated_until:
            wallet.activated_until = key.available_at
    _due(member, key.expires_at)
    if wallet.lots is not None:
        lot_id = key.lot_id
        lot = wallet.lots.get(lot_id)
        if lot is None:
            wallet.lots[lot_id] = Lot(lot_id, key, amount, amount)
        else:
            lot.granted += amount if granted else 0
            lot.remaining += amount


def _give_back(member: Member, effect: GiveBack) -> None:
    wallet, amount = _wallet(member, effect.unit), effect.amount
    wallet.balance += amount
    if effect.source is _HELD:
        wallet.held -= amount
    else:
        wallet.spent -= amount
    granted = effect.key.origin is Origin.RETURNED
    _arrive(member, wallet, effect.key, amount, effect.pending, added=amount, granted=granted)


def _release(member: Member, effect: Release) -> None:
    wallet = _wallet(member, effect.unit)
    if wallet.lots is not None:
        wallet.lots[effect.lot_id].remaining -= effect.amount
    _arrive(member, wallet, effect.key, effect.amount, effect.pending, added=0)


def _debit(wallet: Wallet, effect: Debit) -> None:
    amount = effect.amount
    wallet.balance -= amount
    if effect.pending:
        wallet.pending -= amount
    target = effect.target
    if target is _REDEEMED:
        wallet.spent += amount
    elif target is _EXPIRED:
        wallet.expired += amount
    elif target is _ISSUED:
        wallet.earned -= amount
    elif target is _DEBT:
        wallet.debt -= amount
    elif target is _HELD:
        wallet.held += amount
    if wallet.lots is not None:
        wallet.lots[effect.lot_id].remaining -= amount


def _move(member: Member, version: Version, effect: MoveTier | Join | Leave) -> None:
    if isinstance(effect, Join):
        member.memberships[version.program_id] = Membership(effect.at, effect.source)
        day = next_yearly_day(version, member, effect.at)
        _due(member, day.at if day else None)
        _due(member, closes_at(version))
        for goal in [goal.goal for compiled in version.challenges for goal in compiled.goals]:
            if goal.member_for is not None:
                _due(member, add_span(effect.at, goal.member_for, version.zone))
        return
    membership = member.memberships[version.program_id]
    if isinstance(effect, Leave):
        membership.left_at = effect.at
        return
    if membership.tier != effect.tier:
        membership.moves = (*membership.moves, (effect.at, membership.tier))
    membership.tier = effect.tier
    membership.tier_since = effect.since
    membership.tier_until = effect.until
    membership.tier_floor = effect.floor
    _due(member, effect.until)


def _progress(member: Member, effect: Progress) -> None:
    standing = member.challenges.setdefault(effect.challenge, Standing({}))
    standing.rounds[effect.round.number] = effect.round
    if effect.round.state is RoundState.ACTIVE:
        _due(member, effect.round.ends_at)


def _be_active(member: Member, version: Version, unit: int, at: Instant) -> None:
    wallet = _wallet(member, unit)
    wallet.active_at = at if wallet.active_at is None else max(wallet.active_at, at)
    _due(member, inactive_at(version, member, unit, wallet))
