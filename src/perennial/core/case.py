"""Test cases of a program, as marketers write them: the program, what happens, what is expected.

::

    case: happy-hour
    title: Friday from 17:00 to 19:00 points are tripled
    program: {...}                      a whole program document, or the name of its file
    steps:
      - at: 2026-11-27 17:00            local time of the program's zone, or RFC 3339
        customer: anna
        order: {id: o1, lines: [{sku: coffee, amount: 1000}]}
        expect: {earned: 30, balance: 30}
      - at: 2026-12-01                  nothing but time passes
        customer: anna
        expect: {tier: silver}

A step has at most one deed: ``order``, ``return``, ``cancel``, ``fulfill``, ``event``, ``claim``,
``adjust``, ``transfer``, ``convert`` (``{from: stars, into: points, give: 12}``, of everybody),
``convert_back``, ``start`` (a challenge), ``join``, ``attributes``, ``assign_tier``, ``refer``,
``review``, ``seen``, ``publish``, ``block`` (``{earning: true, spending: true}``), ``switch``
(``{off: {kind: reward, id: five-off}, reason: it leaked}``, or ``{on: ...}``), ``consents`` (all that the
customer has given from now on: ``[email.marketing]``), ``facts`` from outside
(``{weather: {value: rain, seconds: 3600}}``), ``locations`` (``{store-1: {place: "52.52,13.40"}}``),
``household`` (``home``, or ``null`` to leave it), ``segments`` and ``import`` (``core/case_segments.py``), or
one at the checkout::

      - at: 2026-12-02 10:00
        customer: anna
        claim: five-off
        as: v1                          how its voucher is called from now on
      - at: 2026-12-02 10:05
        customer: anna
        quote: {lines: [{sku: coffee, amount: 4000}], shipping: 500, codes: [v1, SUMMER], points: all}
        expect: {discount: 900, total: 3600, applied: [v1], not_applied: {SUMMER: expired}}

``quote``, ``hold`` and ``redeem`` take a cart with ``codes`` (shared ones, and vouchers by their names),
``rewards`` to be claimed for it, and ``points`` that pay; a hold ends after its ``seconds`` by itself.
``change_hold`` lets a hold (its ``id``) be of another cart; ``redeem_hold`` and ``release`` name a hold,
``roll_back`` a redemption; ``card_money`` puts an amount on a gift card (``{card: g1, amount: 1000}``), or
moves it ``to`` another; ``voucher`` hands out a code of a reward's pool. A ``guest: true`` has a cart
without being a customer. Where the program has one wallet, points are plain numbers; otherwise ``{wallet:
points}``. ``refer: {friend: ben}`` says whom the customer refers; a voucher that comes of it is called
``friend of ben`` or ``advocate of ben``. ``wait`` and ``leave`` name a reward of which all is taken: what
comes free goes to whoever waits for it. ``seen`` says by what the customer is known: ``{email:
anna@example.com, device: d1}``. ``programs`` of a case are programs that run beside the first one: orders
and events go to each of them, everything else to the first, or to the one that ``in`` names.
``core/cases/cases.py`` runs a case.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from perennial.core.case_expectation import CasePart, Expectation
from perennial.core.case_segments import CaseImport
from perennial.core.conversion import Debts
from perennial.core.kinds.fraud_signal import Trace
from perennial.core.orders.order import Line, Redeemer, Scalar
from perennial.core.problems import Problem
from perennial.core.switches import SwitchKind
from perennial.units import Points, Rounding


class CaseOrder(CasePart, frozen=True, kw_only=True):
    """A paid order; amounts in minor units. With ``redemption`` it is the cart as that priced it."""

    id: str
    lines: tuple[Line, ...] = ()
    redemption: str | None = None
    currency: str | None = None
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    location: str | None = None
    channel: str | None = None
    codes: tuple[str, ...] = ()
    attributes: dict[str, Scalar] = {}
    redeemer: Redeemer | None = None


class CaseReturn(CasePart, frozen=True, kw_only=True):
    """Units of lines that came back, by the line's id; no lines means all that is left."""

    order: str
    lines: dict[str, int] = {}


class CaseFact(CasePart, frozen=True, kw_only=True):
    """A fact from outside, which becomes stale after so many seconds."""

    value: Scalar
    seconds: Annotated[int, Meta(ge=1)]


class CaseEvent(CasePart, frozen=True, kw_only=True):
    """A custom event with its attributes."""

    type: str
    attributes: dict[str, Scalar] = {}


Asked: TypeAlias = int | Literal["all"]
"""So many points, or as many as possible."""


class CaseCart(CasePart, frozen=True, kw_only=True):
    """What somebody wants to buy, and what shall be used on it: ``codes``, then ``rewards``, then ``points``.

    Amounts are in minor units. ``wallets`` says of rewards out of which wallet their price is paid, if not
    that of the first price for the member.
    """

    lines: tuple[Line, ...]
    currency: str | None = None
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    location: str | None = None
    channel: str | None = None
    attributes: dict[str, Scalar] = {}
    redeemer: Redeemer | None = None
    codes: tuple[str, ...] = ()
    rewards: tuple[str, ...] = ()
    wallets: dict[str, str] = {}
    points: Asked | dict[str, Asked] | None = None


class CaseRedemption(CaseCart, frozen=True, kw_only=True):
    """A cart on which something is used for good. ``order`` names the order that it is for.

    ``expects`` is the amount that was quoted as left to pay; another one is refused.
    """

    id: str
    order: str | None = None
    expects: int | None = None


class CaseHold(CaseRedemption, frozen=True, kw_only=True):
    """A cart for which something is reserved for so many seconds."""

    seconds: Annotated[int, Meta(ge=1)] = 900


class CaseRollback(CasePart, frozen=True, kw_only=True):
    """What a redemption gives back: the share of units of lines, by the line's id; no lines means all."""

    redemption: str
    lines: dict[str, int] = {}


class CaseCardMoney(CasePart, frozen=True, kw_only=True):
    """``amount`` more on a gift ``card``, or from it ``to`` another one (all, if no amount is said)."""

    card: str
    amount: Annotated[int, Meta(ge=1)] | None = None
    to: str | None = None


class CaseVoucher(CasePart, frozen=True, kw_only=True):
    """A code of a reward's pool, called ``as``; without a ``customer`` it is for whoever has it."""

    reward: str
    name: str = msgspec.field(name="as")
    customer: str | None = None


class CaseAdjustment(CasePart, frozen=True, kw_only=True):
    """A correction by staff; its dates are times like those of steps. ``pending``: of points that wait."""

    points: Points
    wallet: str | None = None
    available_at: str | None = None
    expires_at: str | None = None
    pending: bool = False


class CaseTransfer(CasePart, frozen=True, kw_only=True):
    """Points for another member."""

    to: str
    points: Points
    wallet: str | None = None


class CaseConversion(CasePart, frozen=True, kw_only=True):
    """All that members hold in the wallet ``from`` becomes points of ``into``; with ``back`` it comes back.

    A ``preview`` changes nothing.
    """

    source: str = msgspec.field(name="from")
    into: str
    take: Annotated[int, Meta(ge=1)] = 1
    give: Annotated[int, Meta(ge=1)] = 1
    rounding: Rounding = Rounding.DOWN
    debts: Debts = Debts.CARRY
    preview: bool = False


class CaseReferral(CasePart, frozen=True, kw_only=True):
    """Whom the customer refers, and from which address that comes."""

    friend: str
    ip: str | None = None


class CaseReview(CasePart, frozen=True, kw_only=True):
    """What staff says of the referral of a friend that is in review."""

    friend: str
    approve: bool
    reason: str = "rehearsal"


class CaseSwitched(CasePart, frozen=True, kw_only=True):
    """What is switched: ``everything``, the ``program``, or some part of it by its ``id``."""

    kind: SwitchKind
    id: str | None = None


class CaseSwitch(CasePart, frozen=True, kw_only=True):
    """Something is stopped, or goes on again."""

    off: CaseSwitched | None = None
    on: CaseSwitched | None = None
    reason: str = "rehearsal"


class CaseBlock(CasePart, frozen=True, kw_only=True):
    """What staff does not allow the customer from now on; nothing: the customer is free again."""

    earning: bool = False
    spending: bool = False


class Step(CasePart, frozen=True, kw_only=True):
    """One thing that happens to ``customer`` at ``at``; without a deed only time passes, for everybody.

    ``publish`` holds the parts of the program document that change from now on, ``start`` names a challenge
    that begins on request, ``pay`` says how many points a claim pays whose rest is money, ``wallet`` out of
    which a claim is paid, ``as`` how the voucher of a claim or a completed challenge is called. A ``guest``
    is no customer, and can only have a cart. ``in`` names the program in which it happens, where there are
    several.
    """

    at: str
    customer: str = "member"
    guest: bool = False
    within: str | None = msgspec.field(default=None, name="in")
    order: CaseOrder | None = None
    given_back: CaseReturn | None = msgspec.field(default=None, name="return")
    cancel: str | None = None
    fulfill: str | None = None
    event: CaseEvent | None = None
    claim: str | None = None
    pay: int | None = None
    wallet: str | None = None
    wait: str | None = None
    leave: str | None = None
    name: str | None = msgspec.field(default=None, name="as")
    voucher: CaseVoucher | None = None
    quote: CaseCart | None = None
    hold: CaseHold | None = None
    redeem: CaseRedemption | None = None
    change_hold: CaseRedemption | None = None
    redeem_hold: str | None = None
    release: str | None = None
    roll_back: CaseRollback | None = None
    card_money: CaseCardMoney | None = None
    adjust: CaseAdjustment | None = None
    transfer: CaseTransfer | None = None
    convert: CaseConversion | None = None
    convert_back: bool = False
    start: str | None = None
    join: bool = False
    attributes: dict[str, Scalar] | None = None
    consents: tuple[str, ...] | None = None
    facts: dict[str, CaseFact] | None = None
    locations: dict[str, dict[str, Scalar]] | None = None
    assign_tier: str | UnsetType | None = UNSET
    household: str | UnsetType | None = UNSET
    refer: CaseReferral | None = None
    review: CaseReview | None = None
    seen: dict[Trace, str] | None = None
    segments: tuple[dict[str, Any], ...] | None = None
    imported: CaseImport | None = msgspec.field(default=None, name="import")
    publish: dict[str, Any] | None = None
    switch: CaseSwitch | None = None
    block: CaseBlock | None = None
    expect: Expectation = Expectation()


_DEEDS = (
    "order",
    "given_back",
    "cancel",
    "fulfill",
    "event",
    "claim",
    "wait",
    "leave",
    "voucher",
    "quote",
    "hold",
    "redeem",
    "change_hold",
    "redeem_hold",
    "release",
    "roll_back",
    "card_money",
    "adjust",
    "transfer",
    "convert",
    "start",
    "attributes",
    "consents",
    "refer",
    "review",
    "seen",
    "facts",
    "locations",
    "segments",
    "imported",
    "publish",
    "switch",
    "block",
)


def deeds_of(step: Step) -> list[str]:
    """Return the names of what happens in a step; more than one is a mistake."""
    found = [name for name in _DEEDS if getattr(step, name) is not None]
    if step.join:
        found.append("join")
    if step.convert_back:
        found.append("convert_back")
    found += [name for name in ("assign_tier", "household") if getattr(step, name) is not UNSET]
    return found


_OF_A_GUEST = ("quote", "hold", "redeem", "change_hold", "redeem_hold", "release", "roll_back", "card_money")


def problems_of_step(step: Step) -> list[Problem]:
    """Return what is wrong with a step although its types are right; paths are those within the step."""
    deeds = deeds_of(step)
    found: list[Problem] = []
    if len(deeds) > 1:
        found.append(Problem("", "one_deed", f"a step has one deed; here are {' and '.join(deeds)}"))
    if step.guest and not all(deed in _OF_A_GUEST for deed in deeds):
        found.append(Problem("guest", "not_a_guests", "a guest can only have a cart"))
    if step.name is not None and step.claim is None and step.order is None and step.event is None:
        words = "only the voucher of a claim, or of what an order or event completes, is given a name"
        found.append(Problem("as", "no_voucher", words))
    if step.order is not None and bool(step.order.lines) is (step.order.redemption is not None):
        words = "an order has lines, or the redemption whose cart it is"
        found.append(Problem("order", "lines_or_redemption", words))
    return found
