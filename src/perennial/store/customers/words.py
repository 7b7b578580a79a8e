"""The words by which customers are found, and who has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from asyncpg import Connection

_DELETE_WORDS = """
delete from customer_words where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_INSERT_WORDS = """
insert into customer_words (bucket, workspace_id, customer_id, word)
select $2, $1, new.customer_id, new.word
from unnest($3::uuid[], $4::text[]) as new (customer_id, word)
"""

_LAST = "\U0010ffff"

# A range of the index holds all words that begin alike; the first of them are gone through, and whoever has
# one is asked for the other words. All buckets of the workspace are asked at once, which they have to be: who
# is looked for may be in any.
_FIND_BY_WORDS = """
select hit.bucket, hit.customer_id
from (
    select begun.bucket, begun.customer_id, min(begun.word) as word
    from (
        select word.bucket, word.customer_id, word.word
        from customer_words as word
        where word.bucket between $2 and $3 and word.workspace_id = $1 and word.word >= $4 and word.word < $5
        order by word.word, word.customer_id
        limit $9
    ) as begun
    group by begun.bucket, begun.customer_id
    order by min(begun.word), begun.customer_id
) as hit
where not exists (
    select from unnest($6::text[], $7::text[]) as other (first, last)
    where not exists (
        select from customer_words as word
        where word.bucket = hit.bucket and word.workspace_id = $1
            and word.customer_id = hit.customer_id and word.word >= other.first and word.word < other.last
    )
)
order by hit.word, hit.customer_id
limit $8
"""

# Where all words are common, few of those who have one may have the others as well: each word's range is read
# once, whole, and who is in all of them is found. To ask each of a hundred thousand would take seconds.
_FIND_BY_COMMON_WORDS = """
select hit.bucket, hit.customer_id
from (
    select word.bucket, word.customer_id, min(word.word) as word
    from customer_words as word
    where word.bucket between $2 and $3 and word.workspace_id = $1 and word.word >= $4 and word.word < $5
    group by word.bucket, word.customer_id
) as hit
join (
    select word.bucket, word.customer_id
    from unnest($6::text[], $7::text[]) with ordinality as other (first, last, place)
    join customer_words as word on word.bucket between $2 and $3 and word.workspace_id = $1
        and word.word >= other.first and word.word < other.last
    group by word.bucket, word.customer_id
    having count(distinct other.place) = cardinality($6::text[])
) as others on others.bucket = hit.bucket and others.customer_id = hit.customer_id
order by hit.word, hit.customer_id
limit $8
"""

# How many have a word that begins so; beyond ``$6`` it does not matter how many more. The order only leads to
# the index of words: that of buckets would be read whole.
_COUNT_WORD = """
select count(*) from (
    select
    from customer_words as hit
    where hit.bucket between $2 and $3 and hit.workspace_id = $1 and hit.word >= $4 and hit.word < $5
    order by hit.word
    limit $6
) as capped
"""

_PLAN_BY_WORDS = "set local plan_cache_mode = force_custom_plan"
"""Which index serves depends on how many begin alike, which one plan for all words cannot know."""

_COMMON = 2_000
"""A word that so many have is common; so many of those who have it are asked one by one."""


async def replace_words(
    conn: Connection, ws: int, bucket: int, words: Mapping[UUID, Collection[str]]
) -> None:
    """Let customers of the bucket, who are locked, be found by these words and no others."""
    await conn.execute(_DELETE_WORDS, ws, bucket, list(words))
    pairs = [(customer_id, word) for customer_id, of in words.items() for word in sorted(of)]
    ids, texts = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    await conn.execute(_INSERT_WORDS, ws, bucket, ids, texts)


async def erase_words(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> None:
    """Let nobody find these customers by a word any more."""
    await conn.execute(_DELETE_WORDS, ws, bucket, ids)


async def find_by_words(
    conn: Connection, ws: int, buckets: tuple[int, int], begins: list[str], limit: int
) -> list[tuple[int, UUID]]:
    """Return bucket and id of at most ``limit`` customers who have a word for each of ``begins``.

    They come in the order of one of these words, the rarest: whoever has it is asked for the others.
    ``buckets`` are the first and the last of the workspace.
    """
    await conn.execute(_PLAN_BY_WORDS)
    rarity = dict.fromkeys(begins, 0)
    if len(begins) > 1:
        for each in begins:
            rarity[each] = await conn.fetchval(_COUNT_WORD, ws, *buckets, each, each + _LAST, _COMMON)
    first, *others = sorted(begins, key=rarity.__getitem__)
    ends = [each + _LAST for each in others]
    asked = (ws, *buckets, first, first + _LAST, others, ends, limit)
    rows = await conn.fetch(_FIND_BY_WORDS, *asked, _COMMON)
    if len(rows) < limit and rarity[first] == _COMMON:
        rows = await conn.fetch(_FIND_BY_COMMON_WORDS, *asked)
    return [(bucket, customer_id) for bucket, customer_id in rows]
