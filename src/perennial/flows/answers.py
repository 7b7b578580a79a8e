"""What a flow answers: the same structs that the API sends as JSON, and problems."""

from __future__ import annotations

import msgspec

from perennial.core.orders.order import Scalar
from perennial.units import Minor, Points


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class AwardAnswer(_Answer, frozen=True):
    """What one rule gave. Instants are RFC 3339 in UTC."""

    rule: str
    wallet: str
    points: Points
    base: Points | None = None
    available_at: str | None = None
    expires_at: str | None = None
    waits_for: str | None = None
    cut_by: str | None = None


class ChallengeAnswer(_Answer, frozen=True):
    """A challenge that this changed: how far it is now, what is missing, and what to do next.

    ``completed`` is how often this completed it, ``completed_count`` how often it was completed in all.
    """

    challenge: str
    state: str
    progress: int
    target: int
    missing: int
    completed_count: int
    next_step: str
    completed: int = 0
    ends_at: str | None = None


class EarnedRewardAnswer(_Answer, frozen=True):
    """A reward that a rule gave. The code of its ``voucher`` is read with the vouchers of the customer."""

    reward: str
    voucher: str | None = None
    value: int = 0
    expires_at: str | None = None


class ProgramAnswer(_Answer, frozen=True):
    """What one program decided: points per wallet, awards, what was taken back, the tier, challenges.

    ``rewards`` are those that rules gave.
    """

    program: str
    version: int
    points: dict[str, Points] = {}
    awards: tuple[AwardAnswer, ...] = ()
    taken_back: dict[str, Points] = {}
    tier: str | None = None
    tier_before: str | None = None
    challenges: tuple[ChallengeAnswer, ...] = ()
    rewards: tuple[EarnedRewardAnswer, ...] = ()


class BalanceAnswer(_Answer, frozen=True):
    """One wallet: ``available`` may be spent now (lots minus debt), ``pending`` comes later.

    ``held`` is reserved for orders.
    """

    program: str
    wallet: str
    available: Points
    pending: Points
    debt: Points = 0
    held: Points = 0


class VoucherAnswer(_Answer, frozen=True):
    """A voucher that a claim issued; ``value`` in minor units of ``currency``."""

    id: str
    code: str
    reward: str
    value: int
    currency: str
    points: Points
    expires_at: str | None = None


class EntitlementAnswer(_Answer, frozen=True):
    """Something that a claim handed out besides a voucher, by the ``kind`` of the benefit.

    ``amount`` is money that is owed, in minor units of ``currency``; ``quantity`` counts pieces, seats or
    points. ``name`` is the sku, the event, the perk, the wallet or the pool.
    """

    id: str
    kind: str
    reward: str
    state: str
    name: str
    quantity: int
    amount: int = 0
    currency: str | None = None
    starts_at: str | None = None
    expires_at: str | None = None


class ReferralNote(_Answer, frozen=True):
    """What became of a code that came with an order or a customer: the state of the referral.

    ``refused`` where there is none, with the reason. ``voucher`` is what the friend got at once.
    """

    state: str
    id: str | None = None
    reason: str | None = None
    voucher: VoucherAnswer | None = None


class Decided(_Answer, frozen=True):
    """The answer to everything that happens to a member: what was decided, and the balances after.

    ``to_pay`` is what a claim that points pay in part costs in money, in minor units.
    """

    id: str
    customer: str | None
    status: str | None = None
    revision: int | None = None
    programs: tuple[ProgramAnswer, ...] = ()
    balances: tuple[BalanceAnswer, ...] = ()
    voucher: VoucherAnswer | None = None
    entitlements: tuple[EntitlementAnswer, ...] = ()
    note: str | None = None
    referral: ReferralNote | None = None
    to_pay: Minor | None = None


class FieldProblem(_Answer, frozen=True):
    """One thing that is wrong with one field; ``path`` such as ``$.lines[0].amount``."""

    path: str
    code: str
    message: str


class Problem(_Answer, frozen=True):
    """Why nothing was done (RFC 9457): ``status`` is the HTTP status, ``code`` stable.

    ``text`` is what the shop itself says to that, by language.
    """

    status: int
    code: str
    title: str
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    details: dict[str, Scalar] = {}
    text: dict[str, str] | None = None


class Answer(msgspec.Struct, frozen=True):
    """An answer ready to be sent: ``body`` is JSON; ``replayed`` says it was stored earlier."""

    status: int
    body: bytes
    replayed: bool = False
