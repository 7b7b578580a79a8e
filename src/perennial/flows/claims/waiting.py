"""A member waits for a reward of which all is taken: joins the line, sees the place in it, leaves it."""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.claims.availability import why_not_wait
from perennial.core.document.waiting_list import line_full
from perennial.core.member import Member
from perennial.core.today import today_of
from perennial.core.version import CompiledReward, Version
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.loading.budgets import budgets_of_order
from perennial.flows.merged import follows_merges
from perennial.flows.problems import problem, refused
from perennial.flows.reading import bucket_of_customer, load_customer
from perennial.flows.references import one_program
from perennial.store.budgets import BudgetKey, lock_budgets, read_budgets
from perennial.store.codes.waits import (
    Line,
    WaitRow,
    WaitState,
    count_ahead,
    count_lines,
    end_waits,
    join_line,
    list_waits,
)
from perennial.store.customers.customers import lock_customers
from perennial.units import Instant, format_instant, named_id


class WaitView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Somebody's wait for ``reward``, and what became of it.

    While it is ``waiting``, ``place`` is 1 for the first in line and ``in_line`` is how many there are. One
    that was ``served`` names its ``claim``. ``reason`` says why they could not have it when they were asked.
    """

    id: str
    customer: str
    reward: str
    state: str
    since: str
    place: int | None = None
    in_line: int | None = None
    ended_at: str | None = None
    claim: str | None = None
    reason: str | None = None


class WaitList(msgspec.Struct, frozen=True):
    """What a customer waits and waited for, the latest first; ``next_cursor`` is null, for it is one page."""

    data: tuple[WaitView, ...]
    next_cursor: str | None = None


@follows_merges
async def wait_for(
    handler: Handler, workspace_id: int, customer: str, wait: str, reward: str
) -> tuple[WaitView, bool]:
    """Put a customer at the end of the line for ``reward``; return the wait, and whether it is new.

    The same ``wait`` again is answered as it stands. Raises the problem if the line is full, if there is
    no need to wait, or if the customer could not claim the reward whatever came free.
    """
    return await handler.retrying(lambda: _join(handler, workspace_id, customer, wait, reward))


async def _join(
    handler: Handler, workspace_id: int, customer: str, wait: str, reward: str
) -> tuple[WaitView, bool]:
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, member = await _locked(conn, workspace, customer)
        live, name = one_program(workspace, reward, "reward", "$.reward")
        line = (live.program_id, name)
        for row in await list_waits(conn, workspace_id, bucket, member.customer_id):
            if row.external_id == wait:
                if (row.program_id, row.reward) != line:
                    words = f"The wait {wait!r} is for another reward."
                    raise problem(422, "id_conflict", words, details={"reward": row.reward})
                return await _view(conn, workspace, row, customer), False
            if row.state is WaitState.WAITING and (row.program_id, row.reward) == line:
                words = f"The customer waits for it already, as {row.external_id!r}."
                raise problem(409, "waits_already", words, details={"wait": row.external_id})
        at = business_now(workspace)
        version, compiled = _reward_of(live, name, at)
        assert compiled.reward.waiting_list is not None, "it was looked at"
        await _check(conn, workspace, version, compiled, member, at)
        row = WaitRow(
            customer_id=member.customer_id,
            wait_id=handler.ids.next(),
            external_id=wait,
            program_id=live.program_id,
            reward=name,
            ticket=0,
            state=WaitState.WAITING,
            since=at,
            changed_at=at,
        )
        places = compiled.reward.waiting_list.places
        ticket = await join_line(conn, workspace_id, bucket, workspace.row.span, row, places)
        if ticket is None:
            assert places is not None, "a line without a number of places is never full"
            raise refused(line_full(name, places))
        row.ticket = ticket
        return await _view(conn, workspace, row, customer), True


async def _locked(conn: Connection, workspace: Workspace, customer: str) -> tuple[int, Member]:
    """Lock a customer, and return the bucket and the state; or raise the 404."""
    bucket = bucket_of_customer(workspace, customer)
    customer_id = named_id(workspace.workspace_id, "customer", customer)
    await lock_customers(conn, workspace.workspace_id, bucket, [customer_id])
    _, member = await load_customer(conn, workspace, customer)
    return bucket, member


def _reward_of(live: LiveProgram, name: str, at: Instant) -> tuple[Version, CompiledReward]:
    version = live.version_at(at)
    compiled = None if version is None else version.rewards.get(name)
    if version is None or compiled is None:
        raise problem(404, "reward_unknown", f"Program {live.code} has no reward {name!r}.")
    if compiled.reward.waiting_list is None or compiled.stock is None:
        raise problem(409, "no_waiting_list", f"Nobody can wait for reward {name}: it has no waiting list.")
    return version, compiled


async def _check(
    conn: Connection,
    workspace: Workspace,
    version: Version,
    compiled: CompiledReward,
    member: Member,
    at: Instant,
) -> None:
    """Lock the stock, so that nothing of it comes free or goes meanwhile; raise why nobody has to wait."""
    assert compiled.stock is not None, "what is waited for has an end"
    budget = version.budgets[compiled.stock.index]
    key = BudgetKey(budget.number, today_of(version, at).budgets[compiled.stock.index], budget.cap)
    workspace_id, line = workspace.workspace_id, (version.program_id, compiled.reward.id)
    spent = await lock_budgets(conn, workspace_id, [key])
    spent = {**await read_budgets(conn, workspace_id, budgets_of_order(version, at, None)), **spent}
    waiting = await count_lines(conn, workspace_id, workspace.row.span, [line])
    switches = workspace.switches
    refusal = why_not_wait(version, compiled, member, spent, at, switches, waiting.get(line, 0))
    if refusal is not None:
        raise refused(refusal)


@follows_merges
async def waits_of(handler: Handler, workspace_id: int, customer: str) -> WaitList:
    """Return what a customer waits and waited for, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        return WaitList(data=await read_waits(conn, workspace, customer))


async def read_waits(conn: Connection, workspace: Workspace, customer: str) -> tuple[WaitView, ...]:
    """Return what a customer who was not merged waits and waited for, or raise the 404."""
    row, member = await load_customer(conn, workspace, customer)
    bucket = bucket_of_customer(workspace, customer)
    rows = await list_waits(conn, workspace.workspace_id, bucket, member.customer_id)
    return tuple([await _view(conn, workspace, each, row.external_id) for each in rows])


@follows_merges
async def leave_line(handler: Handler, workspace_id: int, customer: str, wait: str) -> WaitView:
    """Let a customer leave a line; one whose wait is over stays as it is. Raises the 404."""
    return await handler.retrying(lambda: _leave(handler, workspace_id, customer, wait))


async def _leave(handler: Handler, workspace_id: int, customer: str, wait: str) -> WaitView:
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, member = await _locked(conn, workspace, customer)
        rows = await list_waits(conn, workspace_id, bucket, member.customer_id)
        row = next((each for each in rows if each.external_id == wait), None)
        if row is None:
            raise problem(404, "wait_unknown", f"The customer has no wait {wait!r}.")
        if row.state is WaitState.WAITING:
            row.state, row.changed_at = WaitState.LEFT, business_now(workspace)
            await end_waits(conn, workspace_id, bucket, [row])
        return await _view(conn, workspace, row, customer)


async def lines_of(
    conn: Connection, workspace: Workspace, program_id: int, version: Version
) -> dict[str, int]:
    """Return how many wait for each reward of a program, by its id; nothing is read where nobody can."""
    lines: list[Line] = [
        (program_id, name)
        for name, compiled in version.rewards.items()
        if compiled.reward.waiting_list is not None
    ]
    found = await count_lines(conn, workspace.workspace_id, workspace.row.span, lines)
    return {name: count for (_, name), count in found.items()}


async def _view(conn: Connection, workspace: Workspace, row: WaitRow, customer: str) -> WaitView:
    place, in_line = None, None
    if row.state is WaitState.WAITING:
        line = (row.program_id, row.reward)
        buckets = workspace.row.span
        place = 1 + await count_ahead(conn, workspace.workspace_id, buckets, row)
        in_line = (await count_lines(conn, workspace.workspace_id, buckets, [line])).get(line, place)
    return WaitView(
        id=row.external_id,
        customer=customer,
        reward=f"{workspace.program_by_id(row.program_id).code}/{row.reward}",
        state=row.state.word,
        since=format_instant(row.since),
        place=place,
        in_line=in_line,
        ended_at=None if row.state is WaitState.WAITING else format_instant(row.changed_at),
        claim=row.claim,
        reason=row.reason,
    )
