"""Money of gift cards outside orders: a card is sold, topped up, or moved to another one, once per id.

A card is an owner of the ledger, and its voucher's row is its lock. What is sold or put on it is issued
by the program, as what a claim puts on a card; what moves passes through the ``in_transit`` account.
"""

from __future__ import annotations

import time
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection, SerializationError

from perennial.core.checkout.payments import charge_card, too_little_on_card
from perennial.core.claims.availability import why_off
from perennial.core.codes.codes import Codes
from perennial.core.effects import Credit, Effect, IssueVoucher
from perennial.core.member import Member
from perennial.core.version import CompiledReward
from perennial.core.wallets.dates import end_of_day_after
from perennial.flows.answers import Answer, Decided, VoucherAnswer
from perennial.flows.asked import FoundVoucher, shown
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.handling.answering import encode_answer
from perennial.flows.handling.decide_program import event_row
from perennial.flows.handling.gift_cards import fund_card
from perennial.flows.handling.voucher_answers import shown_answer, stored_answer
from perennial.flows.handling.write_batch import write
from perennial.flows.loading.redeemed import load_codes
from perennial.flows.merged import customer_gone
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import (
    ProblemError,
    answer_problem,
    field_problem,
    problem,
    refused,
)
from perennial.flows.references import one_program
from perennial.flows.vouchers.vouchers import places_of, voucher_unknown
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.store.codes.pools import bucket_of_code
from perennial.store.codes.vouchers import VoucherState
from perennial.store.customers.customers import lock_customers
from perennial.store.events import EventKind, load_events
from perennial.store.external_ids import IdKind, claim_or_find
from perennial.store.staff.audit_entries import AuditEntry
from perennial.units import Minor, bucket_of, format_instant, named_id


class SellCard(msgspec.Struct, frozen=True, kw_only=True):
    """A gift card of ``reward`` for a customer, or for whoever has its code.

    ``amount`` is what is on it; None: what the reward says.
    """

    id: str
    reward: str
    amount: Minor | None
    customer: str | None
    reason: str
    actor: str


class TopUpCard(msgspec.Struct, frozen=True, kw_only=True):
    """``amount`` more on the gift card of a code."""

    id: str
    code: str
    amount: Minor
    reason: str
    actor: str


class MoveCardMoney(msgspec.Struct, frozen=True, kw_only=True):
    """``amount`` (None: all that is there) from the gift card of ``code`` to that of the code ``to``."""

    id: str
    code: str
    to: str
    amount: Minor | None
    reason: str
    actor: str


_Command: TypeAlias = SellCard | TopUpCard | MoveCardMoney


class CardAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is on a gift card now, in minor units of ``currency``; ``code`` is the end of its code."""

    card: str
    code: str
    currency: str
    balance: Minor


class CardMoneyAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Money that was put on a gift card, or moved ``to`` another one."""

    id: str
    amount: Minor
    card: CardAnswer
    to: CardAnswer | None = None


async def sell_card(handler: Handler, workspace_id: int, command: SellCard) -> Answer:
    """Issue a gift card that was paid for, once per id; the answer has its code."""
    return await _once(handler, workspace_id, command)


async def top_up_card(handler: Handler, workspace_id: int, command: TopUpCard) -> Answer:
    """Put money on a gift card that is valid, once per id."""
    return await _once(handler, workspace_id, command)


async def move_card_money(handler: Handler, workspace_id: int, command: MoveCardMoney) -> Answer:
    """Move money between two gift cards that are valid and of one currency, once per id."""
    return await _once(handler, workspace_id, command)


async def _once(handler: Handler, workspace_id: int, command: _Command) -> Answer:
    try:
        return await handler.retrying(lambda: _do(handler, workspace_id, command))
    except ProblemError as error:
        return answer_problem(error.problem)


async def _do(handler: Handler, workspace_id: int, command: _Command) -> Answer:
    async with handler.database.transaction(workspace_id) as conn:
        bucket, owner = await _home(conn, handler, workspace_id, command)
        batch = await handler.batch(conn, workspace_id, bucket)
        event_id = batch.name("card", command.id)
        if isinstance(command, SellCard) and command.customer is not None:
            await _lock_customer(conn, batch, command.customer)
        earlier = await _claim(conn, handler, batch, command, event_id, owner)
        if earlier is not None:
            return earlier
        if not isinstance(command, SellCard):
            codes = [command.code] if isinstance(command, TopUpCard) else [command.code, command.to]
            await load_codes(conn, batch, codes, lock=True)
            found = batch.entered.get(command.code)
            if found is not None and (found.bucket, found.row.customer_id) != (bucket, owner):
                raise SerializationError("the card was given to a customer while it was looked for")
        # Ids of operations ascend in the order in which things happened to a card: it is locked by now.
        operation = Operation(batch.ids.next(), event_id, Member(customer_id=owner, owner=owner), batch.now)
        if isinstance(command, SellCard):
            sold = _sell(batch, command, operation)
            answer, stored = encode_answer(sold), stored_answer(batch.codebook, workspace_id, sold)
        elif isinstance(command, TopUpCard):
            answer = stored = msgspec.json.encode(_top_up(batch, command, operation))
        else:
            answer = stored = msgspec.json.encode(_move(batch, command, operation))
        body = _body(batch, command)
        row = event_row(batch, operation, EventKind.CARD, external_id=command.id, body=body, answer=stored)
        batch.put_event(row)
        batch.audit_entries.append(_audited(batch, command, operation))
        await write(conn, batch, handler.generation)
    return Answer(status=201, body=answer)


async def _home(conn: Connection, handler: Handler, workspace_id: int, command: _Command) -> tuple[int, UUID]:
    """Return the bucket in which a command is noted, and for whom: the holder of the (first) card."""
    workspace = await handler.configurations.recent(conn, workspace_id)
    row = workspace.row
    if not isinstance(command, SellCard):
        found = await places_of(conn, handler.codebook, workspace_id, [command.code])
        if command.code not in found:
            raise voucher_unknown()
        bucket, customer_id, _ = found[command.code]
        return bucket, customer_id
    if command.customer is not None:
        bucket = bucket_of(command.customer, row.bucket_base, row.bucket_count)
        return bucket, named_id(workspace_id, "customer", command.customer)
    card_id = named_id(workspace_id, "card", command.id)
    return bucket_of_code(card_id, row.bucket_base, row.bucket_count), card_id


async def _lock_customer(conn: Connection, batch: Batch, customer: str) -> None:
    customer_id = batch.name("customer", customer)
    locked = await lock_customers(conn, batch.workspace.workspace_id, batch.bucket, [customer_id])
    if customer_id not in locked:
        raise problem(404, "customer_unknown", f"There is no customer {customer!r}.")
    if locked[customer_id].erased_at is not None:
        raise await customer_gone(conn, batch.workspace.workspace_id, (batch.bucket, customer_id))


async def _claim(
    conn: Connection, handler: Handler, batch: Batch, command: _Command, event_id: UUID, owner: UUID
) -> Answer | None:
    """Claim the id; return the stored answer if this was done before."""
    workspace_id, key = batch.workspace.workspace_id, (IdKind.CARD, event_id)
    row, claimed, _ = await claim_or_find(conn, workspace_id, batch.bucket, {key: owner}, ())
    batch.workspace = await handler.configurations.as_of(conn, row)
    batch.now = business_now(batch.workspace)
    if key not in claimed:
        return None
    bucket, first = claimed[key]
    batch.external[key] = first
    batch.events = await load_events(conn, workspace_id, bucket, [(first, event_id)])
    # Of whom the card is now does not matter: the id belongs to whoever used it first.
    earlier = replayed(batch, IdKind.CARD, event_id, first, command.id, _body(batch, command))
    if earlier is None or not isinstance(command, SellCard):
        return earlier
    return shown_answer(batch.codebook, workspace_id, earlier)


def _sell(batch: Batch, command: SellCard, operation: Operation) -> Decided:
    live, name = one_program(batch.workspace, command.reward, "reward", "$.reward")
    version, compiled = live.latest, live.latest.rewards[name]
    amount = command.amount if command.amount is not None else compiled.card_for(None)
    if not compiled.card_for(None):
        raise field_problem("$.reward", "no_gift_card", f"reward {name} is no gift card")
    off = why_off(version, compiled, batch.workspace.switches)
    if off is not None:
        raise refused(off)
    effect = _issued(batch, live, compiled, amount)
    batch.apply(operation, version, (effect,))
    card = Member(customer_id=operation.source_id, owner=operation.source_id)
    fund_card(batch, operation, version, card, amount)
    return Decided(
        id=command.id,
        customer=command.customer,
        voucher=VoucherAnswer(
            id=str(operation.source_id),
            code=effect.code.text,
            reward=f"{live.code}/{name}",
            value=amount,
            currency=effect.currency,
            points=0,
            expires_at=None if effect.expires_at is None else format_instant(effect.expires_at),
        ),
    )


def _issued(batch: Batch, live: LiveProgram, compiled: CompiledReward, amount: Minor) -> IssueVoucher:
    version, reward = live.latest, compiled.reward
    codes = reward.codes or Codes()
    lasts = reward.expires_after_for(None) or codes.valid_for
    return IssueVoucher(
        code=batch.codebook.draw(batch.workspace.workspace_id, codes),
        reward=reward.id,
        value=amount,
        currency=version.program.currency,
        expires_at=None if lasts is None else end_of_day_after(version, batch.now, lasts),
        points=0,
        unit=version.wallets[compiled.wallet].unit,
        uses=1,
        bound=codes.bound,
    )


def _top_up(batch: Batch, command: TopUpCard, operation: Operation) -> CardMoneyAnswer:
    found = _valid(batch, command.code, "$.code")
    _credit(batch, operation, found, command.amount, Account.ISSUED)
    return CardMoneyAnswer(id=command.id, amount=command.amount, card=_shown(command.code, found))


def _move(batch: Batch, command: MoveCardMoney, operation: Operation) -> CardMoneyAnswer:
    giving, taking = _valid(batch, command.code, "$.code"), _valid(batch, command.to, "$.to")
    if giving.row.voucher_id == taking.row.voucher_id:
        raise field_problem("$.to", "same_card", "is the same card")
    if giving.unit != taking.unit:
        raise field_problem("$.to", "other_currency", "is a card of another program")
    balance = giving.balance or 0
    refusal = too_little_on_card(command.amount, balance, giving.row.currency)
    if refusal is not None:
        raise refused(refusal)
    amount = balance if command.amount is None else command.amount
    card = batch.cards[giving.row.voucher_id]
    effects, _ = charge_card(card, giving.unit, amount, batch.now, Account.IN_TRANSIT, giving.bucket)
    _apply(batch, operation, giving, card, *effects)
    receiving = Operation(batch.ids.next(), operation.source_id, operation.member, operation.at)
    _credit(batch, receiving, taking, amount, Account.IN_TRANSIT)
    return CardMoneyAnswer(
        id=command.id,
        amount=amount,
        card=_shown(command.code, giving),
        to=_shown(command.to, taking),
    )


def _credit(batch: Batch, operation: Operation, found: FoundVoucher, amount: Minor, source: Account) -> None:
    key = LotKey(Origin.EARNED, batch.now, None)
    credit = Credit(found.unit, amount, key, source, pending=False)
    _apply(batch, operation, found, batch.cards[found.row.voucher_id], credit)


def _apply(batch: Batch, operation: Operation, found: FoundVoucher, card: Member, *effects: Effect) -> None:
    version = batch.workspace.program_by_id(found.row.program_id).version(found.row.version)
    own = Operation(operation.operation_id, operation.source_id, card, operation.at)
    batch.apply(own, version, effects, None if found.bucket == batch.bucket else found.bucket)
    found.balance = card.wallets[found.unit].balance


def _valid(batch: Batch, code: str, path: str) -> FoundVoucher:
    """Return the gift card of a code, or raise why nothing can be put on it or taken off it."""
    found = batch.entered.get(code)
    if found is None or found.row.state is VoucherState.ENDED:
        raise voucher_unknown()
    if found.balance is None:
        raise field_problem(path, "no_gift_card", f"{shown(code)} is no gift card")
    if found.row.state is VoucherState.VOIDED:
        raise problem(409, "voucher_voided", f"{shown(code)} is void.")
    if found.row.expires_at is not None and found.row.expires_at <= batch.now:
        raise problem(409, "voucher_expired", f"{shown(code)} has expired.")
    return found


def _shown(code: str, found: FoundVoucher) -> CardAnswer:
    return CardAnswer(
        card=str(found.row.voucher_id),
        code=shown(code),
        currency=found.row.currency,
        balance=found.balance or 0,
    )


def _body(batch: Batch, command: _Command) -> bytes:
    """Return the command as it may be stored: a code is named by its hash."""
    if isinstance(command, SellCard):
        return body_of(command)
    hashed = {name: _hash(batch, getattr(command, name)) for name in ("code", "to") if hasattr(command, name)}
    return body_of(msgspec.structs.replace(command, **hashed))


def _hash(batch: Batch, code: str) -> str:
    return next((each.hex for each in batch.codebook.hashes_of(batch.workspace.workspace_id, code)), "")


def _audited(batch: Batch, command: _Command, operation: Operation) -> AuditEntry:
    actions = {SellCard: "card.sold", TopUpCard: "card.topped_up", MoveCardMoney: "card.moved"}
    return AuditEntry(
        entry_id=batch.ids.next(),
        at=time.time_ns() // 1_000,
        actor=command.actor,
        action=actions[type(command)],
        object=f"card/{operation.source_id}",
        reason=command.reason,
        after={"id": command.id, "amount": command.amount},
    )
