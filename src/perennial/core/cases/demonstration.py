"""A program shown on a handful of made-up members: what happens to them, decided by the program itself.

The story is a case; what it expects is not looked at, only what the program does.
"""

from __future__ import annotations

from typing import Any

import msgspec

from perennial.core.case import Step, deeds_of
from perennial.core.cases.case_file import Case
from perennial.core.cases.cases import CasePlayer, StepReport
from perennial.core.decision import Decision
from perennial.core.document.program import GIFT_CARDS, Program
from perennial.core.rehearsal.conversions import ConversionRehearsal
from perennial.units import Minor, Points, format_instant

_WORDS = {"given_back": "return"}


class Gave(msgspec.Struct, frozen=True):
    """What one part of the program gave; ``name`` is what people call it."""

    name: str
    wallet: str
    points: Points


class DemoStep(msgspec.Struct, frozen=True):
    """One thing that happens to a made-up member, and how the member stands afterwards.

    ``deed`` is that of a case file (``order``, ``return``, ...), or ``wait`` where only time passes;
    ``subject`` is the event or reward that it is about. ``amount`` is what the order or the cart comes to,
    ``to_pay`` what is left of a cart to pay, in minor units. ``refused`` says why nothing happened.
    """

    at: str
    customer: str
    deed: str
    subject: str | None
    amount: Minor | None
    to_pay: Minor | None
    gave: tuple[Gave, ...]
    balances: dict[str, Points]
    tier: str | None
    refused: str | None


class DemoWallet(msgspec.Struct, frozen=True):
    """A wallet as it is shown: its name, and where the point of its amounts stands."""

    id: str
    name: str
    decimals: int


class Demonstration(msgspec.Struct, frozen=True):
    """The story, in the order in which it happens; amounts are of ``currency``."""

    currency: str
    wallets: tuple[DemoWallet, ...]
    steps: tuple[DemoStep, ...]


def demonstrate(case: Case) -> Demonstration:
    """Play a case and tell what came of it; raises :class:`CaseError` for what the case cannot mean."""
    player = CasePlayer(case)
    names = _names(case.program)
    steps = [_told(player, step, player.play(step, n), names) for n, step in enumerate(case.steps, 1)]
    wallets = tuple(DemoWallet(each.id, each.name, each.decimals) for each in case.program.wallets)
    return Demonstration(case.program.currency, wallets, tuple(steps))


def _told(player: CasePlayer, step: Step, report: StepReport, names: dict[str, str]) -> DemoStep:
    rehearsal = player.rehearsal
    deed = next(iter(deeds_of(step)), "wait")
    amount, to_pay = _money(rehearsal, step, report)
    membership = rehearsal.membership(step.customer)
    tier = None if membership is None else membership.tier
    return DemoStep(
        at=format_instant(report.at),
        customer=step.customer,
        deed=_WORDS.get(deed, deed),
        subject=_subject(step, names),
        amount=amount,
        to_pay=to_pay,
        gave=_gave(rehearsal, report.decisions, names),
        balances=_balances(rehearsal, step.customer),
        tier=None if tier is None else names.get(tier, tier),
        refused=None if report.refusal is None else report.refusal.words,
    )


def _money(
    rehearsal: ConversionRehearsal, step: Step, report: StepReport
) -> tuple[Minor | None, Minor | None]:
    """Return what the order or the cart of a step comes to, and what is left to pay of a cart."""
    if step.order is not None and step.order.id in rehearsal.orders:
        order = rehearsal.orders[step.order.id].order
        return sum(line.net for line in order.lines) - order.discount, None
    cart = step.quote or step.hold or step.redeem
    if cart is None:
        return None, None
    priced = report.checkout
    whole = sum(line.net for line in cart.lines) - cart.discount + cart.shipping
    return whole, None if priced is None else priced.to_pay


def _subject(step: Step, names: dict[str, str]) -> str | None:
    if step.event is not None:
        return step.event.type
    if step.refer is not None:
        return step.refer.friend
    return None if step.claim is None else names.get(step.claim, step.claim)


def _gave(
    rehearsal: ConversionRehearsal, decisions: tuple[Decision, ...], names: dict[str, str]
) -> tuple[Gave, ...]:
    wallets = rehearsal.wallet_names()
    return tuple(
        Gave(names.get(award.rule, award.rule), wallets[award.unit], award.points)
        for decision in decisions
        for award in decision.awards
        if award.points
    )


def _balances(rehearsal: ConversionRehearsal, customer: str) -> dict[str, Points]:
    """Return the balance shown of each wallet: points in lots less what is owed."""
    found = {}
    for name in rehearsal.wallet_names().values():
        if name != GIFT_CARDS:
            wallet = rehearsal.wallet(customer, name)
            found[name] = wallet.balance - wallet.debt
    return found


def _names(program: Program) -> dict[str, str]:
    """Return what people call the parts of a program, by their ids."""
    campaigns = program.campaigns
    rules = [*program.earning_rules, *(rule for each in campaigns for rule in each.earning_rules)]
    rewards = [*program.rewards, *(reward for each in campaigns for reward in each.rewards)]
    levels = () if program.tiers is None else program.tiers.levels
    parts: list[Any] = [*levels, *rewards, *program.challenges, *rules]
    return {part.id: name for part in parts if (name := getattr(part, "name", None))}
