"""Laws of conversions: the whole is what the rate says, and no way there and back makes points."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.conversion import Debts, Terms, carry, carry_back
from perennial.core.member import Wallet
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import DAY, Rounding
from tests.core.test_conversion import NOW, filled

RATES = st.builds(
    Terms,
    st.just(1),
    st.just(2),
    st.integers(1, 60),
    st.integers(1, 60),
    st.sampled_from(Rounding),
    st.sampled_from(Debts),
)
KEYS = st.builds(
    LotKey,
    st.sampled_from([Origin.EARNED, Origin.ADJUSTED, Origin.RECEIVED]),
    st.sampled_from([NOW - DAY, NOW, NOW + DAY]),
    st.sampled_from([None, NOW + 2 * DAY, NOW + 3 * DAY]),
)


@st.composite
def wallets(draw: st.DrawFn) -> Wallet:
    """Some lots, and what is owed."""
    amounts = draw(st.dictionaries(KEYS, st.integers(1, 500), max_size=8))
    lots = {key.lot_id: Lot(key.lot_id, key, points, points) for key, points in amounts.items()}
    debt, shortfall = draw(st.integers(0, 90)), draw(st.integers(0, 90))
    return Wallet(sum(amounts.values()), debt=debt, shortfall=shortfall, lots=lots)


@settings(max_examples=400, deadline=None)
@given(wallets(), RATES)
def test_the_whole_is_what_the_rate_says(wallet: Wallet, terms: Terms) -> None:
    """No lot becomes less than nothing, and together they are the sum at the rate, rounded once."""
    carried = carry(wallet, terms, NOW)
    assert carried.taken == wallet.balance
    assert carried.given == terms.of(wallet.balance)
    assert min((part.given for part in carried.parts), default=0) >= 0
    assert {(part.key.available_at, part.key.expires_at) for part in carried.parts} == {
        (part.carried.available_at, part.carried.expires_at) for part in carried.parts
    }


@settings(max_examples=400, deadline=None)
@given(wallets(), RATES, st.data())
def test_there_and_back(wallet: Wallet, terms: Terms, data: st.DataObject) -> None:
    """Unused all of it comes back; used in part, no more than the unused part was worth."""
    carried = carry(wallet, terms, NOW)
    whole = filled(carried)
    used = {
        lot_id: data.draw(st.integers(0, lot.remaining), label=f"used of {lot_id}")
        for lot_id, lot in (whole.lots or {}).items()
    }
    returned = carry_back(carried, filled(carried, used), NOW)
    back = sum(points for _, points in returned.given)
    taken = sum(points for _, points in returned.taken)
    assert returned.gone == sum(used.values())
    assert taken + returned.gone <= carried.given
    if not any(used.values()):
        assert (back, taken) == (carried.taken, carried.given)
        assert (returned.debt, returned.shortfall) == (carried.debt, carried.shortfall)
    elif carried.given:
        # Rounded down per lot: what comes back is never worth more than what is taken for it.
        dust = sum(part.taken for part in carried.parts if not part.given)
        assert (back - dust) * carried.given <= (taken + len(carried.parts) * terms.give) * carried.taken
    for key, points in returned.taken:
        lot = (filled(carried, used).lots or {})[key.lot_id]
        assert points <= lot.remaining
    before = {part.key: part.taken for part in carried.parts}
    for key, points in returned.given:
        assert 0 < points <= before[key]
