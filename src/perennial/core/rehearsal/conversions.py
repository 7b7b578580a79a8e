"""Conversions of a rehearsal: everybody's balance becomes points of another wallet, and comes back."""

from __future__ import annotations

from typing import Self

from perennial.core.conversion import Carried, Debts, Terms, carry, carry_back
from perennial.core.decision import Decision
from perennial.core.document.program import Program
from perennial.core.events import BalanceConverted, ConversionReversed
from perennial.core.member import Wallet
from perennial.core.rehearsal.rehearsal import PROGRAM_ID, UnknownName, decisions_of
from perennial.core.rehearsal.waits import WaitingRehearsal
from perennial.units import Instant, Points, Rounding


class ConversionRehearsal(WaitingRehearsal):
    """A rehearsal whose balances may be carried over. Who holds something for an order is left out.

    ``converted`` says what the last conversion, preview or way back took of each customer and gave.
    """

    def __init__(self, program: Program, program_id: int = PROGRAM_ID) -> None:
        super().__init__(program, program_id)
        self.converted: dict[str, tuple[Points, Points]] = {}
        self.carried: dict[str, Carried] = {}
        self.carried_by: Terms | None = None

    def from_the_start(self) -> Self:
        """Return a rehearsal of the same versions in which nothing has happened yet."""
        empty = super().from_the_start()
        empty.converted, empty.carried, empty.carried_by = {}, {}, None
        return empty

    def terms(
        self, source: str, into: str, take: int, give: int, *, rounding: Rounding, debts: Debts
    ) -> Terms:
        """Return the terms of a conversion between two wallets of the program."""
        units = {name: unit for unit, name in self.wallet_names().items()}
        for name in (source, into):
            if name not in units:
                raise UnknownName(f"the program has no wallet {name!r}")
        return Terms(units[source], units[into], take, give, rounding, debts)

    def foresee_conversion(self, terms: Terms, at: Instant) -> None:
        """Say what a conversion would do to everybody; nothing is changed."""
        found = {name: carry(self._holds(name, terms.unit), terms, at) for name in self.members}
        self.converted = {name: (carried.taken, carried.given) for name, carried in found.items()}

    def convert(self, terms: Terms, at: Instant) -> dict[str, list[Decision]]:
        """Carry everybody's balance over; return what was decided for each customer."""
        decisions: dict[str, list[Decision]] = {}
        self.carried, self.converted, self.carried_by = {}, {}, terms
        for name in list(self.members):
            decisions[name] = self.run_timers(name, at)
            wallet = self._holds(name, terms.unit)
            carried = Carried() if wallet.held else carry(wallet, terms, at)
            if carried:
                event = BalanceConverted(id=self._new_id(), at=at, terms=terms)
                decisions[name] += decisions_of(self._happen(name, event))
                self.carried[name] = carried
                self.converted[name] = (carried.taken, carried.given)
        return decisions

    def convert_back(self, at: Instant) -> dict[str, list[Decision]]:
        """Take the last conversion back, as far as what it gave is still there."""
        terms = self.carried_by
        if terms is None:
            raise UnknownName("nothing was converted that could come back")
        decisions: dict[str, list[Decision]] = {}
        self.converted = {}
        for name, carried in self.carried.items():
            decisions[name] = self.run_timers(name, at)
            returned = carry_back(carried, self._holds(name, terms.into), at)
            event = ConversionReversed(id=self._new_id(), at=at, terms=terms, carried=carried)
            decisions[name] += decisions_of(self._happen(name, event))
            self.converted[name] = (
                sum(points for _, points in returned.taken),
                sum(points for _, points in returned.given),
            )
        self.carried, self.carried_by = {}, None
        return decisions

    def _holds(self, name: str, unit: int) -> Wallet:
        return self.member(name).wallets.get(unit) or Wallet(lots={})
