"""A quote: what a cart costs and earns with everything that applies to it, and why.

Pure, like every decision: the same cart, rewards and member always give the same quote. A redemption
is decided by the same function, so that what was quoted is what is posted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from perennial.core.award import Award
from perennial.core.budgets.allowances import Allowances, together
from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.checkout.next_reward import NextReward, next_reward
from perennial.core.checkout.why_not import why_foreign, why_not_offered
from perennial.core.claims.earned_rewards import would_give
from perennial.core.claims.part_payment import price_of
from perennial.core.earn import earn
from perennial.core.events import OrderPaid
from perennial.core.kinds.rule import ONE, ten_thousandths
from perennial.core.orders.cart import SHIPPING, Cart, cart_of
from perennial.core.orders.order import Order, OrderStatus
from perennial.core.orders.unit_prices import Runs, rebased, split
from perennial.core.pricing.hints import Hint, Near, hints_of
from perennial.core.pricing.price import (
    Attempt,
    Bill,
    Candidate,
    Offer,
    candidate_of,
    in_cart_currency,
    no,
    source_of,
)
from perennial.core.pricing.redeemables import Reason, Source, Standing, Status, Wanted
from perennial.core.pricing.stack import stack
from perennial.core.switches import NOTHING_OFF, Off, off_of
from perennial.core.version import CompiledReward
from perennial.units import Instant, Minor, Points, Rounding, divide


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

    ``runs`` are its units as they stand, if a reward looked at them one by one.
    """

    id: str
    sku: str
    quantity: int
    amount: Minor
    discount: Minor
    discounts: tuple[LineDiscount, ...] = ()
    runs: Runs | None = None
    added_by: int | None = None

    @property
    def units(self) -> tuple[QuotedUnits, ...]:
        """The units of a line with a discount, equal ones together; of any other none."""
        if not self.discounts:
            return ()
        runs = self.runs or split(self.amount, self.amount - self.discount, self.quantity)
        return tuple(
            QuotedUnits(run.count, run.base, run.base - run.left) for run in rebased(runs, self.amount)
        )


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
    would be paid; ``earns`` what that would earn, by program, and ``gives`` the rewards that rules would
    give. ``approximate`` says that a better choice of rewards may exist. ``hints`` are rewards that the
    order just misses, the nearest first; ``to_next_reward`` says, by program, which reward the member can
    almost afford after this order.
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
    gives: dict[int, tuple[str, ...]] = {}
    approximate: bool = False
    hints: tuple[Hint, ...] = ()
    to_next_reward: dict[int, NextReward] = {}


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
    tell_near: bool = True,
) -> Priced:
    """Price ``order`` at ``at`` with what was asked for and what the ``offers`` apply by themselves.

    ``offers`` come by the priority of their programs, at least one; the first says how rewards stack.
    With ``tell_all`` the quote also lists the rewards that would apply by themselves, but are not for
    this cart or this customer, with the reason. Without ``tell_near`` it says neither what the cart just
    misses nor what the member can almost afford: that costs a third of all.
    """
    judged, currency = in_cart_currency(order, offers)
    stacking = offers[0].version.program.stacking
    bill = Bill(judged, at, stacking)
    cart = cart_of(judged, covers_cost=stacking.covers_cost)
    if stacking.most_off is not None:
        share = cart.may_take * ten_thousandths(stacking.most_off)
        cart.may_take = divide(share, 100 * ONE, Rounding.DOWN)
    limited = together(allowances_of(offers, order))
    found = _asked_for(wanted, offers, at, currency)
    candidates = [one for one in found if isinstance(one, Candidate)]
    refused = [one.reward or one.name for one in found if isinstance(one, QuotedRedeemable)]
    asked_for = {(one.offer.version.program_id, one.key) for one in candidates}
    automatic, near = _automatic(offers, bill, cart, len(found), asked_for, currency, tell_near=tell_near)
    candidates += automatic
    attempt = stack(Attempt(cart, limited), candidates, bill, refused[0] if refused else None)
    redeemables = [
        one if isinstance(one, QuotedRedeemable) else _quoted(one, attempt.standings[one.place])
        for one in found
    ]
    places = {place: place for place in range(len(found))}
    for candidate in automatic:
        standing = attempt.standings[candidate.place]
        if standing.status is Status.APPLICABLE or standing.reason in _WORTH_TELLING or tell_all:
            places[candidate.place] = len(redeemables)
            redeemables.append(_quoted(candidate, standing))
    hints: tuple[Hint, ...] = ()
    if tell_near:
        near += [
            Near(one.listed[0], one.compiled, one)
            for one in candidates
            if attempt.standings[one.place].reason is Reason.CONDITIONS_NOT_MET
        ]
        hints = hints_of(near, offers, attempt, bill)
    if tell_all:
        redeemables += _not_for_this(offers, {one.compiled.reward.id for one in candidates}, bill)
    # What it earns meets the limits as the rewards leave them.
    after = [
        msgspec.structs.replace(offer, snapshot=attempt.limited[offer.version.program_id].snapshot_after())
        for offer in offers
    ]
    quote = _quote(bill, attempt, redeemables, places, after, id)
    if tell_near:
        following = _next_rewards(quote, after, attempt, at)
        quote = msgspec.structs.replace(quote, hints=hints, to_next_reward=following)
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


def allowances_of(offers: Sequence[Offer], order: Order) -> dict[int, Allowances]:
    """Return the room that the limits of each program leave for an order as it came, by program."""
    return {
        offer.version.program_id: Allowances(
            offer.version, offer.snapshot, numbers_of_order(offer.version, order), offer.products
        )
        for offer in offers
    }


def _asked_for(
    wanted: Sequence[Wanted], offers: Sequence[Offer], at: Instant, currency: str
) -> list[Candidate | QuotedRedeemable]:
    """Return a candidate for everything that may be used, and for the rest why it may not."""
    homes = {offer.version.program_id: home for home, offer in enumerate(offers)}
    found: list[Candidate | QuotedRedeemable] = []
    seen: set[tuple[object, ...]] = set()
    for place, want in enumerate(wanted):
        home = homes.get(want.program)
        compiled = offers[home].version.rewards.get(want.reward, want.terms) if home is not None else None
        voucher_id = want.voucher.voucher_id if want.voucher else None
        key = (want.program, want.reward, voucher_id)
        standing = want.refused
        if standing is None and key in seen:
            standing = no(Reason.GIVEN_TWICE, f"{want.name} is given twice")
        seen.add(key)
        if home is not None and compiled is not None and standing is None:
            offer = offers[home]
            standing = why_not_offered(want, compiled, offer, at) or why_foreign(want.name, offer, currency)
            if standing is None:
                found.append(candidate_of(place, offers, home, compiled, want))
                continue
        refused = standing or no(Reason.UNKNOWN, f"{want.name} is not known")
        source = source_of(want)
        found.append(QuotedRedeemable(want.name, want.program, want.reward, source, refused, voucher_id))
    return found


def _automatic(
    offers: Sequence[Offer],
    bill: Bill,
    cart: Cart,
    first: int,
    asked_for: set[tuple[int, str]],
    currency: str,
    *,
    tell_near: bool,
) -> tuple[list[Candidate], list[Near]]:
    """Return the rewards that apply by themselves to this order, in the order of the documents.

    They are judged by the order as it came, since nothing that they ask can come to hold later.
    Those for which it is too small come apart, if they are to be told.
    """
    candidates: list[Candidate] = []
    near: list[Near] = []
    for home, offer in enumerate(offers):
        version = offer.version
        if version.finder is None or version.near_finder is None or not _alive(offer, bill.at):
            continue
        if version.program.currency != currency:
            continue
        off = off_of(version, offer.snapshot)
        named = {
            key
            for program, key in asked_for
            if program == version.program_id and (had := version.rewards.get(key)) and had.reward.automatic
        }
        all_on = off is NOTHING_OFF and not named
        if tell_near:
            reached, missed = version.near_finder(bill.at, bill.order, cart.left, {}, offer.snapshot)
        else:
            reached, missed = version.finder(bill.at, bill.order, cart.left, {}, offer.snapshot), []
        for index in reached:
            compiled = version.automatic[index]
            if all_on or _is_on(compiled, off, named):
                place = first + len(candidates)
                candidates.append(candidate_of(place, offers, home, compiled, found=True))
        automatic = version.automatic
        near += [
            Near(home, automatic[index]) for index in missed if all_on or _is_on(automatic[index], off, named)
        ]
    return candidates, near


def _is_on(compiled: CompiledReward, off: Off, named: Collection[str]) -> bool:
    """Whether a reward may apply by itself, and was not asked for."""
    key = compiled.reward.id
    if key in named:
        return False
    return off is NOTHING_OFF or (key not in off.withheld and off.why_reward(key, by_code=False) is None)


def _not_for_this(offers: Sequence[Offer], known: set[str], bill: Bill) -> Iterator[QuotedRedeemable]:
    """Return the rewards that apply by themselves, but not to this customer or order, and why."""
    for offer in offers:
        program = offer.version.program_id
        for compiled in offer.version.automatic:
            key = compiled.reward.id
            if key in known:
                continue
            want = Wanted(name=key, program=program, reward=key)
            standing = why_not_offered(want, compiled, offer, bill.at) or no(
                Reason.CONDITIONS_NOT_MET, f"{key} is not for this order"
            )
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
    bill: Bill,
    attempt: Attempt,
    redeemables: list[QuotedRedeemable],
    places: Mapping[int, int],
    offers: Sequence[Offer],
    id: UUID,
) -> Quote:
    cart = attempt.cart
    paid = _as_paid(bill.order, cart)
    event = OrderPaid(id=id, at=bill.at, order=paid)
    members = [offer for offer in offers if offer.customer is not None]
    earns: dict[int, tuple[Award, ...]] = {}
    gives: dict[int, tuple[str, ...]] = {}
    for offer in members:
        decision = earn(event, offer.version, offer.snapshot)
        earns[offer.version.program_id] = decision.awards
        if offer.version.gives_rewards:
            gives[offer.version.program_id] = would_give(offer.version, offer.snapshot, decision.follow_ups)
    return Quote(
        order=paid,
        lines=_lines(cart, places),
        subtotal=sum(cart.initial),
        shipping=cart.shipping,
        shipping_discount=sum([take.amount for take in cart.takes if take.line == SHIPPING]),
        discount_total=cart.taken(),
        total=cart.total() + cart.shipping_left,
        redeemables=tuple(redeemables),
        earns=earns,
        gives=gives,
        approximate=attempt.approximate,
    )


def _next_rewards(
    quote: Quote, offers: Sequence[Offer], attempt: Attempt, at: Instant
) -> dict[int, NextReward]:
    """Return which reward of each program the customer can almost afford once this order is paid."""
    change = _change(quote.earns, attempt, at)
    following = {
        offer.version.program_id: next_reward(offer.version, offer.snapshot, at, quote.order, change)
        for offer in offers
        if offer.customer is not None and offer.snapshot.joined_at is not None
    }
    return {program: reward for program, reward in following.items() if reward is not None}


def _change(earns: Mapping[int, tuple[Award, ...]], attempt: Attempt, at: Instant) -> dict[int, Points]:
    """Return what the order adds to the customer's wallets, and what claims in the cart cost, by unit."""
    change = _points(earns)
    for one in attempt.applied:
        if one.source is not Source.CLAIM:
            continue
        cost = price_of(one, at)
        if cost is not None:
            unit, paid = cost
            change[unit] = change.get(unit, 0) - paid
    return change


def _lines(cart: Cart, places: Mapping[int, int]) -> tuple[QuotedLine, ...]:
    sums: list[dict[int, Minor]] = [{} for _ in cart.lines]
    for take in cart.takes:
        if take.line != SHIPPING:
            of_line = sums[take.line]
            of_line[take.taker] = of_line.get(take.taker, 0) + take.amount
    return tuple(
        QuotedLine(
            id=cart.ids[i],
            sku=line.sku,
            quantity=line.quantity,
            amount=cart.initial[i],
            discount=sum(sums[i].values()),
            discounts=tuple([LineDiscount(places[taker], amount) for taker, amount in sums[i].items()]),
            runs=cart.units.get(i),
            added_by=places[cart.added[i]] if i in cart.added else None,
        )
        for i, line in enumerate(cart.lines)
    )


def _as_paid(order: Order, cart: Cart) -> Order:
    """Return the order as it would be paid: every discount on its line, what was added included."""
    lines = tuple(
        msgspec.structs.replace(line, id=cart.ids[i], discount=line.amount - cart.left[i])
        for i, line in enumerate(cart.lines)
    )
    return msgspec.structs.replace(
        order, status=OrderStatus.PAID, lines=lines, discount=0, shipping=cart.shipping_left
    )


def _points(earns: Mapping[int, tuple[Award, ...]]) -> dict[int, Points]:
    points: dict[int, Points] = {}
    for awards in earns.values():
        for award in awards:
            points[award.unit] = points.get(award.unit, 0) + award.points
    return points
