"""Custom events and attributes must be declared: their types are checked where they come in."""

from __future__ import annotations

from datetime import date

from perennial.core.order import Order, Scalar
from perennial.core.program import AttributeSpec, AttributeType, EventSpec
from perennial.flows.commands import PostEvent
from perennial.flows.configuration import Workspace
from perennial.flows.problems import field_problem
from perennial.units import parse_instant


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
    for live in workspace.programs:
        declared = live.latest.program.declarations.member
        _check_attributes(declared, attributes, "$.attributes", closed=False)


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
