"""Sealed history: complete blocks, chained, and any tampering located."""

from __future__ import annotations

import asyncio
import itertools
from hashlib import sha256
from struct import pack

import pytest
from asyncpg import Connection

from perennial.core.effects import Join, MoveTier
from perennial.store.audits import seal as sealing
from perennial.store.audits.seal import Damage, Head, Seal, read_heads, verify
from perennial.store.effects import write_effects
from tests.store.book import NOW, Book, given


async def _seal_all(book: Book) -> list[Seal]:
    await book.settle()
    return await book.seal()


async def _next_block(book: Book) -> Seal:
    """Wait for a block that no write of the book calls for: transactions elsewhere may hold it back."""
    for _ in range(3000):
        if blocks := await book.seal():
            return blocks[0]
        await asyncio.sleep(0.01)
    raise AssertionError("no block was made for half a minute")


async def _verify(book: Book, head: Head | None = None) -> Damage | None:
    async with book.db.transaction(book.ws) as conn:
        return await verify(conn, book.ws, book.bucket, head)


@pytest.fixture
async def history(book: Book, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Thirty orders and a tier move, sealed in blocks of about ten rows."""
    monkeypatch.setattr(sealing, "BLOCK_ROWS", 10)
    row = await book.customer("c")
    await book.buy(row, "join", Join(NOW, "api"), MoveTier(None, "gold", NOW, NOW, None, None, "spend"))
    for number in range(30):
        await book.buy(row, f"order {number}", given(number + 1))
    return book


async def test_blocks_cover_everything_once(history: Book) -> None:
    """Blocks follow each other without a gap and hold every posting and tier move exactly once."""
    blocks = await _seal_all(history)
    assert len(blocks) >= 3
    assert sum(block.postings for block in blocks) == 30
    assert sum(block.tier_moves for block in blocks) == 1
    assert [block.block for block in blocks] == list(range(1, len(blocks) + 1))
    for before, after in itertools.pairwise(blocks):
        assert (after.previous, after.from_xact) == (before.hash, before.to_xact)
    assert await _verify(history) is None
    assert await _seal_all(history) == []


_ROWS = """
select xact, customer_id, operation_id, position, 1 as kind, at, source_id::text as words,
    array[debit, credit, program_id, version, unit_id, amount, lot_id] as numbers
from postings
union all
select xact, customer_id, operation_id, position, 2, at,
    case when tier_before is null then 't' else 'f' || chr(31) || tier_before end || chr(31)
        || case when tier_after is null then 't' else 'f' || chr(31) || tier_after end,
    array[program_id, version]
from tier_moves
order by xact, customer_id, operation_id, position, kind
"""


async def test_the_hash_is_that_of_the_rows_as_they_always_were_written(history: Book) -> None:
    """Worked out anew in Python: a block that was sealed by an earlier release must still hold."""
    blocks = await _seal_all(history)
    async with history.db.transaction(history.ws) as conn:
        rows = await conn.fetch(_ROWS)
    previous = sealing.GENESIS
    for block in blocks:
        digest = sha256(previous)
        for row in rows:
            if not block.from_xact <= row["xact"] < block.to_xact:
                continue
            parts = [row["kind"], *row["numbers"], row["words"], row["at"], row["xact"]]
            text = ",".join(map(str, parts)).encode()
            ids = row["customer_id"].bytes + row["operation_id"].bytes
            digest.update(ids + pack(">HQ", row["position"], len(text)) + text)
        previous = digest.digest()
        assert previous == block.hash
    assert {row["kind"] for row in rows} == {1, 2}


async def test_new_history_makes_new_blocks(history: Book) -> None:
    """Blocks that were made stay as they are; what comes later follows them."""
    first = await _seal_all(history)
    row = await history.customer("c")
    await history.buy(row, "later", given(5))
    second = await _seal_all(history)
    assert [(block.block, block.postings) for block in second] == [(len(first) + 1, 1)]
    assert second[0].previous == first[-1].hash


async def test_a_running_transaction_is_not_sealed_past(history: Book) -> None:
    """While an older transaction is still writing, nothing newer is sealed; afterwards both are."""
    row = await history.customer("c")
    await _seal_all(history)
    async with history.db.transaction(history.ws) as conn:
        change = history.change(row, given(7), source=history.id_of("order 1", "order"))
        await write_effects(conn, history.ws, history.bucket, 0, [change], {})
        await history.buy(await history.customer("other"), "meanwhile", given(3))
        assert await history.seal() == []
    blocks = await _seal_all(history)
    assert sum(block.postings for block in blocks) == 2
    assert await _verify(history) is None


async def test_many_writers_leave_no_hole(book: Book) -> None:
    """Sealing all the time beside eight writers misses no posting and breaks no block."""
    rows = [await book.customer(f"c{number}") for number in range(8)]
    done = asyncio.Event()
    sealed: list[Seal] = []

    written = 0

    async def write(number: int) -> None:
        nonlocal written
        for step in range(2_000):
            await book.buy(rows[number], f"{number}/{step}", given(1))
            written += 1
            if step >= 11 and sealed:
                break

    async def keep_sealing() -> None:
        while not done.is_set():
            sealed.extend(await book.seal())
            await asyncio.sleep(0)

    sealer = asyncio.create_task(keep_sealing())
    try:
        await asyncio.gather(*(write(number) for number in range(len(rows))))
    finally:
        done.set()
        await sealer
    sealed.extend(await _seal_all(book))
    assert len(sealed) > 1
    assert sum(block.postings for block in sealed) == written >= 8 * 12
    assert await _verify(book) is None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("update postings set amount = amount + 1 where amount = 17", "was changed"),
        ("update postings set source_id = gen_random_uuid() where amount = 17", "was changed"),
        ("update postings set at = at + interval '1 us' where amount = 17", "was changed"),
        ("update tier_moves set tier_after = 'silver'", "was changed"),
        ("delete from postings where amount = 17", "found 9, 9, 0"),
        ("delete from tier_moves", "postings, 1 tier moves; found"),
    ],
)
async def test_tampering_is_located(history: Book, superuser: Connection, damage: str, words: str) -> None:
    """The block with a changed or missing row is named, with the operations that are in it."""
    await _seal_all(history)
    where = "and" if "where" in damage else "where"
    operation = await superuser.fetchval(
        f"{damage} {where} workspace_id = $1 returning operation_id", history.ws
    )
    found = await _verify(history)
    assert found is not None
    assert words in found.words
    assert found.block == (1 if "tier_moves" in damage else 2)
    assert (operation in found.operations) == damage.startswith("update")
    async with history.db.transaction(history.ws) as conn:
        later = await conn.fetchval("select count(*) from seals where block > 2")
    assert later >= 1


async def test_an_inserted_row_is_located(history: Book, superuser: Connection) -> None:
    """A posting smuggled into the sealed past breaks its block."""
    await _seal_all(history)
    await superuser.execute(
        "insert into postings select bucket, workspace_id, customer_id, gen_random_uuid(), position, debit, "
        "credit, program_id, amount, lot_id, at, xact, unit_id, version, source_id from postings "
        "where workspace_id = $1 and amount = 17",
        history.ws,
    )
    found = await _verify(history)
    assert found is not None
    assert found.block == 2


async def test_a_missing_tail_shows_against_the_head_that_was_kept(
    history: Book, superuser: Connection
) -> None:
    """A cut tail looks sound by itself; the head that was kept elsewhere tells."""
    blocks = await _seal_all(history)
    async with history.db.transaction(history.ws) as conn:
        (head,) = await read_heads(conn, history.ws)
    assert head == Head(history.bucket, len(blocks), blocks[-1].hash)
    assert await _verify(history, head) is None
    await superuser.execute(
        "delete from seals where workspace_id = $1 and block = $2", history.ws, len(blocks)
    )
    await superuser.execute(
        "delete from postings where workspace_id = $1 and xact >= $2", history.ws, blocks[-1].from_xact
    )
    assert await _verify(history) is None
    found = await _verify(history, head)
    assert found is not None
    assert "tail is missing" in found.words


async def test_history_sealed_anew_shows_against_the_head(history: Book, superuser: Connection) -> None:
    """Who changes the past and seals it again makes another head than the one that was kept."""
    await _seal_all(history)
    async with history.db.transaction(history.ws) as conn:
        (head,) = await read_heads(conn, history.ws)
    await superuser.execute("delete from seals where workspace_id = $1", history.ws)
    await superuser.execute(
        "update postings set amount = 99 where workspace_id = $1 and amount = 17", history.ws
    )
    await _seal_all(history)
    assert await _verify(history) is None
    found = await _verify(history, head)
    assert found is not None
    assert "sealed anew" in found.words


async def test_a_missing_block_is_located(history: Book, superuser: Connection) -> None:
    """A block taken out of the middle is named."""
    await _seal_all(history)
    await superuser.execute("delete from seals where workspace_id = $1 and block = 2", history.ws)
    assert await _verify(history) == Damage(2, "block 2 is missing")


async def test_erasing_a_person_changes_no_block(history: Book, superuser: Connection) -> None:
    """Names, attributes, bodies and answers are not part of what is sealed."""
    await _seal_all(history)
    await superuser.execute(
        "update customers set external_id = '', attributes = '{}' where workspace_id = $1", history.ws
    )
    await superuser.execute(
        "update orders set external_id = '', body = '', answer = '' where workspace_id = $1", history.ws
    )
    assert await _verify(history) is None


async def test_an_idle_bucket_moves_on(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long span without anything an empty block is made, so that the next look is short."""
    row = await book.customer("c")
    await book.buy(row, "first", given(1))
    await _seal_all(book)
    await book.customer("somebody else")
    assert await _seal_all(book) == []
    monkeypatch.setattr(sealing, "EMPTY_SPAN", 1)
    empty = await _next_block(book)
    assert (empty.block, empty.postings, empty.tier_moves) == (2, 0, 0)
    assert await _verify(book) is None
