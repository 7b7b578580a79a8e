"""What the tests of earning share: programs from plain documents, orders, members, and their points."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from perennial.core.budgets.numbers import budget_numbers
from perennial.core.compiling.compile import compile_version
from perennial.core.decide import decide
from perennial.core.decision import Decision
from perennial.core.document.program import Program
from perennial.core.earn import EarningEvent
from perennial.core.events import CustomEvent, OrderPaid
from perennial.core.explaining.explain import explain
from perennial.core.explaining.explanation import Explanation
from perennial.core.fold import fold, fold_spent
from perennial.core.member import Member, Membership
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import Line, Order, OrderStatus, Scalar
from perennial.core.snapshot import Snapshot
from perennial.core.switches import ALL_ON, Switches
from perennial.core.terms.condition_document import DEC_HOOK
from perennial.core.version import Version
from perennial.units import Instant, Points, parse_instant

CUSTOMER = UUID(int=7)
NOON = parse_instant("2026-11-24T12:00:00+01:00")
"""A Tuesday."""

Document = dict[str, Any]


def version_of(rules: list[Document] | None = None, **parts: Any) -> Version:
    """Compile a program in Berlin with one wallet of points and the given parts."""
    document: Document = {
        "program": "shop",
        "name": "Shop",
        "time_zone": "Europe/Berlin",
        "wallets": [{"id": "points", "name": "Points"}],
        "earning_rules": rules or [],
        **parts,
    }
    program_id = document.pop("program_id", 1)
    program = msgspec.convert(document, Program, dec_hook=DEC_HOOK)
    units = {wallet.id: number for number, wallet in enumerate(program.wallets, 1)}
    return compile_version(program, program_id, 1, 0, units)


def local(text: str) -> Instant:
    """Read a local time in Berlin in November or December (UTC+1), such as ``2026-11-24 12:00:00``."""
    return parse_instant(f"{text.replace(' ', 'T')}+01:00")


def line(sku: str, amount: int, **more: Any) -> Line:
    """Return a line of an order."""
    return Line(sku=sku, amount=amount, **more)


def paid(*lines: Line | int, at: Instant = NOON, number: int = 1, **more: Any) -> OrderPaid:
    """Return a paid order; a line may be given as its amount alone."""
    full = tuple(one if isinstance(one, Line) else line(f"sku-{i}", one) for i, one in enumerate(lines))
    order = Order(status=OrderStatus.PAID, lines=full, **more)
    return OrderPaid(id=UUID(int=number), at=at, order=order)


def happened(name: str, at: Instant = NOON, number: int = 1, **attributes: Scalar) -> CustomEvent:
    """Return a custom event."""
    return CustomEvent(id=UUID(int=number), at=at, name=name, attributes=attributes)


class Shopper:
    """A customer to whom one event happens after the other, each seeing what the one before did."""

    def __init__(
        self,
        version: Version,
        *,
        joined_at: Instant | None = NOON - 1,
        tier: str | None = None,
        spent: dict[tuple[int, int], int] | None = None,
        switches: Switches = ALL_ON,
        **attributes: Scalar,
    ) -> None:
        self.version = version
        self.spent = {} if spent is None else spent
        self.switches = switches
        self.member = Member(customer_id=CUSTOMER, owner=CUSTOMER, attributes=attributes)
        if joined_at is not None:
            since = joined_at if tier else None
            self.member.memberships[1] = Membership(joined_at=joined_at, tier=tier, tier_since=since)

    def does(self, event: EarningEvent) -> Decision:
        """Decide the event, take its effects over, and demand that the explanation says the same."""
        snapshot = self._snapshot(event)
        decision = decide(event, self.version, self.member, self.spent, self.switches)
        assert decision.facts == snapshot
        explanation = explain(event, self.version, snapshot)
        assert {award.rule: award.points for award in decision.awards} == {
            rule.rule: rule.points for rule in explanation.rules if rule.fired
        }
        assert sum(explanation.points.values()) == points_of(decision)
        fold(self.member, self.version, decision.effects, event.at)
        fold_spent(self.spent, decision.effects)
        return decision

    def earns(self, event: EarningEvent) -> Points:
        """Return what the event earned in all wallets together."""
        return points_of(self.does(event))

    def why(self, event: EarningEvent) -> Explanation:
        """Explain the event as it would be decided now."""
        return explain(event, self.version, self._snapshot(event))

    def _snapshot(self, event: EarningEvent) -> Snapshot:
        off, numbers = self.switches.keys_of(self.version), budget_numbers(self.version, event)
        return snapshot_of(event.at, self.version, self.member, self.spent, off, numbers)


def points_of(decision: Decision) -> Points:
    """Return the points of all awards together."""
    return sum(award.points for award in decision.awards)


def by_rule(decision: Decision) -> dict[str, Points]:
    """Return the points of each award under its rule."""
    return {award.rule: award.points for award in decision.awards}
