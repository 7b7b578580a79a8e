"""One reward applied to a cart: whether it may, and what it takes off.

Everything that a price calculation changes is in an :class:`Attempt`, which can be copied, so that
several choices and orders of rewards can be tried. A copy costs next to nothing: applying a reward
replaces the cart and the limits of the attempt, and never changes them in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

import msgspec

from perennial.core.budgets.allowances import Allowances, together
from perennial.core.conditions.walk import refusing
from perennial.core.currency import format_money, in_program_currency
from perennial.core.document.stacking import Combines, NoEffect, Products, Stacking
from perennial.core.kinds.benefit import Base, Level, level_of
from perennial.core.orders.cart import Cart
from perennial.core.orders.order import Order, Scalar, value_of
from perennial.core.pricing.redeemables import Reason, Source, Standing, Status, Wanted
from perennial.core.snapshot import Snapshot
from perennial.core.terms.limits import Counted, Use
from perennial.core.version import CompiledBenefit, CompiledReward, Version
from perennial.core.version_scope import scope_of
from perennial.units import Instant, Minor


class Offer(msgspec.Struct, frozen=True):
    """What one program offers to the customer of a cart; a guest has the snapshot of nobody.

    ``products`` is what is used of the limits that each product has, see ``core/budgets/product_limits.py``.
    """

    version: Version
    snapshot: Snapshot
    customer: UUID | None
    products: Mapping[int, int] = MappingProxyType({})


def in_cart_currency(order: Order, offers: Sequence[Offer]) -> tuple[Order, str]:
    """Return an order as it is priced, with the currency: that of the first program which has a rate for it.

    Where none has, the order stays as it is. What a program gives in another currency than that of the cart
    cannot be used on it.
    """
    for offer in offers:
        judged = in_program_currency(order, offer.version.program)
        if judged is not None:
            return judged, offer.version.program.currency
    assert order.currency is not None, "an order without a currency is in that of the first program"
    return order, order.currency


class Candidate(msgspec.Struct, frozen=True, eq=False):
    """A reward that may be applied, at its ``place`` among all of them.

    ``gives`` are its benefits, those of an issued voucher by the version that issued it. ``entered`` is
    its place among what was asked for, ``listed`` its place in the documents of all programs. ``level``
    is the first level at which it works, None if it does nothing to an order. ``found`` says that it was
    found usable on the order as it came, and that nothing but the order's total decides if it still is.
    """

    place: int
    offer: Offer
    compiled: CompiledReward
    gives: tuple[CompiledBenefit, ...]
    source: Source
    entered: int
    listed: tuple[int, int]
    level: Level | None
    wanted: Wanted | None = None
    found: bool = False

    @property
    def key(self) -> str:
        """Return the reward's id."""
        return self.compiled.reward.id

    @property
    def combines(self) -> Combines:
        """Return with what it goes together."""
        return self.compiled.combines

    @property
    def counts_units(self) -> bool:
        """Whether a limit counts the units that it makes cheaper, and so may cut them."""
        version = self.offer.version
        return any(
            (version.budgets if bound.total else version.limits)[bound.index].counts is Counted.UNITS
            for bound in self.compiled.bounds
        )

    @property
    def counts(self) -> bool:
        """Whether using it counts as a time against the limits of the reward; a claim was one before."""
        return self.source is not Source.CLAIMED


def candidate_of(
    place: int,
    offers: Sequence[Offer],
    home: int,
    compiled: CompiledReward,
    wanted: Wanted | None = None,
    *,
    found: bool = False,
) -> Candidate:
    """Return the candidate for what was ``wanted``, or for a reward that applies by itself.

    ``home`` is the place of its program among the ``offers``; ``found`` says that the program's finder
    found it, and that the order reaches its thresholds.
    """
    gives, level = compiled.gives, compiled.level
    if compiled.gives_by_tier:
        gives = compiled.gives_to(offers[home].snapshot.tier)
        level = level_of([given.benefit for given in gives])
    source = Source.AUTOMATIC if wanted is None else source_of(wanted)
    if wanted is not None and wanted.voucher is not None and not wanted.voucher.shared:
        gives = wanted.voucher.gives_to(offers[home].snapshot.tier)
        level = level_of([given.benefit for given in gives])
    listed = (home, compiled.place)
    found = found and compiled.only_by_total
    return Candidate(place, offers[home], compiled, gives, source, place, listed, level, wanted, found)


def source_of(wanted: Wanted) -> Source:
    """Return how something that was asked for came to the cart."""
    if wanted.voucher is None:
        return Source.CLAIM
    return Source.CLAIMED if wanted.voucher.claimed else Source.CODE


class Bill(msgspec.Struct, frozen=True):
    """What does not change while a cart is priced: the order as it came, when, and the rules.

    The order's amounts are in the program's currency. ``chosen`` remembers the lines that a benefit is
    for, by the candidate's place and the benefit's.
    """

    order: Order
    at: Instant
    stacking: Stacking
    chosen: dict[tuple[int, int], Sequence[Sequence[int] | None]] = {}


class Attempt(msgspec.Struct):
    """The state of one try: the cart, what was used of the limits, and what became of each reward.

    ``approximate`` says that a better choice of rewards may exist.
    """

    cart: Cart
    limited: Mapping[int, Allowances]
    standings: dict[int, Standing] = {}
    applied: tuple[Candidate, ...] = ()
    approximate: bool = False

    def copy(self) -> Attempt:
        """Return an attempt that can go another way."""
        return Attempt(self.cart, self.limited, self.standings.copy(), self.applied, self.approximate)


def apply(attempt: Attempt, candidate: Candidate, bill: Bill) -> Standing:
    """Apply a candidate to the attempt, if it may be used on the cart as it is now.

    Otherwise nothing is changed but the note of why.
    """
    standing = why_not_usable(attempt.cart, candidate, bill) or use(attempt, candidate, bill)
    attempt.standings[candidate.place] = standing
    return standing


def apply_if_usable(attempt: Attempt, candidate: Candidate, bill: Bill) -> bool:
    """Apply a candidate as :func:`apply` does, without a word of why if it may not be used."""
    if not is_usable(attempt.cart, candidate, bill):
        return False
    standing = use(attempt, candidate, bill)
    if standing.status is not Status.APPLICABLE:
        return False
    attempt.standings[candidate.place] = standing
    return True


def use(attempt: Attempt, candidate: Candidate, bill: Bill) -> Standing:
    """Apply a candidate whose conditions hold, unless it takes nothing off or has a limit without room."""
    bounds, program = candidate.compiled.bounds, candidate.offer.version.program_id
    cut_to, cut_by = None, ""
    units = None
    if bounds:
        refused = _why_not_for_guests(attempt, candidate)
        if refused is not None:
            return refused
        cut_to, cut_by = attempt.limited[program].discount_left(bounds)
        if cut_to == 0:
            return _full(candidate, cut_by)
        units = attempt.limited[program].units_left(bounds)
        if units is not None and units.left == 0:
            return _full(candidate, units.cut_by)
    cart = attempt.cart.copy()
    cart.units_room = units
    kept = 0 if cut_to is None else max(cart.may_take - cut_to, 0)
    cart.may_take -= kept
    work(cart, candidate, bill)
    cart.may_take += kept
    discount = sum([take.amount for take in cart.takes[len(attempt.cart.takes) :]])
    cut = _cut_by_cap(attempt.cart, cart, discount, candidate, bill)
    if discount == 0 and units is not None and units.cut:
        return _full(candidate, units.cut_by)
    if discount == 0 and len(cart.added) == len(attempt.cart.added):
        if cut:
            return _capped(candidate, discount, cut, bill.stacking)
        no_effect = candidate.compiled.category.no_effect or bill.stacking.no_effect
        if no_effect is NoEffect.SKIP:
            words = f"{candidate.key} would take nothing off this order"
            return Standing(status=Status.SKIPPED, reason=Reason.NO_EFFECT, words=words)
    if bounds:
        limited = together(attempt.limited)
        times, worth = 1 if candidate.counts else 0, value_of(attempt.cart.left)
        hit = units.hit if units is not None else {}
        using = Use(times=times, discount=discount, order_value=worth, units=sum(hit.values()), products=hit)
        full = limited[program].use(bounds, using)
        if full is not None:
            return _full(candidate, full)
        attempt.limited = limited
    cart.units_room = None
    attempt.cart = cart
    attempt.applied = (*attempt.applied, candidate)
    if cut:
        return _capped(candidate, discount, cut, bill.stacking)
    words = f"takes only what is left: {cut_by}" if cut_by and discount == cut_to else ""
    if units is not None and (units.left == 0 or units.cut):
        words = f"takes only what is left: {units.cut_by}"
    return Standing(status=Status.APPLICABLE, discount=discount, words=words)


def _full(candidate: Candidate, limit: str) -> Standing:
    """Return that a limit, in its words, has no room left."""
    return no(Reason.LIMIT_REACHED, f"{candidate.key} cannot be used now: {limit}", limit=limit)


def _why_not_for_guests(attempt: Attempt, candidate: Candidate) -> Standing | None:
    """Return that nobody is known whose use a limit could count."""
    if candidate.offer.customer is not None:
        return None
    limited = attempt.limited[candidate.offer.version.program_id]
    name = limited.per_customer(candidate.compiled.bounds)
    if name is None:
        return None
    words = f"{candidate.key} is limited for each customer, and none is known: {name}"
    return no(Reason.CUSTOMER_REQUIRED, words, limit=name)


def work(cart: Cart, candidate: Candidate, bill: Bill) -> None:
    """Let every benefit of a candidate take off the cart what it gives."""
    places = _begin(cart, candidate, bill)
    for index, given in enumerate(candidate.gives):
        if given.level is None:
            continue
        if given.lines is None and not given.others:
            given.benefit.take(cart, places)
            continue
        lines, *others = [_both(chosen, places) for chosen in _chosen_lines(cart, candidate, index, bill)]
        given.benefit.take(cart, lines, others)


def would_take(cart: Cart, candidate: Candidate, bill: Bill) -> bool | None:
    """Whether :func:`work` would take anything off the cart, or add to it; None where only trying tells.

    The cart is left as it is but for the reward that is said to be at work.
    """
    places = _begin(cart, candidate, bill)
    for index, given in enumerate(candidate.gives):
        if given.level is None:
            continue
        lines, *others = [_both(chosen, places) for chosen in _chosen_lines(cart, candidate, index, bill)]
        takes = None if others else given.benefit.takes(cart, lines)
        if takes is not False:
            return takes
    return False


def _begin(cart: Cart, candidate: Candidate, bill: Bill) -> Sequence[int]:
    """Let a candidate begin to work, and return the positions of the lines that it may touch."""
    stacking, compiled = bill.stacking, candidate.compiled
    percents_look_at = compiled.category.percent_base or stacking.percent_base
    cart.begin(candidate.place, on_initial=percents_look_at is Base.INITIAL)
    places: Sequence[int] = range(len(cart.lines))
    if compiled.reward.full_price_only:
        places = [line for line in places if cart.left[line] == cart.lines[line].amount]
    if stacking.products is Products.ONCE:
        places = [line for line in places if cart.left[line] == cart.initial[line]]
    return places


def _chosen_lines(cart: Cart, candidate: Candidate, index: int, bill: Bill) -> Sequence[Sequence[int] | None]:
    """Return the positions that each filter of a benefit chooses, by initial amounts; None is all."""
    known = None if cart.added else bill.chosen.get((candidate.place, index))
    if known is None:
        given, order = candidate.gives[index], cart.judged(bill.order)
        known = [
            None if choose is None else choose(bill.at, order, cart.initial, {}, candidate.offer.snapshot)
            for choose in (given.lines, *given.others)
        ]
        if not cart.added:
            bill.chosen[candidate.place, index] = known
    return known


def _both(chosen: Sequence[int] | None, places: Sequence[int]) -> Sequence[int]:
    """Return the positions that are in both."""
    if chosen is None:
        return places
    if isinstance(places, range):
        return chosen
    allowed = frozenset(places)
    return [line for line in chosen if line in allowed]


def _cut_by_cap(before: Cart, after: Cart, discount: Minor, candidate: Candidate, bill: Bill) -> Minor:
    """Return how much more the candidate would have taken but for the caps on the whole order."""
    if bill.stacking.most_off is None and not bill.stacking.covers_cost:
        return 0
    floors = [(line.floor or 0) * line.quantity for line in before.lines]
    at_cost = any(
        left <= least and least > floor
        for left, least, floor in zip(after.left, before.least, floors, strict=False)
    )
    if after.may_take and not at_cost:
        return 0
    free = before.copy()
    free.least = floors
    free.goods_room = max(sum(free.left), 0)
    free.may_take = sum(max(left, 0) for left in free.left) + free.shipping_left
    taken = len(free.takes)
    work(free, candidate, bill)
    return sum([take.amount for take in free.takes[taken:]]) - discount


def _capped(candidate: Candidate, discount: Minor, cut: Minor, stacking: Stacking) -> Standing:
    """Return that a cap on the whole order cut a discount by ``cut``, or left nothing of it."""
    rules = []
    if stacking.most_off is not None:
        rules.append(f"rewards take at most {stacking.most_off} % of an order")
    if stacking.covers_cost:
        rules.append("nothing is sold below its cost")
    currency = candidate.offer.version.program.currency
    much, whole = format_money(discount, currency), format_money(discount + cut, currency)
    return Standing(
        status=Status.APPLICABLE if discount else Status.SKIPPED,
        reason=Reason.ORDER_CAP,
        words=f"{candidate.key} takes {much} and not {whole} off: {' and '.join(rules)}",
        details={"cut": cut},
        by="stacking.most_off" if stacking.most_off is not None else "stacking.covers_cost",
        discount=discount,
    )


def is_usable(cart: Cart, candidate: Candidate, bill: Bill) -> bool:
    """Whether the conditions of a candidate let it be used on the cart as it is now."""
    compiled = candidate.compiled
    usable = compiled.usable
    if candidate.level is None:
        return False
    if candidate.found:
        least = compiled.from_total
        return least is None or sum(judged_amounts(cart, candidate, bill)) >= least
    return usable is None or usable(
        bill.at, bill.order, judged_amounts(cart, candidate, bill), {}, candidate.offer.snapshot
    )


def judged_amounts(cart: Cart, candidate: Candidate, bill: Bill) -> list[Minor]:
    """Return the amounts of the order's lines by which conditions judge; what rewards added is not seen.

    They are only to be read.
    """
    nets = cart.initial if candidate.compiled.reward.judged_on is Base.INITIAL else cart.left
    lines = len(bill.order.lines)
    return nets if len(nets) == lines else nets[:lines]


def why_not_usable(cart: Cart, candidate: Candidate, bill: Bill) -> Standing | None:
    """Return why the conditions of a candidate do not let it be used on the cart as it is now."""
    if is_usable(cart, candidate, bill):
        return None
    reward = candidate.compiled.reward
    if candidate.level is None:
        return no(Reason.NOT_FOR_ORDERS, f"{reward.id} is not used on an order")
    if candidate.source is Source.AUTOMATIC or reward.usable_when is None:
        return no(Reason.CONDITIONS_NOT_MET, f"{reward.id} is not for this order")
    offer = candidate.offer
    nets = judged_amounts(cart, candidate, bill)
    scope = scope_of(offer.version, offer.snapshot, bill.at, order=bill.order, nets=nets)
    seen = refusing(reward.usable_when, scope)[0]
    value = seen.value if not isinstance(seen.value, tuple) else ", ".join(seen.value)
    words = f"{reward.id} can be used only if {seen.words}"
    return no(Reason.CONDITIONS_NOT_MET, words, condition=seen.words, value=value)


def no(reason: Reason, words: str, **details: Scalar) -> Standing:
    """Return that something cannot be used, and why."""
    return Standing(status=Status.INAPPLICABLE, reason=reason, words=words, details=details)
