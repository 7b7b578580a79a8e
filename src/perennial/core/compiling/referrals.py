"""The referrals of a version: what their words refer to, looked up once; and how many each member made."""

from __future__ import annotations

from perennial.core.compiling.limits import LimitBook
from perennial.core.compiling.triggers import Compiler
from perennial.core.dates.periods import Period
from perennial.core.document.program import Program
from perennial.core.terms.limits import AtCap, Counted
from perennial.core.version import CompiledLimit, CompiledOffer
from perennial.units import MAX_AMOUNT, stable_hash


def compile_offers(program: Program, compiler: Compiler, limits: LimitBook) -> dict[str, CompiledOffer]:
    """Return every kind of referral by its id."""
    if program.referrals is None:
        return {}
    return {
        offer.id: CompiledOffer(
            offer=offer,
            offered=compiler.test([offer.schedule], []),
            advocates=compiler.test((), [offer.advocate.when]),
            friends=compiler.test((), [offer.friend.when]),
            meets=compiler.test((), [offer.converts.when], offer.converts.trigger),
            bounds=limits.of_referrals(offer),
        )
        for offer in program.referrals.offers
    }


def referral_limits(program: Program, program_id: int) -> tuple[CompiledLimit, ...]:
    """Return the limit, without an end, that counts how many friends of a member have converted.

    It is the last of the version's limits: there conditions find ``member.referral_count``.
    """
    if program.referrals is None:
        return ()
    name = "friends who have converted"
    number = stable_hash("referrals", program_id)
    return (CompiledLimit(number, name, MAX_AMOUNT, Counted.TIMES, Period.EVER, AtCap.REJECT),)
