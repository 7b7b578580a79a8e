"""What a decision does: a closed union of effects.

``store/effects.py`` writes every one of them, ``core/fold.py`` applies every one of them to the
member in memory, and a law demands that both agree. Effects name units, metrics and limits by their
numbers; the compiled version knows the words.
"""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

import msgspec

from perennial.core.challenge_round import Round
from perennial.core.codes.codes import IssuedCode
from perennial.core.entitlements import EntitlementState
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey
from perennial.units import Instant, Minor, Points


class _Effect(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    pass


class Credit(_Effect, frozen=True, tag=1):
    """``amount`` points enter the wallet as (part of) the lot ``key``, out of ``source``.

    ``source`` is ISSUED for an award, ADJUSTED, IN_TRANSIT for a transfer, CONVERTED for what was points of
    another unit, REDEEMED or EXPIRED for points given back.
    """

    unit: int
    amount: Points
    key: LotKey
    source: Account
    pending: bool


class Debit(_Effect, frozen=True, tag=2):
    """``amount`` points leave the lot ``lot_id`` of the wallet into ``target``.

    ``target`` is REDEEMED for a claim, HELD for a hold, EXPIRED, ISSUED when an award is taken back,
    ADJUSTED, IN_TRANSIT for a transfer, DEBT when a credit pays a debt off, CLOSED at the program's end,
    CONVERTED for what becomes points of another unit.
    ``pending`` tells whether the lot was still pending.
    """

    unit: int
    amount: Points
    lot_id: int
    target: Account
    pending: bool


class Owe(_Effect, frozen=True, tag=3):
    """The owner's debt grows by ``amount`` that was taken back or spent, but was no longer there.

    The posting goes from DEBT to ``target``: ISSUED for a return, ADJUSTED for a correction by staff,
    REDEEMED for what was spent offline, CONVERTED for what was owed in another unit.
    """

    unit: int
    amount: Points
    target: Account = Account.ISSUED


class FallShort(_Effect, frozen=True, tag=4):
    """``amount`` could not be taken back (``within_balance``): kept to be netted from later awards.

    A negative amount says that a later award made up for that much.
    """

    unit: int
    amount: Points


class Activate(_Effect, frozen=True, tag=5):
    """``amount`` points of the unit stopped being pending by date, up to and including ``until``."""

    unit: int
    amount: Points
    until: Instant


class Release(_Effect, frozen=True, tag=6):
    """The waiting lot ``lot_id`` got its dates: its ``amount`` moves into the lot ``key``.

    ``pending`` tells whether the lot ``key`` is itself still pending.
    """

    unit: int
    lot_id: int
    amount: Points
    key: LotKey
    pending: bool = False


class Count(_Effect, frozen=True, tag=7):
    """The counter ``metric`` of the member changes by ``amount`` in ``period``."""

    metric: int
    period: int
    amount: int


class UseLimit(_Effect, frozen=True, tag=8):
    """The member uses ``amount`` of a limit in ``period``; the write holds it at or below ``cap``."""

    limit: int
    period: int
    amount: int
    cap: int


class UseBudget(_Effect, frozen=True, tag=9):
    """Members together use ``amount`` of a budget in ``period``; held at or below ``cap``.

    ``day`` is the ordinal of the local day in whose figures it is shown (0: in none).
    """

    budget: int
    period: int
    amount: int
    cap: int
    day: int = 0


class Touch(_Effect, frozen=True, tag=10):
    """A rule with a cooldown fired for the member at ``at``; ``limit`` is the cooldown's number.

    ``place`` is where it rests now, if it rests in each store by itself; else 0.
    """

    limit: int
    at: Instant
    place: int = 0


class MoveTier(_Effect, frozen=True, tag=11):
    """The member's tier in the program becomes ``tier`` (``None``: no tier) at ``at``.

    ``since`` is when the present status began and ``until`` when it is reviewed next (``None``:
    for life). ``floor`` is the manual floor. An extension of the same tier is a MoveTier too.
    """

    before: str | None
    tier: str | None
    at: Instant
    since: Instant | None
    until: Instant | None
    floor: str | None
    because: str


class IssueVoucher(_Effect, frozen=True, tag=12):
    """The member receives a voucher: ``code`` is worth ``value`` minor units of ``currency``.

    It may be used ``uses`` times, and by the member alone if it is ``bound``. ``tier`` is set where the
    reward gives members of that tier something else than others. One that is ``claimed`` has the id of its
    claim, others that of their code.
    """

    code: IssuedCode
    reward: str
    value: Minor
    currency: str
    expires_at: Instant | None
    points: Points
    unit: int
    uses: int = 1
    bound: bool = False
    tier: str | None = None
    claimed: bool = True


class SetDue(_Effect, frozen=True, tag=13):
    """The member's next timer is due at ``at`` (``None``: nothing is due). Timers re-arm with it."""

    at: Instant | None


class Join(_Effect, frozen=True, tag=14):
    """The customer becomes a member of the program."""

    at: Instant
    source: str


class Leave(_Effect, frozen=True, tag=15):
    """The membership ends: nothing is earned from now on; the balance stays until it is closed."""

    at: Instant


class BeActive(_Effect, frozen=True, tag=16):
    """The wallet saw an activity at ``at`` that postpones its expiry by inactivity."""

    unit: int
    at: Instant


class Forgive(_Effect, frozen=True, tag=17):
    """The owner's debt shrinks by ``amount`` that nobody will pay: the posting goes from ``source`` to DEBT.

    ``source`` is CLOSED, or CONVERTED for a debt that is owed in another unit from now on.
    """

    unit: int
    amount: Points
    source: Account = Account.CLOSED


class Capture(_Effect, frozen=True, tag=18):
    """``amount`` points that were held are redeemed."""

    unit: int
    amount: Points


class GiveBack(_Effect, frozen=True, tag=19):
    """``amount`` points return into the lot ``key`` from which they were held or redeemed.

    ``source`` is HELD or REDEEMED. A lot of the origin RETURNED is a new one, with a grace date.
    """

    unit: int
    amount: Points
    key: LotKey
    source: Account
    pending: bool


class UseVoucher(_Effect, frozen=True, tag=20):
    """The voucher is used ``uses`` more times; the write holds it between none and all of its uses.

    It lies in ``bucket`` with its ``holder``: a customer, or itself where anybody may use it.
    """

    bucket: int
    holder: UUID
    voucher_id: UUID
    uses: int


class VoidVoucher(_Effect, frozen=True, tag=32):
    """A voucher of the member is taken back and worth nothing any more. The write demands: it is unused."""

    voucher_id: UUID


class Entitle(_Effect, frozen=True, tag=30):
    """The member receives something besides vouchers and points: money that is owed, goods, a seat, a perk.

    What is given at once (points, a code of a pool) is noted too. ``kind`` is the kind of the benefit,
    ``name`` what it is, such as a sku. ``amount`` is in minor units; ``quantity`` counts pieces or points.
    ``points`` of ``unit`` were paid for it. It may be used from ``starts_at`` until ``expires_at``. A code
    of ``pool`` is handed over with it: ``voucher_id``, where it may have to be taken back.
    """

    kind: str
    reward: str
    state: EntitlementState
    name: str
    amount: Minor
    currency: str | None
    quantity: int
    starts_at: Instant | None
    expires_at: Instant | None
    points: Points
    unit: int
    pool: str | None = None
    voucher_id: UUID | None = None


class Progress(_Effect, frozen=True, tag=31):
    """The member's round of a challenge becomes ``round``; the one before it had the revision before."""

    challenge: int
    round: Round


class SendMessage(_Effect, frozen=True, tag=33):
    """The member is to be sent ``message`` over ``channel`` from ``at`` on, and no more after ``until``.

    ``message`` is its id in the program, ``channel`` its kind. For one cause a message is written once,
    however often that is decided.
    """

    message: str
    channel: str
    at: Instant
    until: Instant


class Expose(_Effect, frozen=True, tag=70):
    """The member is exposed to ``variant`` of an experiment or holdout for the first time, at ``at``."""

    experiment: str
    variant: str
    at: Instant


Effect: TypeAlias = (
    Credit
    | Debit
    | Owe
    | Forgive
    | FallShort
    | Activate
    | Release
    | Count
    | UseLimit
    | UseBudget
    | Touch
    | MoveTier
    | IssueVoucher
    | Entitle
    | SetDue
    | Join
    | Leave
    | BeActive
    | Capture
    | GiveBack
    | UseVoucher
    | VoidVoucher
    | Progress
    | SendMessage
    | Expose
)
