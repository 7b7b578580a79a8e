"""Heads that were kept elsewhere: whoever cuts the end of the history off is found out."""

from __future__ import annotations

import msgspec
import pytest
from asyncpg import Connection

from perennial.store.audits.audit import AuditReport, KeptHead, audit
from tests.store.book import Book, given


async def _seal(book: Book) -> None:
    await book.settle()
    await book.seal()


async def _audit(book: Book, *kept: KeptHead) -> AuditReport:
    async with book.db.unbound() as conn:
        return await audit(conn, book.ws, kept=kept)


@pytest.fixture
async def history(book: Book) -> Book:
    """Two sealed blocks, the second of which nothing but its own rows refers to."""
    for name in ("first", "second"):
        await book.buy(await book.customer(name), name, given(5))
        await _seal(book)
    return book


async def _cut(owner: Connection, book: Book) -> None:
    """Remove the last block with everything that tells of the customer in it."""
    gone = book.id_of("second")
    for table in ("postings", "orders", "lots", "wallets", "timers", "external_ids", "customers"):
        await owner.execute(
            f"delete from {table} where workspace_id = $1 and customer_id = $2", book.ws, gone
        )
    await owner.execute("delete from seals where workspace_id = $1 and block = 2", book.ws)


async def test_a_tail_that_was_cut_off_is_found(history: Book, superuser: Connection) -> None:
    """Without the heads the audit is silent; with them the missing block is named."""
    report = await _audit(history)
    assert report.clean, report.broken
    (head,) = report.heads
    assert (head.workspace_id, head.bucket, head.block) == (history.ws, history.bucket, 2)
    assert (await _audit(history, head)).clean
    await _cut(superuser, history)
    assert (await _audit(history)).clean
    (broken,) = (await _audit(history, head)).broken
    assert (broken.name, broken.findings[0].words) == ("seals", "the tail is missing: block 2 was kept")


async def test_an_older_head_still_leads_on(history: Book) -> None:
    """What was sealed since then follows the head that was kept; the new head is told."""
    (head,) = (await _audit(history)).heads
    await history.buy(await history.customer("third"), "third", given(5))
    await _seal(history)
    report = await _audit(history, head)
    assert report.clean
    assert [each.block for each in report.heads] == [3]


async def test_a_bucket_without_any_seals_is_found(history: Book, superuser: Connection) -> None:
    """Nothing is left of the chain, so nothing is wrong with it, but for the head that was kept."""
    (head,) = (await _audit(history)).heads
    await superuser.execute("delete from seals where workspace_id = $1", history.ws)
    assert (await _audit(history)).clean
    assert [check.name for check in (await _audit(history, head)).broken] == ["seals"]


async def test_history_that_was_sealed_anew_is_found(history: Book) -> None:
    """A head of another hash is not the one that was kept."""
    (head,) = (await _audit(history)).heads
    (broken,) = (await _audit(history, msgspec.structs.replace(head, hash="00" * 32))).broken
    assert "sealed anew" in broken.findings[0].words


async def test_a_workspace_that_is_gone_is_found(history: Book) -> None:
    """An audit of all workspaces misses those of which heads were kept."""
    (head,) = (await _audit(history)).heads
    lost = msgspec.structs.replace(head, workspace_id=424_242)
    async with history.db.unbound() as conn:
        report = await audit(conn, kept=[head, lost])
    assert [(check.name, check.workspace_id) for check in report.broken] == [("seals", 424_242)]


async def test_heads_of_other_workspaces_are_left_alone(history: Book) -> None:
    """An audit of one workspace says nothing of another's heads."""
    (head,) = (await _audit(history)).heads
    other = msgspec.structs.replace(head, workspace_id=424_242)
    assert (await _audit(history, head, other)).clean
