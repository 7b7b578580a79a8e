"""How far back a batch reads what the programs and segments of a workspace ask about."""

from __future__ import annotations

from collections.abc import Sequence

from perennial.core.budgets.product_limits import has_limits_by_product, parts_of_products, product_number
from perennial.core.needs import lookback
from perennial.core.orders.order import Order
from perennial.core.today import today_of
from perennial.flows.configuration import Workspace
from perennial.store.members import Reads
from perennial.units import Instant


def read_from(workspace: Workspace, instants: Sequence[Instant], carts: Sequence[Order] = ()) -> Reads:
    """Say what is read of counters and limits to decide at ``instants`` and at timers due before.

    ``carts`` are those whose products may have limits of their own.
    """
    return lambda due: _lookback(workspace, min(instants if due is None else [due, *instants]), carts)


def _lookback(
    workspace: Workspace, at: Instant, carts: Sequence[Order]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return the metrics and limits that the programs read, each with the earliest period."""
    metrics: dict[int, int] = {}
    limits: dict[int, int] = {}
    segments = workspace.segments.versions if workspace.segments is not None else ()
    for version in (*(version for live in workspace.programs for version in live.versions), *segments):
        for number, period in lookback(version, at).items():
            metrics[number] = min(period, metrics.get(number, period))
        if version.limits:
            for limit, period in zip(version.limits, today_of(version, at).limits, strict=True):
                limits[limit.number] = min(period, limits.get(limit.number, period))
        for cart in carts if has_limits_by_product(version) else ():
            for bound, limit, period, sku in parts_of_products(version, today_of(version, at), cart):
                if not bound.total:
                    number = product_number(limit, sku)
                    limits[number] = min(period, limits.get(number, period))
    return metrics, limits
