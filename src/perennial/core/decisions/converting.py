"""A balance is carried over into another unit, or comes back: the decision, for one owner of wallets."""

from __future__ import annotations

from perennial.core.conversion import Carried, Debts, Returned, Terms, carry, carry_back
from perennial.core.decision import Decision
from perennial.core.effects import BeActive, Credit, Debit, Effect, FallShort, Forgive, Owe
from perennial.core.events import BalanceConverted, ConversionReversed
from perennial.core.member import Member, Wallet
from perennial.core.needs import snapshot_of
from perennial.core.settling import settle
from perennial.core.version import Version
from perennial.core.wallets.credit import is_pending
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey
from perennial.units import Instant, Points


def decide_conversion(event: BalanceConverted, version: Version, member: Member) -> Decision:
    """Decide what leaves one unit and enters the other; each balances by itself, through CONVERTED.

    The lots of the member's wallets have to be loaded. Points keep their dates, and what pends goes on
    pending. What the member owes in the other unit is paid from them, as from every credit.
    """
    terms = event.terms
    before, after = _wallet(member, terms.unit), _wallet(member, terms.into)
    carried = carry(before, terms, event.at)
    effects: list[Effect] = [
        Debit(terms.unit, part.taken, part.key.lot_id, Account.CONVERTED, before.counts_as_pending(part.key))
        for part in carried.parts
    ]
    effects += _owing(carried, terms)
    owed = after.debt + carried.owed
    for part in carried.parts:
        if not part.given:
            continue
        pending = is_pending(part.carried, event.at, after.activated_until)
        effects.append(Credit(terms.into, part.given, part.carried, Account.CONVERTED, pending))
        paid = min(part.given, owed)
        if paid:
            owed -= paid
            effects.append(Debit(terms.into, paid, part.carried.lot_id, Account.DEBT, pending))
    if carried.given:
        # A balance that expires by inactivity was last active when it was in the other unit.
        effects.append(BeActive(terms.into, before.active_at or event.at))
    return settle(event, version, member, snapshot_of(event.at, version, member), effects)


def decide_way_back(event: ConversionReversed, version: Version, member: Member) -> Decision:
    """Decide what comes back of what was carried over: what is still there, lot by lot."""
    terms = event.terms
    before, after = _wallet(member, terms.unit), _wallet(member, terms.into)
    returned = carry_back(event.carried, after, event.at)
    effects: list[Effect] = [
        Debit(terms.into, points, key.lot_id, Account.CONVERTED, after.counts_as_pending(key))
        for key, points in returned.taken
    ]
    effects += [_back(terms.unit, points, key, before, event.at) for key, points in returned.given]
    effects += _owing_again(returned, terms)
    return settle(event, version, member, snapshot_of(event.at, version, member), effects)


def _wallet(member: Member, unit: int) -> Wallet:
    return member.wallets.get(unit) or Wallet(lots={})


def _back(unit: int, points: Points, key: LotKey, wallet: Wallet, at: Instant) -> Effect:
    return Credit(unit, points, key, Account.CONVERTED, is_pending(key, at, wallet.activated_until))


def _owing(carried: Carried, terms: Terms) -> list[Effect]:
    """Return what becomes of the debt and of what is to be netted from later awards."""
    effects: list[Effect] = []
    if carried.debt:
        effects.append(Forgive(terms.unit, carried.debt, _gone_into(terms)))
    if carried.owed:
        effects.append(Owe(terms.into, carried.owed, Account.CONVERTED))
    if carried.shortfall:
        effects.append(FallShort(terms.unit, -carried.shortfall))
    if carried.short:
        effects.append(FallShort(terms.into, carried.short))
    return effects


def _owing_again(returned: Returned, terms: Terms) -> list[Effect]:
    effects: list[Effect] = []
    if returned.owed:
        effects.append(Forgive(terms.into, returned.owed, Account.CONVERTED))
    if returned.debt:
        effects.append(Owe(terms.unit, returned.debt, _gone_into(terms)))
    if returned.short:
        effects.append(FallShort(terms.into, -returned.short))
    if returned.shortfall:
        effects.append(FallShort(terms.unit, returned.shortfall))
    return effects


def _gone_into(terms: Terms) -> Account:
    return Account.CONVERTED if terms.debts is Debts.CARRY else Account.CLOSED
