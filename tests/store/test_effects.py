"""The writer of the ledger: every effect is stored as it is folded, and no floor or cap is passed."""

from __future__ import annotations

import random

import asyncpg
import msgspec
import pytest

from perennial.core.effects import (
    Activate,
    BeActive,
    Capture,
    Count,
    Credit,
    Debit,
    Effect,
    FallShort,
    Forgive,
    GiveBack,
    IssueVoucher,
    Join,
    Leave,
    MoveTier,
    Owe,
    Release,
    SetDue,
    Touch,
    UseBudget,
    UseLimit,
)
from perennial.core.fold import fold
from perennial.core.member import Member, Membership, Wallet
from perennial.ledger.account import Account
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.store.audits.audit import audit
from perennial.store.budgets import BudgetKey, lock_budgets, read_budgets
from perennial.store.codes.vouchers import VoucherState, find_vouchers, list_vouchers
from perennial.store.effects import GuardError, write_effects
from perennial.store.events import EventKind
from perennial.units import DAY
from tests.codebook import CODEBOOK
from tests.core.earning_stage import version_of
from tests.store.book import DATED, ENDLESS, LATER, NOW, UNIT, WAITING, Book, count, given, taken

BUDGET = 77


async def test_postings_carry_everything(book: Book) -> None:
    """A posting names its operation, accounts, lot, program, version, source, instant and transaction."""
    row = await book.customer("c")
    change = book.change(row, given(100), taken(30), Owe(UNIT, 5, Account.ADJUSTED), source=book.id_of("s"))
    async with book.db.transaction(book.ws) as conn:
        before = await conn.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    await book.write(change)
    async with book.db.transaction(book.ws) as conn:
        rows = await conn.fetch("select * from postings order by position")
    assert [(r["position"], r["debit"], r["credit"], r["amount"], r["lot_id"]) for r in rows] == [
        (0, Account.ISSUED, Account.WALLET, 100, DATED.lot_id),
        (1, Account.WALLET, Account.REDEEMED, 30, DATED.lot_id),
        (2, Account.DEBT, Account.ADJUSTED, 5, 0),
    ]
    first = rows[0]
    assert (first["operation_id"], first["source_id"]) == (change.operation_id, book.id_of("s"))
    assert (first["program_id"], first["version"], first["unit_id"], first["at"]) == (1, 1, UNIT, NOW)
    assert {r["xact"] for r in rows} == {first["xact"]}
    assert first["xact"] >= before


async def test_a_restored_database_counts_transactions_on(book: Book) -> None:
    """The installation's generation is the high part of a posting's transaction number."""
    row = await book.customer("c")
    change = book.change(row, given(1))
    async with book.db.transaction(book.ws) as conn:
        await write_effects(conn, book.ws, book.bucket, 3, [change], {})
        assert await conn.fetchval("select xact >> 48 from postings") == 3


async def test_a_batch_is_one_row_per_key(book: Book) -> None:
    """Two events of a member in one batch add up in one wallet, one lot and one counter."""
    row = await book.customer("c")
    await book.write(
        book.change(row, given(10), Count(11, 0, 1), UseLimit(21, 0, 1, 9)),
        book.change(row, given(20), taken(5), Count(11, 0, 2), UseLimit(21, 0, 3, 9)),
    )
    async with book.db.transaction(book.ws) as conn:
        sizes = [await count(conn, table) for table in ("wallets", "lots", "counters", "limit_uses")]
        assert sizes == [1, 1, 1, 1]
        assert await count(conn, "postings") == 3
    member = (await book.load(row, metrics={11: 0}, limits={21: 0}))[row.customer_id]
    assert member.wallets[UNIT].lots == {DATED.lot_id: Lot(DATED.lot_id, DATED, 30, 25)}
    assert (member.counters, member.limits) == ({11: {0: 3}}, {21: {0: 4}})


async def test_released_points_pass_through_transit(book: Book) -> None:
    """A released lot empties into its dated lot by two postings, and stops being pending if it is time."""
    row = await book.customer("c")
    await book.write(book.change(row, given(50, WAITING)))
    await book.write(book.change(row, Release(UNIT, WAITING.lot_id, 50, DATED, pending=False)))
    member = (await book.load(row))[row.customer_id]
    wallet = member.wallets[UNIT]
    assert (wallet.balance, wallet.pending, wallet.activated_until) == (50, 0, NOW)
    assert wallet.lots == {DATED.lot_id: Lot(DATED.lot_id, DATED, 50, 50)}
    async with book.db.transaction(book.ws) as conn:
        rows = await conn.fetch(
            "select debit, credit, lot_id from postings where position < 2 and debit <> 2"
        )
    assert {tuple(r) for r in rows} == {
        (Account.WALLET, Account.IN_TRANSIT, WAITING.lot_id),
        (Account.IN_TRANSIT, Account.WALLET, DATED.lot_id),
    }


async def test_memberships_move_leave_and_begin_anew(book: Book) -> None:
    """A tier move changes the tier alone, leaving keeps it, joining again begins without one."""
    row = await book.customer("c")
    await book.write(book.change(row, Join(NOW, "api")))
    await book.write(book.change(row, MoveTier(None, "gold", NOW, NOW, None, None, "spend")))
    await book.write(book.change(row, Leave(NOW + 1)))
    left = (await book.load(row))[row.customer_id].memberships
    assert left == {1: Membership(NOW, "api", "gold", NOW, None, None, NOW + 1)}
    await book.write(book.change(row, Join(NOW + 2, "web")))
    assert (await book.load(row))[row.customer_id].memberships == {1: Membership(NOW + 2, "web")}
    async with book.db.transaction(book.ws) as conn:
        move = await conn.fetchrow("select tier_before, tier_after, because, version from tier_moves")
    assert tuple(move or ()) == (None, "gold", "spend", 1)


async def test_timers_are_set_moved_and_cleared(book: Book) -> None:
    """The given due instants win over those of the effects; None leaves no row."""
    one, two = await book.customer("one"), await book.customer("two")
    await book.write(book.change(one, SetDue(5)), book.change(two, SetDue(6)), dues={two.customer_id: 7})
    members = await book.load(one, two)
    assert [members[row.customer_id].due_at for row in (one, two)] == [5, 7]
    await book.write(book.change(one, SetDue(None)), dues={two.customer_id: None})
    members = await book.load(one, two)
    assert [members[row.customer_id].due_at for row in (one, two)] == [None, None]


async def test_a_voucher_is_found_by_its_code_in_either_case(book: Book) -> None:
    """The first voucher of a claim carries the claim's id; another one gets an id of its own."""
    row = await book.customer("c")
    vouchers = [
        IssueVoucher(book.code(code), "five-off", 500, "USD", None, points, UNIT)
        for code, points in (("ABCD-1", 60), ("ABCD-2", 40))
    ]
    change = book.change(row, given(100), taken(100), *vouchers, source=book.id_of("claim", "claim"))
    await book.write(change, events=[book.event(row, "claim", EventKind.CLAIM, change)])
    async with book.db.transaction(book.ws) as conn:
        found = await list_vouchers(conn, book.ws, book.bucket, row.customer_id)
        hashes = [CODEBOOK.hashes_of(book.ws, entered)[0] for entered in ("abcd-1", "ab cd1", "ABCD-3")]
        places = await find_vouchers(conn, book.ws, hashes)
    assert hashes[0] == hashes[1]
    assert places == {hashes[0]: (book.bucket, row.customer_id, change.source_id)}
    assert {(CODEBOOK.open(book.ws, v.sealed), v.points, v.state) for v in found} == {
        ("ABCD-1", 60, VoucherState.ISSUED),
        ("ABCD-2", 40, VoucherState.ISSUED),
    }
    assert len({v.voucher_id for v in found}) == 2
    with pytest.raises(asyncpg.UniqueViolationError):
        await book.write(book.change(row, msgspec.structs.replace(vouchers[0], code=book.code("abcd-2"))))


@pytest.mark.parametrize(
    ("table", "effects"),
    [
        ("taken_wallets", (taken(101),)),
        ("taken_lots", (taken(101), given(50, ENDLESS))),
        ("taken_lots", (Debit(UNIT, 1, 999, Account.REDEEMED, pending=False),)),
        ("taken_wallets", (Debit(2, 1, DATED.lot_id, Account.REDEEMED, pending=False),)),
        ("taken_wallets", (Debit(UNIT, 1, DATED.lot_id, Account.REDEEMED, pending=True),)),
        ("taken_wallets", (Debit(UNIT, 1, DATED.lot_id, Account.DEBT, pending=False),)),
        ("taken_wallets", (FallShort(UNIT, -1),)),
        ("taken_wallets", (Activate(UNIT, 1, NOW),)),
        ("limit_uses", (UseLimit(21, 0, 4, 10),)),
        ("limit_uses", (UseLimit(21, 0, -8, 10),)),
        ("budgets", (UseBudget(BUDGET, 0, 4, 10),)),
        ("budgets", (UseBudget(BUDGET, 0, -8, 10),)),
        ("budgets", (UseBudget(BUDGET, 1, 1, 10),)),
        ("memberships", (Leave(NOW),)),
    ],
)
async def test_no_floor_or_cap_is_passed(book: Book, table: str, effects: tuple[Effect, ...]) -> None:
    """More than is there raises at the write, names the table, and leaves nothing behind."""
    row = await book.customer("c")
    async with book.db.transaction(book.ws) as conn:
        await lock_budgets(conn, book.ws, [BudgetKey(BUDGET, 0, 10)])
    await book.write(book.change(row, given(100), UseLimit(21, 0, 7, 10), UseBudget(BUDGET, 0, 7, 10)))
    before = await book.load(row, limits={21: 0})
    with pytest.raises(GuardError) as refused:
        await book.write(book.change(row, *effects))
    assert refused.value.table == table
    assert await book.load(row, limits={21: 0}) == before


@pytest.mark.parametrize("amount", [11, 12])
async def test_a_first_use_beyond_the_cap_is_refused(book: Book, amount: int) -> None:
    """A limit that was never used cannot begin above its cap: the table's own check says no."""
    row = await book.customer("c")
    with pytest.raises(asyncpg.CheckViolationError):
        await book.write(book.change(row, UseLimit(21, 0, amount, 10)))


async def test_a_lowered_cap_stops_new_uses_and_lets_old_ones_return(book: Book) -> None:
    """With 7 used and a cap lowered to 5 nothing more is used, while 1 may come back: 6 are left."""
    row = await book.customer("c")
    async with book.db.transaction(book.ws) as conn:
        await lock_budgets(conn, book.ws, [BudgetKey(BUDGET, 0, 10)])
    await book.write(book.change(row, UseLimit(21, 0, 7, 10), UseBudget(BUDGET, 0, 7, 10)))
    for effect in (UseLimit(21, 0, 1, 5), UseBudget(BUDGET, 0, 1, 5)):
        with pytest.raises(GuardError):
            await book.write(book.change(row, effect))
    await book.write(book.change(row, UseLimit(21, 0, -1, 5), UseBudget(BUDGET, 0, -1, 5)))
    async with book.db.transaction(book.ws) as conn:
        assert await conn.fetchval("select used from limit_uses") == 6
        assert await lock_budgets(conn, book.ws, [BudgetKey(BUDGET, 0, 5)]) == {(BUDGET, 0): 6}


async def test_what_is_used_is_kept_by_day(book: Book) -> None:
    """Uses of a day add up, what is given back is taken off, and a use without a day is in none."""
    row = await book.customer("c")
    async with book.db.transaction(book.ws) as conn:
        await lock_budgets(conn, book.ws, [BudgetKey(BUDGET, 0, 10), BudgetKey(78, 0, 10, 77, "berlin")])
    await book.write(book.change(row, UseBudget(BUDGET, 0, 3, 10, 100), UseBudget(BUDGET, 0, 2, 10, 101)))
    await book.write(book.change(row, UseBudget(BUDGET, 0, 4, 10, 101), UseBudget(78, 0, 5, 10)))
    await book.write(book.change(row, UseBudget(BUDGET, 0, -3, 10, 100)))
    async with book.db.transaction(book.ws) as conn:
        days = await conn.fetch("select budget_id, day, used from budget_days order by day")
        kept = await conn.fetch("select budget_id, used, limit_id, holder from budgets order by budget_id")
        keys = [BudgetKey(BUDGET, 0, 10), BudgetKey(78, 0, 10), BudgetKey(79, 0, 10)]
        assert await read_budgets(conn, book.ws, keys) == {(BUDGET, 0): 6, (78, 0): 5}
    assert [tuple(each) for each in days] == [(BUDGET, 100, 0), (BUDGET, 101, 6)]
    assert [tuple(each) for each in kept] == [(BUDGET, 6, None, None), (78, 5, 77, "berlin")]


def _valid(draw: random.Random, wallet: Wallet) -> list[Effect]:
    """Return effects that the wallet allows now."""
    keys = [DATED, LATER, ENDLESS, WAITING, LotKey(Origin.ADJUSTED, NOW, NOW + draw.randrange(1, 9) * DAY)]
    effects: list[Effect] = [
        given(draw.randrange(1, 50), draw.choice(keys)),
        Credit(UNIT, draw.randrange(1, 9), ENDLESS, Account.EXPIRED, False),
        Owe(UNIT, draw.randrange(1, 5), draw.choice([Account.ISSUED, Account.ADJUSTED])),
        FallShort(UNIT, draw.randrange(1, 5)),
        Count(draw.randrange(3), draw.randrange(2), draw.randrange(-5, 9)),
        UseLimit(draw.randrange(3), 0, draw.randrange(1, 5), 10**6),
        Touch(9, NOW + draw.randrange(9)),
        BeActive(UNIT, NOW + draw.randrange(9)),
    ]
    for lot in [lot for lot in (wallet.lots or {}).values() if lot.remaining > 0]:
        at = lot.key.available_at
        pending = at is None or at > wallet.activated_until
        amount = draw.randrange(1, lot.remaining + 1)
        targets = [Account.REDEEMED, Account.EXPIRED, Account.ISSUED, Account.ADJUSTED, Account.HELD]
        effects.append(Debit(UNIT, amount, lot.lot_id, draw.choice(targets), pending))
        if wallet.held and not pending and lot.remaining < lot.granted:
            back = min(wallet.held, lot.granted - lot.remaining)
            effects.append(GiveBack(UNIT, back, lot.key, Account.HELD, pending=False))
        if wallet.debt and not pending:
            amount = min(amount, wallet.debt)
            effects.append(Debit(UNIT, amount, lot.lot_id, Account.DEBT, pending))
        if at is None:
            effects.append(Release(UNIT, lot.lot_id, lot.remaining, DATED, pending=False))
            effects.append(Release(UNIT, lot.lot_id, lot.remaining, LATER, pending=True))
    if wallet.debt:
        effects.append(Forgive(UNIT, draw.randrange(1, wallet.debt + 1)))
    if wallet.shortfall:
        effects.append(FallShort(UNIT, -wallet.shortfall))
    if wallet.held:
        grace = LotKey(Origin.RETURNED, NOW, NOW + draw.randrange(1, 9) * DAY)
        effects.append(Capture(UNIT, draw.randrange(1, wallet.held + 1)))
        effects.append(GiveBack(UNIT, draw.randrange(1, wallet.held + 1), grace, Account.HELD, pending=False))
    return effects


async def test_folding_is_writing_and_reloading(book: Book) -> None:
    """After any sequence of effects in any batches, the folded member equals the one loaded anew."""
    version = version_of()
    for seed in range(25):
        draw = random.Random(seed)
        row = await book.customer(f"customer {seed}")
        first: tuple[Effect, ...] = (Join(NOW, "api"), given(10))
        await book.buy(row, f"order {seed}", *first)
        member = Member(row.customer_id, row.customer_id, wallets={UNIT: Wallet(lots={})})
        fold(member, version, first, NOW)
        for batch in range(5):
            changes = []
            for _ in range(draw.randrange(1, 8)):
                effect = draw.choice(_valid(draw, member.wallets[UNIT]))
                fold(member, version, [effect], NOW)
                changes.append(book.change(row, effect, source=book.id_of(f"order {seed}", "order")))
            await book.write(*changes)
            members = await book.load(
                row, metrics=dict.fromkeys(range(3), 0), limits=dict.fromkeys(range(10), 0)
            )
            assert _comparable(members[row.customer_id]) == _comparable(member), f"seed {seed}, batch {batch}"


def _comparable(member: Member) -> Member:
    """Leave out what is not loaded: empty lots, and the due instant, which the flow passes on."""
    wallets = {
        unit: msgspec.structs.replace(
            wallet, lots={lot_id: lot for lot_id, lot in (wallet.lots or {}).items() if lot.remaining}
        )
        for unit, wallet in member.wallets.items()
    }
    return msgspec.structs.replace(member, wallets=wallets, due_at=None)


async def test_the_books_balance_after_random_batches(book: Book) -> None:
    """What random batches left in wallets, lots and postings agrees: every ledger check is silent."""
    draw = random.Random(5)
    version = version_of()
    row = await book.customer("c")
    effects: tuple[Effect, ...] = (Join(NOW, "api"), given(10))
    await book.buy(row, "first", *effects)
    member = Member(row.customer_id, row.customer_id, wallets={UNIT: Wallet(lots={})})
    fold(member, version, effects, NOW)
    for number in range(60):
        effect = draw.choice(_valid(draw, member.wallets[UNIT]))
        if isinstance(effect, Debit) and effect.target in (Account.REDEEMED, Account.HELD):
            continue  # a claim would come with a voucher, and a hold with a redemption
        if isinstance(effect, Debit) and effect.target is Account.EXPIRED:
            continue  # nothing is past its time yet
        fold(member, version, [effect], NOW)
        await book.buy(row, f"order {number}", effect)
    async with book.db.unbound() as conn:
        report = await audit(conn, book.ws)
    assert [(check.name, check.findings) for check in report.broken if check.name != "taken_back"] == []
