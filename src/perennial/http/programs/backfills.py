"""What versions do for everybody when they are published, and how far they are with it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, cast

import msgspec
from litestar import Request, Response, get

from perennial.flows.programs.backfill_views import Progress, progress_of
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import ExternalId, Limit, admitted, operation, written
from perennial.http.door.paths import plain_segment
from perennial.units import format_instant

BackfillStateName: TypeAlias = Literal["preparing", "given_up", "waiting", "walking", "done"]
"""`preparing`: figures are counted, and the version is not there yet; `given_up`: it never came.

`waiting`: the version is there, and what began before it is under way; `walking`: who changed meanwhile is
counted again, and timers are armed.
"""


class BackfillView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a version does for all customers; `percent` is how far it is in its present state.

    `figures` are those that nobody had counted before. `counted`, `recounted` and `armed` are customers:
    counted before the version was there, once more after it, and with a timer that was armed anew.
    """

    state: BackfillStateName
    percent: int
    figures: int
    counted: int
    recounted: int
    armed: int
    buckets: int
    started_at: str
    version: int | None = None
    ended_at: str | None = None


class BackfillList(msgspec.Struct, frozen=True):
    """What versions of a program do for everybody, the latest first."""

    data: tuple[BackfillView, ...]


def _view(progress: Progress) -> BackfillView:
    row, slices = progress.row, progress.slices
    return BackfillView(
        version=row.version,
        state=cast(BackfillStateName, "given_up" if progress.given_up else row.state.name.lower()),
        percent=progress.percent,
        figures=len(row.metrics),
        counted=sum(each.counted for each in slices),
        recounted=sum(each.recounted for each in slices),
        armed=sum(each.armed for each in slices),
        buckets=len(slices),
        started_at=format_instant(row.started_at),
        ended_at=None if row.ended_at is None else format_instant(row.ended_at),
    )


@get(
    "/v1/programs/{id:str}/backfills",
    **operation(
        "backfill_list",
        "Programs",
        "See what versions do for everybody",
        needs=Scope.READ,
        gives={200: BackfillList},
        refuses=(404,),
    ),
)
async def backfill_list(request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 20) -> Response[Any]:
    """Figures that a version is the first to ask for, and timers that it moves, and how far that is.

    A publication whose process ends is gone on with by a worker; nothing has to be done about it.
    """
    door, caller = admitted(request)
    found = await progress_of(door.database, caller.workspace_id, plain_segment(id), limit)
    return written(BackfillList(tuple(_view(each) for each in found)))


BACKFILL_ROUTES = [backfill_list]
