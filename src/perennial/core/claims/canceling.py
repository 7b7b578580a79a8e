"""A claim is canceled: its stock, its limits and, where it is refundable, its points come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from perennial.core.budgets.giving_back import give_back
from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.decision import Decision
from perennial.core.effects import Effect, GiveBack
from perennial.core.events import EntitlementCanceled
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.settling import settle
from perennial.core.terms.limits import Use
from perennial.core.version import Version
from perennial.core.wallets.dates import end_of_day_after
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Instant


def decide_cancellation(
    event: EntitlementCanceled,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
) -> Decision:
    """Decide what comes back: the use of limits in the period of the claim, and the points to their lots.

    Points that come back were not spent: the limits of what may be spent of their wallet have them again.

    Points whose lot has expired since come back with the grace of their wallet. The lots of the member's
    wallets have to be loaded.
    """
    effects: list[Effect] = [*_points_back(event, version)]
    compiled = version.rewards.get(event.reward)
    uses = [] if compiled is None else [(compiled.bounds, Use(times=1))]
    back = sum(points for _, points in event.paid)
    uses += [
        (wallet.spending, Use(points=back))
        for wallet in version.wallets
        if back and wallet.unit == event.unit
    ]
    effects += give_back(version, member, spent, event.claimed_at, numbers_of_order(version, None), uses)
    return settle(event, version, member, snapshot_of(event.at, version, member, spent), effects)


def _points_back(event: EntitlementCanceled, version: Version) -> Iterator[GiveBack]:
    for key, points in event.paid:
        expires_at = key.expires_at
        dates = key if expires_at is None or event.at < expires_at else _with_grace(event, version)
        yield GiveBack(event.unit, points, dates, Account.REDEEMED, pending=False)


def _with_grace(event: EntitlementCanceled, version: Version) -> LotKey:
    spec = next((wallet.spec for wallet in version.wallets if wallet.unit == event.unit), None)
    until: Instant | None = None if spec is None else end_of_day_after(version, event.at, spec.grace)
    return LotKey(Origin.RETURNED, event.at, until)
