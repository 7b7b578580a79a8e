"""Households in a rehearsal: who lives together shares wallets, and whatever else the program pools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec

from perennial.core.course import Decided
from perennial.core.decision import Decision
from perennial.core.document.program import Program
from perennial.core.events import WalletsChanged
from perennial.core.fold import fold
from perennial.core.member import Household, Member, Wallet
from perennial.core.rehearsal.rehearsal import (
    PROGRAM_ID,
    PlayedOrder,
    Rehearsal,
    UnknownName,
    decisions_of,
)
from perennial.core.wallets.lot_moves import activation, arriving, leaving
from perennial.units import Instant, named_id


class Home(msgspec.Struct):
    """A household with its wallets, which ``keeper`` holds."""

    household: Household
    keeper: Member


class HouseholdRehearsal(Rehearsal):
    """A rehearsal in which customers may live together.

    ``homes`` are the households by their names, ``kept`` those that keep the points of an order, by its id,
    because its buyer has left.
    """

    def __init__(self, program: Program, program_id: int = PROGRAM_ID) -> None:
        super().__init__(program, program_id)
        self.homes: dict[str, Home] = {}
        self.kept: dict[UUID, Home] = {}

    def live(self, customer: str, household: str | None, at: Instant) -> list[Decision]:
        """A customer enters a household with all points, or (None) leaves it with none of them."""
        member = self.member(customer)
        found = self.pass_time(member, at)
        lives_in = None if member.household is None else member.household.name
        if household == lives_in:
            return decisions_of(found)
        if household is None:
            return decisions_of(found + self._part(customer, member, at))
        if lives_in is not None:
            raise UnknownName(f"the customer lives in {lives_in!r} and has to leave it first")
        if any(wallet.debt or wallet.shortfall for wallet in member.wallets.values()):
            raise UnknownName("the customer owes points and cannot enter a household")
        return decisions_of(found + self._pool(member, household, at))

    def pass_time(self, member: Member, at: Instant) -> list[Decided]:
        """Run what is due for a member up to ``at``, and in its order what is for others who live there."""
        together = (member, *member.others)
        if len(together) == 1:
            return super().pass_time(member, at)
        found: list[Decided] = []
        while True:
            due = [(each.due_at, each.customer_id) for each in together if each.due_at is not None]
            due_at, who = min(due, default=(at + 1, member.customer_id))
            if due_at > at:
                return found
            one = next(each for each in together if each.customer_id == who)
            decided = super().pass_time(one, due_at)
            found += decided if one is member else []

    def fulfill(self, name: str, at: Instant) -> list[Decision]:
        """An order is fulfilled: what waits for it becomes available, where it is."""
        with self._where_it_is(self._order(name), at):
            return super().fulfill(name, at)

    def _undo(
        self, known: PlayedOrder, at: Instant, after: tuple[int, ...], *, canceled: bool
    ) -> list[Decision]:
        with self._where_it_is(known, at):
            return super()._undo(known, at, after, canceled=canceled)

    @contextmanager
    def _where_it_is(self, known: PlayedOrder, at: Instant) -> Iterator[None]:
        """Judge an order of somebody who has left with the wallets of the household that keeps its points."""
        home, member = self.kept.get(known.order_id), self.member(known.customer)
        if home is None or home.keeper.owner == member.owner:
            yield
            return
        self.pass_time(member, at)
        own = member.owner, member.wallets
        member.owner, member.wallets, member.apart = home.keeper.owner, home.keeper.wallets, member.wallets
        try:
            yield
        finally:
            member.owner, member.wallets = own
            member.apart = None

    def _pool(self, member: Member, name: str, at: Instant) -> list[Decided]:
        home = self.homes.get(name)
        if home is None:
            household_id = named_id(0, "household", name)
            keeper = Member(customer_id=household_id, owner=household_id)
            home = self.homes[name] = Home(Household(household_id, name), keeper)
        version, keeper = self.in_force(), home.keeper
        for compiled in version.wallets:
            unit, wallet = compiled.unit, member.wallets.get(compiled.unit)
            into = keeper.wallets.setdefault(unit, Wallet(lots={}))
            fold(keeper, version, (activation(unit, into, at),), at)
            out, coming = leaving(unit, wallet), arriving(unit, wallet, into)
            fold(member, version, out, at)
            fold(keeper, version, coming, at)
        member.owner, member.wallets, member.household = keeper.owner, keeper.wallets, home.household
        home.household.people.append(member)
        home.household.people.sort(key=lambda each: each.customer_id)
        return self._follow_pooling((member, *member.others), at)

    def _part(self, customer: str, member: Member, at: Instant) -> list[Decided]:
        assert member.household is not None, "the customer lives somewhere"
        home, stay = self.homes[member.household.name], member.others
        for order in self.orders.values():
            if order.customer == customer:
                self.kept.setdefault(order.order_id, home)
        home.household.people.remove(member)
        member.owner, member.wallets, member.household = member.customer_id, {}, None
        found = self._follow_pooling((member,), at, parted=True)
        if self.version_at(at).pooling is not None:
            self._follow_pooling(stay, at, parted=True)
        for each in stay:
            # What whoever left has looked after is theirs to look after now.
            each.due_at = self._next_due(each, at)
        return found

    def _follow_pooling(
        self, people: tuple[Member, ...], at: Instant, *, parted: bool = False
    ) -> list[Decided]:
        """Let the tier follow what is shared by now: of the first, or of whoever is a member, if all is."""
        asked = people if self.version_at(at).pooling is not None else people[:1]
        one = next((each for each in asked if self.program_id in each.memberships), None)
        found: list[Decided] = []
        if one is not None:
            found = self._decide(one, WalletsChanged(id=self._new_id(), at=at, parted=parted))
        for each in people[:1]:
            each.due_at = self._next_due(each, at)
        return found
