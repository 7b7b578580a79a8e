"""What can be spent is what a debit of everything takes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.member import Wallet
from perennial.core.wallets.spending import everything_in, spend
from perennial.ledger.account import Account
from perennial.ledger.lot import Lot, LotKey, Origin

UNIT, NOW = 7, 10
_DATES = st.one_of(st.none(), st.integers(NOW - 2, NOW + 2))
_KEYS = st.builds(LotKey, st.sampled_from(Origin), _DATES, _DATES)
_LOTS = st.dictionaries(_KEYS, st.integers(0, 50), max_size=8)


@settings(max_examples=400, deadline=None)
@given(_LOTS, st.integers(-60, 300))
def test_what_can_be_spent_is_what_a_debit_of_everything_takes(lots: dict[LotKey, int], balance: int) -> None:
    """Whichever lots have begun, have ended and are empty, and also where the balance is less or owed."""
    wallet = Wallet(
        balance=balance, lots={key.lot_id: Lot(key.lot_id, key, left, left) for key, left in lots.items()}
    )
    _, taken = spend(wallet, UNIT, balance, NOW, Account.REDEEMED)
    assert everything_in(wallet, NOW) == taken
