"""Whoever asks for a customer who was merged into another one: what is done follows, what is read follows.

A command that names the absorbed customer is refused as one that names an erased one; the answer says who the
survivor is, and the command is sent again with that name. So nobody who was not merged pays for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.flows.answers import Answer, Problem
from perennial.flows.problems import MERGED, ProblemError, customer_erased, customer_merged, problem
from perennial.store.customers.customers import read_customers
from perennial.store.customers.merges import Place, find_survivor

H = TypeVar("H")
T = TypeVar("T")
P = ParamSpec("P")

GONE = 410


async def survivor_name(conn: Connection, workspace_id: int, place: Place) -> str | None:
    """Return the caller's own id of whom an erased customer was merged into; None: nobody who is there."""
    found = await find_survivor(conn, workspace_id, place)
    if found is None:
        return None
    row = (await read_customers(conn, workspace_id, found[0], [found[1]])).get(found[1])
    return None if row is None or row.erased_at is not None else row.external_id


async def survivor_names(
    conn: Connection, workspace_id: int, bucket: int, erased: Collection[UUID]
) -> dict[UUID, str]:
    """Return the survivors of those among erased customers who were merged, by their own ids."""
    names = {each: await survivor_name(conn, workspace_id, (bucket, each)) for each in sorted(erased)}
    return {each: name for each, name in names.items() if name is not None}


async def customer_unknown(conn: Connection, workspace_id: int, place: Place, customer: str) -> ProblemError:
    """Build the 404 for a customer who is not there, or the 410 that names the survivor of a merge."""
    name = await survivor_name(conn, workspace_id, place)
    if name is not None:
        return customer_merged(name)
    return problem(404, "customer_unknown", f"There is no customer {customer!r}.")


async def customer_gone(conn: Connection, workspace_id: int, place: Place) -> ProblemError:
    """Build the 410 for an erased customer, which names the survivor if it was merged."""
    name = await survivor_name(conn, workspace_id, place)
    return customer_erased() if name is None else customer_merged(name)


def merged_into(answer: Answer) -> str | None:
    """Return who an answer says the customer is part of; None for any other answer."""
    if answer.status != GONE:
        return None
    found = msgspec.json.decode(answer.body, type=Problem)
    return str(found.details["merged_into"]) if found.code == MERGED else None


Read: TypeAlias = Callable[Concatenate[H, int, str, P], Awaitable[T]]
"""A flow that reads something of one customer: of a handler, a workspace and the caller's id."""


def follows_merges(read: Read[H, P, T]) -> Read[H, P, T]:
    """Let a flow that reads of a customer who was merged read of the survivor instead."""

    @wraps(read)
    async def read_or_follow(
        handler: H, workspace_id: int, customer: str, /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            return await read(handler, workspace_id, customer, *args, **kwargs)
        except ProblemError as error:
            if error.problem.code != MERGED:
                raise
            survivor = str(error.problem.details["merged_into"])
        return await read(handler, workspace_id, survivor, *args, **kwargs)

    return read_or_follow
