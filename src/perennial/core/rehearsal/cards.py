"""Money of gift cards outside orders, in a rehearsal: put on a card, or moved to another one."""

from __future__ import annotations

from perennial.core.checkout.payments import card_credit, too_little_on_card
from perennial.core.member import Member
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.rehearsal.checkout import CheckoutRehearsal
from perennial.core.rehearsal.played import PlayedVoucher
from perennial.core.rehearsal.rehearsal import RehearsalRefused, UnknownName
from perennial.core.wallets.spending import spend
from perennial.ledger.account import Account
from perennial.units import Instant, Minor


def move_card_money(
    play: CheckoutRehearsal, name: str, to: str | None, amount: Minor | None, at: Instant
) -> None:
    """Put ``amount`` on the card ``name``, or move it (None: everything) from there to the card ``to``.

    Raises :class:`RehearsalRefused` for a card that is void or expired, or that does not hold so much.
    """
    voucher, account = _valid(play, name, at)
    unit = play.versions[voucher.version - 1].card_unit
    if to is None:
        if amount is None:
            raise UnknownName(f"say how much more is put on {name!r}")
        play.take_over_card(voucher, account, (card_credit(unit, amount, at),), at)
        return
    taking, receiver = _valid(play, to, at)
    if taking is voucher:
        raise UnknownName(f"{to!r} is the same card")
    balance = play.card_balance(name)
    refusal = too_little_on_card(amount, balance, play.versions[voucher.version - 1].program.currency)
    if refusal is not None:
        raise RehearsalRefused(refusal)
    moved = balance if amount is None else amount
    effects, _ = spend(account.wallets[unit], unit, moved, at, Account.IN_TRANSIT)
    play.take_over_card(voucher, account, effects, at)
    play.take_over_card(taking, receiver, (card_credit(unit, moved, at),), at)


def _valid(play: CheckoutRehearsal, name: str, at: Instant) -> tuple[PlayedVoucher, Member]:
    """Return a gift card and its account, or refuse what may not be used any more."""
    voucher = play.vouchers.get(name)
    if voucher is None or voucher.card is None:
        raise UnknownName(f"there is no gift card {name!r}")
    if voucher.voided:
        raise RehearsalRefused(Refusal(RefusalCode.VOUCHER_VOIDED, f"{name} is void."))
    if voucher.expires_at is not None and voucher.expires_at <= at:
        raise RehearsalRefused(Refusal(RefusalCode.VOUCHER_EXPIRED, f"{name} has expired."))
    return voucher, voucher.card
