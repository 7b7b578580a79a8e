"""What an editor of conditions is told: the sentence, what is wrong, what is odd, what it costs."""

from __future__ import annotations

from typing import assert_never

import msgspec

from perennial.core.conditions.check import (
    Place,
    audience_place,
    benefit_place,
    campaign_place,
    check,
    line_place,
    member_place,
    order_place,
    rule_place,
    segment_place,
    size_of,
)
from perennial.core.conditions.flaws import Flaw, flaws_of
from perennial.core.conditions.sql import SqlConditions, compile_sql, kept_by
from perennial.core.conditions.words import Wording, sentence
from perennial.core.document.program_cost import MAX_LINES, condition_cost, history_cost
from perennial.core.facts import fact_table
from perennial.core.language import Language
from perennial.core.problems import Problem
from perennial.core.segments.segment import check_condition_of_segment
from perennial.core.terms.condition_document import MAX_DEPTH, MAX_NODES
from perennial.core.terms.condition_places import Where
from perennial.core.terms.conditions import Condition
from perennial.flows.configuration import Configurations, business_now
from perennial.flows.problems import field_problem
from perennial.flows.programs.checks import program_to_ask
from perennial.store.database import Database
from perennial.store.segments import list_segments


class ConditionCost(msgspec.Struct, frozen=True):
    """How many ``comparisons`` judging it may take once, for an order of as many lines as there may be.

    ``kept`` is what an order may take to keep the counters that it reads. ``parts`` of at ``most_parts``
    and ``depth`` of at ``most_depth`` are its size.
    """

    comparisons: int
    kept: int
    parts: int
    most_parts: int
    depth: int
    most_depth: int


class CheckedCondition(msgspec.Struct, frozen=True):
    """A condition in words, with everything that an editor shows beside it.

    ``problems`` keep it from being used, ``warnings`` do not. ``not_for_all_members`` says why it cannot be
    asked of all members at once, as the preview of a segment does; nothing: it can.
    """

    language: str
    right_to_left: bool
    sentence: str
    problems: tuple[Problem, ...]
    warnings: tuple[Flaw, ...]
    not_for_all_members: tuple[Problem, ...]
    cost: ConditionCost


async def check_condition(
    database: Database,
    configurations: Configurations,
    workspace_id: int,
    program: str,
    condition: Condition,
    where: Where,
    trigger: str,
    language: Language,
) -> CheckedCondition:
    """Return what there is to say of a condition of a program, or of its draft before it is published.

    ``trigger`` is the event that a rule is for. Before a program is published nobody is its member, and
    nothing is said of asking them all at once. Raises what :func:`program_to_ask` does.
    """
    async with database.transaction(workspace_id) as conn:
        workspace = await configurations.current(conn, workspace_id)
        facts = fact_table(await program_to_ask(conn, workspace, workspace_id, program))
        segments = await list_segments(conn, workspace_id)
    if trigger not in facts.events:
        raise field_problem("$.trigger", "trigger_unknown", "no such event is declared")
    place = place_of(where, trigger)
    of_segment = where is Where.SEGMENT
    problems = check_condition_of_segment(condition, facts) if of_segment else check(condition, facts, place)
    asked: SqlConditions | list[Problem] = []
    if live := workspace.program(program):
        kept = kept_by(live.latest, business_now(workspace), {row.code: row.segment_id for row in segments})
        asked = compile_sql([condition], kept)
    parts, depth = size_of(condition)
    lines = MAX_LINES if where in (Where.RULE_LINES, Where.BENEFIT_LINES) else 1
    return CheckedCondition(
        language=language.code,
        right_to_left=language.right_to_left,
        sentence=sentence(
            condition, Wording(language, facts, place.event, {row.code: row.segment.name for row in segments})
        ),
        problems=tuple(problems),
        warnings=() if problems else tuple(flaws_of(condition, facts, place, language=language)),
        not_for_all_members=tuple(asked) if isinstance(asked, list) else (),
        cost=ConditionCost(
            lines * condition_cost(condition), history_cost(condition), parts, MAX_NODES, depth, MAX_DEPTH
        ),
    )


def place_of(where: Where, trigger: str) -> Place:
    """Return what may be asked there."""
    match where:
        case Where.RULE:
            return rule_place(trigger)
        case Where.RULE_LINES:
            return line_place()
        case Where.CAMPAIGN:
            return campaign_place()
        case Where.MEMBER:
            return member_place()
        case Where.ORDER:
            return order_place()
        case Where.BENEFIT_LINES:
            return benefit_place()
        case Where.AUDIENCE:
            return audience_place()
        case Where.SEGMENT:
            return segment_place()
        case _:
            assert_never(where)
