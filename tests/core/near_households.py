"""Programs at the edge of rewarding who moves into a household, in pairs: see ``near_misses.py``."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.core.planted_programs import Document, sound


def _with_gold(draw: Random, metric: Document) -> Document:
    """Return a program that gives points to whoever reaches a tier."""
    program = sound(draw)
    program["tiers"] = {
        "metrics": [{"id": "m"} | metric],
        "levels": [{"id": "gold", "name": "Gold", "reach": {"m": draw.randint(50, 1_500)}}],
        "lasts": "while_reached",
    }
    hello = {"id": "hello", "type": "fixed", "trigger": "tier.entered", "points": draw.randint(1, 900)}
    program["earning_rules"].append(hello)
    return program


def moves_to_a_balance(draw: Random, over: bool) -> Document:
    """The tier follows what is spent, which is everybody's own; or what is held, which is all of theirs."""
    return _with_gold(draw, {"balance": "points"} if over else {"measure": "orders.net"})


def moves_into_a_tier(draw: Random, over: bool) -> Document:
    """Who moves in has the tier of all, which is not reached by moving; or reaches one of their own."""
    return _with_gold(draw, {"balance": "points"}) | ({} if over else {"pool": "all"})


def moves_without_orders(draw: Random, over: bool) -> Document:
    """The gift is for those who have bought something themselves; or for anybody."""
    program = _with_gold(draw, {"balance": "points"})
    if not over:
        program["earning_rules"][-1]["when"] = {"history": "orders.count", "at_least": draw.randint(1, 3)}
    return program


MOVED: tuple[Callable[[Random, bool], Document], ...] = (
    moves_to_a_balance,
    moves_into_a_tier,
    moves_without_orders,
)
