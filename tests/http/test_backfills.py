"""``/v1/programs/{id}/backfills``: what a version does for everybody, and how far it is."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from perennial.flows.programs.backfill_views import GIVEN_UP_AFTER, percent
from perennial.flows.programs.catching_up import wall_now
from perennial.store.programs.backfills import (
    BackfillRow,
    BackfillState,
    SliceRow,
    SliceStep,
    insert_backfill,
)
from tests.http.site import PROGRAM, Site, order

ASKING = """
  - {id: loyal, type: fixed, points: 1, when: {history: orders.net, window: ever, at_least: 100000000}}
"""


def _row(state: BackfillState, at: int = 0) -> BackfillRow:
    return BackfillRow(
        backfill_id=uuid4(),
        program_id=1,
        version=None if state is BackfillState.PREPARING else 2,
        metrics=[7],
        since=UUID(int=0),
        state=state,
        started_at=at,
        seen_at=at,
    )


async def test_what_a_version_did_for_everybody_is_told(site: Site) -> None:
    """The first version finds nobody; the second counts everybody, and arms their timers."""
    for number in range(3):
        await site.done("PUT", f"/v1/orders/o{number}", order(10_000, customer=f"c{number}"))
    place = "/v1/programs/points/backfills"
    (first,) = (await site.done("GET", place))["data"]
    nobody = {"counted": 0, "recounted": 0, "armed": 0}
    assert first.items() >= {"version": 1, "state": "done", **nobody}.items()
    asking = PROGRAM.replace("earning_rules:", "earning_rules:" + ASKING.rstrip(), 1)
    assert asking != PROGRAM
    headers = {"content-type": "application/yaml"}
    await site.done("PUT", "/v1/programs/points/draft", raw=asking.encode(), headers=headers)
    await site.done("POST", "/v1/programs/points/publish", {})
    done, _ = (await site.done("GET", place))["data"]
    assert done.pop("started_at") <= done.pop("ended_at")
    assert done == {
        "version": 2,
        "state": "done",
        "percent": 100,
        "figures": 1,
        "counted": 3,
        "recounted": 3,
        "armed": 3,
        "buckets": 1,
    }
    await site.refused(404, "program_unknown", "GET", "/v1/programs/nothing/backfills")


async def test_what_nobody_prepares_any_more_is_given_up(site: Site) -> None:
    """A process that ended before its version was there leaves a word of it, and no version."""
    now = wall_now()
    for at in (now, now - GIVEN_UP_AFTER - 1):
        async with site.database.transaction(site.row.workspace_id) as conn:
            row = _row(BackfillState.PREPARING, at)
            span = (site.row.bucket_base, site.row.bucket_base)
            await insert_backfill(conn, site.row.workspace_id, row, span, SliceStep.COUNTING)
    found = (await site.done("GET", "/v1/programs/points/backfills"))["data"]
    unpublished = [each["state"] for each in found if "version" not in each]
    assert unpublished == ["preparing", "given_up"]


@pytest.mark.parametrize(
    ("state", "slices", "expected"),
    [
        (BackfillState.PREPARING, [(SliceStep.COUNTING, None)], 0),
        (BackfillState.PREPARING, [(SliceStep.COUNTING, UUID(int=1 << 127))], 50),
        (BackfillState.PREPARING, [(SliceStep.RECOUNTING, None), (SliceStep.COUNTING, None)], 50),
        (BackfillState.PREPARING, [(SliceStep.RECOUNTING, None)], 100),
        (BackfillState.WAITING, [(SliceStep.RECOUNTING, None)], 0),
        (BackfillState.WALKING, [(SliceStep.RECOUNTING, UUID(int=1 << 127))], 25),
        (BackfillState.WALKING, [(SliceStep.ARMING, None)], 50),
        (BackfillState.WALKING, [(SliceStep.DONE, None), (SliceStep.ARMING, UUID(int=1 << 127))], 87),
        (BackfillState.DONE, [(SliceStep.DONE, None)], 100),
    ],
)
def test_percent(state: BackfillState, slices: list[tuple[SliceStep, UUID | None]], expected: int) -> None:
    """Of a bucket as many customers are done as ids lie before its cursor; the rest are steps."""
    rows = [SliceRow(bucket=number, step=step, walked_to=to) for number, (step, to) in enumerate(slices)]
    assert percent(_row(state), rows) == expected
