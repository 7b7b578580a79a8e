"""Conditions as an editor needs them: said in a language, checked, and weighed."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from msgspec import Meta

from perennial.core.explaining.retelling import retell_words
from perennial.core.kinds.rule import Identifier
from perennial.core.languages import LANGUAGES
from perennial.core.problems import join_path
from perennial.core.terms.condition_document import ConditionError, decode_condition
from perennial.core.terms.condition_places import Where
from perennial.flows.answers import FieldProblem
from perennial.flows.programs.condition_checks import CheckedCondition, check_condition
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import admitted, body_of, operation, written
from perennial.http.door.problems import bad_fields
from perennial.http.requests import EventType

LanguageCode = Annotated[
    str, Meta(pattern=f"^({'|'.join(LANGUAGES)})$", description="in which language it is said")
]


class ConditionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A condition, as documents hold it, of a published program; ``where`` says where it is to stand.

    ``trigger`` is the event of the rule that it is for.
    """

    program: Identifier
    condition: dict[str, Any]
    where: Where = Where.MEMBER
    trigger: EventType = "order.paid"
    language: LanguageCode = "en"


@post(
    "/v1/conditions/check",
    **operation(
        "condition_check",
        "Programs",
        "Say a condition as a sentence, and what is wrong or odd about it",
        needs=Scope.READ,
        takes=ConditionBody,
        gives={200: CheckedCondition},
        refuses=(404,),
    ),
)
async def condition_check(request: Request[Any, Any, Any]) -> Response[Any]:
    """What an editor shows beside a condition while somebody writes it; nothing is stored.

    A condition that cannot be read is refused with the path of what is wrong. One that can is said as a
    sentence; `problems` keep it from being published, `warnings` name parts that never hold, always hold or
    contradict each other, and `cost` is what judging it takes at worst. It is read as by the latest version
    of the program, or by its draft before it is published.
    """
    door, caller = admitted(request)
    data = await body_of(request, ConditionBody)
    try:
        condition = decode_condition(data.condition)
    except ConditionError as error:
        path = f"$.{join_path('condition', error.path)}"
        raise bad_fields(422, FieldProblem(path=path, code=error.code, message=error.words)) from None
    checked = await check_condition(
        door.database,
        door.handler.configurations,
        caller.workspace_id,
        data.program,
        condition,
        data.where,
        data.trigger,
        LANGUAGES[data.language],
    )
    return written(retell_words(checked, LANGUAGES[data.language]))


CONDITION_ROUTES = [condition_check]
