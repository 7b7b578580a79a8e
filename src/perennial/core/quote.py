"""A quote: what a cart costs and earns with everything that applies to it, and why.

Pure, like every decision: the same cart, rewards and member always give the same quote. A redemption
is decided by the same function, so that what was quoted is what is posted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from perennial.core.allowances import Allowances, together
from perennial.core.award import Award
from perennial.core.budget_numbers import numbers_of_order
from perennial.core.cart import SHIPPING, Cart, cart_of
from perennial.core.currency import in_program_currency
from perennial.core.earn import earn
from perennial.core.events import OrderPaid
from perennial.core.order import Order, OrderStatus
from perennial.core.price import Attempt, Bill, Candidate, Offer, no
from perennial.core.redeemables import Reason, Source, Standing, Wanted
from perennial.core.rule import ONE, ten_thousandths
from perennial.core.stack import stack
from perennial.core.switches import off_in
from perennial.core.unit_prices import rebased
from perennial.core.why_not import why_not_offered
from perennial.units import Instant, Minor, Rounding, divide


class LineDiscount(msgspec.Struct, frozen=True):
    """What one reward took off a line; ``redeemable`` is its place in the quote's list."""

    redeemable: int
    amount: Minor


class QuotedUnits(msgspec.Struct, frozen=True):
    """``quantity`` units of a line that cost ``amount`` each before any reward, and ``discount`` less now."""

    quantity: int
    amount: Minor
    discount: Minor


class QuotedLine(msgspec.Struct, frozen=True):
    """A line as priced. ``amount`` is what it cost before any reward; ``added_by`` a reward's place.

    ``units`` are the units of a line with a discount, equal ones together.
    """

    id: str
    sku: str
    quantity: int
    amount: Minor
    discount: Minor
    discounts: tuple[LineDiscount, ...] = ()
    units: tuple[QuotedUnits, ...] = ()
    added_by: int | None = None


class QuotedRedeemable(msgspec.Struct, frozen=True):
    """One reward that applies, or that was asked for, and what became of it."""

    name: str
    program: int
    reward: str
    source: Source
    standing: Standing
    voucher: UUID | None = None


class Quote(msgspec.Struct, frozen=True):
    """A priced cart, in minor units of the program's currency.

    ``subtotal`` is what the lines cost before rewards, ``discount_total`` everything that rewards took
    off lines and shipping, ``total`` what is left, shipping included. ``order`` is the order as it
    would be paid; ``earns`` what that would earn, by program.
    """

    order: Order
    lines: tuple[QuotedLine, ...]
    subtotal: Minor
    shipping: Minor
    shipping_discount: Minor
    discount_total: Minor
    total: Minor
    redeemables: tuple[QuotedRedeemable, ...]
    earns: dict[int, tuple[Award, ...]]
    approximate: bool = False


class Priced(msgspec.Struct, frozen=True):
    """A quote with what it used: the candidates that were applied, and the limits of each program."""

    quote: Quote
    applied: tuple[Candidate, ...]
    limited: Mapping[int, Allowances]


def price(
    order: Order,
    wanted: Sequence[Wanted],
    offers: Sequence[Offer],
    at: Instant,
    id: UUID,
    *,
    tell_all: bool = False,
) -> Priced:
    """Price ``order`` at ``at`` with what was asked for and what the ``offers`` apply by themselves.

    ``offers`` come by the priority of their programs, at least one; the first says how rewards stack.
    With ``tell_all`` the quote also lists the rewards that would apply by themselves, but are not for
    this cart or this customer, with the reason.
    """
    judged = in_program_currency(order, offers[0].version.program) or order
    stacking = offers[0].version.program.stacking
    bill = Bill(judged, at, stacking)
    cart = cart_of(judged, covers_cost=stacking.covers_cost)
    if stacking.most_off is not None:
        share = cart.may_take * ten_thousandths(stacking.most_off)
        cart.may_take = divide(share, 100 * ONE, Rounding.DOWN)
    limited = together({offer.version.program_id: _allowances(offer, order) for offer in offers})
    found = _asked_for(wanted, offers, at)
    candidates = [one for one in found if isinstance(one, Candidate)]
    asked_for = {one.key for one in candidates}
    candidates += _automatic(offers, bill, cart, len(found), asked_for)
    attempt = stack(Attempt(cart, limited), candidates, bill)
    redeemables = [
        one if isinstance(one, QuotedRedeemable) else _quoted(one, attempt.standings[one.place])
        for one in found
    ]
    places = {place: place for place in range(len(found))}
    for candidate in candidates[len([one for one in found if isinstance(one, Candidate)]) :]:
        standing = attempt.standings[candidate.place]
        if candidate in attempt.applied or standing.reason in _WORTH_TELLING or tell_all:
            places[candidate.place] = len(redeemables)
            redeemables.append(_quoted(candidate, standing))
    if tell_all:
        redeemables += _not_offered(offers, {one.compiled.reward.id for one in candidates}, at)
    # What it earns meets the limits as the rewards leave them.
    after = [
        msgspec.structs.replace(offer, snapshot=attempt.limited[offer.version.program_id].snapshot_after())
        for offer in offers
    ]
    quote = _quote(judged, attempt.cart, redeemables, places, after, at, id)
    return Priced(quote, attempt.applied, attempt.limited)


_WORTH_TELLING = (
    Reason.EXCLUSIVE,
    Reason.CATEGORY_LIMIT,
    Reason.TOO_MANY,
    Reason.NOT_THE_BEST,
    Reason.LIMIT_REACHED,
    Reason.CUSTOMER_REQUIRED,
    Reason.ORDER_CAP,
)
"""Why a reward that applies by itself was kept out although it is for this order."""


def _allowances(offer: Offer, order: Order) -> Allowances:
    return Allowances(offer.version, offer.snapshot, numbers_of_order(offer.version, order))


def _asked_for(
    wanted: Sequence[Wanted], offers: Sequence[Offer], at: Instant
) -> list[Candidate | QuotedRedeemable]:
    """Return a candidate for everything that may be used, and for the rest why it may not."""
    by_program = {offer.version.program_id: offer for offer in offers}
    found: list[Candidate | QuotedRedeemable] = []
    seen: set[tuple[object, ...]] = set()
    for place, want in enumerate(wanted):
        offer = by_program.get(want.program)
        source = _source_of(want)
        compiled = offer.version.rewards.get(want.reward, want.terms) if offer is not None else None
        standing = want.refused
        key = (want.program, want.reward, want.voucher.voucher_id if want.voucher else None)
        if standing is None and key in seen:
            standing = no(Reason.GIVEN_TWICE, f"{want.name} is given twice")
        if standing is None and (offer is None or compiled is None):
            standing = no(Reason.UNKNOWN, f"{want.name} is not known")
        if standing is None and offer is not None and compiled is not None:
            standing = why_not_offered(want, compiled, offer, at)
        seen.add(key)
        if standing is not None or offer is None or compiled is None:
            voucher_id = want.voucher.voucher_id if want.voucher else None
            refused = standing or no(Reason.UNKNOWN, "")
            found.append(QuotedRedeemable(want.name, want.program, want.reward, source, refused, voucher_id))
            continue
        tier = offer.snapshot.tier
        gives = want.voucher.gives if want.voucher is not None else compiled.gives_to(tier)
        found.append(Candidate(place, offer, compiled, gives, source, place, want))
    return found


def _source_of(want: Wanted) -> Source:
    if want.voucher is None:
        return Source.CLAIM
    return Source.CLAIMED if want.voucher.claimed else Source.CODE


def _automatic(
    offers: Sequence[Offer], bill: Bill, cart: Cart, first: int, asked_for: set[str]
) -> Iterator[Candidate]:
    """Return the rewards that apply by themselves to the customer now, in the order of the documents."""
    place = first
    for offer in offers:
        version = offer.version
        if not _alive(offer, bill.at):
            continue
        off = off_in(version, offer.snapshot.off)
        for compiled in version.automatic:
            offered = compiled.offered
            if compiled.reward.id in asked_for:
                continue
            if off.why_reward(compiled.reward.id, by_code=False) is not None:
                continue
            if offered is not None and not offered(bill.at, bill.order, cart.left, {}, offer.snapshot):
                continue
            gives = compiled.gives_to(offer.snapshot.tier)
            yield Candidate(place, offer, compiled, gives, Source.AUTOMATIC, place)
            place += 1


def _not_offered(offers: Sequence[Offer], known: set[str], at: Instant) -> Iterator[QuotedRedeemable]:
    """Return the rewards that apply by themselves, but not to the customer or not now, and why."""
    for offer in offers:
        program = offer.version.program_id
        for compiled in offer.version.automatic:
            key = compiled.reward.id
            if key in known:
                continue
            want = Wanted(name=key, program=program, reward=key)
            standing = why_not_offered(want, compiled, offer, at)
            if standing is not None:
                yield QuotedRedeemable(key, program, key, Source.AUTOMATIC, standing)


def _alive(offer: Offer, at: Instant) -> bool:
    version = offer.version
    return (version.starts is None or at >= version.starts) and (version.ends is None or at < version.ends)


def _quoted(candidate: Candidate, standing: Standing) -> QuotedRedeemable:
    want = candidate.wanted
    return QuotedRedeemable(
        name=want.name if want is not None else candidate.key,
        program=candidate.offer.version.program_id,
        reward=candidate.key,
        source=candidate.source,
        standing=standing,
        voucher=want.voucher.voucher_id if want is not None and want.voucher is not None else None,
    )


def _quote(
    order: Order,
    cart: Cart,
    redeemables: list[QuotedRedeemable],
    places: Mapping[int, int],
    offers: Sequence[Offer],
    at: Instant,
    id: UUID,
) -> Quote:
    paid = _as_paid(order, cart)
    shipping_discount = sum(take.amount for take in cart.takes if take.line == SHIPPING)
    return Quote(
        order=paid,
        lines=tuple(_line(cart, line, places) for line in range(len(cart.lines))),
        subtotal=sum(cart.initial),
        shipping=cart.shipping,
        shipping_discount=shipping_discount,
        discount_total=cart.taken(),
        total=cart.total() + cart.shipping_left,
        redeemables=tuple(redeemables),
        earns={
            offer.version.program_id: earn(
                OrderPaid(id=id, at=at, order=paid), offer.version, offer.snapshot
            ).awards
            for offer in offers
            if offer.customer is not None
        },
    )


def _line(cart: Cart, line: int, places: Mapping[int, int]) -> QuotedLine:
    sums: dict[int, Minor] = {}
    for take in cart.takes:
        if take.line == line:
            sums[take.taker] = sums.get(take.taker, 0) + take.amount
    return QuotedLine(
        id=cart.ids[line],
        sku=cart.lines[line].sku,
        quantity=cart.lines[line].quantity,
        amount=cart.initial[line],
        discount=sum(sums.values()),
        discounts=tuple(LineDiscount(places[taker], amount) for taker, amount in sums.items()),
        units=_units(cart, line) if sums else (),
        added_by=places[cart.added[line]] if line in cart.added else None,
    )


def _units(cart: Cart, line: int) -> tuple[QuotedUnits, ...]:
    runs = rebased(cart.units_of(line), cart.initial[line])
    return tuple(QuotedUnits(run.count, run.base, run.base - run.left) for run in runs)


def _as_paid(order: Order, cart: Cart) -> Order:
    """Return the order as it would be paid: every discount on its line, what was added included."""
    lines = tuple(
        msgspec.structs.replace(line, id=cart.ids[i], discount=line.amount - cart.left[i])
        for i, line in enumerate(cart.lines)
    )
    return msgspec.structs.replace(
        order, status=OrderStatus.PAID, lines=lines, discount=0, shipping=cart.shipping_left
    )
