"""What the tests of merging share: merging in few words, two names in two buckets, and what wallets hold."""

from __future__ import annotations

import itertools

import msgspec
from asyncpg import Connection

from perennial.flows.answers import Answer, Problem
from perennial.flows.commands import MergeCustomers
from perennial.flows.customers.merge_answers import MergeAnswer
from perennial.flows.customers.merging import merge_customers
from perennial.flows.reading import read_customer
from perennial.flows.segments.audit import audit_everything
from perennial.units import bucket_of
from tests.flows.shop import Shop

_numbers = itertools.count(1)


async def try_merge(shop: Shop, customer: str, into: str, name: str | None = None) -> Answer:
    """Merge as a key named support does, and return the answer, whatever it says."""
    command = MergeCustomers(
        id=name or f"merge-{next(_numbers)}",
        customer=customer,
        into=into,
        reason="twins",
        actor="key s",
    )
    return await merge_customers(shop.handler, shop.workspace_id, command)


async def merge(shop: Shop, customer: str, into: str, name: str | None = None) -> MergeAnswer:
    """Merge, which must succeed."""
    answer = await try_merge(shop, customer, into, name)
    assert answer.status in (200, 201), answer.body
    return msgspec.json.decode(answer.body, type=MergeAnswer)


def refused(answer: Answer) -> tuple[int, str]:
    """Return status and code of an answer that refuses."""
    assert answer.status >= 400, answer.body
    return answer.status, msgspec.json.decode(answer.body, type=Problem).code


async def two_names(shop: Shop, *, apart: bool) -> tuple[str, str]:
    """Return two names of customers, in two buckets where there are several and they shall be ``apart``."""
    row = await shop.handler.read_workspace(shop.workspace_id)
    first = "adalyn"
    for number in itertools.count():
        other = f"bea-{number}"
        same = bucket_of(first, row.bucket_base, row.bucket_count) == bucket_of(
            other, row.bucket_base, row.bucket_count
        )
        if same is not apart or row.bucket_count == 1:
            return first, other
    raise AssertionError("names do not end")


async def points_of(shop: Shop, customer: str, wallet: str = "points") -> tuple[int, int, int]:
    """Return available, pending and debt of a wallet; zeros without one."""
    view = await read_customer(shop.handler, shop.workspace_id, customer)
    for each in view.wallets:
        if each.wallet == wallet:
            return each.available, each.pending, each.debt
    return 0, 0, 0


async def liability(owner: Connection, workspace_id: int) -> int:
    """Return what all wallets of a workspace hold, less what is owed."""
    total: int = await owner.fetchval(
        "select coalesce(sum(balance + held - debt), 0)::bigint from wallets where workspace_id = $1",
        workspace_id,
    )
    return total


async def audited(shop: Shop) -> None:
    """Demand that everything holds."""
    async with shop.database.unbound() as conn:
        report = await audit_everything(conn, shop.workspace_id)
    assert report.clean, [(check.name, check.findings) for check in report.broken]
