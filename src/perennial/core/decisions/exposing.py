"""A decision that reads an experiment for the first time exposes the member to it, and records that."""

from __future__ import annotations

import msgspec

from perennial.core.customers.blocks import Block, blocked_by
from perennial.core.decision import Decision
from perennial.core.earn import outside_life
from perennial.core.member import Member
from perennial.core.switches import off_of
from perennial.core.variants import exposures
from perennial.core.version import Version
from perennial.units import Instant


def exposed(
    decision: Decision, version: Version, member: Member, at: Instant, *, earns: bool = False
) -> Decision:
    """Return the decision with an effect for everything that it is the first one to expose ``member`` to.

    ``member`` is as it was before the decision. What a switch stops, or what lies outside of the life of the
    program, shows nobody anything and exposes nobody. Who is blocked from earning is not exposed
    by what ``earns``, but still by claiming and using rewards.
    """
    facts = decision.facts
    if facts is None or not facts.variants or not any(facts.variants):
        return decision
    found = exposures(version.trials, version.program_id, member, facts, at)
    if not found or outside_life(at, version, facts) is not None:
        return decision
    off = off_of(version, facts)
    blocked = earns and blocked_by(facts.off) & Block.EARNING
    if off.stopped is not None and (blocked or not off.held_out):
        return decision
    return msgspec.structs.replace(decision, effects=(*found, *decision.effects))
