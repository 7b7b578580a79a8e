"""Points leave a wallet: which lots a debit uses, and how a refusal says what is missing."""

from __future__ import annotations

from perennial.core.counting import are, counted
from perennial.core.effects import Debit, Effect
from perennial.core.member import Wallet
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.version import Version
from perennial.ledger.account import Account
from perennial.ledger.lot import available_in, take
from perennial.units import Instant, Points, format_units


def spend(
    wallet: Wallet, unit: int, points: Points, at: Instant, target: Account
) -> tuple[list[Effect], Points]:
    """Return the debits that take ``points`` from available lots, and how many they take.

    Soonest expiry first. They take what there is: the caller compares the sum with ``points``. The
    wallet's lots have to be loaded.
    """
    if wallet.lots is None:
        raise ValueError("spending needs the lots of the wallet")
    taken = take(list(wallet.lots.values()), points, at)
    effects: list[Effect] = []
    for lot_id, part in taken:
        pending = wallet.counts_as_pending(wallet.lots[lot_id].key)
        effects.append(Debit(unit, part, lot_id, target, pending))
    return effects, sum(part for _, part in taken)


def everything_in(wallet: Wallet, at: Instant) -> Points:
    """Return how much :func:`spend` takes at ``at`` if it is asked for the whole balance.

    Every line of a cart and every reward of a catalogue asks for that, and not which lots would pay. The
    wallet's lots have to be loaded.
    """
    if wallet.lots is None:
        raise ValueError("spending needs the lots of the wallet")
    return max(min(wallet.balance, available_in(wallet.lots.values(), at)), 0)


def wallet_index(version: Version, wallet: str) -> int | None:
    """Return the position of a wallet among the version's by its id."""
    return next((i for i, compiled in enumerate(version.wallets) if compiled.spec.id == wallet), None)


def wallet_unknown(version: Version, wallet: str) -> Refusal:
    """Return the refusal for a wallet that the program does not have."""
    words = f"Program {version.program.program} has no wallet {wallet!r}."
    return Refusal(RefusalCode.WALLET_UNKNOWN, words, {"wallet": wallet})


def not_a_member(version: Version) -> Refusal:
    """Return the refusal for a customer who does not belong to the program."""
    words = f"The customer is not a member of program {version.program.program}."
    return Refusal(RefusalCode.NOT_A_MEMBER, words, {"program": version.program.program})


def customer_blocked(why: str) -> Refusal:
    """Return the refusal for a customer who is blocked; ``why`` says from what."""
    return Refusal(RefusalCode.CUSTOMER_BLOCKED, f"{why[0].upper()}{why[1:]}.")


def insufficient(required: Points, available: Points, decimals: int = 0) -> Refusal:
    """Return the refusal of a debit that needs more points than are available.

    ``decimals`` are those of the wallet.
    """
    missing = required - available
    needed, there, lacking = (format_units(each, decimals) for each in (required, available, missing))
    words = f"{counted(needed, 'points are')} needed and {are(there)} available: {are(lacking)} missing."
    return Refusal(
        RefusalCode.INSUFFICIENT_POINTS,
        words,
        {"required": required, "available": available, "missing": missing},
    )
