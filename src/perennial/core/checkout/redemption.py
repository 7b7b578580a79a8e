"""A checkout that is held or redeemed: what it used, what that does to tiers, and when it is refused.

The live path and the rehearsal of cases share every function here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.budgets.product_limits import parts_of_products, product_number
from perennial.core.checkout.checkout import Checkout, offers_of
from perennial.core.checkout.used import Used, UsedByProgram, UsedLot, UsedOfProduct, UsedPlace, number_of_use
from perennial.core.decision import Decision
from perennial.core.decisions.exposing import exposed
from perennial.core.effects import Effect, UseBudget, UseLimit, UseVoucher
from perennial.core.events import CartRedeemed
from perennial.core.member import Member
from perennial.core.orders.order import Order, Scalar, line_ids
from perennial.core.pricing.redeemables import Status
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.settling import settle
from perennial.core.switches import Switches
from perennial.core.today import Today, today_of
from perennial.core.version import Version
from perennial.core.wallets.dates import end_of_day_after
from perennial.ledger.account import Account
from perennial.units import Instant, Minor

MAX_HOLDS = 10
"""How many holds one customer may have open, so that nobody starves budgets (reliability S21)."""


def too_many_holds(open_holds: int) -> Refusal | None:
    """Return why a customer who has so many open holds may have no other."""
    if open_holds < MAX_HOLDS:
        return None
    words = f"The customer has {MAX_HOLDS} open holds, and that is the most."
    return Refusal(RefusalCode.TOO_MANY_HOLDS, words)


def price_changed(expected: Minor | None, to_pay: Minor) -> Refusal | None:
    """Refuse what costs something else than was quoted, and say both."""
    if expected is None or expected == to_pay:
        return None
    words = f"{expected} was expected to be left to pay, and now it is {to_pay}."
    return Refusal(RefusalCode.PRICE_CHANGED, words, {"expected": expected, "to_pay": to_pay})


def hold_over(name: str) -> Refusal:
    """Refuse to redeem what came back: the time of its hold was over, or it was released."""
    return Refusal(RefusalCode.HOLD_OVER, f"What {name!r} held was given back.")


def hold_redeemed(name: str) -> Refusal:
    """Refuse to change what is no hold any more, because it was redeemed."""
    return Refusal(RefusalCode.HOLD_REDEEMED, f"{name!r} is redeemed: roll it back to redeem another cart.")


def nothing_to_roll_back(name: str) -> Refusal:
    """Refuse to give back twice."""
    return Refusal(RefusalCode.NOTHING_TO_ROLL_BACK, f"Everything of {name!r} came back before.")


def switched_off_since(part: UsedByProgram, version: Version, switches: Switches) -> Refusal | None:
    """Refuse to redeem a hold on something that was switched off since; it can only be released."""
    code = version.program.program
    for reward in part.rewards or ("",):
        compiled = version.rewards.get(reward)
        place = compiled.campaign if compiled is not None else None
        campaign = None if place is None else version.program.campaigns[place].id
        switch = switches.why_off(code, reward or None, campaign, reward or None)
        if switch is not None:
            details: dict[str, Scalar] = {"reward": reward, "switch": switch.object.kind.value}
            return Refusal(RefusalCode.SWITCHED_OFF, f"{reward or code} is switched off.", details)
    return None


def used_places(checkout: Checkout, wanted: int) -> list[int]:
    """Return the places of what was asked for, ``wanted`` in all, that was applied."""
    return [
        place
        for place, redeemable in enumerate(checkout.quote.redeemables[:wanted])
        if redeemable.standing.status is Status.APPLICABLE
    ]


def settle_checkout(
    event: CartRedeemed,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    order: Order,
    switches: Switches,
    effects: Sequence[Effect],
) -> Decision:
    """Return what one program decides about a redeemed cart: its effects, and what they do to the tier."""
    offer = offers_of([version], member, event.at, spent, order, switches, guest=False)[0]
    decision = settle(event, version, member, offer.snapshot, effects)
    return exposed(decision, version, member, event.at)


def used_by_program(
    checkout: Checkout,
    version: Version,
    effects: Sequence[Effect],
    owner: UUID,
    bucket: int,
    at: Instant,
) -> UsedByProgram | None:
    """Return what the checkout used at ``at`` under one version, or None if that is nothing.

    ``effects`` are those of its program; ``owner``, who lives in ``bucket``, has the wallets.
    """
    rewards = tuple(one.key for one in checkout.applied if one.offer.version is version)
    if not (effects or rewards):
        return None
    uses = [effect for effect in effects if isinstance(effect, UseLimit | UseBudget)]
    today = today_of(version, at)
    places = _places(version, today, uses)
    apart = {place.marker.limit for place in places} | {place.budget.budget for place in places}
    products = _of_products(version, today, checkout.quote.order, uses)
    apart |= {number_of_use(each.use) for each in products}
    return UsedByProgram(
        program=version.program_id,
        version=version.number,
        rewards=rewards,
        lots=tuple(
            UsedLot(bucket, owner, debit.unit, key, debit.amount, refundable)
            for debit, key, refundable in checkout.debited.get(version.program_id, ())
        ),
        limits=tuple(use for use in uses if number_of_use(use) not in apart),
        vouchers=tuple(effect for effect in effects if isinstance(effect, UseVoucher)),
        places=places,
        kept=_kept(version, today, checkout.quote.order),
        products=products,
    )


def _of_products(
    version: Version, today: Today, order: Order, uses: Iterable[UseLimit | UseBudget]
) -> tuple[UsedOfProduct, ...]:
    """Return the uses of limits by product, each with the lines of the order that have the product."""
    skus = {product_number(limit, sku): sku for _, limit, _, sku in parts_of_products(version, today, order)}
    return tuple(
        UsedOfProduct(use, tuple(place for place, line in enumerate(order.lines) if line.sku == sku))
        for use in uses
        if (sku := skus.get(number_of_use(use))) is not None
    )


def _kept(version: Version, today: Today, order: Order) -> tuple[int, ...]:
    """Return the numbers of the limits and budgets whose use stays used, as they are for the order."""
    limits = [limit.number for limit in version.limits if not limit.comes_back]
    budgets = zip(version.budgets, numbers_of_order(version, order), strict=True)
    limits += [number for budget, number in budgets if number is not None and not budget.comes_back]
    for _, limit, _, sku in parts_of_products(version, today, order):
        if not limit.comes_back:
            limits.append(product_number(limit, sku))
    return tuple(limits)


def _places(version: Version, today: Today, uses: Iterable[UseLimit | UseBudget]) -> tuple[UsedPlace, ...]:
    """Return the places among the first so many customers of which the uses make use, new or not."""
    taking_part = {use.limit: use for use in uses if isinstance(use, UseLimit)}
    return tuple(
        UsedPlace(use, UseBudget(budget.number, today.budgets[index], 1, budget.cap, today.day))
        for index, budget in enumerate(version.budgets)
        if budget.marker is not None
        and (use := taking_part.get(version.limits[budget.marker].number)) is not None
    )


def used_on(order: Order, parts: Iterable[UsedByProgram], target: Account, at: Instant) -> Used:
    """Return what was used on the order, priced at ``at``; ``target`` is HELD or REDEEMED."""
    return Used(
        programs=tuple(parts),
        ids=tuple(line_ids(order)),
        quantities=tuple(line.quantity for line in order.lines),
        paid=tuple(max(line.net, 0) for line in order.lines),
        returned=(0,) * len(order.lines),
        captured=target is Account.REDEEMED,
        at=at,
    )


def returned_with_order(used: Used, units: Mapping[str, int]) -> tuple[int, ...]:
    """Return how many units of each line of a redemption are back once ``units`` of its order's lines are."""
    return tuple(
        max(before, min(units.get(line, 0), quantity))
        for line, before, quantity in zip(used.ids, used.returned, used.quantities, strict=True)
    )


def grace_of(versions: Iterable[Version], at: Instant) -> dict[int, Instant | None]:
    """Return until when points may be spent that come back after their own lot expired, by unit."""
    return {
        compiled.unit: end_of_day_after(version, at, compiled.spec.grace)
        for version in versions
        for compiled in version.wallets
    }
