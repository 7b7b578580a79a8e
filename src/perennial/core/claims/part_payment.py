"""What a claim pays with points, and what is left of its price to be paid with money."""

from __future__ import annotations

from perennial.core.counting import counted
from perennial.core.orders.order import Scalar
from perennial.core.pricing.price import Candidate
from perennial.core.pricing.redeemables import Source
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.snapshot import Snapshot
from perennial.core.terms.in_part import InPart
from perennial.core.version import CompiledPrice, CompiledReward, Version
from perennial.core.wallets.prices import price_for
from perennial.units import Instant, Minor, Points, format_units


def least_of(in_part: InPart | None, price: CompiledPrice) -> Points:
    """Return for how many points the reward can be had."""
    return price.points if in_part is None else min(in_part.least, price.points)


def why_not_in_part(
    version: Version, reward: str, in_part: InPart | None, price: CompiledPrice, points: Points | None
) -> Refusal | None:
    """Return why so many ``points`` do not pay for a reward (None: its whole price does), or None."""
    if points is None or least_of(in_part, price) <= points <= price.points:
        return None
    least = least_of(in_part, price)
    decimals = version.wallets[price.wallet].spec.decimals
    lowest, whole, given = (format_units(each, decimals) for each in (least, price.points, points))
    between = whole if least == price.points else f"{lowest} to {whole}"
    words = f"Reward {reward} costs {counted(between, 'points')}, and not {given}."
    details: dict[str, Scalar] = {
        "reward": reward,
        "least": least,
        "price": price.points,
        "points": points,
    }
    return Refusal(RefusalCode.NOT_IN_PART, words, details)


def price_of(candidate: Candidate, at: Instant) -> tuple[int, Points] | None:
    """Return the unit and the points that a claim in a cart costs; None: it is no claim."""
    want, offer = candidate.wanted, candidate.offer
    if candidate.source is not Source.CLAIM or want is None:
        return None
    price = price_for(offer.version, candidate.compiled, offer.snapshot, at, want.wallet)
    assert price is not None, "what has no price was not applied"
    unit = offer.version.wallets[price.wallet].unit
    return unit, price.points if want.points is None else want.points


def rest_of(
    version: Version,
    compiled: CompiledReward,
    snapshot: Snapshot,
    at: Instant,
    points: Points | None,
    wallet: str | None,
) -> Minor:
    """Return what is left to pay in money for a reward that ``points`` pay for, in minor units.

    ``wallet`` is the one that pays; None is that of the first price for the member.
    """
    price, in_part = price_for(version, compiled, snapshot, at, wallet), compiled.reward.in_part
    if points is None or price is None or in_part is None:
        return 0
    return in_part.rest(price.points - points)
