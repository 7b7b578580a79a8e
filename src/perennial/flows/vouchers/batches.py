"""``POST /v1/vouchers/batches``: codes of a reward are made or imported, many at once.

One transaction, once per id: all codes of a batch are there, or none. A row that cannot be imported is
told with its number and leaves the others alone, unless the caller wants all or nothing. A code that
comes with a customer is theirs at once; every other one is nobody's, until it is assigned.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.codes.codes import MAX_LENGTH, Codes, IssuedCode, pattern_of
from perennial.core.codes.entry import shared_form
from perennial.core.counting import counted
from perennial.core.document.reward import Reward
from perennial.core.validation.codes import NEEDED_BITS
from perennial.core.version import Version
from perennial.core.wallets.dates import end_of_day_after
from perennial.flows.answers import Answer, FieldProblem
from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.problems import field_problem, problem
from perennial.flows.references import one_program
from perennial.store.codes.codebook import Codebook
from perennial.store.codes.pools import (
    BatchRow,
    PlacedCode,
    Terms,
    bucket_of_code,
    codes_not_taken,
    find_batch,
    finish_batch,
    insert_batch,
    insert_pool,
)
from perennial.store.customers.customers import lock_customers, read_customers
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.units import Instant, bucket_of, format_instant, named_id

MAX_CODES = 1_000_000
CHUNK = 1_000
"""Codes that are made and written at a time; other requests get their turn in between."""

MAX_NAMED = 20
"""So many rows are named where a batch is refused as a whole."""

_FRUITLESS = 200
"""So many draws in a row of which all codes are taken say that nearly all codes of the pattern are."""

_LETTERS = 36
"""The letters and digits that the strength of an imported code is judged by, which nobody knows better."""


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: ``count`` codes to be made, or ``codes`` to be imported, of a reward.

    The first code is for the first of ``customers``, and so on. Without ``all_or_nothing`` rows that are
    wrong are left out and told; ``allow_weak`` takes codes that are easy to guess although they carry
    money.
    """

    id: str
    reward: str
    count: int | None = None
    codes: tuple[str, ...] | None = None
    customers: tuple[str, ...] = ()
    starts_at: Instant | None = None
    expires_at: Instant | None = None
    all_or_nothing: bool = False
    allow_weak: bool = False


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that was left out, by its number from 1, and why."""

    row: int
    code: str
    message: str


class BatchView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A batch of codes: how many were ``made``, and which rows were left out."""

    id: str
    reward: str
    version: int
    imported: bool
    made: int
    created_at: str
    starts_at: str | None = None
    expires_at: str | None = None
    refused: tuple[RefusedRow, ...] = ()


class _Wanted(msgspec.Struct, frozen=True):
    """One row: the customer whose it will be (with their bucket), and the code, where it is not made."""

    row: int
    customer: tuple[int, UUID] | None = None
    text: str | None = None


Told: TypeAlias = Callable[[int], None]
"""Hears how many codes are written so far."""


def _unheard(made: int) -> None:
    """Nobody wants to know."""


class _Making:
    """One batch while its codes are made, or with ``dry`` only looked at. ``told`` hears how far it is."""

    def __init__(
        self,
        handler: Handler,
        workspace: Workspace,
        command: NewBatch,
        *,
        told: Told = _unheard,
        dry: bool = False,
    ) -> None:
        live, name = one_program(workspace, command.reward, "reward", "$.reward")
        self.told, self.dry = told, dry
        self.now = business_now(workspace)
        version = live.version_at(self.now)
        compiled = None if version is None else version.rewards.get(name)
        if version is None or compiled is None:
            raise field_problem("$.reward", "reward_unknown", f"there is no reward {command.reward!r} now")
        self.codebook = handler.codebook
        self.workspace = workspace
        self.command = command
        self.program_id, self.program = live.program_id, live.code
        self.version: Version = version
        self.reward: Reward = compiled.reward
        self.codes = _codes_of(self.reward)
        self.batch_id = batch_id_of(workspace.workspace_id, command.id)
        self.terms = Terms(
            value=self.reward.claim_value(),
            currency=version.program.currency,
            uses=self.codes.uses_of_each,
            bound=self.codes.bound,
        )
        self.refused: list[RefusedRow] = []
        self.made = 0
        self._expires_at = command.expires_at
        if self._expires_at is None and self.codes.valid_for is not None:
            self._expires_at = end_of_day_after(version, self.now, self.codes.valid_for)

    def refuse(self, row: int, code: str, message: str) -> None:
        """Leave a row out, or the whole batch."""
        self.refused.append(RefusedRow(row, code, message))

    def placed(self, wanted: _Wanted, code: IssuedCode) -> PlacedCode:
        """Return the code of a row as it is stored: with its customer, or as nobody's."""
        if wanted.customer is not None:
            bucket, customer_id = wanted.customer
            return bucket, code.code_hash, customer_id, code.sealed, code.last4
        row = self.workspace.row
        bucket = bucket_of_code(code.code_hash, row.bucket_base, row.bucket_count)
        return bucket, code.code_hash, code.code_hash, code.sealed, code.last4

    def view(self) -> BatchView:
        """Return the batch as its maker sees it."""
        return BatchView(
            id=self.command.id,
            reward=f"{self.program}/{self.reward.id}",
            version=self.version.number,
            imported=self.command.codes is not None,
            made=self.made,
            created_at=format_instant(self.now),
            starts_at=_text(self.command.starts_at),
            expires_at=_text(self._expires_at),
            refused=tuple(sorted(self.refused, key=lambda refused: refused.row)),
        )

    def batch_row(self, actor: str) -> BatchRow:
        """Return the row of the batch, before its codes are made."""
        return BatchRow(
            batch_id=self.batch_id,
            program_id=self.program_id,
            version=self.version.number,
            external_id=self.command.id,
            reward=self.reward.id,
            actor=actor,
            imported=self.command.codes is not None,
            made=0,
            created_at=self.now,
            starts_at=self.command.starts_at,
            expires_at=self._expires_at,
            body=_fields_of(self.codebook, self.workspace.workspace_id, self.command),
            answer=b"",
        )


def batch_id_of(workspace_id: int, external_id: str) -> UUID:
    """Return the internal id of the batch that its maker names ``external_id``."""
    return named_id(workspace_id, "voucher batch", external_id)


async def create_batch(
    handler: Handler, workspace_id: int, command: NewBatch, actor: str, told: Told = _unheard
) -> Answer:
    """Make or import a batch of codes, once per id; raises the problem of what cannot be.

    ``actor`` is named in the audit log. Sent again with the same body it is answered as the first time.
    ``told`` hears how many codes are written so far; where the database wanted another try, from 0 again.
    """
    return await handler.retrying(lambda: _create(handler, workspace_id, command, actor, told))


async def check_batch(handler: Handler, workspace_id: int, command: NewBatch) -> BatchView:
    """Return what :func:`create_batch` would say of codes to be imported, and write nothing.

    Where codes are taken or customers come in between, it says something else afterwards.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        making = _Making(handler, workspace, command, dry=True)
        _check(making)
        await _make(conn, making, making.batch_row(""))
        return making.view()


async def _create(handler: Handler, workspace_id: int, command: NewBatch, actor: str, told: Told) -> Answer:
    async with handler.database.transaction(workspace_id) as conn:
        batch_id = batch_id_of(workspace_id, command.id)
        earlier = await find_batch(conn, workspace_id, batch_id)
        if earlier is None:
            workspace = await handler.configurations.current(conn, workspace_id)
            making = _Making(handler, workspace, command, told=told)
            _check(making)
            batch = making.batch_row(actor)
            if not await insert_batch(conn, workspace_id, batch):
                earlier = await find_batch(conn, workspace_id, batch_id)
        if earlier is not None:
            return _replayed(handler, workspace_id, command, earlier)
        await _make(conn, making, batch)
        if command.all_or_nothing and making.refused:
            raise _all_refused(making.refused)
        answer = msgspec.json.encode(making.view())
        await finish_batch(conn, workspace_id, batch_id, making.made, answer)
        await insert_audit_entry(conn, workspace_id, _entry(handler, making, actor))
    return Answer(status=201, body=answer)


def _codes_of(reward: Reward) -> Codes:
    if reward.codes is None or reward.codes.shared is not None:
        words = f"reward {reward.id} has no codes of its own: give it codes without shared"
        raise field_problem("$.reward", "reward_without_codes", words)
    return reward.codes


def _check(making: _Making) -> None:
    """Refuse what cannot be meant."""
    command = making.command
    if (command.count is None) == (command.codes is None):
        raise field_problem("$.count", "count_or_codes", "give either count or codes, and not both")
    wanted = len(command.codes) if command.codes is not None else command.count or 0
    if not 1 <= wanted <= MAX_CODES:
        raise field_problem("$.count", "out_of_range", f"is between 1 and {MAX_CODES:,}")
    if command.customers and len(command.customers) != wanted:
        words = f"has one customer for each of the {counted(wanted, 'codes')}"
        raise field_problem("$.customers", "customers_mismatch", words)
    starts, expires = command.starts_at, command.expires_at
    if starts is not None and expires is not None and starts >= expires:
        raise field_problem("$.expires_at", "out_of_range", "lies after starts_at")
    space = pattern_of(making.codes).space
    if command.count is not None and 2 * command.count > space:
        words = f"the pattern has {space:,} different codes: too few for {command.count:,}"
        raise field_problem("$.count", "pattern_exhausted", words)


async def _make(conn: Connection, making: _Making, batch: BatchRow) -> None:
    """Write all rows of the batch, those of customers in the order in which customers are locked."""
    customers = await _customers(conn, making)
    texts = making.command.codes or (None,) * (making.command.count or 0)
    rows = [
        _Wanted(number, customer, text)
        for number, (customer, text) in enumerate(zip(customers, texts, strict=True), 1)
    ]
    if making.command.customers:
        unknown = [each for each in rows if each.customer is None]
        for each in unknown:
            making.refuse(each.row, "customer_unknown", "there is no such customer")
        rows = [each for each in rows if each.customer is not None]
    if making.command.codes is None:
        await _write_made(conn, making, batch, rows)
    else:
        await _write_imported(conn, making, batch, rows)


async def _customers(conn: Connection, making: _Making) -> Sequence[tuple[int, UUID] | None]:
    """Find the customers of the batch, locked unless ``dry``; None for who is unknown or erased."""
    command, row = making.command, making.workspace.row
    if not command.customers:
        return (None,) * (len(command.codes) if command.codes is not None else command.count or 0)
    places = [
        (bucket_of(name, row.bucket_base, row.bucket_count), named_id(row.workspace_id, "customer", name))
        for name in command.customers
    ]
    known: set[UUID] = set()
    for bucket in sorted({bucket for bucket, _ in places}):
        wanted = sorted({customer_id for at, customer_id in places if at == bucket})
        read = read_customers if making.dry else lock_customers
        found = await read(conn, row.workspace_id, bucket, wanted)
        known.update(each for each, customer in found.items() if customer.erased_at is None)
    return [place if place[1] in known else None for place in places]


async def _write_made(conn: Connection, making: _Making, batch: BatchRow, rows: Iterable[_Wanted]) -> None:
    """Draw a code for each row, and another one where it is taken; draw while others are written."""
    workspace_id = making.workspace.workspace_id
    waiting = deque(rows)
    fruitless = 0
    drawn = _draw(making, waiting)
    while drawn:
        codes = [making.placed(*pair) for pair in drawn]
        writing = asyncio.create_task(insert_pool(conn, workspace_id, batch, making.terms, codes))
        try:
            await asyncio.sleep(0)  # lets the codes go out
            following = _draw(making, waiting)
        finally:
            fresh = await writing
        making.made += len(fresh)
        making.told(making.made)
        waiting.extend(wanted for wanted, code in drawn if code.code_hash not in fresh)
        drawn = following or _draw(making, waiting)
        fruitless = 0 if fresh else fruitless + 1
        if fruitless == _FRUITLESS:
            words = f"nearly all codes of the pattern are taken; {making.made:,} were found"
            raise field_problem("$.count", "pattern_exhausted", words)


def _draw(making: _Making, waiting: deque[_Wanted]) -> list[tuple[_Wanted, IssuedCode]]:
    """Draw codes for the next rows, as many as are written at a time."""
    count = min(CHUNK, len(waiting))
    drawn = making.codebook.draw_many(making.workspace.workspace_id, making.codes, count)
    return [(waiting.popleft(), code) for code in drawn]


async def _write_imported(
    conn: Connection, making: _Making, batch: BatchRow, rows: Sequence[_Wanted]
) -> None:
    """Take the code of each row over, unless it is wrong, given twice or taken."""
    workspace_id = making.workspace.workspace_id
    seen: dict[UUID, int] = {}
    for start in range(0, len(rows), CHUNK):
        pairs = []
        for wanted in rows[start : start + CHUNK]:
            code = _imported(making, wanted)
            if code is None:
                continue
            first = seen.setdefault(code.code_hash, wanted.row)
            if first != wanted.row:
                making.refuse(wanted.row, "code_twice", f"is read as the code of row {first}")
                continue
            pairs.append((wanted, code))
        placed = [making.placed(*pair) for pair in pairs]
        if making.dry:
            fresh = await codes_not_taken(conn, workspace_id, [code.code_hash for _, code in pairs])
        else:
            fresh = await insert_pool(conn, workspace_id, batch, making.terms, placed)
        making.made += len(fresh)
        making.told(making.made)
        for wanted, code in pairs:
            if code.code_hash not in fresh:
                making.refuse(wanted.row, "code_taken", "another voucher has this code")


def _imported(making: _Making, wanted: _Wanted) -> IssuedCode | None:
    """Return the code of a row, or None if it is refused."""
    text = (wanted.text or "").strip()
    form = pattern_of(making.codes).form(text)
    if not form or len(text) > MAX_LENGTH or not text.isprintable():
        words = f"a code has up to {MAX_LENGTH} printable characters, and not only spaces and dashes"
        making.refuse(wanted.row, "code_malformed", words)
        return None
    if any(shared_form(text) in live.latest.shared_codes for live in making.workspace.programs):
        making.refuse(wanted.row, "code_taken", "is read as a code for everybody")
        return None
    guarded = making.reward.claim_value() > 0 and not making.codes.bound and not making.command.allow_weak
    if guarded and _LETTERS ** len(form) < 1 << NEEDED_BITS:
        words = (
            f"{len(form)} letters can be guessed, and whoever does gets money: bind the codes, or allow_weak"
        )
        making.refuse(wanted.row, "code_weak", words)
        return None
    return making.codebook.issue(making.workspace.workspace_id, making.codes, text)


def _fields_of(codebook: Codebook, workspace_id: int, command: NewBatch) -> bytes:
    """Return what was asked for, so that equal fields are seen to be equal and nothing can be read."""
    fields = msgspec.structs.asdict(command)
    macs = {
        name: codebook.mac(workspace_id, "batch", msgspec.msgpack.encode(value))[:8]
        for name, value in fields.items()
    }
    return msgspec.msgpack.encode(macs, order="sorted")


def _replayed(handler: Handler, workspace_id: int, command: NewBatch, earlier: BatchRow) -> Answer:
    sent = _fields_of(handler.codebook, workspace_id, command)
    if sent == earlier.body:
        return Answer(status=200, body=earlier.answer, replayed=True)
    before, after = msgspec.msgpack.decode(earlier.body), msgspec.msgpack.decode(sent)
    raise problem(
        422,
        "id_conflict",
        f"The id {command.id!r} was used before with another body.",
        *(
            FieldProblem(path=f"$.{name}", code="id_conflict", message="differs from the first use")
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)
        ),
    )


def _all_refused(refused: Sequence[RefusedRow]) -> Exception:
    ordered = sorted(refused, key=lambda each: each.row)
    fields = (
        FieldProblem(path=f"$.codes[{each.row - 1}]", code=each.code, message=each.message)
        for each in ordered[:MAX_NAMED]
    )
    words = f"{counted(len(refused), 'rows')} cannot be taken, and all or nothing was asked for."
    return problem(422, "rows_refused", words, *fields)


def _entry(handler: Handler, making: _Making, actor: str) -> AuditEntry:
    return AuditEntry(
        entry_id=handler.ids.next(),
        at=time.time_ns() // 1_000,
        actor=actor,
        action="voucher_batch.created",
        object=f"voucher_batch/{making.command.id}",
        after={
            "reward": f"{making.program}/{making.reward.id}",
            "made": making.made,
            "refused": len(making.refused),
            "imported": making.command.codes is not None,
            "weak": making.command.allow_weak,
        },
    )


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
