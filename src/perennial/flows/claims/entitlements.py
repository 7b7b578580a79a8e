"""Entitlements: what one customer was given, what is still to be done in the workspace, and doing it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.claims.availability import ends_at, why_not_offered, why_off
from perennial.core.entitlements import UNDONE, EntitlementState
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.flows.answers import Answer
from perennial.flows.batcher import Intake
from perennial.flows.commands import ChangeEntitlement
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.entitlement_views import EntitlementView, view_entitlement
from perennial.flows.handle_events import Handler
from perennial.flows.merged import follows_merges
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import problem
from perennial.flows.reading import bucket_of_customer, load_customer
from perennial.store.codes.entitlements import (
    EntitlementPlace,
    EntitlementRow,
    find_held,
    list_entitlements,
    list_of_customer,
)
from perennial.store.customers.customers import read_customers
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.units import Instant, format_instant

EXPORTED_AT_ONCE = 1_000


class EntitlementPage(msgspec.Struct, frozen=True):
    """A page of entitlements; ``next_cursor`` is null on the last page."""

    data: tuple[EntitlementView, ...]
    next_cursor: str | None


class PerkView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a customer may use a perk or holds a seat at this moment; until when, if that is known.

    ``reward`` is what gives it.
    """

    name: str
    entitled: bool
    until: str | None = None
    reward: str | None = None


@follows_merges
async def entitlements_of(
    handler: Handler, workspace_id: int, customer: str, *, cursor: str | None = None, limit: int = 50
) -> EntitlementPage:
    """Return a page of what a customer was given besides vouchers, the latest first; or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row, _ = await load_customer(conn, workspace, customer)
        bucket = bucket_of_customer(workspace, customer)
        before = read_cursor(cursor, EntitlementPlace, workspace_id, "entitlements", row.customer_id)
        found = await list_of_customer(conn, workspace_id, bucket, row.customer_id, before, limit + 1)
    at = business_now(workspace)
    views = tuple(view_entitlement(workspace, each, customer, at) for each in found[:limit])
    next_cursor = write_cursor(_following(found, limit), workspace_id, "entitlements", row.customer_id)
    return EntitlementPage(data=views, next_cursor=next_cursor)


async def list_all(
    handler: Handler,
    workspace_id: int,
    *,
    states: Iterable[EntitlementState] = UNDONE,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> EntitlementPage:
    """Return a page of the entitlements of a workspace in some of ``states``, the oldest first."""
    after = read_cursor(cursor, EntitlementPlace, workspace_id, "all entitlements")
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        views, rows = await _page(conn, workspace, states, kind, after, limit)
    next_cursor = write_cursor(_following(rows, limit), workspace_id, "all entitlements")
    return EntitlementPage(data=views, next_cursor=next_cursor)


async def export_all(
    handler: Handler, workspace_id: int, *, states: Iterable[EntitlementState], kind: str | None = None
) -> AsyncIterator[tuple[EntitlementView, ...]]:
    """Yield the same list whole, page by page, each as of its own moment."""
    wanted = tuple(states)
    after: EntitlementPlace | None = None
    while True:
        async with handler.database.snapshot(workspace_id) as conn:
            workspace = await handler.configurations.current(conn, workspace_id)
            views, rows = await _page(conn, workspace, wanted, kind, after, EXPORTED_AT_ONCE)
        yield views
        if len(rows) <= EXPORTED_AT_ONCE:
            return
        after = _place(rows[EXPORTED_AT_ONCE - 1])


async def _page(
    conn: Connection,
    workspace: Workspace,
    states: Iterable[EntitlementState],
    kind: str | None,
    after: EntitlementPlace | None,
    limit: int,
) -> tuple[tuple[EntitlementView, ...], list[EntitlementRow]]:
    """Return the views of a page, and its rows with one more where there is a next page."""
    row = workspace.row
    buckets = row.span
    found = await list_entitlements(
        conn, workspace.workspace_id, buckets, states=states, kind=kind, after=after, limit=limit + 1
    )
    holders: dict[int, set[UUID]] = {}
    for bucket, each in found[:limit]:
        holders.setdefault(bucket, set()).add(each.customer_id)
    names: dict[UUID, str] = {}
    for bucket, customers in sorted(holders.items()):
        known = await read_customers(conn, workspace.workspace_id, bucket, sorted(customers))
        names.update((customer_id, customer.external_id) for customer_id, customer in known.items())
    at = business_now(workspace)
    views = tuple(
        view_entitlement(workspace, each, names.get(each.customer_id) or None, at)
        for _, each in found[:limit]
    )
    return views, [each for _, each in found]


def _following(rows: list[EntitlementRow], limit: int) -> EntitlementPlace | None:
    return _place(rows[limit - 1]) if len(rows) > limit else None


def _place(row: EntitlementRow) -> EntitlementPlace:
    return EntitlementPlace(row.issued_at, row.entitlement_id)


async def change_entitlement(
    intake: Intake,
    workspace_id: int,
    entitlement: str,
    state: EntitlementState,
    actor: str,
    *,
    reference: str | None = None,
    reason: str | None = None,
) -> Answer:
    """Let an entitlement be paid, sent, used or canceled; or raise the 404."""
    try:
        entitlement_id = UUID(entitlement)
    except ValueError:
        raise _unknown(entitlement) from None
    async with intake.handler.database.snapshot(workspace_id) as conn:
        found = await find_external_ids(conn, workspace_id, IdKind.ENTITLEMENT, [entitlement_id])
    if entitlement_id not in found:
        raise _unknown(entitlement)
    bucket, customer_id = found[entitlement_id]
    command = ChangeEntitlement(
        customer_id=customer_id.hex,
        entitlement_id=entitlement_id.hex,
        bucket=bucket,
        state=state,
        actor=actor,
        reference=reference,
        reason=reason,
    )
    return await intake.submit(workspace_id, command)


def _unknown(entitlement: str) -> Exception:
    return problem(404, "entitlement_unknown", f"There is no entitlement {entitlement!r}.")


@follows_merges
async def read_perk(handler: Handler, workspace_id: int, customer: str, name: str) -> PerkView:
    """Return whether a customer may use what is called ``name`` now; or raise the 404 of the customer.

    Either a claim gave it, or a reward that gives it by itself is offered to the customer.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row, member = await load_customer(conn, workspace, customer)
        at = business_now(workspace)
        bucket = bucket_of_customer(workspace, customer)
        held = await find_held(conn, workspace_id, bucket, row.customer_id, name, at)
    offers = [
        offer
        for live in workspace.programs
        for offer in _given_by_themselves(workspace, live, member, name, at)
    ]
    if held is not None:
        program = workspace.program_by_id(held.program_id).code
        offers.append((held.expires_at, f"{program}/{held.reward}"))
    if not offers:
        return PerkView(name=name, entitled=False)
    until, reward = max(offers, key=lambda offer: (offer[0] is None, offer[0] or 0))
    return PerkView(
        name=name, entitled=True, until=None if until is None else format_instant(until), reward=reward
    )


def _given_by_themselves(
    workspace: Workspace, live: LiveProgram, member: Member, name: str, at: Instant
) -> list[tuple[Instant | None, str]]:
    """Return what gives the perk to the member without a claim, and until when that is certain to be so."""
    version = live.version_at(at)
    if version is None:
        return []
    off = workspace.switches.keys_of(version)
    snapshot = snapshot_of(at, version, member, None, off, numbers_of_order(version, None))
    found = []
    for compiled in version.rewards.values():
        if not compiled.reward.automatic or why_off(version, compiled, workspace.switches) is not None:
            continue
        handed = [given.benefit.hands_out() for given in compiled.gives_to(snapshot.tier)]
        names = [out.name for out in handed if out is not None]
        if name in names and next(why_not_offered(version, compiled, snapshot, at), None) is None:
            by_tier = snapshot.tier_until if compiled.reward.tiers else None
            ends = [end for end in (ends_at(version, compiled), by_tier) if end is not None]
            found.append((min(ends, default=None), f"{live.code}/{compiled.reward.id}"))
    return found
