"""Points by hand, as a person of the staff gives them: under the own name, within the role."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from perennial.flows.commands import Giver, Identified, PostAdjustment
from perennial.flows.staff.keys import Key

T = TypeVar("T")


def by_hand(command: T, caller: Key) -> T:
    """Return a command as the caller may give it: a person gives as nobody else, and within the role."""
    person = caller.person
    if person is None:
        return command
    if isinstance(command, Identified):
        return msgspec.structs.replace(command, command=by_hand(command.command, caller))
    if not isinstance(command, PostAdjustment):
        return command
    bounded = person.credit_most is not None or person.credit_per_day is not None
    giver = Giver(person.staff_id, person.credit_most, person.credit_per_day) if bounded else None
    return msgspec.structs.replace(command, actor=caller.actor, giver=giver)
