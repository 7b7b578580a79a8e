"""The audit is silent on sound books, and every kind of damage breaks exactly the checks that watch it.

The damage is done as the owner of the database, past every grant, wall and guard.
"""

from __future__ import annotations

import json

import pytest
from asyncpg import Connection

from perennial.core.customers.consents import Consent, ConsentChannel, ConsentState
from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.core.effects import (
    Count,
    Entitle,
    IssueVoucher,
    Join,
    MoveTier,
    Owe,
    Release,
    UseBudget,
    UseLimit,
)
from perennial.core.entitlements import EntitlementState
from perennial.ledger.account import Account
from perennial.store.audits.audit import AuditReport, audit
from perennial.store.audits.buckets import BETWEEN_BUCKETS
from perennial.store.audits.ledger import LEDGER
from perennial.store.audits.rows import ROWS
from perennial.store.budgets import BudgetKey, lock_budgets
from perennial.store.customers.consents import ConsentRow, record_consents, record_id_of
from perennial.store.customers.customers import CustomerRow
from perennial.store.customers.erasure import erase_rows
from perennial.store.customers.identifiers import IdentifierRow, identifier_hash, insert_identifiers
from perennial.store.customers.referrals import insert_advocacy
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind, claim_external_ids
from perennial.units import DAY, Instant
from tests.store.book import DATED, LATER, NOW, UNIT, WAITING, Book, count, given, taken

_INSERT_REFERRAL = """
insert into referrals (bucket, workspace_id, customer_id, referral_id, program_id, version, offer,
    advocate_bucket, advocate_id, state, signals, approved, undo, attributed_at, progress, given)
values ($2, $1, $3, $4, 1, 1, 'friends', $2, $5, 1, '{}', false, false, $6, '{}', '')
"""


@pytest.fixture
async def sound(book: Book) -> Book:
    """A book in which a little of everything has happened, sealed."""
    row, other = await book.customer("c"), await book.customer("other")
    home = await book.household("home")
    pooled = await book.customer("pooled", home.customer_id)
    async with book.db.transaction(book.ws) as conn:
        await lock_budgets(conn, book.ws, [BudgetKey(5, 0, 10)])
    limits = UseLimit(7, 0, 3, 10), UseBudget(5, 0, 3, 10)
    await book.buy(row, "first", Join(NOW, "api"), given(100), given(30, LATER), given(20, WAITING), *limits)
    await book.buy(row, "second", Release(UNIT, WAITING.lot_id, 20, DATED), Owe(UNIT, 4))
    await book.buy(row, "third", MoveTier(None, "gold", NOW, NOW, None, None, "spend"))
    await book.buy(row, "fourth", MoveTier("gold", "silver", NOW, NOW, None, None, "spend"))
    await book.buy(pooled, "fifth", given(9))
    claim = book.change(
        row,
        taken(60),
        IssueVoucher(book.code("CODE"), "off", 500, "USD", None, 40, UNIT),
        Entitle("cash_payout", "off", EntitlementState.OPEN, "", 100, "USD", 1, None, None, 20, UNIT),
        source=book.id_of("x", "claim"),
    )
    await book.write(claim, events=[book.event(row, "x", EventKind.CLAIM, claim)])
    sent = book.change(row, taken(10, target=Account.IN_TRANSIT), source=book.id_of("t", "transfer"))
    got = book.change(other, given(10, source=Account.IN_TRANSIT), source=sent.source_id)
    events = [
        book.event(row, "t", EventKind.TRANSFER, sent),
        book.event(other, "t", EventKind.TRANSFER_RECEIVED, got),
    ]
    await book.write(sent, got, dues={other.customer_id: NOW}, events=events)
    card = CustomerIdentifier(type=IdentifierType.CARD, value="4711")
    known = IdentifierRow(row.customer_id, identifier_hash(book.ws, card), "card", "4711")
    async with book.db.transaction(book.ws) as conn:
        await insert_identifiers(conn, book.ws, book.bucket, [known])
        words = [_word(book, row, state, NOW) for state in ConsentState]
        await record_consents(conn, book.ws, book.bucket, words, 1)
        referral_id = book.id_of("friend", "referral")
        await claim_external_ids(
            conn, [(IdKind.REFERRAL, referral_id, other.customer_id)], book.ws, book.bucket
        )
        await conn.execute(
            _INSERT_REFERRAL, book.ws, book.bucket, other.customer_id, referral_id, row.customer_id, NOW
        )
        place = (book.bucket, other.customer_id)
        await insert_advocacy(conn, book.ws, book.bucket, row.customer_id, referral_id, place)
    await book.settle()
    await book.seal()
    return book


def _word(book: Book, row: CustomerRow, state: ConsentState, at: Instant) -> ConsentRow:
    consent = Consent(channel=ConsentChannel.SMS, purpose="news", state=state, at=at, source="web")
    return ConsentRow(row.customer_id, consent, "key k", at, record_id_of(book.ws, consent))


async def _audit(book: Book, since: int | None = None) -> AuditReport:
    async with book.db.unbound() as conn:
        return await audit(conn, book.ws, since)


def _broken(report: AuditReport) -> set[str]:
    return {check.name for check in report.broken}


async def test_a_sound_book_is_clean(sound: Book) -> None:
    """Nothing is found where nothing is wrong, and something was there to be checked."""
    report = await _audit(sound)
    assert [(check.name, check.findings) for check in report.broken] == []
    assert report.clean
    assert len(report.checks) > 25
    assert len({check.name for check in report.checks}) == len(report.checks)
    async with sound.db.transaction(sound.ws) as conn:
        assert await count(conn, "postings") == 10
        assert await count(conn, "seals") == 1


DAMAGE = [
    ("update wallets set balance = balance + 1", {"wallet_balance", "wallet_lots"}),
    ("update wallets set debt = debt + 1", {"wallet_balance"}),
    ("update wallets set earned = earned - 1 where balance > 50", {"wallet_balance"}),
    ("update wallets set spent = spent + 1", {"wallet_balance"}),
    ("update wallets set expired = expired + 1", {"wallet_balance"}),
    ("update wallets set pending = pending - 1 where pending > 0", {"wallet_lots"}),
    ("update wallets set activated_until = '2027-01-01'", {"wallet_lots"}),
    ("delete from wallets where balance = 9", {"wallet_balance", "wallet_lots"}),
    ("update lots set remaining = remaining - 1 where granted = 120", {"lot_postings", "wallet_lots"}),
    ("update lots set granted = granted + 1", {"lot_postings"}),
    ("delete from lots where granted = 30", {"lot_postings", "wallet_lots"}),
    (
        "update lots set available_at = '2026-11-20' where granted = 30",
        {"wallet_lots"},
    ),
    (
        "update lots set expires_at = '2026-11-20T09:00Z' where granted = 30",
        {"lot_expiry", "timers"},
    ),
    (
        "update lots set expires_at = '2026-11-20T11:30Z' where granted = 120",
        {"expiry_on_time", "timers"},
    ),
    (
        "update postings set amount = amount + 1 where amount = 30",
        {"wallet_balance", "lot_postings", "seals"},
    ),
    ("delete from postings where amount = 30", {"wallet_balance", "lot_postings", "seals"}),
    (
        "update postings set credit = 4, at = '2026-11-20' where credit = 3",
        {"wallet_balance", "vouchers", "expiry_on_time", "seals"},
    ),
    ("update postings set lot_id = 0 where amount = 30", {"posting_accounts", "lot_postings", "seals"}),
    (
        "update postings set debit = 5, credit = 2, lot_id = 0 where amount = 4",
        {"posting_accounts", "wallet_balance", "seals"},
    ),
    ("update postings set credit = 5 where credit = 7 and amount = 10", {"transit", "seals"}),
    ("update postings set source_id = gen_random_uuid() where amount = 30", {"sources", "seals"}),
    (
        "update postings set unit_id = 2 where amount = 30",
        {"wallet_balance", "lot_postings", "ledger_names", "seals"},
    ),
    ("update postings set version = 2 where amount = 30", {"ledger_names", "seals"}),
    ("update postings set xact = xact + 1 where amount = 30", {"operation_whole", "seals"}),
    (
        "update postings set amount = 2000000000000000 where amount = 9",
        {"posting_amount", "wallet_balance", "lot_postings", "seals"},
    ),
    ("delete from orders where external_id = 'first'", {"sources", "external_ids"}),
    ("update orders set net = net + 1", {"order_bodies"}),
    ("update orders set returned = '{2}'", {"order_bodies"}),
    ("update orders set body = ''", {"order_bodies"}),
    ("update events set body = '' where kind = 4", {"blanked"}),
    ("update orders set returned = '{1,0}'", {"order_bodies"}),
    ("delete from external_ids where kind = 1", {"claimed_once"}),
    (
        "update external_ids set customer_id = gen_random_uuid() where kind = 4",
        {"external_ids", "claimed_once"},
    ),
    ("delete from customers where external_id = 'other'", {"customers"}),
    ("delete from customers where external_id = 'home'", {"customers", "external_ids", "households"}),
    ("update workspaces set bucket_base = 10000 where workspace_id = $1", {"buckets"}),
    ("update memberships set tier = 'gold'", {"tiers"}),
    ("delete from tier_moves where tier_after = 'silver'", {"tiers", "seals"}),
    ("update tier_moves set tier_before = 'bronze' where tier_after = 'silver'", {"tier_chain", "seals"}),
    ("delete from timers", {"timers"}),
    ("update timers set due_at = '2100-01-01'", {"timers"}),
    ("update identifiers set customer_id = gen_random_uuid()", {"identifiers"}),
    ("update identifiers set bucket = bucket + 1", {"identifiers"}),
    ("update identifiers set given = '4712'", {"identifier_hashes"}),
    ("update identifiers set type = 'ring'", {"identifier_hashes"}),
    ("delete from voucher_codes", {"vouchers"}),
    ("delete from vouchers", {"vouchers"}),
    ("update vouchers set points = 41", {"vouchers"}),
    ("update entitlements set points = 21", {"vouchers"}),
    ("update entitlements set amount = 0", {"entitlements"}),
    ("update entitlements set entitlement_id = gen_random_uuid()", {"entitlements", "external_ids"}),
    ("update entitlements set customer_id = gen_random_uuid()", {"entitlements", "external_ids"}),
    ("delete from external_ids where kind = 30", {"entitlements"}),
    ("delete from advocacies", {"referrals"}),
    ("delete from referrals", {"referrals", "external_ids"}),
    ("delete from external_ids where kind = 40", {"referrals"}),
    ("update referrals set advocate_id = gen_random_uuid()", {"referrals"}),
    ("update consents set given = true", {"consents", "consents_of_conditions"}),
    ("update consents set at = at + interval '1 day'", {"consents"}),
    ("delete from consents", {"consents"}),
    ("delete from consent_records where not given", {"consents"}),
    ("update consent_records set customer_id = gen_random_uuid()", {"consents"}),
    ("update seals set hash = sha256('x')", {"seals"}),
    ("update seals set block = block + 7", {"seals"}),
]


@pytest.mark.parametrize(("damage", "broken"), DAMAGE)
async def test_damage_is_found(sound: Book, superuser: Connection, damage: str, broken: set[str]) -> None:
    """Every damage to a book is found by the checks that are meant to find it, and by no other."""
    table = damage.split()[1 if damage.startswith("update") else 2]
    sql = (
        damage
        if "$1" in damage
        else f"{damage} {'and' if ' where ' in damage else 'where'} workspace_id = $1"
    )
    done = await superuser.execute(sql, sound.ws)
    assert int(done.split()[-1]) > 0, f"nothing in {table} was damaged"
    report = await _audit(sound)
    assert _broken(report) == broken
    assert not report.clean


@pytest.fixture
async def gone(sound: Book) -> CustomerRow:
    """Somebody in the same book who was erased."""
    row = await sound.customer("gone")
    effects = Join(NOW, "api"), given(50), UseLimit(7, 0, 1, 10), Count(8, 0, 1)
    await sound.buy(row, "sixth", *effects)
    closing = sound.change(row, taken(50, target=Account.CLOSED))
    event = sound.event(row, "", EventKind.ERASURE, closing)
    await sound.write(closing, dues={row.customer_id: None}, events=[event])
    async with sound.db.transaction(sound.ws) as conn:
        await erase_rows(conn, sound.ws, sound.bucket, [row.customer_id], NOW)
    return row


async def test_a_book_with_an_erased_customer_is_clean(sound: Book, gone: CustomerRow) -> None:
    """Rows that were blanked break nothing."""
    assert gone.external_id
    report = await _audit(sound)
    assert [(check.name, check.findings) for check in report.broken] == []


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("update orders set answer = '{}'", {"erased"}),
        ("update orders set net = 1", {"erased"}),
        ("update orders set paid_at = now()", {"erased"}),
        ("update events set body = '{}'", {"erased"}),
        ("update events set external_id = 'x'", {"erased"}),
        ("update memberships set left_at = null", {"erased"}),
        ("update memberships set source = 'x'", {"erased"}),
        ("update wallets set shortfall = 1", {"erased"}),
        ("update wallets set debt = 1", {"erased", "wallet_balance"}),
        ("update customers set erased_at = null", {"order_bodies"}),
        ("delete from external_ids", {"claimed_once"}),
    ],
)
async def test_what_is_left_of_an_erased_customer_is_found(
    sound: Book, gone: CustomerRow, superuser: Connection, damage: str, broken: set[str]
) -> None:
    """Whatever of an erased customer is there after all is found, and the ledger is checked as ever."""
    done = await superuser.execute(
        f"{damage} where workspace_id = $1 and customer_id = $2", sound.ws, gone.customer_id
    )
    assert int(done.split()[-1]) > 0
    assert _broken(await _audit(sound)) == broken


async def test_rows_that_an_erased_customer_cannot_have_are_found(
    sound: Book, gone: CustomerRow, superuser: Connection
) -> None:
    """A timer, a counter, a use of a limit, a consent: each is told."""
    key = f"{sound.bucket}, {sound.ws}, '{gone.customer_id}'"
    await superuser.execute(f"insert into timers values ({key}, now())")
    await superuser.execute(f"insert into counters values ({key}, 8, 1, 0)")
    await superuser.execute(f"insert into limit_uses values ({key}, 7, 1, 10, 0)")
    async with sound.db.transaction(sound.ws) as conn:
        word = _word(sound, gone, ConsentState.WITHDRAWN, NOW)
        await record_consents(conn, sound.ws, sound.bucket, [word], 1)
    (check,) = (await _audit(sound)).broken
    assert (check.name, check.findings[0].words) == ("erased", "a consent, a counter, a limit, a timer")


@pytest.mark.parametrize(
    ("allow", "damage", "broken"),
    [
        (
            "alter table lots drop constraint lots_remaining_check",
            "update lots set remaining = -1 where granted = 30",
            {"lot_postings", "wallet_lots"},
        ),
        (
            "alter table limit_uses drop constraint limit_uses_check",
            "update limit_uses set used = 11",
            {"limits"},
        ),
        ("alter table budgets drop constraint budgets_check", "update budgets set used = 11", {"limits"}),
    ],
)
async def test_damage_beyond_a_guard_is_found(
    sound: Book, superuser: Connection, allow: str, damage: str, broken: set[str]
) -> None:
    """Where a guard was removed, the audit says so, and what passed it is found too."""
    where = f"{'and' if 'where' in damage else 'where'} workspace_id = {sound.ws}"
    assert await _found_after(superuser, sound.ws, allow, f"{damage} {where}") == broken | {"guards"}


async def _found_after(superuser: Connection, ws: int, *damage: str) -> set[str]:
    """Do the damage, audit, and undo it: nobody else ever sees it."""
    transaction = superuser.transaction()
    await transaction.start()
    try:
        for statement in damage:
            await superuser.execute(statement)
        return _broken(await audit(_Inside(superuser), ws))  # type: ignore[arg-type]
    finally:
        await transaction.rollback()


class _Inside:
    """The owner's connection in its open transaction, which the audit's own would not see into."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def __getattr__(self, name: str) -> object:
        return getattr(self._conn, name)

    def transaction(self, **_: object) -> object:
        return self._conn.transaction()


async def test_a_lot_below_zero_in_between_is_found(sound: Book, superuser: Connection) -> None:
    """A lot that was overdrawn and filled up again later adds up, and is found all the same."""
    first = await superuser.fetchval(
        "select min(operation_id::text) from postings where workspace_id = $1", sound.ws
    )
    earlier = f"00000000{first[8:]}"
    done = await superuser.execute(
        "update postings set operation_id = $2 where workspace_id = $1 and credit = 3", sound.ws, earlier
    )
    assert done == "UPDATE 1"
    assert "lot_floor" in _broken(await _audit(sound))


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        ("grant update on postings to perennial_worker", "immutable"),
        ("grant update (amount) on postings to perennial_worker", "immutable"),
        ("grant update on events to perennial_worker", "immutable"),
        ("grant update (source_id) on events to perennial_worker", "immutable"),
        ("alter policy limit_uses_of_the_erased on limit_uses using (true)", "erasure"),
        ("drop policy events_are_blanked on events", "erasure"),
        ("alter table customers drop constraint customers_erased_check", "erasure"),
        ("grant update (given) on consent_records to perennial_worker", "immutable"),
        ("drop policy consents_of_the_erased on consents", "erasure"),
        ("alter policy consent_records_of_the_erased on consent_records using (true)", "erasure"),
        ("alter table orders no force row level security", "walls"),
        ("create table loose (workspace_id int)", "walls"),
        ("alter role perennial_worker createdb", "roles"),
        ("alter table budgets add column share double precision", "numbers"),
        ("alter table wallets drop constraint wallets_balance_check", "guards"),
    ],
)
async def test_a_weakened_database_is_found(
    book: Book, superuser: Connection, damage: str, name: str
) -> None:
    """A grant, wall, role, type or guard that was weakened is found, in an empty workspace too."""
    assert await _found_after(superuser, book.ws, damage) == {name}
    assert (await _audit(book)).clean


async def test_findings_name_the_operations(sound: Book, superuser: Connection) -> None:
    """A finding carries the bucket, the customer and the operations that had to do with it."""
    operation = await superuser.fetchval(
        "update postings set source_id = gen_random_uuid() where workspace_id = $1 and amount = 9 "
        "returning operation_id",
        sound.ws,
    )
    report = await _audit(sound)
    finding = next(check for check in report.broken if check.name == "sources").findings[0]
    assert (finding.bucket, finding.customer_id) == (sound.bucket, sound.id_of("home", "household"))
    assert finding.operations == (operation,)
    assert operation in report.operations


async def test_an_incremental_audit_sees_what_is_new(sound: Book, superuser: Connection) -> None:
    """Damage to owners without new postings is left to the full audit; new postings bring it back."""
    await sound.settle()
    since = (await _audit(sound)).until_xact
    await superuser.execute("update wallets set spent = spent + 1 where workspace_id = $1", sound.ws)
    assert _broken(await _audit(sound, since)) == set()
    other = await sound.customer("other")
    await sound.buy(other, "sixth", given(1))
    report = await _audit(sound, since)
    assert _broken(report) == {"wallet_balance"}
    (check,) = report.broken
    assert [finding.customer_id for finding in check.findings] == [other.customer_id]
    assert len((await _audit(sound)).broken[0].findings) == 3


async def test_another_workspace_is_none_of_its_business(
    sound: Book, workspace: int, superuser: Connection
) -> None:
    """Without a workspace all are checked; with one, the damage of another is not told."""
    await superuser.execute("update orders set net = net + 1 where workspace_id = $1", sound.ws)
    other = Book(sound.db, await _another(superuser))
    assert (await _audit(other)).clean
    async with sound.db.unbound() as conn:
        report = await audit(conn)
    assert (sound.ws, "order_bodies") in {(check.workspace_id, check.name) for check in report.broken}


async def _another(superuser: Connection) -> int:
    number = await superuser.fetchval("select max(workspace_id) + 100000 from workspaces")
    await superuser.execute(
        "insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, created_at) "
        "values ($1, $2, 'Other', false, $1, 1, $3)",
        number,
        f"other-{number}",
        NOW - DAY,
    )
    return int(number)


async def test_the_audit_writes_nothing(sound: Book, superuser: Connection) -> None:
    """No row of any table is newer after an audit than before it."""
    tables = [
        name
        for (name,) in await superuser.fetch(
            "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
    ]
    before = {
        name: await superuser.fetchval(f"select max(xmin::text::bigint) from {name}") for name in tables
    }
    await _audit(sound)
    after = {name: await superuser.fetchval(f"select max(xmin::text::bigint) from {name}") for name in tables}
    assert after == before


_MANY = 5_000
# One order, its event, its claimed id and a posting again and again, with ids of their own.
_COPIES = {
    "orders": {"order_id": "order_id"},
    "events": {"event_id": "event_id"},
    "external_ids": {"id_hash": "order_id"},
    "postings": {"source_id": "order_id", "operation_id": "operation_id"},
}


async def test_a_check_does_not_look_for_each_row(sound: Book, superuser: Connection) -> None:
    """What a check reads grows with the rows, not with their square: a page for each would be many."""
    read = {}
    async with superuser.transaction():
        await superuser.execute("set local session_replication_role = replica")
        await superuser.execute(
            f"""
            create temp table copies on commit drop as
            select gen_random_uuid() as order_id, gen_random_uuid() as event_id,
                gen_random_uuid() as operation_id
            from generate_series(1, {_MANY})
            """
        )
        for table, changed in _COPIES.items():
            values = ", ".join(f"'{column}', copies.{value}" for column, value in changed.items())
            await superuser.execute(
                f"""
                insert into {table} select (jsonb_populate_record(one, jsonb_build_object({values}))).*
                from (select {table} as one from {table} limit 1) as first, copies
                """
            )
        await superuser.execute("analyze")
        for check in (*BETWEEN_BUCKETS, *ROWS, *LEDGER):
            text = check.text(since=False).replace("$1", str(sound.ws))
            (told,) = json.loads(await superuser.fetchval(f"explain (analyze, buffers, format json) {text}"))
            read[check.name] = told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
    assert {name: pages for name, pages in read.items() if pages > _MANY} == {}
