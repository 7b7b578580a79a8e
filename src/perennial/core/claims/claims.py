"""A claim: the member exchanges points for a reward, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from perennial.core.budgets.allowances import Allowances
from perennial.core.budgets.numbers import budget_numbers
from perennial.core.claims.availability import availability, no_code_left, why_off
from perennial.core.claims.handing_out import hand_out
from perennial.core.claims.part_payment import why_not_in_part
from perennial.core.decision import Decision
from perennial.core.events import ClaimRequested
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.settling import refuse, settle
from perennial.core.switches import ALL_ON, Switches
from perennial.core.terms.limits import Use
from perennial.core.terms.refusal_text import text_for
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.core.wallets.prices import pay, price_for


def decide_claim(
    event: ClaimRequested,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int] | None = None,
    switches: Switches = ALL_ON,
) -> Decision:
    """Decide a claim: debits of the price and what is handed out, or a refusal with its numbers.

    The lots of the member's wallets have to be loaded; ``spent`` maps (number of a budget, period) to
    what all members used. Available lots pay, soonest expiry first. A claim counts as one time and for
    its customer, and its points against what may be spent of the wallet; what is taken off an order counts
    when the reward is used on it.
    """
    compiled = version.rewards.get(event.reward)
    if compiled is None:
        words = f"Program {version.program.program} has no reward {event.reward!r}."
        return refuse(version, Refusal(RefusalCode.REWARD_UNKNOWN, words, {"reward": event.reward}))
    numbers = budget_numbers(version, event)
    snapshot = snapshot_of(event.at, version, member, spent, switches.keys_of(version), numbers)
    limited = Allowances(version, snapshot, numbers)
    off = why_off(version, compiled, switches)
    price = price_for(version, compiled, snapshot, event.at, event.wallet)
    in_part = compiled.reward.in_part
    part = None if price is None else why_not_in_part(version, event.reward, in_part, price, event.points)
    if price is not None and event.points is not None and part is None:
        price = msgspec.structs.replace(price, points=event.points)
    paying = None if price is None else price.points
    found = availability(
        version, compiled, member, snapshot, limited, event.at, off, paying, event.ahead, event.wallet
    )
    empty = no_code_left(compiled, snapshot.tier, lambda pool: pool not in event.drawn)
    refusal = part or (found.reasons[0] if found.reasons else empty)
    if refusal is not None or price is None:
        assert refusal is not None, "without a price there is a reason"
        text = text_for(compiled.reward.refusals, refusal.code.value)
        return refuse(version, msgspec.structs.replace(refusal, text=text))
    limited.use(compiled.bounds_of_claims, Use())
    limited.use(version.wallets[price.wallet].spending, Use(points=price.points))
    effects = pay(version, price, member, event.at)
    effects += limited.effects(today_of(version, event.at))
    effects += hand_out(version, compiled, price, snapshot, event)
    return settle(event, version, member, snapshot, effects)
