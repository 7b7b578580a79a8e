"""What the tests of challenges share: a program with challenges on its stage, and where Anna stands."""

from __future__ import annotations

from typing import Any

from perennial.core.challenges.view import ChallengeView, views_of
from perennial.core.decision import Decision
from perennial.core.events import ChallengeCompleted, ChallengeMissed
from perennial.core.orders.order import Line
from perennial.core.rehearsal.rehearsal import Rehearsal
from tests.core.ledger_stage import at, order, stage

COFFEES = {"measure": "lines.quantity", "where": {"fact": "line.categories", "contains": "coffee"}}
STEPS = {"measure": "events.sum", "event": "walk.done", "attribute": "steps"}
ORDERS = {"measure": "orders.count"}
DECLARED = {
    "events": {"review.posted": {}, "walk.done": {"attributes": {"steps": {"type": "integer"}}}},
    "member": {"birthday": {"type": "date"}, "country": {"type": "text"}},
}


def play(*challenges: dict[str, Any], **parts: Any) -> Rehearsal:
    """A program with these challenges; what is not given is filled in."""
    full = [{"id": f"c{number}", "name": "It", **each} for number, each in enumerate(challenges, 1)]
    return stage(declarations=DECLARED, challenges=full, **parts)


def coffees(count: int, price: int = 300) -> Line:
    """A line of so many coffees."""
    return Line(sku="latte", amount=count * price, quantity=count, categories=("coffee",))


def buy(on: Rehearsal, name: str, when: str, *lines: Line | int) -> list[Decision]:
    """Anna pays an order."""
    return on.pay("anna", name, at(when), order(*lines))


def walk(on: Rehearsal, when: str, steps: int) -> list[Decision]:
    """Anna reports a walk."""
    return on.report("anna", at(when), "walk.done", {"steps": steps})


def seen(on: Rehearsal, when: str, name: str = "c1") -> ChallengeView:
    """How Anna's challenge looks, once the timers have run."""
    on.run_timers("anna", at(when))
    views = views_of(on.version_at(at(when)), on.member("anna"), at(when))
    return next(view for view in views if view.compiled.challenge.id == name)


def how(on: Rehearsal, when: str, name: str = "c1") -> tuple[str, int, int]:
    """The state of Anna's challenge, how far it is, and how often it was completed."""
    view = seen(on, when, name)
    return view.state, view.progress, view.completed_count


def completed(decisions: list[Decision]) -> list[str]:
    """The challenges that were completed, one by one."""
    return [e.challenge for d in decisions for e in d.follow_ups if isinstance(e, ChallengeCompleted)]


def missed(decisions: list[Decision]) -> list[str]:
    """The challenges that were missed."""
    return [e.challenge for d in decisions for e in d.follow_ups if isinstance(e, ChallengeMissed)]
