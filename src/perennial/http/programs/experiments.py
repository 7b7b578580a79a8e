"""Experiments and holdouts: which there are, and what came of them."""

from __future__ import annotations

from asyncio import to_thread
from importlib import import_module
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import PathParameter

from perennial.flows.experiments.views import TrialList, TrialResults
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import ExternalId, admitted, operation, told

OfTrial = Annotated[
    str, PathParameter(min_length=1, max_length=200, description="the id of an experiment or holdout")
]


@get(
    "/v1/experiments",
    **operation(
        "experiment_list",
        "Experiments",
        "Read all experiments and holdouts",
        needs=Scope.READ,
        gives={200: TrialList},
    ),
)
async def experiment_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every experiment and holdout of every program, with how many customers each variant has.

    Those that a later version no longer has are listed as well: their results stay.
    """
    door, caller = admitted(request)
    await _statistics_loaded()
    from perennial.flows.experiments.results import read_experiments  # noqa: PLC0415

    return told(request, await read_experiments(door.handler, caller.workspace_id))


@get(
    "/v1/experiments/{program:str}/{id:str}/results",
    **operation(
        "experiment_results",
        "Experiments",
        "Read what came of an experiment or holdout",
        needs=Scope.READ,
        gives={200: TrialResults},
        refuses=(404,),
    ),
)
async def experiment_results(
    request: Request[Any, Any, Any], program: ExternalId, id: OfTrial
) -> Response[Any]:
    """What the customers of every variant did since they were exposed, and what differs for sure.

    Look as often as you like: the intervals and the verdict stay valid over all looks together.
    """
    door, caller = admitted(request)
    await _statistics_loaded()
    from perennial.flows.experiments.results import read_experiment_results  # noqa: PLC0415

    return told(request, await read_experiment_results(door.handler, caller.workspace_id, program, id))


async def _statistics_loaded() -> None:
    """Import numpy and scipy with the first question: no worker has to wait for them to start.

    In a thread, so that orders that come meanwhile are answered.
    """
    await to_thread(import_module, "perennial.flows.experiments.results")


EXPERIMENT_ROUTES = [experiment_list, experiment_results]
