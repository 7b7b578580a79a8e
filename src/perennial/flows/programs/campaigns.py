"""Campaigns: where each of them stands, and changes of them, which are changes of their program's draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Connection

from perennial.core.campaigns.state import CampaignState, Openings, day_of_members, openings, state_of
from perennial.core.document.document import plain_of, program_of
from perennial.core.document.draft_edit import with_part
from perennial.core.document.program import Campaign, Program
from perennial.core.document.readable_draft import readable
from perennial.core.document.text import parse_text
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.problems import Problem
from perennial.core.switches import Switch
from perennial.core.terms.limits import Holder
from perennial.flows.answers import FieldProblem
from perennial.flows.claims.budgets import BudgetView, read_all_budgets
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError, field_problem, problem
from perennial.flows.programs.checks import require_program
from perennial.flows.programs.life import Author, Draft, put_draft
from perennial.flows.programs.versions import document_of
from perennial.store.database import Database
from perennial.store.programs.programs import list_programs
from perennial.units import Instant, format_instant

_TRIES = 3


class PausedBy(msgspec.Struct, frozen=True):
    """The switch that pauses a campaign, its own or one that turns more off: who, when, and why."""

    switch: str
    actor: str
    reason: str
    off_at: str


class CampaignView(msgspec.Struct, frozen=True):
    """A campaign and where it stands.

    ``state`` is that of the published version: `draft` (no version has it yet), `scheduled`, `running`,
    `paused` by a switch (``paused_by`` says who and why), `budget_exhausted`, or `ended`. It is open from
    ``opens_at`` (null: it is open) to ``closes_at`` (null: not within a year); ``day_of`` says by which day
    of each member (`birthday`, `anniversary`) it is open besides. ``version`` is the published version that
    has it. ``in_draft`` and ``changed`` tell what the next publication does: a campaign that is not in the
    draft ends with it, a changed one becomes what the draft says. ``budgets`` are its limits and those of
    its rules and rewards, each with what is used of it day by day and when it will run out.
    """

    program: str
    id: str
    name: str
    state: CampaignState
    priority: int
    opens_at: str | None
    closes_at: str | None
    day_of: str | None
    version: int | None
    in_draft: bool
    changed: bool
    rules: tuple[str, ...]
    rewards: tuple[str, ...]
    messages: tuple[str, ...]
    codes: tuple[str, ...]
    multiplier: str | None
    paused_by: PausedBy | None
    budgets: tuple[BudgetView, ...]


class CampaignList(msgspec.Struct, frozen=True):
    """The campaigns of all programs, in the order of the programs and of their documents."""

    data: tuple[CampaignView, ...]


class CampaignDocument(msgspec.Struct, frozen=True):
    """A campaign with what it says.

    ``document`` is the campaign as the draft has it (null: not at all), ``published`` as the version in force
    has it. ``revision`` is that of the draft; ``problems`` keep the draft from being published, and are only
    told of one that was just changed.
    """

    campaign: CampaignView
    document: dict[str, Any] | None
    published: dict[str, Any] | None
    revision: int
    problems: tuple[Problem, ...] = ()


class _Side(msgspec.Struct):
    """A program as the workspace knows it: what can be read of its draft, and what is published."""

    code: str
    revision: int
    draft: Program | None
    live: LiveProgram | None


async def list_campaigns(
    handler: Handler, workspace_id: int, program: str | None, language: Language = ENGLISH
) -> CampaignList:
    """Return the campaigns of all programs, or of the one that is named; raise a 404 without such a one."""
    async with handler.database.snapshot(workspace_id) as conn:
        if program is not None:
            await require_program(conn, workspace_id, program)
        workspace = await handler.configurations.current(conn, workspace_id)
        sides = await _sides(conn, workspace, program)
    budgets = (await read_all_budgets(handler, workspace_id, language)).data
    at = business_now(workspace)
    return CampaignList(
        tuple(
            _view(side, workspace, name, budgets, at)
            for side in sides
            for name in {**_campaigns(_published(side)), **_campaigns(side.draft)}
        )
    )


async def read_campaign(
    handler: Handler,
    workspace_id: int,
    program: str,
    campaign: str,
    draft: Draft | None = None,
    language: Language = ENGLISH,
) -> CampaignDocument:
    """Return one campaign; raise a 404 where neither the draft nor the version in force has it."""
    async with handler.database.snapshot(workspace_id) as conn:
        await require_program(conn, workspace_id, program)
        workspace = await handler.configurations.current(conn, workspace_id)
        [side] = await _sides(conn, workspace, program)
    drafted, published = _campaigns(side.draft), _campaigns(_published(side))
    if campaign not in drafted and campaign not in published:
        raise _unknown(program, campaign)
    budgets = (await read_all_budgets(handler, workspace_id, language)).data
    return CampaignDocument(
        _view(side, workspace, campaign, budgets, business_now(workspace)),
        plain_of(drafted[campaign]) if campaign in drafted else None,
        plain_of(published[campaign]) if campaign in published else None,
        side.revision,
        () if draft is None else draft.problems,
    )


async def put_campaign(
    handler: Handler,
    workspace_id: int,
    program: str,
    campaign: str,
    text: str,
    author: Author,
    revision: int | None = None,
) -> CampaignDocument:
    """Put a campaign into the draft of its program, or replace it there; what is published stays.

    ``text`` is the campaign as a program document has it, YAML or JSON; its id may be left out. ``revision``
    is that of the draft which the author has seen. Raises a 422 for a campaign that cannot be read: one that
    can may have problems, as every draft may.
    """
    data, problems = parse_text(text)
    if problems or not isinstance(data, dict):
        raise _wrong(problems or [Problem("", "wrong_type", "a campaign holds fields")])
    if data.get("id", campaign) != campaign:
        raise field_problem("$.id", "other_campaign", f"the address names the campaign {campaign!r}")
    wanted = {"id": campaign, **data}

    def change(campaigns: list[Any]) -> list[Any]:
        places = [i for i, each in enumerate(campaigns) if _id_of(each) == campaign]
        if not places:
            return [*campaigns, wanted]
        return [wanted if i == places[0] else each for i, each in enumerate(campaigns)]

    draft = await _change(handler.database, workspace_id, program, change, author, revision, campaign)
    return await read_campaign(handler, workspace_id, program, campaign, draft)


async def delete_campaign(
    handler: Handler,
    workspace_id: int,
    program: str,
    campaign: str,
    author: Author,
    revision: int | None = None,
) -> Draft:
    """Take a campaign out of the draft; it goes on as it is published until the draft is.

    Raises a 404 if the draft does not have it.
    """

    def change(campaigns: list[Any]) -> list[Any]:
        left = [each for each in campaigns if _id_of(each) != campaign]
        if len(left) == len(campaigns):
            raise _unknown(program, campaign)
        return left

    return await _change(handler.database, workspace_id, program, change, author, revision, None)


async def _change(
    database: Database,
    workspace_id: int,
    program: str,
    change: Callable[[list[Any]], list[Any]],
    author: Author,
    revision: int | None,
    campaign: str | None,
) -> Draft:
    """Change the campaigns of a draft; again, if it was changed meanwhile and no revision was given."""
    for left in reversed(range(_TRIES)):
        text, seen = await _draft_of(database, workspace_id, program)
        data, problems = parse_text(text)
        if problems or not isinstance(data, dict) or not isinstance(data.get("campaigns") or [], list):
            words = f"The draft of {program} cannot be read: mend it first."
            raise problem(409, "draft_unreadable", words)
        campaigns = change(list(data.get("campaigns") or []))
        if campaign is not None:
            _check_shape({**data, "campaigns": campaigns}, campaigns, campaign)
        edited = with_part(text, "campaigns", campaigns or None)
        try:
            return await put_draft(
                database, workspace_id, program, edited, author, seen if revision is None else revision
            )
        except ProblemError as error:
            if error.problem.code != "draft_changed" or revision is not None or not left:
                raise
    raise AssertionError("the last try raises")


async def _draft_of(database: Database, workspace_id: int, program: str) -> tuple[str, int]:
    """Return the text of the draft and its revision; without a draft the text of the version in force."""
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, program)
    if row.draft is not None:
        return row.draft, row.draft_revision
    return await document_of(database, workspace_id, program), row.draft_revision


def _check_shape(data: dict[str, Any], campaigns: list[Any], campaign: str) -> None:
    """Raise a 422 if the campaign is not of the right types; what is wrong elsewhere may stay so."""
    read = program_of(data)
    if isinstance(read, Program):
        return
    place = next(i for i, each in enumerate(campaigns) if _id_of(each) == campaign)
    here = f"campaigns[{place}]"
    inside = [
        Problem(each.path.removeprefix(here).removeprefix("."), each.code, each.words)
        for each in read
        if each.path == here or each.path.startswith((f"{here}.", f"{here}["))
    ]
    if inside:
        raise _wrong(inside)


def _wrong(problems: list[Problem]) -> ProblemError:
    fields = [
        FieldProblem(path=f"$.{each.path}" if each.path else "$", code=each.code, message=each.words)
        for each in problems
    ]
    words = f"{fields[0].path}: {fields[0].message}"
    return problem(422, "campaign_invalid", words, *fields)


def _unknown(program: str, campaign: str) -> ProblemError:
    return problem(404, "campaign_unknown", f"Program {program} has no campaign {campaign!r}.")


def _id_of(campaign: Any) -> Any:
    return campaign.get("id") if isinstance(campaign, dict) else None


async def _sides(conn: Connection, workspace: Workspace, program: str | None) -> list[_Side]:
    found = []
    for row in await list_programs(conn, workspace.workspace_id):
        if program in (None, row.code):
            draft = None if row.draft is None else readable(row.draft)[0]
            found.append(_Side(row.code, row.draft_revision, draft, workspace.program(row.code)))
    return found


def _published(side: _Side) -> Program | None:
    return None if side.live is None else side.live.latest.program


def _campaigns(program: Program | None) -> dict[str, Campaign]:
    return {} if program is None else {campaign.id: campaign for campaign in program.campaigns}


def _view(
    side: _Side, workspace: Workspace, name: str, budgets: tuple[BudgetView, ...], at: Instant
) -> CampaignView:
    published, drafted = _campaigns(_published(side)).get(name), _campaigns(side.draft).get(name)
    shown, program = (published, _published(side)) if published is not None else (drafted, side.draft)
    assert shown is not None, "a campaign is somewhere"
    assert program is not None, "so is its program"
    opened = _openings(program, shown, at)
    off = workspace.switches.off_campaign(side.code, name)
    own = _budgets_of(shown, side.code, budgets) if published is not None else ()
    is_full = any(
        each.left == 0 for each in own if each.part == "campaign" and each.per is Holder.TOTAL and each.cap
    )
    state = state_of(opened, is_off=off is not None, is_full=is_full)
    return CampaignView(
        program=side.code,
        id=name,
        name=shown.name or name,
        state=CampaignState.DRAFT if published is None else state,
        priority=shown.priority,
        opens_at=None if opened.opens_at is None else format_instant(opened.opens_at),
        closes_at=None if opened.closes_at is None else format_instant(opened.closes_at),
        day_of=day_of_members(shown),
        version=None if published is None or side.live is None else side.live.latest.number,
        in_draft=drafted is not None,
        changed=drafted is not None and published is not None and plain_of(drafted) != plain_of(published),
        rules=tuple(rule.id for rule in shown.earning_rules),
        rewards=tuple(reward.id for reward in shown.rewards),
        messages=tuple(message.id for message in shown.messages),
        codes=tuple(reward.id for reward in shown.rewards if reward.codes is not None),
        multiplier=None if shown.multiplier is None else shown.multiplier.by,
        paused_by=None if off is None else _paused_by(off),
        budgets=own,
    )


def _paused_by(switch: Switch) -> PausedBy:
    return PausedBy(switch.object.path, switch.actor, switch.reason, format_instant(switch.off_at))


def _openings(program: Program, campaign: Campaign, at: Instant) -> Openings:
    """Return when a campaign is open; one of a draft may have a schedule or a zone that cannot be."""
    try:
        return openings(program, campaign, ZoneInfo(program.time_zone), at)
    except (ValueError, KeyError):
        return Openings(is_open=False)


def _budgets_of(campaign: Campaign, program: str, budgets: tuple[BudgetView, ...]) -> tuple[BudgetView, ...]:
    """Return the limits of a campaign and of its rules, rewards and messages, shared ones included."""
    parts = {("campaign", campaign.id)}
    for rule in campaign.earning_rules:
        parts |= {("rule", rule.id), *(("limit", name) for name in rule.shared_limits)}
    for reward in campaign.rewards:
        parts |= {(kind, reward.id) for kind in ("reward", "stock", "shared code")}
        parts |= {("limit", name) for name in reward.shared_limits}
    for message in campaign.messages:
        parts |= {("message", message.id), *(("limit", name) for name in message.shared_limits)}
    return tuple(each for each in budgets if program in each.programs and (each.part, each.id) in parts)
