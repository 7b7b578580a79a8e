"""Customers are found by words, however many have each of them, and no row is visited for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asyncpg import Connection

from perennial.store.customers import words
from perennial.store.customers.words import find_by_words
from tests.store.book import Book

MANY = 2_500
"""More than are asked one by one."""

# Customers 1 to MANY are called anna, the next MANY muller; the last of all are both.
_FILL = """
insert into customer_words (bucket, workspace_id, customer_id, word)
select $2 + n % 4, $1, lpad(n::text, 32, '0')::uuid, called
from generate_series(1, 2 * $3::int + 3) as n
cross join unnest(case
    when n <= $3 then array['anna']
    when n <= 2 * $3 then array['muller']
    else array['anna', 'anna' || n, 'muller']
end) as called
"""


@pytest.fixture
async def crowd(book: Book, superuser: Connection) -> tuple[int, int]:
    """Many who are called alike, in four buckets, which are handed out: the first and the last."""
    await superuser.execute(_FILL, book.ws, book.bucket, MANY)
    return book.bucket, book.bucket + 3


async def _found(book: Book, buckets: tuple[int, int], *begins: str, limit: int = 20) -> list[int]:
    async with book.db.snapshot(book.ws) as conn:
        found = await find_by_words(conn, book.ws, buckets, list(begins), limit)
    numbers = [int(customer_id.hex) for _, customer_id in found]
    assert [bucket for bucket, _ in found] == [buckets[0] + number % 4 for number in numbers]
    return numbers


async def test_a_few_are_found_among_many_who_are_called_alike(book: Book, crowd: tuple[int, int]) -> None:
    """Two names that thousands have lead to those few who have both, and to each of them once."""
    both = [2 * MANY + 1, 2 * MANY + 2, 2 * MANY + 3]
    assert await _found(book, crowd, "anna", "muller") == both
    assert await _found(book, crowd, "mul", "ann") == both
    assert await _found(book, crowd, "m", "a", limit=2) == both[:2]
    assert await _found(book, crowd, "muller", f"anna{both[1]}") == [both[1]]
    assert await _found(book, crowd, "anna", "muller", "b") == []
    assert await _found(book, crowd, "anna", limit=3) == [1, 2, 3]


async def test_those_who_are_asked_one_by_one_are_not_enough(
    book: Book, crowd: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: of the many who begin alike, those who come first have nothing else that is asked for."""
    nobody = words._FIND_BY_COMMON_WORDS.replace("limit $8", "limit 0 * $8")  # noqa: SLF001
    monkeypatch.setattr(words, "_FIND_BY_COMMON_WORDS", nobody)
    assert await _found(book, crowd, "anna", "muller") == []


async def test_words_are_read_from_their_index_alone(
    book: Book, crowd: tuple[int, int], superuser: Connection
) -> None:
    """Counted, gone through and put together without a look at any row of the table."""
    first, others, ends = ("anna", "anna\U0010ffff"), ["muller"], ["muller\U0010ffff"]
    asked = {
        "_COUNT_WORD": (*first, 2_000),
        "_FIND_BY_WORDS": (*first, others, ends, 20, 2_000),
        "_FIND_BY_COMMON_WORDS": (*first, others, ends, 20),
    }
    async with superuser.transaction():
        await superuser.execute("analyze customer_words")
        await superuser.execute("set local role perennial_worker")
        await superuser.execute("select set_config('app.workspace', $1, true)", str(book.ws))
        for name, values in asked.items():
            statement = getattr(words, name)
            text = await superuser.fetchval(f"explain (format json) {statement}", book.ws, *crowd, *values)
            read = {(scan["Node Type"], scan["Index Name"]) for scan in _scans(json.loads(text)[0]["Plan"])}
            assert ("Index Only Scan", "customer_words_begin") in read, name
            assert read <= {
                ("Index Only Scan", "customer_words_begin"),
                ("Index Only Scan", "customer_words_pkey"),
            }, name


def _scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    here = [plan] if "Relation Name" in plan else []
    return here + [scan for part in plan.get("Plans", []) for scan in _scans(part)]
