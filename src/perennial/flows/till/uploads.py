"""``POST /v1/till/devices/{id}/uploads``: what a till gave while it was offline, merged once and in order.

Each entry is a transaction of its own, under the locks of its device and its allowance: it is redeemed as if
it had come when it happened, its outcome is stored under its number, and what it was granted is counted
against the allowance, all or nothing. What is no longer there (a voucher used elsewhere, points gone) is an
overspend: a debt of the member and a loss, or refused, as the allowance says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.codes.till_allowance import EntryReason, EntryState, Overspend, Spent, why_refused
from perennial.core.codes.till_code import TillCode, TillKind
from perennial.core.counting import counted
from perennial.core.effects import Owe
from perennial.core.orders.order import Order
from perennial.core.pricing.redeemables import Reason, Source
from perennial.flows.answers import FieldProblem
from perennial.flows.batch import Batch, Operation
from perennial.flows.checkout.scanning import customer_of
from perennial.flows.commands import Asked, PointsAsked, PostRedemption
from perennial.flows.configuration import FUTURE_TOLERANCE, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.handling.load_batch import load
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.handling.quote_answers import RedemptionAnswer
from perennial.flows.handling.redeeming import handle_redemption
from perennial.flows.handling.write_batch import write
from perennial.flows.problems import ProblemError, field_problem, problem
from perennial.flows.references import one_program
from perennial.flows.signed_codes import verified
from perennial.flows.till.devices import (
    allowance_id_of,
    bounds_of,
    device_unknown,
    note,
    require_device,
)
from perennial.ledger.account import Account
from perennial.store.codes.signing import is_signed_by
from perennial.store.codes.till import (
    AllowanceRow,
    DeviceRow,
    EntryRow,
    insert_entry,
    read_allowance,
    read_device,
    read_entries,
    read_member_points,
)
from perennial.store.database import attempt
from perennial.units import Instant, Minor, Points, bucket_of, named_id

_SIGNED = b"perennial till entry\n"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One redemption that a till let happen offline.

    ``amount`` is everything that was not paid because of it, in minor units; ``points`` say how many of
    which wallet. ``token`` is the member's rotating code. ``signed`` is the text that ``signature`` signs.
    """

    sequence: int
    at: Instant
    order: Order
    amount: Minor
    customer: str | None = None
    token: str | None = None
    order_id: str | None = None
    codes: tuple[str, ...] = ()
    points: tuple[PointsAsked, ...] = ()
    signed: bytes
    signature: bytes

    @property
    def points_given(self) -> Points:
        """Return how many points were given, of all wallets."""
        return sum(asked.points or 0 for asked in self.points)


class EntryAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of an entry: ``redeemed``, ``overspent`` or ``refused``.

    ``points`` and ``amount`` were granted. Of those, ``owed`` points became the member's debt, and ``lost``
    minor units were given for what was no longer there. ``redemption`` is the id of the redemption.
    """

    sequence: int
    state: EntryState
    redemption: str | None = None
    points: Points = 0
    amount: Minor = 0
    owed: Points = 0
    lost: Minor = 0
    reason: str | None = None
    message: str | None = None


class UploadAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each entry of an upload, in the order of their numbers."""

    device: str
    allowance: str
    entries: tuple[EntryAnswer, ...]


class _NotGrantedError(Exception):
    """Undoes what an entry would have changed; ``answer`` is what is stored and told instead."""

    def __init__(self, answer: EntryAnswer) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class _Upload(msgspec.Struct):
    """One upload under way."""

    handler: Handler
    workspace_id: int
    device: DeviceRow
    allowance: str
    allowance_id: UUID
    actor: str


async def merge_upload(
    handler: Handler, workspace_id: int, device: str, allowance: str, entries: Sequence[Entry], actor: str
) -> UploadAnswer:
    """Merge entries in the order of their numbers, each once; return what became of every one.

    Raises a problem, and merges none, for an unknown device or allowance, a signature that is not the
    device's, a number that leaves a gap or was used before with other words, and a time to come.
    """
    ordered = sorted(enumerate(entries), key=lambda each: each[1].sequence)
    async with handler.database.snapshot(workspace_id) as conn:
        found = await require_device(conn, workspace_id, device)
        upload = _Upload(
            handler, workspace_id, found, allowance, allowance_id_of(workspace_id, device, allowance), actor
        )
        if await read_allowance(conn, workspace_id, found.device_id, upload.allowance_id) is None:
            raise _allowance_unknown(allowance)
        now = business_now(await handler.configurations.current(conn, workspace_id))
        numbers = [entry.sequence for _, entry in ordered]
        stored = await read_entries(conn, workspace_id, found.device_id, numbers)
    _check_entries(upload, ordered, stored, now)
    answers = [
        await handler.retrying(lambda place=place, entry=entry: _merge(upload, place, entry))  # type: ignore[misc]
        for place, entry in ordered
    ]
    return UploadAnswer(device=device, allowance=allowance, entries=tuple(answers))


def _check_entries(
    upload: _Upload, ordered: Iterable[tuple[int, Entry]], stored: dict[int, EntryRow], now: Instant
) -> None:
    """Refuse the whole upload if one of its entries cannot be what the device did next."""
    last, seen = upload.device.last_sequence, 0
    for place, entry in ordered:
        path = f"$.entries[{place}]"
        if not is_signed_by(upload.device.public_key, _SIGNED + entry.signed, entry.signature):
            words = "is not the signature of this device for this entry and this allowance"
            raise field_problem(f"{path}.signature", "signature_invalid", words)
        if entry.sequence == seen:
            raise field_problem(f"{path}.sequence", "sequence_conflict", "is given twice")
        seen = entry.sequence
        if entry.sequence in stored:
            _check_same(upload, place, entry, stored[entry.sequence])
        elif entry.sequence > last + 1:
            raise _gap(place, last + 1, entry.sequence)
        elif entry.at > now + FUTURE_TOLERANCE:
            raise field_problem(f"{path}.at", "in_the_future", "lies more than 5 minutes ahead")
        last = max(last, entry.sequence)


def _gap(place: int, expected: int, sequence: int) -> ProblemError:
    path = f"$.entries[{place}].sequence"
    field = FieldProblem(path=path, code="sequence_gap", message=f"the next one is {expected}")
    words = f"{path}: the next entry of this device is number {expected}."
    return problem(409, "sequence_gap", words, field, details={"expected": expected, "given": sequence})


def _check_same(upload: _Upload, place: int, entry: Entry, row: EntryRow) -> None:
    if row.body != _hash_of(upload, entry):
        words = "was used before with another body"
        raise field_problem(f"$.entries[{place}].sequence", "sequence_conflict", words)


def _hash_of(upload: _Upload, entry: Entry) -> bytes:
    return upload.handler.codebook.mac(upload.workspace_id, "till entry", entry.signed)


def _allowance_unknown(name: str) -> ProblemError:
    return problem(404, "allowance_unknown", f"The device has no allowance {name!r}.")


async def _merge(upload: _Upload, place: int, entry: Entry) -> EntryAnswer:
    """Merge one entry in one transaction, or return what became of it before."""
    workspace_id, device_id = upload.workspace_id, upload.device.device_id
    async with upload.handler.database.transaction(workspace_id) as conn:
        device = await read_device(conn, workspace_id, device_id, lock=True)
        if device is None:
            raise device_unknown(upload.device.external_id)
        if entry.sequence <= device.last_sequence:
            row = (await read_entries(conn, workspace_id, device_id, [entry.sequence]))[entry.sequence]
            _check_same(upload, place, entry, row)
            return msgspec.json.decode(row.answer, type=EntryAnswer)
        if entry.sequence > device.last_sequence + 1:
            raise _gap(place, device.last_sequence + 1, entry.sequence)
        allowance = await read_allowance(conn, workspace_id, device_id, upload.allowance_id, lock=True)
        if allowance is None:
            raise _allowance_unknown(upload.allowance)
        if device.blocked_since is not None and entry.at >= device.blocked_since:
            blocked = EntryReason.DEVICE_BLOCKED
            member_id, answer = None, _refused(entry, blocked.value, _WORDS[blocked])
        else:
            member_id, answer = await _judge(conn, upload, allowance, entry)
        now = business_now(await upload.handler.configurations.recent(conn, workspace_id))
        row = EntryRow(
            device_id=device_id,
            sequence=entry.sequence,
            allowance_id=upload.allowance_id,
            member_id=member_id,
            body=_hash_of(upload, entry),
            at=entry.at,
            recorded_at=now,
            state=answer.state,
            points=answer.points,
            amount=answer.amount,
            owed=answer.owed,
            lost=answer.lost,
            answer=msgspec.json.encode(answer),
        )
        await insert_entry(conn, workspace_id, row)
        if answer.state is not EntryState.REDEEMED:
            name = f"till_device/{upload.device.external_id}/{entry.sequence}"
            action = f"till_entry.{answer.state.value}"
            await note(conn, workspace_id, upload.actor, action, name, _told(upload, entry, answer))
    return answer


def _told(upload: _Upload, entry: Entry, answer: EntryAnswer) -> dict[str, object]:
    """Return what the audit log says of an entry that was not simply redeemed."""
    given = {"points": entry.points_given, "amount": entry.amount}
    outcome = msgspec.to_builtins(msgspec.structs.replace(answer, message=None))
    return {"allowance": upload.allowance, "given": given, "outcome": outcome}


async def _judge(
    conn: Connection, upload: _Upload, allowance: AllowanceRow, entry: Entry
) -> tuple[UUID | None, EntryAnswer]:
    """Redeem an entry within its allowance; return whose it is, and what became of it."""
    workspace_id = upload.workspace_id
    customer, fault = entry.customer, None
    if entry.token is not None:
        customer, fault = await _shown_by(conn, upload, entry)
    member_id = None if customer is None else named_id(workspace_id, "customer", customer)
    granted = 0
    if member_id is not None:
        granted = await read_member_points(
            conn, workspace_id, upload.device.device_id, upload.allowance_id, member_id
        )
    spent = Spent(at=entry.at, member=member_id, points=entry.points_given, amount=entry.amount)
    bounds = bounds_of(allowance)
    reason = fault or why_refused(bounds, allowance.granted(granted), spent)
    if reason is not None:
        return member_id, _refused(entry, reason.value, _WORDS[reason])
    try:
        return member_id, await _redeem(conn, upload, entry, customer, bounds.overspend)
    except _NotGrantedError as refused:
        return member_id, refused.answer
    except ProblemError as error:
        return member_id, _refused(entry, error.problem.code, error.problem.detail)


async def _shown_by(conn: Connection, upload: _Upload, entry: Entry) -> tuple[str | None, EntryReason | None]:
    """Return the customer who showed a rotating code when the entry happened, or why it is not taken."""
    workspace = await upload.handler.configurations.recent(conn, upload.workspace_id)
    codebook = upload.handler.codebook
    code = verified(
        codebook, upload.workspace_id, entry.token or "", judged_at(workspace.row.clock_at, entry)
    )
    if not isinstance(code, TillCode) or code.kind is not TillKind.MEMBER:
        return None, EntryReason.TOKEN_INVALID
    customer = await customer_of(conn, workspace, code)
    if customer is None:
        return None, EntryReason.MEMBER_UNKNOWN
    if entry.customer not in (None, customer):
        return None, EntryReason.TOKEN_INVALID
    return customer, None


def judged_at(clock_at: Instant | None, entry: Entry) -> Instant | None:
    """Return when a rotating code in an entry has to have been current.

    In a sandbox whose clock was moved entries have its time, and codes have that of the wall: then only
    their signature counts.
    """
    return entry.at if clock_at is None else None


async def _redeem(
    conn: Connection, upload: _Upload, entry: Entry, customer: str | None, policy: Overspend
) -> EntryAnswer:
    """Redeem an entry, again from the start where deciding it found out that it needs more."""
    command = _command(upload, entry, customer)

    async def redeemed(needed: Needed) -> EntryAnswer:
        async with attempt(conn):
            return await _redeem_once(conn, upload, entry, command, needed, policy)

    return await with_what_is_needed(redeemed)


def _command(upload: _Upload, entry: Entry, customer: str | None) -> PostRedemption:
    attributes = {**entry.order.attributes, "device": upload.device.external_id}
    order = msgspec.structs.replace(entry.order, location=upload.device.location, attributes=attributes)
    return PostRedemption(
        id=f"till:{upload.device.external_id}:{entry.sequence}",
        customer=customer,
        at=entry.at,
        order=order,
        redeem=tuple(Asked(code=code) for code in entry.codes),
        points=entry.points,
        order_id=entry.order_id,
    )


async def _redeem_once(
    conn: Connection,
    upload: _Upload,
    entry: Entry,
    command: PostRedemption,
    needed: Needed,
    policy: Overspend,
) -> EntryAnswer:
    handler, workspace_id = upload.handler, upload.workspace_id
    row = (await handler.configurations.recent(conn, workspace_id)).row
    bucket = bucket_of(command.customer or command.id, row.bucket_base, row.bucket_count)
    batch = await handler.batch(conn, workspace_id, bucket)
    batch.codes_judged_at = judged_at(row.clock_at, entry)
    await load(conn, batch, handler.configurations, [command], with_lots=needed.lots, codes=needed.codes)
    written = handle_redemption(batch, command)
    if written.replayed:
        words = f"A redemption has the id {command.id!r} that is this entry's."
        raise _NotGrantedError(_refused(entry, EntryReason.NOT_REDEEMABLE.value, words))
    redeemed = msgspec.json.decode(written.body, type=RedemptionAnswer)
    answer = _compared(batch, entry, command, redeemed)
    if answer.state is EntryState.OVERSPENT and policy is Overspend.REFUSE:
        raise _NotGrantedError(_refused(entry, EntryReason.OVERSPENT.value, answer.message or ""))
    await write(conn, batch, handler.generation)
    return answer


def _compared(batch: Batch, entry: Entry, command: PostRedemption, redeemed: RedemptionAnswer) -> EntryAnswer:
    """Compare what the device gave with what could be redeemed; points that are gone become a debt."""
    quote = redeemed.quote
    redeemable = sum(one.discount for one in quote.redeemables if one.source != Source.AUTOMATIC)
    redeemable += sum(paid.amount for paid in quote.points) + sum(card.amount for card in quote.cards)
    if redeemable > entry.amount:
        words = f"It is worth {redeemable}, and {entry.amount} was said to be given."
        raise _NotGrantedError(_refused(entry, EntryReason.WORTH_MORE.value, words))
    owed, owed_amount = _owe(batch, command, redeemed)
    lost = max(entry.amount - redeemable - owed_amount, 0)
    overspent = bool(owed or lost)
    why = [one.message or one.reason or "" for one in quote.redeemables if one.reason is not None]
    if owed:
        why.append(f"{counted(owed, 'points were')} gone")
    return EntryAnswer(
        sequence=entry.sequence,
        state=EntryState.OVERSPENT if overspent else EntryState.REDEEMED,
        redemption=command.id,
        points=entry.points_given,
        amount=entry.amount,
        owed=owed,
        lost=lost,
        reason=EntryReason.OVERSPENT.value if overspent else None,
        message=("; ".join(why) or "more was given than it is worth") if overspent else None,
    )


def _owe(batch: Batch, command: PostRedemption, redeemed: RedemptionAnswer) -> tuple[Points, Minor]:
    """Let the member owe the points that were given and are gone; return how many, and what they paid."""
    asked = [each for each in command.points if each.points is not None]
    owed, amount = 0, 0
    event = batch.new_events[-1]
    paid = {each.wallet: each for each in redeemed.quote.points}
    for place, each in enumerate(asked):
        live, wallet = one_program(batch.workspace, each.wallet, "wallet", f"$.points[{place}].wallet")
        answer = paid.get(f"{live.code}/{wallet}")
        if answer is None or answer.reason != Reason.INSUFFICIENT_POINTS.value:
            continue
        compiled = next(one for one in live.latest.wallets if one.spec.id == wallet)
        terms = compiled.spec.pays
        assert terms is not None, "points of a wallet that does not pay are refused"
        missing = (each.points or 0) - answer.points
        member = batch.members[event.customer_id]
        operation = Operation(event.operation_id, event.event_id, member, event.occurred_at)
        batch.apply(operation, live.latest, (Owe(compiled.unit, missing, Account.REDEEMED),))
        owed += missing
        amount += missing * terms.amount // terms.points
    return owed, amount


def _refused(entry: Entry, reason: str, message: str) -> EntryAnswer:
    return EntryAnswer(
        sequence=entry.sequence, state=EntryState.REFUSED, reason=reason, message=message or None
    )


_WORDS = {
    EntryReason.BEFORE_ALLOWANCE: "It happened before the allowance was issued.",
    EntryReason.ALLOWANCE_EXPIRED: "It happened after the allowance had expired.",
    EntryReason.DEVICE_BLOCKED: "The device was blocked from before it happened.",
    EntryReason.MEMBER_NOT_ALLOWED: "The allowance is for other members.",
    EntryReason.MEMBER_UNKNOWN: "The member is not known any more.",
    EntryReason.TOKEN_INVALID: "The member's code was not genuine, not current, or of another member.",
    EntryReason.CUSTOMER_REQUIRED: "Points are a member's.",
    EntryReason.TOO_MANY_REDEMPTIONS: "The allowance leaves no further redemption.",
    EntryReason.TOO_MANY_POINTS: "The allowance leaves no room for so many points.",
    EntryReason.TOO_MUCH_MONEY: "The allowance leaves no room for so much money.",
}
