"""Custom events and attributes must be declared: their types are checked where they come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.document.program import AttributeSpec, AttributeType, Declarations, EventSpec
from perennial.core.facts import STALE_FROM
from perennial.core.orders.geography import point_or_none
from perennial.core.orders.order import Order, Scalar
from perennial.flows.commands import OutsideFact, PostEvent
from perennial.flows.configuration import Workspace
from perennial.flows.problems import field_problem
from perennial.units import SECOND, Instant, parse_instant


def check_event(workspace: Workspace, command: PostEvent) -> None:
    """Refuse an event that no program declares, or attributes that differ from their declaration."""
    specs = [
        live.latest.program.declarations.events[command.name]
        for live in workspace.programs
        if command.name in live.latest.program.declarations.events
    ]
    if not specs:
        raise field_problem("$.type", "event_undeclared", f"no program declares {command.name!r}")
    _check_attributes(_merged(specs), command.attributes, "$.attributes")


def check_member_attributes(workspace: Workspace, attributes: dict[str, Scalar]) -> None:
    """Refuse member attributes that differ from their declaration; undeclared ones are free."""
    declarations = _all_declared(workspace)
    for name in attributes:
        if name.endswith(STALE_FROM):
            raise field_problem(f"$.attributes.{name}", "reserved", f"no name ends with {STALE_FROM}")
        if name == CONSENTS_KEPT:
            raise field_problem(f"$.attributes.{name}", "reserved", "consents are recorded by themselves")
        if any(name in each.member and each.member[name].outside for each in declarations):
            words = "comes from outside: push it as a fact, with a time to live"
            raise field_problem(f"$.attributes.{name}", "attribute_from_outside", words)
    for each in declarations:
        _check_attributes(each.member, attributes, "$.attributes", closed=False)


def check_location(workspace: Workspace, attributes: dict[str, Scalar]) -> None:
    """Refuse attributes of a location that are not declared, or differ from their declaration."""
    declared = {name: spec for each in _all_declared(workspace) for name, spec in each.location.items()}
    for name in attributes:
        if name in declared and declared[name].outside:
            words = "comes from outside: push it as a fact, with a time to live"
            raise field_problem(f"$.attributes.{name}", "attribute_from_outside", words)
    _check_attributes(declared, attributes, "$.attributes")


def check_facts(workspace: Workspace, facts: Mapping[str, OutsideFact], *, of_location: bool) -> None:
    """Refuse facts that are not declared as from outside, or differ from their declaration."""
    for name, fact in facts.items():
        found = [
            (each.location if of_location else each.member).get(name) for each in _all_declared(workspace)
        ]
        specs = [spec for spec in found if spec is not None]
        if not any(spec.outside for spec in specs):
            words = "is not declared as an attribute from outside"
            raise field_problem(f"$.facts.{name}", "attribute_undeclared", words)
        for spec in specs:
            _check_attributes({"value": spec}, {"value": fact.value}, f"$.facts.{name}")


def pushed(known: dict[str, Scalar], facts: Mapping[str, OutsideFact], now: Instant) -> dict[str, Scalar]:
    """Return attributes with facts from outside in them, and when each becomes stale; null removes one."""
    attributes = dict(known)
    for name, fact in facts.items():
        for key in (name, name + STALE_FROM):
            attributes.pop(key, None)
        if fact.value is not None:
            attributes[name], attributes[name + STALE_FROM] = fact.value, now // SECOND + fact.seconds
    return attributes


def _all_declared(workspace: Workspace) -> list[Declarations]:
    return [workspace.declared, *(live.latest.program.declarations for live in workspace.programs)]


def check_order_attributes(workspace: Workspace, order: Order) -> None:
    """Refuse attributes of an order or its lines that differ from their declaration."""
    for live in workspace.programs:
        declarations = live.latest.program.declarations
        if order.attributes and declarations.order:
            _check_attributes(declarations.order, order.attributes, "$.attributes", closed=False)
        if declarations.line:
            for position, line in enumerate(order.lines):
                _check_attributes(
                    declarations.line, line.attributes, f"$.lines[{position}].attributes", closed=False
                )


def _merged(specs: list[EventSpec]) -> dict[str, AttributeSpec]:
    return {name: spec for event in specs for name, spec in event.attributes.items()}


def _check_attributes(
    declared: dict[str, AttributeSpec], values: dict[str, Scalar], path: str, *, closed: bool = True
) -> None:
    for name, value in values.items():
        spec = declared.get(name)
        if spec is None:
            if closed:
                raise field_problem(f"{path}.{name}", "attribute_undeclared", "is not declared")
            continue
        if value is not None and not _fits(spec, value):
            allowed = f"one of {', '.join(spec.values)}" if spec.values else f"of type {spec.type.value}"
            raise field_problem(f"{path}.{name}", "attribute_type", f"must be {allowed}")


def _fits(spec: AttributeSpec, value: Scalar) -> bool:
    if spec.type is AttributeType.BOOLEAN:
        return isinstance(value, bool)
    if spec.type is AttributeType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, str) or (spec.values and value not in spec.values):
        return False
    if spec.type is AttributeType.PLACE:
        return point_or_none(value) is not None
    return spec.type is AttributeType.TEXT or _reads(spec.type, value)


def _reads(kind: AttributeType, text: str) -> bool:
    try:
        if kind is AttributeType.DATE:
            date.fromisoformat(text)
        else:
            parse_instant(text)
    except ValueError:
        return False
    return True
