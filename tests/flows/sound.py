"""The audit at the end of a test."""

from __future__ import annotations

from asyncpg import Connection

from perennial.flows.segments.audit import audit_everything
from tests.flows.shop import Shop


async def is_sound(shop: Shop, owner: Connection) -> None:
    """Demand that the audit finds nothing."""
    report = await audit_everything(owner, shop.workspace_id)
    assert [(check.name, check.findings) for check in report.broken] == []
