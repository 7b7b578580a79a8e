"""Budgets: every limit of every program, what is used of it, and how long it will last."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from perennial.core.languages import LANGUAGES
from perennial.flows.claims.budgets import BudgetList, read_all_budgets
from perennial.flows.staff.scopes import Scope
from perennial.http.door.language import LanguageName
from perennial.http.door.operation import admitted, operation, written


@get(
    "/v1/budgets",
    **operation(
        "budget_list",
        "Programs",
        "Read all limits and what is used of them",
        needs=Scope.READ,
        gives={200: BudgetList},
    ),
)
async def budget_list(request: Request[Any, Any, Any], language: LanguageName = "en") -> Response[Any]:
    """Every limit of every program in one list, with what is used and left of it in the present period.

    Budgets that all members use together show the use of each day, and when they will run out if it goes
    on like this. `words` say each in `language`.
    """
    door, caller = admitted(request)
    return written(await read_all_budgets(door.handler, caller.workspace_id, LANGUAGES[language]))


BUDGET_ROUTES = [budget_list]
