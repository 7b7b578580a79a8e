"""Exposures: which variant of an experiment or holdout customers have, loaded and written as sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.member import Exposure

# No conflict is passed over: whoever was exposed by another transaction meanwhile is decided again.
INSERT_EXPOSURES = """
insert into exposures (bucket, workspace_id, customer_id, program_id, version, operation_id, exposed_at,
    experiment, variant)
select $2, $1, new.*
from unnest($3::exposure_row[]) as new
"""

_LOAD_EXPOSURES = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, program_id, experiment, variant, exposed_at
    from exposures
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""


async def load_exposures(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID]
) -> Iterable[tuple[UUID, tuple[int, str], Exposure]]:
    """Return what the customers of one bucket were exposed to: customer, (program, experiment), exposure."""
    rows = await conn.fetch(_LOAD_EXPOSURES, ws, bucket, customers)
    return [
        (customer_id, (program_id, experiment), Exposure(variant, at))
        for customer_id, program_id, experiment, variant, at in rows
    ]
