"""A return takes back what the returned units earned: exact to the line, the lot and the version.

An award keeps what each line contributed. How much of it is reversed depends only on how many units of
each line have come back by now, so that n partial returns take back what one return of everything
takes, and a return of nothing new takes nothing. From where the points are taken is in
``core/wallets/taking_back.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perennial.core.award import Award
from perennial.core.budgets.giving_back import give_back
from perennial.core.budgets.numbers import budget_numbers
from perennial.core.claims.earned_rewards import bounds_of
from perennial.core.counts import counts_of
from perennial.core.currency import in_program_currency
from perennial.core.decision import Decision
from perennial.core.document.program import RefundPolicy
from perennial.core.effects import Effect, UseBudget, UseLimit, VoidVoucher
from perennial.core.events import OrderReturned
from perennial.core.member import Member, Wallet
from perennial.core.needs import history_after, snapshot_of
from perennial.core.orders.order import Order, net_amounts, value_of
from perennial.core.terms.limits import Use
from perennial.core.tiers.households import companions
from perennial.core.tiers.reviews import tiers_after_return
from perennial.core.tiers.tiers import available_balances
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.core.wallets.inactivity import begin_to_rest
from perennial.core.wallets.taking_back import TakenBack, take_back
from perennial.units import Points

Parts = list[tuple[Award, Points]]


def decide_return(
    event: OrderReturned,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int] | None = None,
) -> Decision:
    """Decide what the program takes back for the units that came back.

    The lots of the member's wallets have to be loaded; ``spent`` maps (number of a budget, period) to
    what all members used. ``taken_back`` of the decision is, per unit, what left the wallet or is owed
    now; what was only noted as a shortfall is not in it.
    """
    snapshot = snapshot_of(event.at, version, member, spent, numbers=budget_numbers(version, event))
    balances = available_balances(version, member, event.at)
    parts = _parts(event)
    effects: list[Effect] = []
    taken_back: dict[int, Points] = {}
    for unit in dict.fromkeys(award.unit for award, _ in parts):
        taken = _take_back(event, version, member, unit, parts)
        effects += taken.effects
        taken_back[unit] = taken.points
        if unit in balances and member.apart is None:
            balances[unit] -= taken.from_available
    if is_over(event.order, event.after, event.canceled) and not is_over(event.order, event.before):
        effects += _given_back(event, version, member, spent or {})
        if not event.revised:
            effects += [VoidVoucher(each.voucher_id) for each in event.given if each.voucher_id is not None]
    counts = counts_of(version, event, reversed_points(event))
    effects += counts
    history = history_after(version, snapshot, today_of(version, event.at), counts)
    tier_effects, follow_ups = tiers_after_return(
        version,
        event,
        snapshot,
        history,
        tuple(balances.values()),
        member.counters,
        counts,
        companions(version, member),
    )
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=(*effects, *tier_effects, *begin_to_rest(version, tier_effects, event.at)),
        follow_ups=follow_ups,
        facts=snapshot,
        taken_back={unit: points for unit, points in taken_back.items() if points},
    )


def reversed_of(award: Award, order: Order, returned: Sequence[int], *, canceled: bool = False) -> Points:
    """Return how much of an award is reversed once ``returned`` units of each line have come back.

    Lines give back what they contributed, each in proportion, rounded down until its last unit. What
    no line earned goes in proportion to the net that came back. A canceled order, and one of which
    every unit came back, gives back the whole award.
    """
    if is_over(order, returned, canceled):
        return award.points
    if award.lines:
        return sum(
            points * min(units, line.quantity) // line.quantity
            for points, line, units in zip(award.lines, order.lines, returned, strict=True)
            if units
        )
    nets = [max(net, 0) for net in net_amounts(order)]
    total = sum(nets)
    if not total:
        return 0
    back = sum(
        net * min(units, line.quantity) // line.quantity
        for net, line, units in zip(nets, order.lines, returned, strict=True)
        if units
    )
    return award.points * back // total


def is_over(order: Order, returned: Sequence[int], canceled: bool = False) -> bool:
    """Return whether the order is canceled, or all units of all of its lines have come back."""
    everything = all(units >= line.quantity for units, line in zip(returned, order.lines, strict=True))
    return canceled or (everything and any(returned))


def reversed_points(event: OrderReturned) -> dict[int, Points]:
    """Return, per unit, the points that a return reverses, whether or not they can be taken back."""
    points: dict[int, Points] = {}
    for award, back in _parts(event):
        points[award.unit] = points.get(award.unit, 0) + back
    return points


def _parts(event: OrderReturned) -> Parts:
    """Return what this return reverses of each award."""
    parts = []
    for award in event.awards:
        after = reversed_of(award, event.order, event.after, canceled=event.canceled)
        points = after - reversed_of(award, event.order, event.before)
        if points > 0:
            parts.append((award, points))
    return parts


def _take_back(event: OrderReturned, version: Version, member: Member, unit: int, parts: Parts) -> TakenBack:
    own = [(award.lot_id, points) for award, points in parts if award.unit == unit]
    wallet = next((wallet for wallet in version.wallets if wallet.unit == unit), None)
    policy = wallet.spec.refunds if wallet else RefundPolicy.WITHIN_BALANCE
    if event.revised and policy is RefundPolicy.ONLY_PENDING:
        # Nothing is forgiven that the order earns again in the same moment.
        policy = RefundPolicy.WITHIN_BALANCE
    held = member.wallets.get(unit) or Wallet(lots={})
    return take_back(held, unit, own, policy, event.at, event.id.hex)


def _given_back(
    event: OrderReturned, version: Version, member: Member, spent: Mapping[tuple[int, int], int]
) -> list[UseLimit | UseBudget]:
    """Return to limits and budgets what the awards used, in the periods of the order."""
    rules = {compiled.rule.id: compiled for compiled in version.rules}
    order = in_program_currency(event.order, version.program)
    value = value_of(net_amounts(order)) if order is not None else 0
    uses = [
        (rules[award.rule].bounds, Use(points=award.points, order_value=value))
        for award in event.awards
        if award.points and award.rule in rules and rules[award.rule].rule.gives() is None
    ]
    for given in event.given:
        if given.rule in rules and given.reward in version.rewards:
            bounds = bounds_of(rules[given.rule], version.rewards[given.reward])
            uses.append((bounds, Use(times=1, order_value=value)))
    numbers = budget_numbers(version, event)
    return give_back(version, member, spent, event.paid_at, numbers, uses)
