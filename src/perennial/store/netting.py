"""What a batch changes, added up: one row per wallet, lot, counter and limit, however many events.

Postings are not added up: each is a row of its own, numbered in the order in which the batch moved the
points of its owner. Pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from perennial.core.challenge_round import Round
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
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.units import EARLIEST, Instant, Points

OF_OWNERS = frozenset(
    (Credit, Debit, Owe, Forgive, FallShort, Activate, Release, BeActive, Capture, GiveBack)
)
"""What changes rows of whose wallets they are; all else changes rows of the customer."""


class Change(msgspec.Struct):
    """The effects of one decision of one program.

    ``owner`` is whose wallets change, ``operation_id`` what every posting and tier move is written
    under, ``source_id`` the order or event behind it, ``at`` the business instant.
    """

    customer_id: UUID
    owner: UUID
    operation_id: UUID
    source_id: UUID
    program_id: int
    version: int
    at: Instant
    effects: tuple[Effect, ...]


class WalletSum(msgspec.Struct):
    """By how much the figures of one wallet change; the instants are the latest seen, if any."""

    balance: Points = 0
    pending: Points = 0
    debt: Points = 0
    shortfall: Points = 0
    earned: Points = 0
    spent: Points = 0
    expired: Points = 0
    activated_until: Instant = 0
    active_at: Instant | None = None
    held: Points = 0


class LotSum(msgspec.Struct):
    """By how much one lot changes; ``key`` is known where points entered it."""

    granted: Points = 0
    remaining: Points = 0
    key: LotKey | None = None


class MembershipSum(msgspec.Struct):
    """How one membership changes. ``joined_at`` is set for a new one, ``moved`` when the tier moves."""

    joined_at: Instant | None = None
    source: str | None = None
    moved: bool = False
    tier: str | None = None
    tier_since: Instant | None = None
    tier_until: Instant | None = None
    tier_floor: str | None = None
    left_at: Instant | None = None


class RoundSum(msgspec.Struct):
    """What one round of a challenge becomes; ``revised`` is the revision that it had before the batch."""

    round: Round
    program_id: int
    revised: int


PostingRow = tuple[UUID, UUID, int, int, int, int, Points, int, Instant, int, int, UUID]
"""owner, operation, position, debit, credit, program, amount, lot, at, unit, version, source."""

TierMoveRow = tuple[UUID, UUID, int, int, int, Instant, str | None, str | None, str]
"""customer, operation, position, program, version, at, before, after, because."""


ExposureRow = tuple[UUID, int, int, UUID, Instant, str, str]
"""customer, program, version, operation, at, experiment, variant."""


class Netting:
    """The sums of a batch, by the keys of the rows that they change."""

    def __init__(self) -> None:
        self.postings: list[PostingRow] = []
        self.tier_moves: list[TierMoveRow] = []
        self.wallets: dict[tuple[UUID, int], WalletSum] = {}
        self.lots: dict[tuple[UUID, int, int], LotSum] = {}
        self.memberships: dict[tuple[UUID, int], MembershipSum] = {}
        self.counters: dict[tuple[UUID, int, int], int] = {}
        self.limits: dict[tuple[UUID, int, int], tuple[int, int]] = {}
        self.touches: dict[tuple[UUID, int, int], Instant] = {}
        self.budgets: dict[tuple[int, int], tuple[int, int]] = {}
        self.budget_days: dict[tuple[int, int], int] = {}
        self.vouchers: list[tuple[Change, IssueVoucher]] = []
        self.entitlements: list[tuple[Change, Entitle]] = []
        self.exposures: list[ExposureRow] = []
        self.messages: list[tuple[Change, SendMessage]] = []
        self.voided_vouchers: set[tuple[UUID, UUID]] = set()
        self.voucher_uses: dict[tuple[int, UUID, UUID], int] = {}
        self.rounds: dict[tuple[UUID, int, int], RoundSum] = {}
        self.dues: dict[UUID, Instant | None] = {}
        self._positions: dict[UUID, int] = {}

    def add(self, change: Change) -> None:
        """Add the effects of one decision, in their order."""
        for effect in change.effects:
            _ADD[type(effect)](self, change, effect)

    def _post(
        self, change: Change, unit: int, debit: Account, credit: Account, amount: Points, lot_id: int
    ) -> None:
        self.postings.append(
            (
                change.owner,
                change.operation_id,
                self._position(change.owner),
                debit,
                credit,
                change.program_id,
                amount,
                lot_id,
                change.at,
                unit,
                change.version,
                change.source_id,
            )
        )

    def _position(self, customer_id: UUID) -> int:
        """Number what happens to a customer or household within the batch, in its order."""
        position = self._positions.get(customer_id, 0)
        self._positions[customer_id] = position + 1
        return position

    def _wallet(self, change: Change, unit: int) -> WalletSum:
        key = (change.owner, unit)
        found = self.wallets.get(key)
        if found is None:
            found = self.wallets[key] = WalletSum()
        return found

    def _lot(self, change: Change, unit: int, lot_id: int, key: LotKey | None = None) -> LotSum:
        name = (change.owner, unit, lot_id)
        found = self.lots.get(name)
        if found is None:
            found = self.lots[name] = LotSum()
        if key is not None:
            found.key = key
        return found

    def _membership(self, change: Change) -> MembershipSum:
        key = (change.customer_id, change.program_id)
        found = self.memberships.get(key)
        if found is None:
            found = self.memberships[key] = MembershipSum()
        return found

    def credit(self, change: Change, effect: Credit) -> None:
        """Points enter a lot, out of the effect's source."""
        amount, lot_id = effect.amount, effect.key.lot_id
        self._post(change, effect.unit, effect.source, Account.WALLET, amount, lot_id)
        lot = self._lot(change, effect.unit, lot_id, effect.key)
        lot.granted += amount
        lot.remaining += amount
        wallet = self._wallet(change, effect.unit)
        wallet.balance += amount
        if effect.pending:
            wallet.pending += amount
        else:
            wallet.activated_until = max(wallet.activated_until, effect.key.available_at or 0)
        if effect.source is Account.ISSUED:
            wallet.earned += amount
        elif effect.source is Account.REDEEMED:
            wallet.spent -= amount
        elif effect.source is Account.EXPIRED:
            wallet.expired -= amount

    def debit(self, change: Change, effect: Debit) -> None:
        """Points leave a lot, into the effect's target."""
        amount = effect.amount
        self._post(change, effect.unit, Account.WALLET, effect.target, amount, effect.lot_id)
        self._lot(change, effect.unit, effect.lot_id).remaining -= amount
        wallet = self._wallet(change, effect.unit)
        wallet.balance -= amount
        if effect.pending:
            wallet.pending -= amount
        if effect.target is Account.REDEEMED:
            wallet.spent += amount
        elif effect.target is Account.EXPIRED:
            wallet.expired += amount
        elif effect.target is Account.ISSUED:
            wallet.earned -= amount
        elif effect.target is Account.HELD:
            wallet.held += amount
        elif effect.target is Account.DEBT:
            wallet.debt -= amount

    def owe(self, change: Change, effect: Owe) -> None:
        """The debt grows: what was given goes back out of the debt account."""
        self._post(change, effect.unit, Account.DEBT, effect.target, effect.amount, 0)
        wallet = self._wallet(change, effect.unit)
        wallet.debt += effect.amount
        if effect.target is Account.ISSUED:
            wallet.earned -= effect.amount
        elif effect.target is Account.REDEEMED:
            wallet.spent += effect.amount

    def forgive(self, change: Change, effect: Forgive) -> None:
        """The debt shrinks by what is written off."""
        self._post(change, effect.unit, effect.source, Account.DEBT, effect.amount, 0)
        self._wallet(change, effect.unit).debt -= effect.amount

    def fall_short(self, change: Change, effect: FallShort) -> None:
        """No points move; the figure is kept to be netted from later awards."""
        self._wallet(change, effect.unit).shortfall += effect.amount

    def activate(self, change: Change, effect: Activate) -> None:
        """Points stop being pending by date."""
        wallet = self._wallet(change, effect.unit)
        wallet.pending -= effect.amount
        wallet.activated_until = max(wallet.activated_until, effect.until)

    def release(self, change: Change, effect: Release) -> None:
        """A waiting lot got its dates: its points pass through transit into the dated lot."""
        amount, lot_id = effect.amount, effect.key.lot_id
        self._post(change, effect.unit, Account.WALLET, Account.IN_TRANSIT, amount, effect.lot_id)
        self._post(change, effect.unit, Account.IN_TRANSIT, Account.WALLET, amount, lot_id)
        self._lot(change, effect.unit, effect.lot_id).remaining -= amount
        lot = self._lot(change, effect.unit, lot_id, effect.key)
        lot.granted += amount
        lot.remaining += amount
        if not effect.pending:
            wallet = self._wallet(change, effect.unit)
            wallet.pending -= amount
            wallet.activated_until = max(wallet.activated_until, effect.key.available_at or 0)

    def count(self, change: Change, effect: Count) -> None:
        """A counter of the customer changes."""
        key = (change.customer_id, effect.metric, effect.period)
        self.counters[key] = self.counters.get(key, 0) + effect.amount

    def use_limit(self, change: Change, effect: UseLimit) -> None:
        """The customer uses a limit; the widest cap of the batch is the one that is enforced."""
        key = (change.customer_id, effect.limit, effect.period)
        used, cap = self.limits.get(key, (0, 0))
        self.limits[key] = (used + effect.amount, max(cap, effect.cap))

    def use_budget(self, change: Change, effect: UseBudget) -> None:
        """Everybody's budget is used; the widest cap of the batch is the one that is enforced."""
        key = (effect.budget, effect.period)
        used, cap = self.budgets.get(key, (0, 0))
        self.budgets[key] = (used + effect.amount, max(cap, effect.cap))
        if effect.day:
            day = (effect.budget, effect.day)
            self.budget_days[day] = self.budget_days.get(day, 0) + effect.amount

    def touch(self, change: Change, effect: Touch) -> None:
        """A rule with a cooldown fired."""
        key = (change.customer_id, effect.limit, effect.place)
        self.touches[key] = max(self.touches.get(key, EARLIEST), effect.at)

    def move_tier(self, change: Change, effect: MoveTier) -> None:
        """The tier moves; the history keeps every move."""
        membership = self._membership(change)
        membership.moved = True
        membership.tier = effect.tier
        membership.tier_since = effect.since
        membership.tier_until = effect.until
        membership.tier_floor = effect.floor
        self.tier_moves.append(
            (
                change.customer_id,
                change.operation_id,
                self._position(change.customer_id),
                change.program_id,
                change.version,
                effect.at,
                effect.before,
                effect.tier,
                effect.because,
            )
        )

    def issue_voucher(self, change: Change, effect: IssueVoucher) -> None:
        """The customer receives a voucher."""
        self.vouchers.append((change, effect))

    def entitle(self, change: Change, effect: Entitle) -> None:
        """The customer is given something besides a voucher."""
        self.entitlements.append((change, effect))

    def set_due(self, change: Change, effect: SetDue) -> None:
        """The next timer of the customer is due at another instant."""
        self.dues[change.customer_id] = effect.at

    def join(self, change: Change, effect: Join) -> None:
        """A membership begins, anew for somebody who had left."""
        self.memberships[change.customer_id, change.program_id] = MembershipSum(effect.at, effect.source)

    def leave(self, change: Change, effect: Leave) -> None:
        """A membership ends."""
        self._membership(change).left_at = effect.at

    def be_active(self, change: Change, effect: BeActive) -> None:
        """The wallet saw an activity."""
        wallet = self._wallet(change, effect.unit)
        wallet.active_at = max(wallet.active_at or effect.at, effect.at)

    def capture(self, change: Change, effect: Capture) -> None:
        """What was held is redeemed; no lot changes."""
        self._post(change, effect.unit, Account.HELD, Account.REDEEMED, effect.amount, 0)
        wallet = self._wallet(change, effect.unit)
        wallet.held -= effect.amount
        wallet.spent += effect.amount

    def give_back(self, change: Change, effect: GiveBack) -> None:
        """Points return into the lot that they came from, or into a new one with a grace date."""
        amount, lot_id = effect.amount, effect.key.lot_id
        self._post(change, effect.unit, effect.source, Account.WALLET, amount, lot_id)
        is_new = effect.key.origin is Origin.RETURNED
        lot = self._lot(change, effect.unit, lot_id, effect.key if is_new else None)
        lot.granted += amount if is_new else 0
        lot.remaining += amount
        wallet = self._wallet(change, effect.unit)
        wallet.balance += amount
        if effect.pending:
            wallet.pending += amount
        else:
            wallet.activated_until = max(wallet.activated_until, effect.key.available_at or 0)
        if effect.source is Account.HELD:
            wallet.held -= amount
        else:
            wallet.spent -= amount

    def expose(self, change: Change, effect: Expose) -> None:
        """The customer is exposed to an experiment for the first time."""
        self.exposures.append(
            (
                change.customer_id,
                change.program_id,
                change.version,
                change.operation_id,
                effect.at,
                effect.experiment,
                effect.variant,
            )
        )

    def use_voucher(self, change: Change, effect: UseVoucher) -> None:
        """A voucher is used, or a use is given back."""
        key = (effect.bucket, effect.holder, effect.voucher_id)
        self.voucher_uses[key] = self.voucher_uses.get(key, 0) + effect.uses

    def void_voucher(self, change: Change, effect: VoidVoucher) -> None:
        """A voucher is taken back."""
        self.voided_vouchers.add((change.customer_id, effect.voucher_id))

    def progress(self, change: Change, effect: Progress) -> None:
        """A round of a challenge changes; what it was before the batch is what the write must find."""
        key = (change.customer_id, effect.challenge, effect.round.number)
        known = self.rounds.get(key)
        revised = effect.round.revision - 1 if known is None else known.revised
        self.rounds[key] = RoundSum(effect.round, change.program_id, revised)

    def send_message(self, change: Change, effect: SendMessage) -> None:
        """A message is to be sent."""
        self.messages.append((change, effect))


_ADD: dict[type, Callable[..., None]] = {
    Credit: Netting.credit,
    Debit: Netting.debit,
    Owe: Netting.owe,
    Forgive: Netting.forgive,
    FallShort: Netting.fall_short,
    Activate: Netting.activate,
    Release: Netting.release,
    Count: Netting.count,
    UseLimit: Netting.use_limit,
    UseBudget: Netting.use_budget,
    Touch: Netting.touch,
    MoveTier: Netting.move_tier,
    IssueVoucher: Netting.issue_voucher,
    Entitle: Netting.entitle,
    SetDue: Netting.set_due,
    Join: Netting.join,
    Leave: Netting.leave,
    BeActive: Netting.be_active,
    Capture: Netting.capture,
    GiveBack: Netting.give_back,
    UseVoucher: Netting.use_voucher,
    VoidVoucher: Netting.void_voucher,
    Expose: Netting.expose,
    Progress: Netting.progress,
    SendMessage: Netting.send_message,
}
