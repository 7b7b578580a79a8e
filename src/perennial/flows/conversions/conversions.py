"""Conversions as staff and members see them: foreseen, declared, under way, and taken back.

A conversion is declared once per id and begins at once or at a declared instant, so that members can be
told before. What it does to owners is in ``flows/conversions/run_conversions.py``.
"""

from __future__ import annotations

import time
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.conversion import Debts, Terms
from perennial.flows.answers import FieldProblem
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.conversions.views import (
    ConversionList,
    ConversionPreview,
    ConversionView,
    ConvertedPage,
    CustomerConversions,
    OwnerPreview,
    seen_by,
    view_conversion,
    view_owner,
    wallet_names,
)
from perennial.flows.handle_events import Handler
from perennial.flows.loading.households import home_of
from perennial.flows.merged import follows_merges
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import field_problem, problem
from perennial.flows.reading import bucket_of_customer, load_customer
from perennial.store.conversions import (
    ConversionRow,
    ConversionState,
    Foreseen,
    OwnerRow,
    OwnerState,
    conversions_of_owner,
    foresee,
    insert_conversion,
    list_conversions,
    list_owners,
    read_conversion,
    set_conversion_state,
    wake_slice,
    walk_owners,
)
from perennial.store.customers.customers import read_customers
from perennial.store.members import load_members
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.units import Instant, Rounding, named_id

SHOWN = 10
LISTED = 200


class NewConversion(msgspec.Struct, frozen=True, kw_only=True):
    """What is declared: ``take`` points of the ``source`` wallet become ``give`` points of ``into``.

    ``starts_at`` None is at once.
    """

    id: str
    program: str
    source: str
    into: str
    take: int
    give: int
    rounding: Rounding = Rounding.DOWN
    debts: Debts = Debts.CARRY
    reason: str = ""
    starts_at: Instant | None = None


class _Place(msgspec.Struct, frozen=True, array_like=True):
    bucket: int
    customer_id: UUID


def conversion_id_of(workspace_id: int, program: str, external_id: str) -> UUID:
    """Return the internal id of the conversion that its maker names ``external_id``."""
    return named_id(workspace_id, "conversion", f"{program}/{external_id}")


async def foresee_conversion(handler: Handler, workspace_id: int, asked: NewConversion) -> ConversionPreview:
    """Return what a conversion would do to the balances of this moment; nothing is changed."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        terms = _terms(_live(workspace, asked.program), asked)
        found, sample = Foreseen(), list[OwnerPreview]()
        for bucket in workspace.row.buckets:
            found.add(await foresee(conn, workspace_id, bucket, terms))
            if len(sample) < SHOWN:
                sample += await _sample(conn, workspace, bucket, terms, SHOWN - len(sample))
    return ConversionPreview(
        owners=found.owners,
        waiting=found.waiting,
        points=found.taken,
        become=found.given,
        debts=found.debt,
        become_owed=found.owed if terms.debts is Debts.CARRY else 0,
        sample=tuple(sample),
    )


async def _sample(
    conn: Connection, workspace: Workspace, bucket: int, terms: Terms, count: int
) -> list[OwnerPreview]:
    workspace_id = workspace.workspace_id
    owners = [owner for owner, _ in await walk_owners(conn, workspace_id, bucket, terms.unit, None, count)]
    rows = await read_customers(conn, workspace_id, bucket, owners)
    members = await load_members(conn, workspace_id, bucket, rows.values(), reads=lambda _: ({}, {}))
    balances = {
        owner: wallet.balance
        for owner, member in members.items()
        if (wallet := member.wallets.get(terms.unit)) is not None
    }
    return [
        OwnerPreview(customer=rows[owner].external_id, points=points, becomes=terms.of(points))
        for owner, points in balances.items()
    ]


async def declare_conversion(
    handler: Handler, workspace_id: int, asked: NewConversion, actor: str
) -> tuple[ConversionView, bool]:
    """Declare a conversion, once per id; return it, and whether it is new. ``actor`` is in the audit log."""
    return await handler.retrying(lambda: _declare(handler, workspace_id, asked, actor))


async def _declare(
    handler: Handler, workspace_id: int, asked: NewConversion, actor: str
) -> tuple[ConversionView, bool]:
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        live = _live(workspace, asked.program)
        conversion_id = conversion_id_of(workspace_id, live.code, asked.id)
        body = msgspec.json.encode(asked)
        earlier = await read_conversion(conn, workspace_id, conversion_id)
        if earlier is None:
            now = business_now(workspace)
            row = ConversionRow(
                conversion_id=conversion_id,
                external_id=asked.id,
                program_id=live.program_id,
                terms=_terms(live, asked),
                reason=asked.reason,
                actor=actor,
                created_at=now,
                starts_at=now if asked.starts_at is None else max(now, asked.starts_at),
                state=ConversionState.CARRYING,
                body=body,
            )
            buckets = workspace.row.buckets
            if await insert_conversion(conn, workspace_id, row, (buckets[0], buckets[-1])):
                await insert_audit_entry(conn, workspace_id, _entry(handler, live, row, actor, asked.reason))
                return await view_conversion(conn, workspace, live, row), True
            earlier = await read_conversion(conn, workspace_id, conversion_id)
        assert earlier is not None, "it is there, or was inserted"
        if earlier.body != body:
            raise _used_before(asked, msgspec.json.decode(earlier.body, type=NewConversion))
        return await view_conversion(conn, workspace, live, earlier), False


def _used_before(asked: NewConversion, earlier: NewConversion) -> Exception:
    return problem(
        422,
        "id_conflict",
        f"The id {asked.id!r} was used before with another body.",
        *(
            FieldProblem(path=f"$.{name}", code="id_conflict", message="differs from the first use")
            for name in asked.__struct_fields__
            if getattr(asked, name) != getattr(earlier, name)
        ),
    )


async def read_conversion_view(
    handler: Handler, workspace_id: int, program: str, conversion: str
) -> ConversionView:
    """Return a conversion and how far it is, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        live = _live(workspace, program)
        return await view_conversion(conn, workspace, live, await _row(conn, workspace, live, conversion))


async def list_conversion_views(handler: Handler, workspace_id: int, program: str) -> ConversionList:
    """Return the conversions of a program, the latest first."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        live = _live(workspace, program)
        rows = await list_conversions(conn, workspace_id, live.program_id, LISTED)
        return ConversionList(data=tuple([await view_conversion(conn, workspace, live, row) for row in rows]))


async def take_conversion_back(
    handler: Handler, workspace_id: int, program: str, conversion: str, actor: str, reason: str
) -> ConversionView:
    """Let a conversion go back, or cancel one that has not begun; asked again, nothing changes."""

    async def turn() -> ConversionView:
        async with handler.database.transaction(workspace_id) as conn:
            workspace = await handler.configurations.current(conn, workspace_id)
            live = _live(workspace, program)
            row = await _row(conn, workspace, live, conversion)
            now = business_now(workspace)
            begun = row.starts_at <= now
            after = ConversionState.GOING_BACK if begun else ConversionState.CANCELED
            before = ConversionState.CARRYING
            if await set_conversion_state(conn, workspace_id, row.conversion_id, before, after):
                row = msgspec.structs.replace(row, state=after)
                for bucket in workspace.row.buckets:
                    await wake_slice(conn, workspace_id, bucket, row.conversion_id, now if begun else None)
                await insert_audit_entry(conn, workspace_id, _entry(handler, live, row, actor, reason))
            return await view_conversion(conn, workspace, live, await _row(conn, workspace, live, conversion))

    return await handler.retrying(turn)


async def try_conversion_again(
    handler: Handler, workspace_id: int, program: str, conversion: str
) -> ConversionView:
    """Let owners who had to wait, or were refused, be tried again now."""
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        live = _live(workspace, program)
        row = await _row(conn, workspace, live, conversion)
        now = business_now(workspace)
        if row.state is not ConversionState.CANCELED and row.starts_at <= now:
            for bucket in workspace.row.buckets:
                await wake_slice(conn, workspace_id, bucket, row.conversion_id, now)
        return await view_conversion(conn, workspace, live, row)


async def list_converted(
    handler: Handler,
    workspace_id: int,
    program: str,
    conversion: str,
    *,
    state: OwnerState | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> ConvertedPage:
    """Return a page of the owners of a conversion, all or those in one state."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await _row(conn, workspace, _live(workspace, program), conversion)
        after = read_cursor(cursor, _Place, workspace_id, "conversion", row.conversion_id)
        states = list(OwnerState) if state is None else [state]
        found: list[tuple[int, OwnerRow]] = []
        names: dict[UUID, str] = {}
        for bucket in workspace.row.buckets:
            if len(found) > limit or (after is not None and bucket < after.bucket):
                continue
            behind = after.customer_id if after is not None and bucket == after.bucket else None
            wanted = limit + 1 - len(found)
            rows = await list_owners(conn, workspace_id, bucket, row.conversion_id, states, behind, wanted)
            found += [(bucket, each) for each in rows]
            known = await read_customers(conn, workspace_id, bucket, [each.customer_id for each in rows])
            names.update((customer_id, each.external_id) for customer_id, each in known.items())
    shown = found[:limit]
    more = _Place(shown[-1][0], shown[-1][1].customer_id) if len(found) > limit else None
    data = tuple(view_owner(each, names.get(each.customer_id, "")) for _, each in shown)
    following = write_cursor(more, workspace_id, "conversion", row.conversion_id)
    return ConvertedPage(data=data, next_cursor=following)


@follows_merges
async def conversions_of_customer(handler: Handler, workspace_id: int, customer: str) -> CustomerConversions:
    """Return what becomes of a customer's balances, and what became of them, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row, member = await load_customer(conn, workspace, customer)
        home = await home_of(conn, workspace.row, bucket_of_customer(workspace, customer), row)
        of_owner = await conversions_of_owner(conn, workspace_id, home, row.owner)
        known = {each.conversion_id: each for each in of_owner}
        data = []
        for live in workspace.programs:
            for each in await list_conversions(conn, workspace_id, live.program_id, LISTED):
                wallet = member.wallets.get(each.terms.unit)
                seen = seen_by(workspace, live, each, wallet, known.get(each.conversion_id))
                data += [] if seen is None else [seen]
    return CustomerConversions(data=tuple(data))


async def _row(conn: Connection, workspace: Workspace, live: LiveProgram, name: str) -> ConversionRow:
    conversion_id = conversion_id_of(workspace.workspace_id, live.code, name)
    row = await read_conversion(conn, workspace.workspace_id, conversion_id)
    if row is None:
        raise problem(404, "conversion_unknown", f"Program {live.code} has no conversion {name!r}.")
    return row


def _live(workspace: Workspace, program: str) -> LiveProgram:
    live = workspace.program(program)
    if live is None:
        raise problem(404, "program_unknown", f"There is no program {program!r}.")
    return live


def _terms(live: LiveProgram, asked: NewConversion) -> Terms:
    """Return the terms in numbers; the old wallet may be one that the program no longer has."""
    units = {name: unit for unit, name in wallet_names(live).items()}
    if asked.source not in units:
        raise field_problem("$.from", "wallet_unknown", f"program {live.code} never had such a wallet")
    if asked.into not in [each.spec.id for each in live.latest.wallets]:
        raise field_problem("$.into", "wallet_unknown", f"program {live.code} has no such wallet now")
    if asked.source == asked.into:
        raise field_problem("$.into", "same_wallet", "is the wallet that the points come from")
    return Terms(units[asked.source], units[asked.into], asked.take, asked.give, asked.rounding, asked.debts)


def _entry(handler: Handler, live: LiveProgram, row: ConversionRow, actor: str, reason: str) -> AuditEntry:
    return AuditEntry(
        entry_id=handler.ids.next(),
        at=time.time_ns() // 1_000,
        actor=actor,
        action=_ACTIONS[row.state],
        object=f"conversion/{live.code}/{row.external_id}",
        reason=reason,
        after=msgspec.to_builtins(row.terms),
    )


_ACTIONS = {
    ConversionState.CARRYING: "conversion.declared",
    ConversionState.GOING_BACK: "conversion.reversed",
    ConversionState.CANCELED: "conversion.canceled",
}
