"""What the postings alone say: the balance of every account and the remainder of every lot.

The stored balances and lots must always equal this replay; the audit compares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from perennial.ledger.account import Account
from perennial.ledger.posting import Posting
from perennial.units import Points


class Balances(msgspec.Struct):
    """The books after some postings.

    ``accounts`` maps (owner, unit, account) to what flowed in less what flowed out: for the wallet its
    points, for the debt account the negative of what is owed, for the program's accounts the owner's
    share in them. ``lots`` maps (owner, unit, lot) to what is left in the lot of a wallet.
    """

    accounts: dict[tuple[UUID, int, Account], Points] = {}
    lots: dict[tuple[UUID, int, int], Points] = {}

    def of(self, owner: UUID, unit: int, account: Account) -> Points:
        """Return the balance of one account; 0 if nothing was ever posted to it."""
        return self.accounts.get((owner, unit, account), 0)

    def of_unit(self, unit: int) -> Points:
        """Return the sum over all accounts of a unit, which is 0 in any books that hold together."""
        return sum(points for (_, of, _), points in self.accounts.items() if of == unit)

    def in_transit(self, unit: int) -> Points:
        """Return what is on the way between owners; 0 once both sides of every transfer are posted."""
        return sum(
            points
            for (_, of, account), points in self.accounts.items()
            if of == unit and account is Account.IN_TRANSIT
        )


def replay(postings: Iterable[Posting]) -> Balances:
    """Return the books after ``postings``, in any order of postings."""
    books = Balances()
    for posting in postings:
        legs = ((posting.debit, -posting.amount), (posting.credit, posting.amount))
        for account, points in legs:
            key = (posting.owner, posting.unit, account)
            books.accounts[key] = books.accounts.get(key, 0) + points
            if account is Account.WALLET:
                lot = (posting.owner, posting.unit, posting.lot_id)
                books.lots[lot] = books.lots.get(lot, 0) + points
    return books
