"""One owner's balance is carried over into another unit, or taken back: once, under the owner's lock.

What is held for an order has to come back or be used first: such an owner waits, and is tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.conversion import Carried, Terms, carry, carry_back
from perennial.core.events import BalanceConverted, ConversionReversed
from perennial.core.member import Member, Wallet
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, ConvertOwner
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.decide_program import decide_in_program, event_row
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.problems import problem
from perennial.store.conversions import (
    ConversionRow,
    ConversionState,
    OwnerRow,
    OwnerState,
    read_conversion,
    read_owners,
)
from perennial.store.events import EventKind
from perennial.units import MAX_AMOUNT

HOLDS_OPEN = "holds_open"
IN_HOUSEHOLD = "in_household"
TOO_MUCH = "too_much"


class OwnerAnswer(msgspec.Struct, frozen=True):
    """What became of an owner: their state by its number, if there is anything of theirs to convert.

    ``owner`` is who has the wallets now (in hex), where that is a household that was entered meanwhile, and
    ``bucket`` where it lies.
    """

    state: int | None = None
    owner: str | None = None
    bucket: int = 0


async def load_conversions(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Load the conversions that commands belong to, and how far their owners are; most batches have none."""
    wanted = [command for command in commands if isinstance(command, ConvertOwner)]
    if not wanted:
        return
    workspace_id = batch.workspace.workspace_id
    keys = [(UUID(hex=one.customer_id), UUID(hex=one.conversion_id)) for one in wanted]
    for conversion_id in sorted({conversion_id for _, conversion_id in keys}):
        row = await read_conversion(conn, workspace_id, conversion_id, share=True)
        if row is not None:
            batch.conversions[conversion_id] = row
    batch.converted = await read_owners(conn, workspace_id, batch.bucket, keys)


def handle_conversion(batch: Batch, command: ConvertOwner) -> Answer:
    """Carry an owner's balance over, or take it back; whoever comes second finds it done."""
    owner, conversion_id = UUID(hex=command.customer_id), UUID(hex=command.conversion_id)
    conversion = batch.conversions.get(conversion_id)
    if conversion is None:
        raise problem(404, "conversion_unknown", "The conversion is not there.")
    wanted = ConversionState.GOING_BACK if command.back else ConversionState.CARRYING
    known = batch.converted.get((owner, conversion_id))
    if conversion.state is not wanted:
        return _answer(known)
    member = batch.members.get(owner)
    if command.back:
        return _answer(known if known is None else _go_back(batch, conversion, known, member))
    if known is not None and known.state not in (OwnerState.WAITING, OwnerState.REFUSED):
        return _answer(known)
    if member is None:
        return _answer(None)
    if member.owner != owner:
        # The wallets are a household's by now, which is handled as an owner of its own.
        there = OwnerAnswer(owner=member.owner.hex, bucket=batch.place_of(member.owner))
        return Answer(status=200, body=msgspec.json.encode(there))
    return _answer(_carry(batch, conversion, member, waited=known is not None))


def _answer(row: OwnerRow | None) -> Answer:
    return Answer(status=200, body=msgspec.json.encode(OwnerAnswer(None if row is None else row.state)))


def _carry(batch: Batch, conversion: ConversionRow, member: Member, *, waited: bool) -> OwnerRow | None:
    """Carry a balance over; None if there is nothing of it, and the owner never ``waited``."""
    terms, at = conversion.terms, batch.now
    run_timers_due(batch, member, at)
    wallet = member.wallets.get(terms.unit)
    row = OwnerRow(
        customer_id=member.customer_id, conversion_id=conversion.conversion_id, state=OwnerState.WAITING
    )
    if wallet is not None and wallet.held:
        return _put(batch, msgspec.structs.replace(row, reason=HOLDS_OPEN))
    carried = Carried() if wallet is None else carry(wallet, terms, at)
    if not carried:
        done = msgspec.structs.replace(row, state=OwnerState.CONVERTED)
        return _put(batch, done) if waited else None
    if max(carried.given, carried.owed, carried.short) + _balance(member, terms) > MAX_AMOUNT:
        return _put(batch, msgspec.structs.replace(row, state=OwnerState.REFUSED, reason=TOO_MUCH))
    operation_id = _happen(batch, conversion, member, None)
    return _put(
        batch,
        msgspec.structs.replace(
            row, state=OwnerState.CONVERTED, operation_id=operation_id, carried=carried, reason=None
        ),
    )


def _go_back(batch: Batch, conversion: ConversionRow, row: OwnerRow, member: Member | None) -> OwnerRow:
    """Take back what was carried over; of somebody who was erased nothing is left."""
    terms, at = conversion.terms, batch.now
    if row.state is OwnerState.REVERSED:
        return row
    began = row.state in (OwnerState.CONVERTED, OwnerState.RETURN_WAITING)
    if not began or member is None:
        return _put(batch, msgspec.structs.replace(row, state=OwnerState.REVERSED))
    if member.owner != row.customer_id:
        # The points are a household's by now, together with those of others.
        gone = msgspec.structs.replace(
            row, state=OwnerState.REVERSED, reason=IN_HOUSEHOLD, used=row.carried.given
        )
        return _put(batch, gone)
    run_timers_due(batch, member, at)
    wallet = member.wallets.get(terms.into) or Wallet(lots={})
    if wallet.held:
        return _put(batch, msgspec.structs.replace(row, state=OwnerState.RETURN_WAITING, reason=HOLDS_OPEN))
    returned = carry_back(row.carried, wallet, at)
    operation_id = _happen(batch, conversion, member, row.carried)
    return _put(
        batch,
        msgspec.structs.replace(
            row,
            state=OwnerState.REVERSED,
            reason=None,
            back_operation_id=operation_id,
            back_taken=sum(points for _, points in returned.taken),
            back_given=sum(points for _, points in returned.given),
            used=returned.gone,
        ),
    )


def _put(batch: Batch, row: OwnerRow) -> OwnerRow:
    batch.put_converted(row)
    return row


def _balance(member: Member, terms: Terms) -> int:
    wallet = member.wallets.get(terms.into)
    return 0 if wallet is None else wallet.balance + wallet.held


def _happen(batch: Batch, conversion: ConversionRow, member: Member, carried: Carried | None) -> UUID:
    """Decide it (or what was ``carried`` back), note it as something that happened; return its operation."""
    live, at, terms = _program_of(batch, conversion), batch.now, conversion.terms
    version = live.version_at(at) or live.latest
    operation = batch.operation(member, batch.ids.next(), at)
    event: BalanceConverted | ConversionReversed
    if carried is None:
        kind = EventKind.CONVERSION
        event = BalanceConverted(id=operation.source_id, at=at, terms=terms)
    else:
        kind = EventKind.CONVERSION_BACK
        event = ConversionReversed(id=operation.source_id, at=at, terms=terms, carried=carried)
    outcomes = decide_in_program(batch, operation, live, version, event)
    batch.put_event(event_row(batch, operation, kind, outcomes, external_id=conversion.external_id))
    return operation.operation_id


def _program_of(batch: Batch, conversion: ConversionRow) -> LiveProgram:
    return next(live for live in batch.workspace.programs if live.program_id == conversion.program_id)
