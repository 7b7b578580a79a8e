"""How far members are with challenges: the rounds of a batch's members, loaded and written as sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record

from perennial.core.challenge_round import Round, RoundState, Standing
from perennial.store.netting import RoundSum
from perennial.units import Instant

# A round that another transaction changed meanwhile has another revision than the one that this was decided
# on: nothing is counted over it.
PUT_CHALLENGE_ROUNDS = """
insert into challenge_rounds (bucket, workspace_id, customer_id, challenge, round, program_id, state, given,
    revision, revised, started_at, ends_at, completed_at, amounts, marked, marks, latest, earned_points)
select $2, $1, new.*
from unnest($3::challenge_round_row[]) as new
on conflict (bucket, workspace_id, customer_id, challenge, round) do update set
    program_id = excluded.program_id, state = excluded.state, given = excluded.given,
    revision = excluded.revision, revised = excluded.revised, started_at = excluded.started_at,
    ends_at = excluded.ends_at, completed_at = excluded.completed_at, amounts = excluded.amounts,
    marked = excluded.marked, marks = excluded.marks, latest = excluded.latest,
    earned_points = excluded.earned_points
where challenge_rounds.revision = excluded.revised
"""

# Of each challenge the latest round, what is under way, and what something at or after $5 may still change;
# with it how often the challenge was completed in all.
_LOAD_ROUNDS = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select * from (
        select customer_id, challenge, round, state, given, revision, started_at, ends_at, completed_at,
            amounts, marked, marks, latest, earned_points,
            sum(given) over (partition by challenge) as given_in_all,
            row_number() over (partition by challenge order by round desc) as place
        from challenge_rounds
        where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
            and challenge = any($4::bigint[])
        offset 0
    ) as every
    where state = 1 or place = 1 or greatest(completed_at, ends_at) >= $5
) as found
"""


async def load_rounds(
    conn: Connection,
    ws: int,
    bucket: int,
    customers: Sequence[UUID],
    challenges: Iterable[int],
    since: Instant,
) -> dict[UUID, dict[int, Standing]]:
    """Load how far locked customers are with each of ``challenges``, by customer and challenge.

    ``since`` is the earliest instant at which something happens; older rounds that are over are only
    counted.
    """
    rows = await conn.fetch(_LOAD_ROUNDS, ws, bucket, customers, list(challenges), since)
    return _standings(rows)


def round_records(rounds: Mapping[tuple[UUID, int, int], RoundSum]) -> list[tuple[Any, ...]]:
    """Return the rows that write rounds, by customer, challenge and number of the round."""
    return [
        (
            *key,
            each.program_id,
            each.round.state,
            each.round.given,
            each.round.revision,
            each.revised,
            each.round.started_at,
            each.round.ends_at,
            each.round.completed_at,
            list(each.round.amounts),
            [period for period, _ in each.round.marks],
            [amount for _, amount in each.round.marks],
            list(each.round.latest),
            [figure for pair in each.round.earned for figure in pair],
        )
        for key, each in rounds.items()
    ]


def earned_of(figures: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return pairs of a unit and its points, as they are stored one behind the other."""
    return tuple(zip(figures[::2], figures[1::2], strict=True))


async def put_rounds(
    conn: Connection, ws: int, bucket: int, rounds: Mapping[tuple[UUID, int, int], RoundSum]
) -> None:
    """Write rounds of locked customers, by customer, challenge and number of the round."""
    if rounds:
        await conn.execute(PUT_CHALLENGE_ROUNDS, ws, bucket, round_records(rounds))


def _standings(rows: Iterable[Record]) -> dict[UUID, dict[int, Standing]]:
    found: dict[UUID, dict[int, Standing]] = {}
    for row in rows:
        standings = found.setdefault(row["customer_id"], {})
        standing = standings.get(row["challenge"])
        if standing is None:
            standing = standings[row["challenge"]] = Standing({}, int(row["given_in_all"]))
        standing.before -= row["given"]
        standing.rounds[row["round"]] = Round(
            number=row["round"],
            started_at=row["started_at"],
            ends_at=row["ends_at"],
            state=RoundState(row["state"]),
            amounts=tuple(row["amounts"]),
            marks=tuple(zip(row["marked"], row["marks"], strict=True)),
            given=row["given"],
            completed_at=row["completed_at"],
            revision=row["revision"],
            latest=tuple(row["latest"]),
            earned=earned_of(row["earned_points"]),
        )
    return found
