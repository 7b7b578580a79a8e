"""What the tests of the ledger share: a program on its stage, local times, and what stands in a wallet."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from perennial.core.dates.periods import instant_of_local, local_datetime
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.effects import Effect
from perennial.core.member import Wallet
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.refusals import Refusal
from perennial.core.rehearsal.rehearsal import Rehearsal, RehearsalRefused
from perennial.core.tiers.tiers import TierChange
from perennial.core.validation.validation import validate
from perennial.core.version import Version
from perennial.units import Instant, Points

BERLIN = ZoneInfo("Europe/Berlin")

PER_EURO = {"id": "base", "type": "per_amount", "points": 1, "per": 100}
"""One point per 1.00."""

TEN_PER_EURO = {"id": "base", "type": "per_amount", "points": 10, "per": 100}

REVIEW = {"id": "review", "type": "fixed", "trigger": "review.posted", "points": 100}
"""100 points for the declared event ``review.posted``."""


def stage(wallet: dict[str, Any] | None = None, **parts: Any) -> Rehearsal:
    """Put a program in Berlin on the stage: one wallet of points (with ``wallet``), and ``parts``."""
    document = {
        "program": "shop",
        "name": "Shop",
        "time_zone": "Europe/Berlin",
        "wallets": [{"id": "points", "name": "Points", **(wallet or {})}],
        "earning_rules": [PER_EURO, REVIEW],
        "declarations": {"events": {"review.posted": {}}, "member": {"birthday": {"type": "date"}}},
        **parts,
    }
    program = program_of(document)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return Rehearsal(program)


def version_on(play: Rehearsal) -> Version:
    """Return the latest version on the stage."""
    return play.versions[-1]


def at(text: str) -> Instant:
    """Read a local time in Berlin, such as ``2026-01-25`` or ``2026-01-25 10:00``."""
    return instant_of_local(datetime.fromisoformat(text), BERLIN)


def local(instant: Instant | None) -> str | None:
    """Write an instant as local time in Berlin, in the form that ``at`` reads; midnight as the date."""
    if instant is None:
        return None
    wall = local_datetime(instant, BERLIN)
    return f"{wall:%Y-%m-%d}" if f"{wall:%H:%M:%S.%f}" == "00:00:00.000000" else f"{wall:%Y-%m-%d %H:%M}"


def order(*lines: Line | Points, status: OrderStatus = OrderStatus.PAID, **more: Any) -> Order:
    """Return an order; a line may be given as its amount in cents."""
    full = tuple(
        one if isinstance(one, Line) else Line(sku=f"sku-{number}", amount=one)
        for number, one in enumerate(lines, 1)
    )
    return Order(status=status, lines=full, **more)


def figures(wallet: Wallet) -> tuple[Points, Points, Points, Points]:
    """Return balance, pending, debt and shortfall."""
    return wallet.balance, wallet.pending, wallet.debt, wallet.shortfall


def lots(wallet: Wallet) -> list[tuple[str | None, str | None, Points]]:
    """Return (available, expires, remaining) of the lots that hold points, oldest first."""
    open_lots = [lot for lot in (wallet.lots or {}).values() if lot.remaining]
    open_lots.sort(key=lambda lot: (lot.key.available_at or 0, lot.key.expires_at or 0))
    return [(local(lot.key.available_at), local(lot.key.expires_at), lot.remaining) for lot in open_lots]


def refusal_of(deed: Any) -> Refusal:
    """Return why a deed is refused; fail if it is not."""
    try:
        deed()
    except RehearsalRefused as refused:
        return refused.refusal
    raise AssertionError("nothing was refused")


def one_effect(change: TierChange) -> Effect:
    """Return the only effect of a change of tier."""
    effects, _ = change
    assert len(effects) == 1, effects
    return effects[0]
