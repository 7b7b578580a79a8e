"""Who meets a condition, out of everything that the store keeps: challenges, referrals, segments."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.core.conditions.sql import SqlConditions, compile_sql, kept_by
from perennial.core.terms.condition_document import decode_condition
from perennial.store.history import FIRST
from perennial.store.matching import Preview, Span, list_which, preview_matching
from tests.core.earning_stage import version_of
from tests.store.book import NOW, Book

VERSION = version_of(
    challenges=[
        {
            "id": "run",
            "name": "Run",
            "goals": [{"id": "g", "measure": "orders.count", "target": 3}],
            "gives": [],
        }
    ],
    referrals={
        "offers": [{"id": "o", "name": "O"}],
    },
)


def compiled(*plain: object) -> SqlConditions:
    found = compile_sql(map(decode_condition, plain), kept_by(VERSION, NOW, {"vip": 7, "new": 8}))
    assert isinstance(found, SqlConditions), found
    return found


async def test_everything_that_is_kept_can_be_asked(book: Book, superuser: Connection) -> None:
    """Challenges, referrals and segments are read for each customer, households and the erased never."""
    rows = [await book.customer(name) for name in ("a", "b", "c")]
    await book.household("h")
    first, second, _ = (row.customer_id for row in rows)
    challenge, limit = VERSION.challenges[0].number, VERSION.limits[-1].number
    await superuser.execute(
        "insert into challenge_rounds (bucket, workspace_id, customer_id, challenge, round, program_id, "
        "state, given, revision, revised, started_at, amounts, marked, marks) "
        "select $1, $1, $2, $3, n, 1, 2, 2, 0, 0, now(), '{3}', '{}', '{}' from generate_series(1, 2) as n",
        book.bucket,
        first,
        challenge,
    )
    await superuser.execute(
        "insert into limit_uses (bucket, workspace_id, customer_id, limit_id, used, period) "
        "values ($1, $1, $2, $3, 5, 0)",
        book.bucket,
        second,
        limit,
    )
    await superuser.execute(
        "insert into segment_members values ($1, $1, $2, 7, now()), ($1, $1, $2, 8, now())",
        book.bucket,
        second,
    )
    sql = compiled(
        {"fact": "challenge.run.completed_count", "at_least": 4},
        {"fact": "member.referral_count", "is": 5},
        {"fact": "member.segments", "contains": "vip"},
        {"fact": "member.segments", "not_in": ["vip", "new"]},
        {"fact": "member.referral_count", "is": 0},
    )
    async with book.db.transaction(book.ws) as conn:
        found = dict(await list_which(conn, book.ws, book.bucket, sql))
        everybody = [who for who, _ in await list_which(conn, book.ws, book.bucket, compiled({"all": []}))]
        preview = await preview_matching(conn, book.ws, book.bucket, compiled({"all": []}), 2)
        elsewhere = await preview_matching(conn, book.ws, book.bucket + 1, compiled({"all": []}), 2)
    ids = sorted(row.customer_id for row in rows)
    assert found == {first: [0, 3, 4], second: [1, 2], rows[2].customer_id: [3, 4]}
    assert everybody == ids
    assert (preview.count, preview.sample) == (3, tuple(ids[:2]))
    assert elsewhere.count == 0


async def test_a_slice_reads_the_segments_of_its_own_people(book: Book, superuser: Connection) -> None:
    """Two of twenty thousand members of a segment: nobody else's rows are read, or slices cost the square."""
    rows = [await book.customer(name) for name in ("a", "b")]
    ids = sorted(row.customer_id for row in rows)
    await superuser.execute(
        "insert into segment_members (bucket, workspace_id, customer_id, segment_id, entered_at) "
        "select $1, $1, id, 7, now() from (select unnest($2::uuid[]) union all "
        "select gen_random_uuid() from generate_series(1, 20000)) as those (id)",
        book.bucket,
        ids,
    )
    await superuser.execute("analyze segment_members")
    sql = compiled({"fact": "member.segments", "contains": "vip"})
    async with book.db.transaction(book.ws) as conn:
        found = await list_which(conn, book.ws, book.bucket, sql, ids)
        read = await conn.fetchval(
            "select sum(pg_stat_get_xact_tuples_returned(oid)) from pg_class where oid = any(array("
            "select 'segment_members'::regclass::oid union all "
            "select indexrelid from pg_index where indrelid = 'segment_members'::regclass))"
        )
    assert found == [(customer_id, [0]) for customer_id in ids]
    assert read < 100


async def _give(superuser: Connection, book: Book, owner: UUID, balance: int) -> None:
    await superuser.execute(
        "insert into wallets (bucket, workspace_id, customer_id, unit_id, balance, pending, debt, shortfall, "
        "earned, spent, expired, activated_until) values ($1, $2, $3, $4, $5, 0, 0, 0, $5, 0, 0, now())",
        book.bucket,
        book.ws,
        owner,
        VERSION.wallets[0].unit,
        balance,
    )


async def test_a_part_of_the_customers_has_the_points_of_its_households(
    book: Book, superuser: Connection
) -> None:
    """The wallet of a household has an id of its own, which lies outside of the part that is asked about."""
    alone, living = sorted([(await book.customer(name)).customer_id for name in ("a", "b")])
    home = (await book.household("h")).customer_id
    await superuser.execute(
        "update customers set household_id = $1 where bucket = $2 and customer_id = $3",
        home,
        book.bucket,
        living,
    )
    await _give(superuser, book, home, 100)
    await _give(superuser, book, alone, 20)
    sql = compiled({"fact": "wallet.points.balance", "is": 100}, {"fact": "wallet.points.balance", "is": 20})
    async with book.db.transaction(book.ws) as conn:
        assert await list_which(conn, book.ws, book.bucket, sql, [living]) == [(living, [0])]
        assert await list_which(conn, book.ws, book.bucket, sql, Span(alone, alone)) == [(alone, [1])]
        some = compiled({"fact": "wallet.points.balance", "at_least": 20})
        later = await preview_matching(conn, book.ws, book.bucket, some, 5, Span(living, living))
        first = await preview_matching(conn, book.ws, book.bucket, some, 5, Span(FIRST, alone))
    assert (later, first) == (Preview(1, (living,)), Preview(1, (alone,)))


async def test_a_part_reads_the_wallets_of_its_own_people(book: Book, superuser: Connection) -> None:
    """Two of twenty thousand wallets: nobody else's are read, or slices cost the square."""
    ids = sorted([(await book.customer(name)).customer_id for name in ("a", "b")])
    await superuser.execute(
        "insert into wallets (bucket, workspace_id, customer_id, unit_id, balance, pending, debt, shortfall, "
        "earned, spent, expired, activated_until) select $1, $2, id, $3, 7, 0, 0, 0, 7, 0, 0, now() from ("
        "select unnest($4::uuid[]) union all select gen_random_uuid() from generate_series(1, 20000)"
        ") as those (id)",
        book.bucket,
        book.ws,
        VERSION.wallets[0].unit,
        ids,
    )
    await superuser.execute("analyze wallets")
    sql = compiled({"fact": "wallet.points.balance", "is": 7})
    async with book.db.transaction(book.ws) as conn:
        found = await list_which(conn, book.ws, book.bucket, sql, ids)
        read = await conn.fetchval(
            "select sum(pg_stat_get_xact_tuples_returned(oid)) from pg_class where oid = any(array("
            "select 'wallets'::regclass::oid union all "
            "select indexrelid from pg_index where indrelid = 'wallets'::regclass))"
        )
    assert found == [(customer_id, [0]) for customer_id in ids]
    assert read < 100
