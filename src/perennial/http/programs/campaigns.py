"""Campaigns and the calendar: what gives more for a while, when, and what is left of it."""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.params import QueryParameter

from perennial.core.languages import LANGUAGES
from perennial.core.problems import Problem
from perennial.flows.programs.calendar import CalendarView, read_calendar
from perennial.flows.programs.campaigns import (
    CampaignDocument,
    CampaignList,
    delete_campaign,
    list_campaigns,
    put_campaign,
    read_campaign,
)
from perennial.flows.programs.life import Author
from perennial.flows.staff.scopes import Scope
from perennial.http.door.exchange import bad_query
from perennial.http.door.language import LanguageName
from perennial.http.door.operation import ExternalId, admitted, operation, told, written
from perennial.http.door.paths import plain_segment
from perennial.http.programs.programs import Revision, document_of_request

_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FirstDay = Annotated[
    str, QueryParameter(name="from", pattern=_DAY, description="the first day, such as 2026-12-01")
]
LastDay = Annotated[
    str, QueryParameter(name="to", pattern=_DAY, description="the last day, such as 2026-12-31")
]
ProgramName = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=63, description="one program; all without it"),
]
Country = Annotated[
    str | None,
    QueryParameter(
        pattern="^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
        description="a country, or a part of one as in DE-BY, whose public holidays are shown too",
    ),
]


class DraftChanged(msgspec.Struct, frozen=True):
    """The draft after a change: its ``revision``, and what keeps it from being published."""

    program: str
    revision: int
    problems: tuple[Problem, ...]


@get(
    "/v1/campaigns",
    **operation(
        "campaign_list",
        "Campaigns",
        "List the campaigns",
        needs=Scope.READ,
        gives={200: CampaignList},
        refuses=(404,),
    ),
)
async def campaign_list(
    request: Request[Any, Any, Any], program: ProgramName = None, language: LanguageName = "en"
) -> Response[Any]:
    """The campaigns of all programs, those of drafts too: state, next opening, and budgets with forecast."""
    door, caller = admitted(request)
    return written(await list_campaigns(door.handler, caller.workspace_id, program, LANGUAGES[language]))


@get(
    "/v1/campaigns/{program:str}/{id:str}",
    **operation(
        "campaign_get",
        "Campaigns",
        "Read a campaign",
        needs=Scope.READ,
        gives={200: CampaignDocument},
        refuses=(404,),
    ),
)
async def campaign_get(
    request: Request[Any, Any, Any], program: ExternalId, id: ExternalId, language: LanguageName = "en"
) -> Response[Any]:
    """Where it stands, and what it says in the draft and in the version in force."""
    door, caller = admitted(request)
    names = plain_segment(program), plain_segment(id)
    return written(
        await read_campaign(door.handler, caller.workspace_id, *names, language=LANGUAGES[language])
    )


@put(
    "/v1/campaigns/{program:str}/{id:str}",
    **operation(
        "campaign_put",
        "Campaigns",
        "Put a campaign into the draft",
        needs=Scope.PROGRAMS,
        takes=str,
        gives={200: CampaignDocument},
        refuses=(404, 409),
    ),
)
async def campaign_put(
    request: Request[Any, Any, Any], program: ExternalId, id: ExternalId, revision: Revision = None
) -> Response[Any]:
    """The body is the campaign as it stands in a program document, YAML or JSON; its id may be left out.

    The rest of the draft stays as it is. Nothing is given before the draft is published; until then orders
    are judged by the campaign as it was published. `revision` is that of the draft which you have seen.
    """
    door, caller = admitted(request)
    text = await document_of_request(request)
    names = plain_segment(program), plain_segment(id)
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000, codebook=door.handler.codebook)
    return told(
        request, await put_campaign(door.handler, caller.workspace_id, *names, text, author, revision)
    )


@delete(
    "/v1/campaigns/{program:str}/{id:str}",
    status_code=200,
    **operation(
        "campaign_delete",
        "Campaigns",
        "Take a campaign out of the draft",
        needs=Scope.PROGRAMS,
        gives={200: DraftChanged},
        refuses=(404, 409),
    ),
)
async def campaign_delete(
    request: Request[Any, Any, Any], program: ExternalId, id: ExternalId, revision: Revision = None
) -> Response[Any]:
    """It ends when the draft is published. To stop it at once, switch it off."""
    door, caller = admitted(request)
    names = plain_segment(program), plain_segment(id)
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000, codebook=door.handler.codebook)
    draft = await delete_campaign(door.handler, caller.workspace_id, *names, author, revision)
    return told(request, DraftChanged(draft.program, draft.revision, draft.problems))


@get(
    "/v1/calendar",
    **operation(
        "calendar_get",
        "Campaigns",
        "Read the calendar",
        needs=Scope.READ,
        gives={200: CalendarView},
        refuses=(404,),
    ),
)
async def calendar_get(
    request: Request[Any, Any, Any],
    first: FirstDay,
    last: LastDay,
    program: ProgramName = None,
    country: Country = None,
) -> Response[Any]:
    """When campaigns are open, published or planned, and what else has a date: reviews, expiry, holidays.

    Days are local ones of each program. At most 400 days are asked for at once.
    """
    door, caller = admitted(request)
    days = _day(first, "from"), _day(last, "to")
    return told(request, await read_calendar(door.handler, caller.workspace_id, *days, program, country))


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise bad_query(name, "invalid_day", "is no day of the calendar") from None
    if not 1970 <= day.year <= 2199:
        raise bad_query(name, "invalid_day", "a day lies between the years 1970 and 2199")
    return day


CAMPAIGN_ROUTES = [campaign_list, campaign_get, campaign_put, campaign_delete, calendar_get]
