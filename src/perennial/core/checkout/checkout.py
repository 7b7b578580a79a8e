"""A checkout: a cart is priced, points and gift cards pay, and what that uses is told.

The quote, the hold and the redemption of one cart are decided here, by the same function: a quote only
shows what the others write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from perennial.core.budgets.allowances import Allowances
from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.budgets.product_limits import product_uses
from perennial.core.checkout.payments import Card, CardPaid, PointsPaid, pay_with_cards, pay_with_points
from perennial.core.checkout.quote import Priced, Quote, allowances_of, price
from perennial.core.checkout.why_not import why_card_refused, why_empty, why_foreign
from perennial.core.claims.part_payment import price_of, rest_of, why_not_in_part
from perennial.core.counting import are, counted
from perennial.core.document.program import PointsPayment
from perennial.core.effects import Effect, UseBudget, UseLimit
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import Order
from perennial.core.pricing.price import Candidate, Offer, in_cart_currency, no
from perennial.core.pricing.redeemables import Reason, Standing, Status, Wanted
from perennial.core.switches import ALL_ON, Switches, off_of
from perennial.core.terms.limits import Use
from perennial.core.today import today_of
from perennial.core.version import Bound, CompiledReward, Version
from perennial.core.wallets.prices import price_for
from perennial.core.wallets.purse import Debited, Purse
from perennial.core.wallets.spending import wallet_index
from perennial.ledger.account import Account
from perennial.units import Instant, Minor, Points, format_units


class PointsWanted(msgspec.Struct, frozen=True):
    """How many points of a program's wallet shall pay; None: as many as possible."""

    program: int
    wallet: str
    points: Points | None


class Basket(msgspec.Struct, frozen=True):
    """What somebody wants to pay for: the order, what is to be used on it, and what pays.

    ``id`` is the order's or the quote's own; ``cards`` are the gift cards in the order of entry.
    """

    id: UUID
    at: Instant
    order: Order
    wanted: tuple[Wanted, ...] = ()
    points: tuple[PointsWanted, ...] = ()
    cards: tuple[Card, ...] = ()


class Checkout(msgspec.Struct, frozen=True):
    """A priced cart with its payments; ``to_pay`` is left for other means of payment.

    ``points`` has one entry per wallet that was asked to pay, by program and the unit of the wallet,
    ``rest`` is what rewards cost in money that points pay in part.
    """

    quote: Quote
    applied: tuple[Candidate, ...]
    points: dict[tuple[int, int], PointsPaid]
    cards: tuple[CardPaid, ...]
    to_pay: Minor
    effects: dict[int, tuple[Effect, ...]]
    debited: dict[int, tuple[Debited, ...]]
    rest: Minor = 0


def offers_of(
    versions: Sequence[Version],
    member: Member,
    at: Instant,
    spent: Mapping[tuple[int, int], int],
    order: Order,
    switches: Switches = ALL_ON,
    *,
    guest: bool,
) -> list[Offer]:
    """Return what each program offers on ``order`` to ``member``; a guest is a member of nothing."""
    customer = None if guest else member.customer_id
    return [
        Offer(
            version,
            snapshot_of(
                at,
                version,
                member,
                spent,
                switches.keys_of(version),
                numbers_of_order(version, order),
                order.location,
            ),
            customer,
            product_uses(version, member, spent, today_of(version, at), order),
        )
        for version in versions
    ]


def check_out(
    basket: Basket,
    offers: Sequence[Offer],
    member: Member,
    target: Account = Account.REDEEMED,
    *,
    tell_near: bool = True,
) -> Checkout:
    """Price the basket and return what everything in it uses; points go to the account ``target``.

    The lots of the member's wallets have to be loaded. ``tell_near``: see :func:`price`.
    """
    purse, limited = Purse(member, basket.at, target), allowances_of(offers, basket.order)
    wanted = [_affordable(want, offers, purse, limited, basket.at) for want in basket.wanted]
    _, currency = in_cart_currency(basket.order, offers)
    usable, refused = _cards(basket.cards, offers, basket.at, currency)
    wanted += refused
    priced = price(basket.order, wanted, offers, basket.at, basket.id, tell_near=tell_near)
    purse = Purse(member, basket.at, target)
    for candidate in priced.applied:
        cost = price_of(candidate, basket.at)
        if cost is not None:
            version = candidate.offer.version
            purse.pay(version, *cost, refundable=candidate.compiled.reward.refundable)
            priced.limited[version.program_id].use(_spending(version, cost[0]), Use(points=cost[1]))
    rest = sum(_rest_of(candidate, basket.at) for candidate in priced.applied)
    left = priced.quote.total + rest
    paid: dict[tuple[int, int], PointsPaid] = {}
    for want in basket.points:
        offer = next((offer for offer in offers if offer.version.program_id == want.program), None)
        if offer is None:
            continue
        place = wallet_index(offer.version, want.wallet)
        wallet = offer.version.wallets[place] if place is not None else None
        terms = wallet.spec.pays if wallet is not None else None
        if wallet is None or terms is None:
            continue
        unit = wallet.unit
        if offer.customer is None or offer.version.program.currency != currency:
            why = Reason.CUSTOMER_REQUIRED if offer.customer is None else Reason.CURRENCY
            paid[want.program, unit] = PointsPaid(reason=why)
            continue
        if off_of(offer.version, offer.snapshot).blocked is not None:
            paid[want.program, unit] = PointsPaid(reason=Reason.CUSTOMER_BLOCKED)
            continue
        points = _pay_with_points(
            terms, want.points, purse.available(unit), left, priced.limited[want.program], wallet.spending
        )
        paid[want.program, unit] = points
        left -= points.amount
        if points.points:
            purse.pay(offer.version, unit, points.points, refundable=True)
    cards = pay_with_cards(usable, left)
    left -= sum(card.amount for card in cards)
    effects = {
        offer.version.program_id: (
            *purse.effects(offer.version, basket.at),
            *_uses(priced, offer.version, basket.at),
        )
        for offer in offers
    }
    return Checkout(priced.quote, priced.applied, paid, tuple(cards), left, effects, purse.debited(), rest)


def _pay_with_points(
    terms: PointsPayment,
    wanted: Points | None,
    available: Points,
    total: Minor,
    limited: Allowances,
    spending: tuple[Bound, ...],
) -> PointsPaid:
    """Return what points pay of ``total``, and note it with the limits of what may be spent."""
    paid = pay_with_points(terms, wanted, available, total)
    may, cut_by = limited.points_left(spending, paid.points)
    if cut_by:
        paid = pay_with_points(terms, may, available, total)
        paid = msgspec.structs.replace(paid, reason=Reason.LIMIT_REACHED)
    if paid.points:
        limited.use(spending, Use(points=paid.points))
    return paid


def _spending(version: Version, unit: int) -> tuple[Bound, ...]:
    """Return the limits of what may be spent of the wallet with this unit."""
    return next(wallet.spending for wallet in version.wallets if wallet.unit == unit)


def _cards(
    cards: Sequence[Card], offers: Sequence[Offer], at: Instant, currency: str
) -> tuple[list[Card], list[Wanted]]:
    """Return the gift cards that pay, and the vouchers of the others, each with why it does not."""
    usable: list[Card] = []
    refused: list[Wanted] = []
    for card in cards:
        want = card.wanted
        offer = next((each for each in offers if want and each.version.program_id == want.program), None)
        standing = None
        if want is not None and offer is not None:
            standing = (
                why_card_refused(want, offer, at)
                or why_foreign(want.name, offer, currency)
                or why_empty(want, card.balance)
            )
        if want is None or standing is None:
            usable.append(card)
        else:
            refused.append(msgspec.structs.replace(want, refused=standing))
    return usable, refused


def _uses(priced: Priced, version: Version, at: Instant) -> list[UseLimit | UseBudget]:
    return priced.limited[version.program_id].effects(today_of(version, at))


def _rest_of(candidate: Candidate, at: Instant) -> Minor:
    want, offer = candidate.wanted, candidate.offer
    if want is None:
        return 0
    return rest_of(offer.version, candidate.compiled, offer.snapshot, at, want.points, want.wallet)


def _affordable(
    want: Wanted, offers: Sequence[Offer], purse: Purse, limited: Mapping[int, Allowances], at: Instant
) -> Wanted:
    """Refuse a reward to be claimed that has no price, or that what came before leaves no points for.

    ``limited`` are the limits of what may be spent, as what came before leaves them.
    """
    offer = next((offer for offer in offers if offer.version.program_id == want.program), None)
    compiled = offer.version.rewards.get(want.reward) if offer is not None else None
    if want.refused is not None or want.voucher is not None or offer is None or compiled is None:
        return want
    refused = _why_not_claimed(compiled, offer, purse, limited[want.program], at, want)
    return want if refused is None else msgspec.structs.replace(want, refused=refused)


def _why_not_claimed(
    compiled: CompiledReward,
    offer: Offer,
    purse: Purse,
    limited: Allowances,
    at: Instant,
    want: Wanted,
) -> Standing | None:
    reward, snapshot, points = compiled.reward, offer.snapshot, want.points
    if not reward.has_price:
        return no(Reason.NOT_OFFERED, f"{reward.id} cannot be claimed for points")
    if offer.customer is None or snapshot.joined_at is None:
        return no(Reason.CUSTOMER_REQUIRED, f"{reward.id} is for members")
    if any(given.benefit.hands_out() is not None for given in compiled.gives_to(snapshot.tier)):
        return no(Reason.NOT_FOR_ORDERS, f"{reward.id} gives more than a discount: claim it by itself")
    price = price_for(offer.version, compiled, snapshot, at, want.wallet)
    if price is None and want.wallet is not None:
        words = f"no price of {reward.id} in wallet {want.wallet} is for this member"
        return no(Reason.NOT_OFFERED, words, wallet=want.wallet)
    if price is None:
        return no(Reason.NOT_OFFERED, f"no price of {reward.id} is for this member")
    part = why_not_in_part(offer.version, reward.id, reward.in_part, price, points)
    if part is not None:
        return Standing(
            status=Status.INAPPLICABLE, reason=Reason.NOT_IN_PART, words=part.words, details=part.details
        )
    wallet = offer.version.wallets[price.wallet]
    available, needed = purse.available(wallet.unit), price.points if points is None else points
    if available < needed:
        missing = needed - available
        costs, there, lacking = (
            format_units(each, wallet.spec.decimals) for each in (needed, available, missing)
        )
        return no(
            Reason.INSUFFICIENT_POINTS,
            f"{reward.id} costs {counted(costs, 'points')}, and {are(there)} available:"
            f" {are(lacking)} missing",
            required=needed,
            available=available,
            missing=missing,
        )
    full = limited.use(wallet.spending, Use(points=needed))
    if full is not None:
        return no(Reason.LIMIT_REACHED, f"{reward.id} cannot be used now: {full}", limit=full)
    purse.reserve(wallet.unit, needed)
    return None
