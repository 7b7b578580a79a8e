"""Pools of codes: made, imported, exported, looked up and voided; a copy of the database gives none away."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.codes.codes import Codes, pattern_of
from perennial.core.codes.entry import plain_form
from perennial.flows.answers import Decided
from perennial.flows.commands import PostClaim
from perennial.flows.vouchers import batches as voucher_batches
from perennial.flows.vouchers.batches import NewBatch, RefusedRow, check_batch, create_batch
from perennial.flows.vouchers.export import batches_of
from perennial.flows.vouchers.pools import PoolCode, codes_of, read_batch
from perennial.flows.vouchers.vouchers import read_voucher, void_voucher, vouchers_of
from perennial.units import DAY, parse_instant
from tests.flows.erasing import audited, erase, found
from tests.flows.pool import assigned, exported, made, open_pool, problem_of, send_batch
from tests.flows.shop import START, Shop, decided

_SUMMER = Codes(pattern="SUMMER-############")


async def test_codes_are_made_by_their_pattern(shop: Shop, owner: Connection) -> None:
    """2,500 codes of the pattern, each with a check character, none twice, and all of them in the export."""
    await open_pool(shop)
    view = await made(shop, "b1", count=2_500)
    assert (view.id, view.reward, view.version, view.imported) == ("b1", "points/summer", 1, False)
    assert (view.made, view.refused, view.expires_at) == (2_500, (), None)
    codes = await exported(shop, "b1")
    assert len({code.code for code in codes}) == 2_500
    pattern = pattern_of(_SUMMER)
    for code in codes:
        assert code.code.startswith("SUMMER-")
        assert len(code.code) == len("SUMMER-") + 13
        assert not pattern.is_mistyped(code.code)
        assert (code.state, code.used, code.uses, code.customer) == ("issued", 0, 1, None)
    entries = await owner.fetch(
        "select action, actor, object, after from audit_entries where workspace_id = $1 order by at",
        shop.workspace_id,
    )
    by_action = {action: (actor, what, msgspec.json.decode(after)) for action, actor, what, after in entries}
    assert by_action["voucher_batch.created"] == (
        "key test",
        "voucher_batch/b1",
        {"reward": "points/summer", "made": 2_500, "refused": 0, "imported": False, "weak": False},
    )
    assert by_action["voucher_batch.exported"][2] == {"codes": 2_500}
    await audited(shop)


async def test_a_batch_is_made_once(shop: Shop) -> None:
    """Sent again it is answered alike; another body names what differs; five at once make one."""
    await open_pool(shop)
    answers = await asyncio.gather(*(send_batch(shop, "b1", count=300) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.body for answer in answers}) == 1
    assert len(await exported(shop, "b1")) == 300
    conflict = await problem_of(send_batch(shop, "b1", "mail", count=301))
    assert conflict == (422, "id_conflict", ["$.count", "$.reward"])
    await audited(shop)


async def test_bad_rows_are_told_and_the_others_go_in(shop: Shop) -> None:
    """Every row that cannot be imported has its number and its reason; nothing else is lost."""
    await open_pool(shop, "anna")
    await made(shop, "first", codes=("TAKEN-1234567890",))
    codes = (
        "SUMMER-AAAABBBBCCCC",
        " - ",
        "summer aaaa bbbb cccc",
        "taken1234567890",
        "SHORT",
        "A" * 101,
        "everybody-i",
        "SUMMER-AAAABBBBDDDD",
    )
    view = await made(shop, "second", codes=codes)
    assert view.made == 2
    assert [(row.row, row.code) for row in view.refused] == [
        (2, "code_malformed"),
        (3, "code_twice"),
        (4, "code_taken"),
        (5, "code_weak"),
        (6, "code_malformed"),
        (7, "code_taken"),
    ]
    assert view.refused[1] == RefusedRow(3, "code_twice", "is read as the code of row 1")
    assert {code.code for code in await exported(shop, "second")} == {codes[0], codes[7]}
    assert (await send_batch(shop, "second", codes=codes)).replayed
    await audited(shop)


async def test_all_or_nothing_takes_nothing(shop: Shop) -> None:
    """One bad row refuses the batch; its id is free for a better one."""
    await open_pool(shop)
    codes = ("SUMMER-AAAABBBBCCCC", "SHORT")
    refused = await problem_of(send_batch(shop, "b1", codes=codes, all_or_nothing=True))
    assert refused == (422, "rows_refused", ["$.codes[1]"])
    assert (await batches_of(shop.handler, shop.workspace_id)).data == ()
    assert (await made(shop, "b1", codes=codes, all_or_nothing=True, allow_weak=True)).made == 2
    await audited(shop)


async def test_codes_that_are_bound_or_carry_no_money_may_be_short(shop: Shop) -> None:
    """Only money that anybody could guess needs strength, and the caller can say otherwise."""
    await open_pool(shop)
    assert (await made(shop, "bound", "mail", codes=("M-1",))).made == 1
    assert (await made(shop, "free", "tiny", codes=("T-1",))).made == 1
    assert (await made(shop, "weak", codes=("S-1",))).made == 0
    assert (await made(shop, "allowed", codes=("S-1",), allow_weak=True)).made == 1


async def test_codes_may_come_with_their_customers(shop: Shop) -> None:
    """Each code is its customer's, from then for ten days; an unknown customer is a row that is told."""
    await open_pool(shop, "anna", "ben")
    view = await made(shop, "b1", "mail", count=3, customers=("anna", "nobody", "ben"))
    assert (view.made, [(row.row, row.code) for row in view.refused]) == (2, [(2, "customer_unknown")])
    page = await vouchers_of(shop.handler, shop.workspace_id, "anna")
    [voucher] = page.data
    assert (voucher.reward, voucher.state, voucher.bound, voucher.uses_left) == (
        "points/mail",
        "issued",
        True,
        3,
    )
    assert voucher.code is not None
    assert voucher.code.startswith("M-")
    # Ten days after 2 March, to the end of that day in Berlin.
    assert voucher.expires_at == view.expires_at == "2026-03-12T23:00:00Z"
    holders = {code.customer: code.code for code in await exported(shop, "b1")}
    assert holders["anna"] == voucher.code
    assert set(holders) == {"anna", "ben"}
    await audited(shop)


@pytest.mark.parametrize(
    ("reward", "more", "path", "code"),
    [
        ("unknown", {"count": 1}, "$.reward", "reward_unknown"),
        ("shared", {"count": 1}, "$.reward", "reward_without_codes"),
        ("plain", {"count": 1}, "$.reward", "reward_without_codes"),
        ("summer", {}, "$.count", "count_or_codes"),
        ("summer", {"count": 1, "codes": ("A",)}, "$.count", "count_or_codes"),
        ("summer", {"count": 0}, "$.count", "out_of_range"),
        ("summer", {"count": 1_000_001}, "$.count", "out_of_range"),
        ("summer", {"codes": ()}, "$.count", "out_of_range"),
        ("summer", {"count": 2, "customers": ("anna",)}, "$.customers", "customers_mismatch"),
        ("summer", {"count": 1, "starts_at": START, "expires_at": START}, "$.expires_at", "out_of_range"),
        ("tiny", {"count": 6}, "$.count", "pattern_exhausted"),
    ],
)
async def test_what_cannot_be_made_is_refused(
    shop: Shop, reward: str, more: dict[str, object], path: str, code: str
) -> None:
    """Each mistake names its field, and leaves nothing behind."""
    await open_pool(shop)
    assert await problem_of(send_batch(shop, "b1", reward, **more)) == (422, code, [path])
    assert (await batches_of(shop.handler, shop.workspace_id)).data == ()


async def test_a_taken_code_is_drawn_again_until_nearly_all_are_taken(shop: Shop) -> None:
    """Ten codes: five twice are all ten, however often a draw meets a taken one; an eleventh is refused."""
    await open_pool(shop)
    await made(shop, "b1", "tiny", count=5)
    await made(shop, "b2", "tiny", count=5)
    codes = {code.code for name in ("b1", "b2") for code in await exported(shop, name)}
    assert codes == {f"T-{letter}" for letter in "ABCDEFGHJK"}
    exhausted = await problem_of(send_batch(shop, "b3", "tiny", count=1))
    assert exhausted == (422, "pattern_exhausted", ["$.count"])
    await audited(shop)


async def test_large_batches_are_written_in_pieces(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces of seven as in one: as many codes as were asked for, made and imported."""
    monkeypatch.setattr(voucher_batches, "CHUNK", 7)
    await open_pool(shop)
    assert (await made(shop, "b1", count=100)).made == 100
    codes = tuple(f"IMPORTED-{number:012}" for number in range(100))
    assert (await made(shop, "b2", codes=codes)).made == 100
    assert {code.code for code in await exported(shop, "b2")} == set(codes)


async def test_batches_are_listed_latest_first(shop: Shop) -> None:
    """In pages, without the rows that were refused."""
    await open_pool(shop)
    for number in range(3):
        await shop.advance(START + number * DAY + 1)
        await made(shop, f"b{number}", codes=("SUMMER-AAAABBBBCCC" + "ABC"[number], "SHORT"))
    first = await batches_of(shop.handler, shop.workspace_id, limit=2)
    rest = await batches_of(shop.handler, shop.workspace_id, limit=2, cursor=first.next_cursor)
    assert [(batch.id, batch.made, batch.refused) for batch in (*first.data, *rest.data)] == [
        ("b2", 1, ()),
        ("b1", 1, ()),
        ("b0", 1, ()),
    ]
    assert rest.next_cursor is None
    assert await problem_of(exported(shop, "b9")) == (404, "batch_unknown", [])


async def test_a_code_says_what_it_is_good_for(shop: Shop) -> None:
    """Entered in any way, in each of its states; whatever is no code is the same 404."""
    await open_pool(shop)
    starts, expires = parse_instant("2026-03-05T00:00:00Z"), parse_instant("2026-03-07T00:00:00Z")
    await made(shop, "b1", codes=("SUMMER-AAAABBBBCCCC",), starts_at=starts, expires_at=expires)
    states = []
    for at in (START + 1, starts, expires):
        await shop.advance(at)
        view = await read_voucher(shop.handler, shop.workspace_id, "summer aaaa-bbbb cccc")
        states.append(view.state)
    assert states == ["not_started", "issued", "expired"]
    assert (view.reward, view.last4, view.batch, view.uses_left) == ("points/summer", "CCCC", "b1", 1)
    assert (view.code, view.customer, view.value, view.currency) == (None, None, 500, "USD")
    for entered in ("SUMMER-AAAABBBBCCCD", "", "-", "x" * 300, "EVERYBODY1"):
        assert await problem_of(read_voucher(shop.handler, shop.workspace_id, entered)) == (
            404,
            "voucher_unknown",
            [],
        )


async def test_a_voucher_is_voided_once_with_a_reason(shop: Shop, owner: Connection) -> None:
    """It stays voided, and the audit log says who did it and why, without the code."""
    await open_pool(shop)
    await made(shop, "b1", codes=("SUMMER-AAAABBBBCCCC",))
    for _ in range(2):
        view = await void_voucher(
            shop.handler, shop.workspace_id, "SUMMER-AAAABBBBCCCC", "lost", "key support"
        )
        assert view.state == "voided"
    entries = await owner.fetch(
        "select actor, reason, after from audit_entries"
        " where workspace_id = $1 and action = 'voucher.voided'",
        shop.workspace_id,
    )
    assert [tuple(entry)[:2] for entry in entries] == [("key support", "lost")]
    assert msgspec.json.decode(entries[0]["after"]) == {"last4": "CCCC", "used": 0}
    unknown = void_voucher(shop.handler, shop.workspace_id, "SUMMER-NO", "lost", "key support")
    assert await problem_of(unknown) == (404, "voucher_unknown", [])


async def test_codes_are_spread_over_the_buckets(wide_shop: Shop, owner: Connection) -> None:
    """In four buckets as in one: made, exported, assigned, with customers and without."""
    await open_pool(wide_shop, *(f"c{number}" for number in range(12)))
    await made(wide_shop, "b1", count=200)
    await made(wide_shop, "b2", count=12, customers=tuple(f"c{number}" for number in range(12)))
    buckets = await owner.fetch(
        "select bucket, count(*) from vouchers where workspace_id = $1 and customer_id = voucher_id"
        " group by bucket",
        wide_shop.workspace_id,
    )
    assert len(buckets) == 4
    assert sum(count for _, count in buckets) == 200
    given = {await assigned(wide_shop, f"a{n}", f"c{n}", batch="b1") for n in range(12)}
    codes = {code.code: code.customer for code in await exported(wide_shop, "b1")}
    assert len(codes) == 200
    assert {code for code, customer in codes.items() if customer} == given
    for number in range(12):
        page = await vouchers_of(wide_shop.handler, wide_shop.workspace_id, f"c{number}")
        assert {voucher.state for voucher in page.data} == {"issued"}
        assert len(page.data) == 2
        assert page.data[0].code is not None
        view = await read_voucher(wide_shop.handler, wide_shop.workspace_id, page.data[0].code)
        assert view.customer == f"c{number}"
    count = "select count(*) from vouchers where workspace_id = $1"
    assert await owner.fetchval(count, wide_shop.workspace_id) == 212


async def _all_codes(shop: Shop) -> list[str]:
    """Let codes of every kind come to be; return all of them."""
    await open_pool(shop, "anna")
    await shop.order("o1", "anna", 1_000)
    await made(shop, "b1", count=3)
    await made(shop, "b2", codes=("PRINTED-AAAABBBB",))
    codes = [code.code for name in ("b1", "b2") for code in await exported(shop, name)]
    codes.append(await assigned(shop, "a1", "anna"))
    assert await assigned(shop, "a1", "anna") == codes[-1]
    for name in ("claimed", "plain"):
        claim = PostClaim(id=name, customer="anna", at=None, reward=name)
        first, again = await shop.send(claim), await shop.send(claim)
        assert (again.status, again.replayed, again.body) == (200, True, first.body)
        answer: Decided = decided(first)
        assert answer.voucher is not None
        codes.append(answer.voucher.code)
    await void_voucher(shop.handler, shop.workspace_id, codes[0], "lost", "key test")
    return codes


async def test_a_copy_of_the_database_gives_no_code_away(
    shop: Shop, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """No column of any table and no line of a log holds a code, as given, in its form, or as bytes."""
    caplog.set_level(logging.DEBUG)
    codes = await _all_codes(shop)
    words = [*codes, *(plain_form(code) for code in codes)]
    words += [code.rpartition("-")[2] for code in codes if len(code.rpartition("-")[2]) > 4]
    assert await found(owner, shop.workspace_id, *words) == {}
    assert not any(word in line for line in caplog.messages for word in words)
    # The search can find: what is shown of a code is in the table.
    assert await found(owner, shop.workspace_id, codes[0][-4:]) != {}


async def test_codes_of_claims_follow_the_reward(shop: Shop) -> None:
    """By its pattern, with its uses; by the usual pattern where it has none. Each is read back."""
    codes = await _all_codes(shop)
    claimed, plain = codes[-2:]
    assert (claimed[:6], len(claimed)) == ("CLAIM-", 19)
    assert not pattern_of(Codes(pattern="CLAIM-############")).is_mistyped(claimed)
    assert [len(part) for part in plain.split("-")] == [4, 4, 4, 4]
    assert not pattern_of(Codes()).is_mistyped(plain)
    page = await vouchers_of(shop.handler, shop.workspace_id, "anna")
    by_code = {voucher.code: voucher for voucher in page.data}
    assert (by_code[claimed].uses_left, by_code[plain].uses_left) == (2, 1)
    assert (await read_voucher(shop.handler, shop.workspace_id, plain.lower())).customer == "anna"


async def test_erasing_a_holder_ends_the_vouchers(shop: Shop, owner: Connection) -> None:
    """Nothing of the code is left, it is a 404, the pool's own codes go on, and the books are right."""
    codes = await _all_codes(shop)
    mine = {voucher.code for voucher in (await vouchers_of(shop.handler, shop.workspace_id, "anna")).data}
    assert len(mine) == 3
    await erase(shop, "anna")
    for code in codes:
        if code in mine:
            assert await problem_of(read_voucher(shop.handler, shop.workspace_id, code)) == (
                404,
                "voucher_unknown",
                [],
            )
        else:
            await read_voucher(shop.handler, shop.workspace_id, code)
    assert not mine & {code.code for code in await exported(shop, "b1")}
    left = (
        "select count(*) from vouchers where workspace_id = $1 and state = 2 and sealed || last4::bytea <> ''"
    )
    assert await owner.fetchval(left, shop.workspace_id) == 0
    await audited(shop)


async def test_what_is_checked_is_what_happens(shop: Shop, owner: Connection) -> None:
    """Every kind of bad row is told beforehand in the words of the import, and nothing is written."""
    await open_pool(shop, "anna")
    await made(shop, "first", codes=("TAKENTAKENTAKEN",))
    rows: dict[str, Any] = {
        "codes": (
            "GOODGOODGOOD",
            "- -",
            "SHORT",
            "taken-taken-taken",
            "goodgoodgood",
            "EVERYBODY1",
            "OTHEROTHERX",
        ),
        "customers": ("anna", "anna", "anna", "anna", "anna", "anna", "nobody"),
    }
    before = await owner.fetchval("select count(*) from voucher_batches")
    told = await check_batch(shop.handler, shop.workspace_id, NewBatch(id="", reward="summer", **rows))
    assert await owner.fetchval("select count(*) from voucher_batches") == before
    assert told.made == 1
    assert [row.row for row in told.refused] == [2, 3, 4, 5, 6, 7]
    done = await made(shop, "second", **rows)
    assert (done.made, done.refused) == (told.made, told.refused)


async def test_a_pool_says_what_became_of_its_codes(wide_shop: Shop) -> None:
    """Given, used and voided codes are counted; the pages hold each code once, those of somebody first."""
    shop = wide_shop
    await open_pool(shop, "anna", "bert", "carl")
    told: list[int] = []
    command = NewBatch(id="b1", reward="summer", count=2_050)
    await create_batch(shop.handler, shop.workspace_id, command, "key test", told.append)
    assert told == [1_000, 2_000, 2_050]
    for customer in ("anna", "bert", "carl"):
        code = await assigned(shop, f"to-{customer}", customer)
    await void_voucher(shop.handler, shop.workspace_id, code, "lost", "key test")
    pool = await read_batch(shop.handler, shop.workspace_id, "b1")
    assert (pool.codes, pool.given, pool.used, pool.voided, pool.expired) == (2_050, 3, 0, 1, 0)
    listed: list[PoolCode] = []
    cursor = None
    while True:
        page = await codes_of(shop.handler, shop.workspace_id, "b1", cursor=cursor, limit=200)
        assert len(page.data) <= 200
        listed += page.data
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len({each.id for each in listed}) == len(listed) == 2_050
    assert {each.customer for each in listed[:3]} == {"anna", "bert", "carl"}
    assert {each.state for each in listed} == {"issued", "voided"}
    assert await problem_of(read_batch(shop.handler, shop.workspace_id, "b2")) == (404, "batch_unknown", [])
