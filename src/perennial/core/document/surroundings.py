"""What a workspace adds to each of its programs: declared attributes, and locations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from perennial.core.document.program import Declarations, EventSpec, Program
from perennial.core.orders.order import Scalar

_Spec = TypeVar("_Spec")


class Surroundings(msgspec.Struct, frozen=True):
    """``locations`` maps the id of each location to its attributes."""

    declared: Declarations = Declarations()
    locations: Mapping[str, Mapping[str, Scalar]] = {}


ALONE = Surroundings()
"""A program of a workspace that adds nothing to it."""


def with_declarations(program: Program, declared: Declarations) -> Program:
    """Return ``program`` with the declarations of its workspace beside its own, which go first."""
    if declared == Declarations():
        return program
    own = program.declarations
    events = dict(own.events)
    for name, spec in declared.events.items():
        known = own.events.get(name, EventSpec())
        events[name] = EventSpec(attributes=_beside(known.attributes, spec.attributes))
    both = Declarations(
        member=_beside(own.member, declared.member),
        order=_beside(own.order, declared.order),
        line=_beside(own.line, declared.line),
        events=events,
        location=_beside(own.location, declared.location),
    )
    return msgspec.structs.replace(program, declarations=both)


def _beside(own: dict[str, _Spec], others: dict[str, _Spec]) -> dict[str, _Spec]:
    return own | {name: spec for name, spec in others.items() if name not in own}
