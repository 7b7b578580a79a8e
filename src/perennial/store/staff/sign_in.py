"""Signing in: steps that are begun and ended by two requests, and how often somebody may try."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant


class StepRow(msgspec.Struct, frozen=True):
    """What a first request left for the second. ``body`` is of the ``kind``'s own making."""

    kind: str
    staff_id: UUID | None
    body: bytes


_INSERT_STEP = """
insert into sign_in_steps (token_hash, kind, staff_id, body, expires_at)
values ($1, $2, $3, $4, $5)
"""

_READ_STEP = """
select kind, staff_id, body from sign_in_steps where token_hash = $1 and kind = $2 and expires_at > $3
"""

_TAKE_STEP = """
delete from sign_in_steps where token_hash = $1 and kind = $2 and expires_at > $3
returning kind, staff_id, body
"""

_SWEEP_STEPS = "delete from sign_in_steps where expires_at <= $1"

# One statement counts and compares: of tries at the same moment exactly as many pass as are allowed.
_COUNT_TRY = """
insert into sign_in_tries (holder, span, tries) values ($1, $2, 1)
on conflict (holder, span) do update set tries = sign_in_tries.tries + 1
where sign_in_tries.tries < $3
returning tries
"""

_FORGIVE_TRY = """
update sign_in_tries set tries = tries - 1 where holder = $1 and span = $2 and tries > 0
"""

_SWEEP_TRIES = "delete from sign_in_tries where span < $1"


async def insert_step(conn: Connection, token_hash: bytes, row: StepRow, expires_at: Instant) -> None:
    """Keep a step until its second request or its end."""
    await conn.execute(_INSERT_STEP, token_hash, row.kind, row.staff_id, row.body, expires_at)


async def read_step(conn: Connection, token_hash: bytes, kind: str, now: Instant) -> StepRow | None:
    """Return a step that is not over, and leave it."""
    record = await conn.fetchrow(_READ_STEP, token_hash, kind, now)
    return None if record is None else StepRow(*record)


async def take_step(conn: Connection, token_hash: bytes, kind: str, now: Instant) -> StepRow | None:
    """Return a step that is not over, to one caller only."""
    record = await conn.fetchrow(_TAKE_STEP, token_hash, kind, now)
    return None if record is None else StepRow(*record)


async def count_try(conn: Connection, holder: bytes, span: int, most: int) -> bool:
    """Count a try in this span of time; return False, having counted nothing, if there were ``most``."""
    return await conn.fetchval(_COUNT_TRY, holder, span, most) is not None


async def forgive_try(conn: Connection, holder: bytes, span: int) -> None:
    """Take back a try that was right."""
    await conn.execute(_FORGIVE_TRY, holder, span)


async def sweep_sign_in(conn: Connection, now: Instant, span: int) -> None:
    """Remove steps that are over and tries before ``span``."""
    await conn.execute(_SWEEP_STEPS, now)
    await conn.execute(_SWEEP_TRIES, span)
