"""A test case made of an order that was judged: from what is stored, and written nowhere."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from perennial.core.cases.case_of_order import MAX_EARLIER, EarlierOrder, JudgedOrder, case_of_order
from perennial.core.cases.case_state import Uncarried
from perennial.core.cases.program_cases import CaseOutcome, stage_of
from perennial.core.currency import format_money
from perennial.core.dates.periods import local_date
from perennial.core.document.document import plain_of
from perennial.core.explaining.causes import instant_of
from perennial.core.orders.order import Order, net_amounts, value_of
from perennial.core.segments.segment import Segment
from perennial.core.version import Version
from perennial.flows.configuration import LiveProgram, Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.order_views import load_order
from perennial.flows.problems import ProblemError, problem
from perennial.flows.programs.case_runs import segments_of
from perennial.flows.stored import StoredDecision, decode_decisions
from perennial.store.orders import decode_order, load_paid_before
from perennial.units import Instant, Points

_PAID = "order.paid"


class OrderCase(msgspec.Struct, frozen=True, kw_only=True):
    """The test case of an order, as a program document has it, and how true it is to what happened.

    ``outcome`` is how it went under the ``version`` that had judged the order. ``uncarried`` is the state
    that the decision had read and with which the case does not begin. ``attributes`` names the attributes
    of the member that it holds: versions keep them when the member is long erased.
    """

    program: str
    version: int
    order: str
    case: dict[str, Any]
    outcome: CaseOutcome
    uncarried: tuple[Uncarried, ...]
    attributes: tuple[str, ...]


async def make_order_case(
    handler: Handler, workspace_id: int, external_id: str, program: str | None = None
) -> OrderCase:
    """Make the case of an order for a program, or for the first one that judged it.

    Raises a 404 for an order that does not exist and a 409 for one that (the program) did not judge.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, row, customer = await load_order(conn, workspace_id, external_id)
        if row.paid_at is None or customer is None:
            raise _not_judged(external_id, program)
        before, count = await load_paid_before(conn, workspace_id, bucket, row, MAX_EARLIER)
        segments = await segments_of(conn, workspace_id)
    live, decided = _decided_by(workspace, decode_decisions(row.decision), program)
    if live is None:
        raise _not_judged(external_id, program)
    judged = _judged(row.paid_at, decode_order(row.body), live, decided)
    earlier = tuple(EarlierOrder(order, at) for at, order in before)
    judged = msgspec.structs.replace(judged, earlier=earlier, earlier_count=count)
    version = live.version(_main(decided).version)
    # Playing takes the processor for a while: others are answered meanwhile.
    return await asyncio.to_thread(_made, external_id, judged, version, segments)


def _decided_by(
    workspace: Workspace, decisions: list[StoredDecision], program: str | None
) -> tuple[LiveProgram | None, list[StoredDecision]]:
    """Return the program that judged the order, the first or the one that is named, and what it decided."""
    for stored in decisions:
        if stored.trigger != _PAID or stored.caused or stored.snapshot is None:
            continue
        live = workspace.program_by_id(stored.program)
        if program in (None, live.code):
            return live, [each for each in decisions if each.program == stored.program]
    return None, []


def _main(decided: list[StoredDecision]) -> StoredDecision:
    """Return the decision about the order itself."""
    return next(each for each in decided if each.trigger == _PAID and not each.caused)


def _judged(paid_at: Instant, order: Order, live: LiveProgram, decided: list[StoredDecision]) -> JudgedOrder:
    main = _main(decided)
    assert main.snapshot is not None, "it was looked for"
    wallets = {wallet.unit: wallet.spec.id for wallet in live.version(main.version).wallets}
    earned: dict[str, Points] = {}
    awards: dict[str, Points] = {}
    tier = main.snapshot.tier
    for each in decided:
        if instant_of(each.caused, paid_at) != paid_at:
            continue  # stored with the order, and caused by what was due before it
        if each.trigger == "tier.entered":
            entered = each.caused.get("tier")
            tier = entered if isinstance(entered, str) else None
        for award in each.awards:
            if award.unit in wallets:
                earned[wallets[award.unit]] = earned.get(wallets[award.unit], 0) + award.points
                awards[award.rule] = awards.get(award.rule, 0) + award.points
    enrolled = any(each.trigger == "member.joined" for each in decided)
    return JudgedOrder(
        order=order,
        at=paid_at,
        facts=main.snapshot,
        enrolled=enrolled,
        earned=earned,
        awards=awards,
        tier=tier,
        messages=tuple(sorted({message for each in decided for message in each.messages})),
    )


def _made(external_id: str, judged: JudgedOrder, version: Version, segments: list[Segment]) -> OrderCase:
    program = version.program
    taken = {case.id for case in program.cases}
    day = local_date(judged.at, version.zone).isoformat()
    currency = judged.order.currency or program.currency
    total = f"{format_money(value_of(net_amounts(judged.order)), currency)} {currency}"
    stage = stage_of(program, segments)
    title = f"An order of {total} on {day}"
    made = case_of_order(judged, version, stage, id=_free(f"order-{day}", taken), title=title)
    return OrderCase(
        program=program.program,
        version=version.number,
        order=external_id,
        case=plain_of(made.case),
        outcome=made.outcome,
        uncarried=made.uncarried,
        attributes=made.attributes,
    )


def _free(name: str, taken: set[str]) -> str:
    """Return the name, with a number where a case of the version has it."""
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each not in taken)


def _not_judged(external_id: str, program: str | None) -> ProblemError:
    why = "no program judged it" if program is None else f"program {program} did not judge it"
    return problem(409, "order_not_judged", f"Order {external_id!r} makes no case: {why}.")
