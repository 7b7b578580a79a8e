"""What must be right about limits beyond types: one thing counted, and one that its place can count."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from perennial.core.document.limited_points import decimals_of, wallets_of_campaign, wallets_of_shared
from perennial.core.document.program import Campaign, Program, WalletSpec
from perennial.core.findings import Findings
from perennial.core.kinds.message import Message
from perennial.core.kinds.rule import EarningRule
from perennial.core.labels import trigger_called
from perennial.core.problems import Problem, join_path
from perennial.core.terms.limits import MONEY, AtCap, Counted, Holder, Limit

_ORDER_PAID = "order.paid"
_LISTED = "points, times, discount, units, order_value or customers"


class Place(msgspec.Struct, frozen=True):
    """What can be counted where a limit stands, and who may hold a part of it.

    ``orders`` says that everything there has an order with a location; ``attributes`` are those that
    everything there brings. ``words`` say why something else cannot be counted.
    """

    counts: tuple[Counted, ...] = tuple(Counted)
    orders: bool = False
    attributes: frozenset[str] = frozenset()
    words: str = "a wallet's caps count points or times"


def place_of_rule(program: Program, rule: EarningRule) -> Place:
    """Return what the limits of an earning rule can count: a rule takes no discount off."""
    counts = [Counted.POINTS, Counted.TIMES, Counted.CUSTOMERS]
    if rule.trigger == _ORDER_PAID:
        counts.append(Counted.ORDER_VALUE)
        declared = program.declarations.order
    else:
        event = program.declarations.events.get(rule.trigger)
        declared = event.attributes if event is not None else {}
    words = f"a rule for {trigger_called(rule.trigger)} gives points and takes nothing off"
    if rule.gives() is not None:
        counts.remove(Counted.POINTS)
        words = "a rule that gives a reward is limited by times, customers, or the value of orders"
    if rule.trigger != _ORDER_PAID:
        words += "; only orders have a value"
    return Place(tuple(counts), rule.trigger == _ORDER_PAID, frozenset(declared), words)


def place_of_message(program: Program, message: Message) -> Place:
    """Return what the limits of a message can count: how often it is sent."""
    is_order = message.trigger == _ORDER_PAID
    event = program.declarations.events.get(message.trigger)
    of_event = event.attributes if event is not None else {}
    declared = program.declarations.order if is_order else of_event
    words = "a message is limited by times: it gives no points and takes nothing off"
    return Place((Counted.TIMES,), is_order, frozenset(declared), words)


def place_of_reward(program: Program) -> Place:
    """Return what the limits of a reward can count: how often it is claimed and used, and on what."""
    counts = (Counted.TIMES, Counted.DISCOUNT, Counted.UNITS, Counted.ORDER_VALUE, Counted.CUSTOMERS)
    words = "a reward is limited by times: how often it is claimed or used; or by what it takes off"
    return Place(counts, True, frozenset(program.declarations.order), words)


def place_of_campaign(program: Program, campaign: Campaign) -> Place:
    """Return what some rule or reward of the campaign can count, for holders whom all of them name."""
    places = [place_of_rule(program, rule) for rule in campaign.earning_rules]
    places += [place_of_reward(program)] if campaign.rewards else []
    return Place(
        counts=tuple(counted for counted in Counted if any(counted in place.counts for place in places)),
        orders=all(place.orders for place in places),
        attributes=frozenset.intersection(*(place.attributes for place in places)) if places else frozenset(),
        words="a campaign's limits count what its rules and rewards give; none of them counts this",
    )


def check_limits(
    findings: Findings, path: str, own: tuple[Limit, ...], shared: tuple[str, ...], place: Place
) -> None:
    """Check the limits of a part of the program, and that it can use the shared ones that it names."""
    for index, limit in enumerate(own):
        check_limit(findings, f"{path}.limits[{index}]", limit, place)
    by_id = {limit.id: limit.limit() for limit in findings.program.limits}
    for index, name in enumerate(shared):
        if name in by_id and len(by_id[name].caps()) == 1:
            _check_place(findings, f"{path}.shared_limits[{index}]", by_id[name], place, shared=True)


def check_limit(findings: Findings, path: str, limit: Limit, place: Place | None = None) -> None:
    """Check one limit; a shared one is checked in every ``place`` that names it."""
    caps = limit.caps()
    if len(caps) != 1:
        given = f"; here are {' and '.join(caps)}" if caps else ""
        findings.add(path, "points_or_times", f"a limit counts one thing: {_LISTED}{given}")
        return
    counted, cap = limit.counted()
    if not cap:
        findings.add(path, "limit_of_nothing", "a limit of 0 lets nothing through; leave the rule out")
    if (limit.per is Holder.ATTRIBUTE) != (limit.attribute is not None):
        words = "per: attribute and the name of an attribute belong together"
        findings.add(join_path(path, "attribute"), "attribute_needed", words)
    if counted is Counted.CUSTOMERS and limit.per is not Holder.TOTAL:
        words = "customers are counted in total; write per: total"
        findings.add(join_path(path, "per"), "customers_in_total", words)
    if limit.at_cap is AtCap.CUT and counted in (Counted.CUSTOMERS, Counted.ORDER_VALUE):
        words = f"{counted.value.replace('_', ' ')} cannot be cut: it fits or it does not"
        findings.add(join_path(path, "at_cap"), "cannot_be_cut", words)
    if limit.by_product:
        if counted is not Counted.UNITS:
            words = "only units are counted by product: limit units, or leave by_product out"
            findings.add(join_path(path, "by_product"), "units_by_product", words)
        if limit.per not in (Holder.MEMBER, Holder.TOTAL):
            words = "units of each product are counted per member or in total"
            findings.add(join_path(path, "per"), "units_by_product", words)
    if place is not None:
        _check_place(findings, path, limit, place)


def _check_place(findings: Findings, path: str, limit: Limit, place: Place, *, shared: bool = False) -> None:
    counted, _ = limit.counted()

    def at(field: str) -> str:
        return path if shared else join_path(path, field)

    if counted not in place.counts:
        findings.add(at(counted.value), "points_or_times", place.words)
    if limit.per is Holder.LOCATION and not place.orders:
        findings.add(at("per"), "no_location", "only orders have a location; not everything here is an order")
    if limit.attribute is not None and limit.attribute not in place.attributes:
        known = ", ".join(sorted(place.attributes))
        words = f'the attribute "{limit.attribute}" is not declared for everything that is limited here'
        findings.add(at("attribute"), "unknown_reference", f"{words}; declared: {known or 'none'}")


def check_points_together(findings: Findings) -> None:
    """Check that a limit adds up points of the same decimals: their whole numbers are of one size."""
    program = findings.program
    for index, shared in enumerate(program.limits):
        _check_decimals(findings, f"limits[{index}]", shared.limit(), wallets_of_shared(program, shared.id))
    for c, campaign in enumerate(program.campaigns):
        wallets = wallets_of_campaign(program, campaign)
        for index, limit in enumerate(campaign.limits):
            _check_decimals(findings, f"campaigns[{c}].limits[{index}]", limit, wallets)


def _check_decimals(findings: Findings, path: str, limit: Limit, wallets: list[WalletSpec]) -> None:
    if limit.points is None:
        return
    other = next((wallet for wallet in wallets if wallet.decimals != wallets[0].decimals), None)
    if other is not None:
        first = wallets[0]
        words = (
            f"one limit cannot count points of wallet {first.id}, which have {first.decimals} decimals, "
            f"and of wallet {other.id}, which have {other.decimals}"
        )
        findings.add(join_path(path, "points"), "other_decimals", words)


def conflicts_of_limits(program: Program, code: str, other: Program) -> Iterator[Problem]:
    """Return where two programs would add up what is no sum: money of two currencies, points of two sizes."""
    yield from _money_conflicts(program, code, other)
    theirs = {limit.id for limit in other.limits if limit.across_programs and limit.points is not None}
    for index, limit in enumerate(program.limits):
        if not limit.across_programs or limit.points is None or limit.id not in theirs:
            continue
        own, others = wallets_of_shared(program, limit.id), wallets_of_shared(other, limit.id)
        if own and others and decimals_of(own) != decimals_of(others):
            words = (
                f"program {code} shares it and counts points of {decimals_of(others)} decimals, "
                f"this one of {decimals_of(own)}"
            )
            yield Problem(f"limits[{index}].points", "other_decimals", words)


def _money_conflicts(program: Program, code: str, other: Program) -> Iterator[Problem]:
    """Return where two programs of different currencies would add up money in one limit."""
    if program.currency == other.currency:
        return
    theirs = {limit.id for limit in other.limits if limit.across_programs and _is_money(limit.limit())}
    for index, limit in enumerate(program.limits):
        if limit.across_programs and limit.id in theirs and _is_money(limit.limit()):
            words = f"program {code} shares it and counts in {other.currency}, this one in {program.currency}"
            yield Problem(f"limits[{index}]", "other_currency", words)


def _is_money(limit: Limit) -> bool:
    return any(counted in MONEY for counted in limit.caps())
