"""Why an order or event earned what it did: the decision made again from what was stored with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.earn import EarningEvent
from perennial.core.events import CustomEvent, MemberJoined, OrderPaid
from perennial.core.explaining.causes import GAVE, cause_words, follow_up_of
from perennial.core.explaining.explain import explain
from perennial.core.explaining.explanation import Explanation
from perennial.core.explaining.retelling import retell
from perennial.core.explaining.words import taken_back_words
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.orders.order import Scalar
from perennial.flows.commands import PostEvent
from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.order_views import load_order
from perennial.flows.problems import problem
from perennial.flows.stored import REWARD_EARNED, StoredDecision, decode_decisions
from perennial.store.events import EventRow, load_events, load_events_of_order
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.store.orders import OrderRow, decode_order
from perennial.units import Points, format_instant, format_units, named_id


class ProgramExplanation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision explained; ``trigger`` is the event, or what it caused, such as ``member.joined``.

    ``cause`` says what a follow-up was: a tier that was entered, a challenge that was completed and what it
    gave, a referral that converted.
    """

    program: str
    version: int
    trigger: str
    explanation: Explanation
    cause: str | None = None


class ExplainedEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every decision about an order or event, program by program, and the whole in words.

    ``taken_back`` is what returns of the order, or its cancellation, took out of each wallet
    (``program/wallet``) so far.
    """

    id: str
    customer: str | None
    decided_as_of: str | None
    words: str
    decisions: tuple[ProgramExplanation, ...]
    taken_back: dict[str, Points] = {}


class _Taken(msgspec.Struct):
    program: str
    taken_back: dict[str, Points] = {}


class _Answered(msgspec.Struct):
    programs: tuple[_Taken, ...] = ()


_read_answer = msgspec.json.Decoder(_Answered).decode


async def explain_order(
    handler: Handler, workspace_id: int, external_id: str, language: Language = ENGLISH
) -> ExplainedEvent:
    """Explain what an order earned when it was paid, in ``language``, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, row, customer = await load_order(conn, workspace_id, external_id)
        since = await load_events_of_order(conn, workspace_id, bucket, row.customer_id, row.order_id)
    if row.paid_at is None:
        words = (
            "A guest's order: it earns nothing." if customer is None else "Not paid yet: it earns nothing."
        )
        return ExplainedEvent(
            id=external_id,
            customer=customer,
            decided_as_of=None,
            words=retell(words, language),
            decisions=(),
        )
    decisions = explained(workspace, row, language=language)
    taken = _taken_back([*(each.answer for each in since), row.answer])
    return ExplainedEvent(
        id=external_id,
        customer=customer,
        decided_as_of=format_instant(row.paid_at),
        words=" ".join([_words(decisions, language), *_taken_words(workspace, taken, language)]),
        decisions=decisions,
        taken_back={f"{program}/{wallet}": points for (program, wallet), points in taken.items()},
    )


async def explain_event(
    handler: Handler, workspace_id: int, external_id: str, language: Language = ENGLISH
) -> ExplainedEvent:
    """Explain what a custom event earned, in ``language``, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await _load_event(conn, workspace_id, external_id)
    command = msgspec.msgpack.decode(row.body, type=PostEvent)
    decisions = explained(workspace, row, command, language)
    return ExplainedEvent(
        id=external_id,
        customer=command.customer,
        decided_as_of=format_instant(row.occurred_at),
        words=_words(decisions, language),
        decisions=decisions,
    )


async def _load_event(conn: Connection, workspace_id: int, external_id: str) -> EventRow:
    event_id = named_id(workspace_id, "event", external_id)
    found = await find_external_ids(conn, workspace_id, IdKind.EVENT, [event_id])
    if event_id not in found:
        raise problem(404, "event_unknown", f"There is no event {external_id!r}.")
    bucket, customer_id = found[event_id]
    row = (await load_events(conn, workspace_id, bucket, [(customer_id, event_id)]))[event_id]
    if not row.body:  # its customer was erased
        raise problem(404, "event_unknown", f"There is no event {external_id!r}.")
    return row


def explained(
    workspace: Workspace,
    row: OrderRow | EventRow,
    command: PostEvent | None = None,
    language: Language = ENGLISH,
) -> tuple[ProgramExplanation, ...]:
    """Return every decision that was stored with a row, explained again; ``command`` is what it reports.

    What only moved a tier, and is nothing to any rule, is left out. Why a reward that a rule had for it was
    not given is told with the rule.
    """
    found = []
    refused: dict[int, dict[str, list[str]]] = {}
    for stored in reversed(decode_decisions(row.decision)):
        # What was decided about a reward stands behind the decision whose rule gives it.
        whys = refused.setdefault(stored.program, {})
        if stored.trigger == REWARD_EARNED:
            for award in stored.awards:
                if award.cut_by is not None:
                    whys.setdefault(award.rule, []).append(award.cut_by)
        event = _event_of(row, stored, command)
        if event is None or stored.snapshot is None:
            continue
        live = workspace.program_by_id(stored.program)
        version = live.version(stored.version)
        if stored.caused and stored.trigger not in version.triggers and not stored.caused.get(GAVE):
            continue
        not_given = {rule: why[0] for rule, why in whys.items() if why}
        whole = explain(event, version, stored.snapshot, not_given, language)
        for rule in whole.rules:
            if rule.fired and whys.get(rule.rule):
                del whys[rule.rule][0]
        found.append(
            ProgramExplanation(
                program=live.code,
                version=stored.version,
                trigger=stored.trigger,
                explanation=whole,
                cause=retell(cause_words(event, stored.caused), language) or None if stored.caused else None,
            )
        )
    return tuple(reversed(found))


def _event_of(
    row: OrderRow | EventRow, stored: StoredDecision, command: PostEvent | None
) -> EarningEvent | None:
    """Rebuild the event that a stored decision judged; None where it cannot be."""
    if stored.caused:
        return follow_up_of(stored.trigger, _id(row), _instant(row), stored.caused)
    if stored.trigger == "member.joined":
        return MemberJoined(id=row.operation_id, at=_instant(row))
    if isinstance(row, OrderRow):
        if stored.trigger != "order.paid":
            return None
        return OrderPaid(id=row.order_id, at=_instant(row), order=decode_order(row.body))
    if command is None or stored.trigger != command.name:
        return None
    attributes: dict[str, Scalar] = command.attributes
    return CustomEvent(id=row.event_id, at=row.occurred_at, name=command.name, attributes=attributes)


def _id(row: OrderRow | EventRow) -> UUID:
    return row.order_id if isinstance(row, OrderRow) else row.event_id


def _instant(row: OrderRow | EventRow) -> int:
    if isinstance(row, OrderRow) and row.paid_at is not None:
        return row.paid_at
    return row.occurred_at


def _words(decisions: tuple[ProgramExplanation, ...], language: Language) -> str:
    if not decisions:
        return retell("No program judged it.", language)
    telling = [decided for decided in decisions if decided.trigger != "member.joined" or _earned(decided)]
    return " ".join(f"{decided.program}: {words_of(decided)}" for decided in telling)


def words_of(decided: ProgramExplanation) -> str:
    """Say what was decided; of a follow-up what it was, and what rules gave for it, if any did."""
    if decided.cause is None:
        return decided.explanation.words
    return f"{decided.cause} {decided.explanation.words}" if _earned(decided) else decided.cause


def _taken_back(answers: list[bytes]) -> dict[tuple[str, str], Points]:
    """Add up what was taken back, by program and wallet, as it was answered each time."""
    taken: Counter[tuple[str, str]] = Counter()
    for answer in answers:
        for program in _read_answer(answer).programs if answer else ():
            for wallet, points in program.taken_back.items():
                taken[program.program, wallet] += points
    return dict(taken)


def _taken_words(
    workspace: Workspace, taken: dict[tuple[str, str], Points], language: Language
) -> Iterator[str]:
    for live in workspace.programs:
        places = {each.spec.id: each.spec.decimals for version in live.versions for each in version.wallets}
        written = {
            wallet: format_units(points, places[wallet])
            for (program, wallet), points in taken.items()
            if program == live.code
        }
        if written:
            yield f"{live.code}: {retell(taken_back_words(written), language)}"


def _earned(decided: ProgramExplanation) -> bool:
    return any(rule.points for rule in decided.explanation.rules)
