"""Consents through the flows: put with customers, merged, erased, and said by many at once."""

from __future__ import annotations

import asyncio

import pytest
from asyncpg import Connection

from perennial.core.customers.consents import ConsentChannel, ConsentState, SaidConsent
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.flows.batcher import Intake
from perennial.flows.commands import MergeCustomers, PutCustomer
from perennial.flows.consent_views import ConsentView
from perennial.flows.customers.consents import consents_of, say_consents
from perennial.flows.customers.desk import export_customer
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.merging import merge_customers
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError
from perennial.flows.programs.life import Author
from perennial.flows.reading import read_customer
from perennial.flows.segments.segments import put as put_segment
from perennial.flows.segments.segments import segments_of
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.store.audits.audit import audit
from perennial.store.database import Database
from perennial.store.programs.surroundings import known_purposes
from perennial.units import DAY, HOUR, MINUTE, Instant, named_id
from tests.codebook import CODEBOOK
from tests.flows.erasing import PROGRAM, found
from tests.flows.merges import audited, merge, two_names
from tests.flows.shop import START, Shop, available

AUTHOR = Author(actor="mara", at=START)
GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN


def said(
    state: ConsentState = GIVEN,
    at: Instant | None = START,
    *,
    purpose: str = "marketing",
    channel: ConsentChannel = ConsentChannel.EMAIL,
    proof: str | None = None,
) -> SaidConsent:
    """Return what somebody says."""
    return SaidConsent(channel=channel, purpose=purpose, state=state, at=at, source="web", proof=proof)


def desk(shop: Shop) -> Key:
    """Return who records at the desk."""
    return Key(shop.workspace_id, named_id(0, "key", "desk"), "desk", frozenset([Scope.MEMBERS]))


async def put(shop: Shop, customer: str, *consents: SaidConsent) -> None:
    """Put a customer with what they said."""
    await shop.do(PutCustomer(customer=customer, consents=consents, actor="key shop"))


async def standing(shop: Shop, customer: str) -> tuple[ConsentView, ...]:
    """Return what stands of a customer."""
    return (await read_customer(shop.handler, shop.workspace_id, customer)).consents


async def history(shop: Shop, customer: str) -> list[tuple[str, str, str]]:
    """Return all that was said, the latest first."""
    page = await consents_of(shop.handler, shop.workspace_id, customer)
    return [(each.channel, each.purpose, each.state) for each in page.data]


async def test_a_customer_is_put_with_consents(shop: Shop) -> None:
    """They stand with who recorded them; without any of them nothing changes; said again, nothing is new."""
    await put(shop, "anna", said(proof="form-1"), said(at=None, purpose="news"))
    (news, marketing) = reversed(await standing(shop, "anna"))
    assert (marketing.state, marketing.proof, marketing.actor) == (GIVEN, "form-1", "key shop")
    assert news.at == marketing.at
    await put(shop, "anna", said(proof="form-1"), said(at=None, purpose="news"))
    await shop.do(PutCustomer(customer="anna", attributes={"city": "Kiel"}))
    assert len(await history(shop, "anna")) == 2
    await shop.advance(START + HOUR)
    await put(shop, "anna", said(WITHDRAWN, at=None))
    await put(shop, "anna", said(at=START + MINUTE))
    assert [each.state for each in await standing(shop, "anna")] == [WITHDRAWN, GIVEN]
    told = await history(shop, "anna")
    assert told[:2] == [("email", "marketing", "withdrawn"), ("email", "marketing", "given")]
    assert sorted(told[2:]) == [("email", "marketing", "given"), ("email", "news", "given")]


async def test_what_lies_ahead_is_refused(shop: Shop) -> None:
    """By more than five minutes: with its place, and with everything that came along."""
    ahead = said(at=START + 5 * MINUTE + 1, purpose="news")
    refused = await shop.refuse(PutCustomer(customer="anna", consents=(said(), ahead), attributes={"a": 1}))
    assert (refused.status, [(each.path, each.code) for each in refused.errors]) == (
        422,
        [("$.consents[1].at", "in_the_future")],
    )
    assert await standing(shop, "anna") == ()
    assert (await read_customer(shop.handler, shop.workspace_id, "anna")).attributes == {}
    await put(shop, "anna", said(at=START + 5 * MINUTE))
    await put(shop, "anna", said(WITHDRAWN, at=None))
    assert [each.state for each in await standing(shop, "anna")] == [WITHDRAWN]


async def test_there_is_room_for_a_hundred_and_always_for_a_withdrawal(shop: Shop) -> None:
    """The hundred-and-first channel and purpose is refused; every one of the hundred can be withdrawn."""
    await put(shop, "anna", *(said(purpose=f"p-{n}") for n in range(100)))
    refused = await shop.refuse(PutCustomer(customer="anna", consents=(said(purpose="more"),)))
    assert [(each.path, each.code) for each in refused.errors] == [
        ("$.consents[0].purpose", "too_many_consents")
    ]
    with pytest.raises(ProblemError):
        await say_consents(shop.handler, desk(shop), "anna", [said(purpose="more")])
    await say_consents(
        shop.handler, desk(shop), "anna", [said(WITHDRAWN, at=None, purpose=f"p-{n}") for n in range(100)]
    )
    assert {each.state for each in await standing(shop, "anna")} == {WITHDRAWN}


async def test_two_in_one_batch_see_each_other(shop: Shop) -> None:
    """Commands that arrive together are heard one after the other."""
    await asyncio.gather(
        put(shop, "anna", said(at=START)),
        put(shop, "anna", said(WITHDRAWN, at=START + 1)),
        put(shop, "anna", said(at=START)),
    )
    assert [each.state for each in await standing(shop, "anna")] == [WITHDRAWN]
    assert len(await history(shop, "anna")) == 2


@pytest.mark.parametrize("apart", [False, True])
async def test_a_merge_keeps_both_and_the_later_stands(wide_shop: Shop, *, apart: bool) -> None:
    """Of each channel and purpose by itself; what both said alike is told once."""
    shop = wide_shop
    gone, stays = await two_names(shop, apart=apart)
    await shop.publish(PROGRAM)
    sms = ConsentChannel.SMS
    await put(
        shop, gone, said(WITHDRAWN, START - HOUR), said(at=START - HOUR, channel=sms), said(purpose="a")
    )
    await put(shop, stays, said(at=START - 2 * HOUR), said(WITHDRAWN, START - 3 * HOUR, channel=sms))
    await put(shop, stays, said(purpose="a"))
    assert (await merge(shop, gone, stays)).consents == 2
    now = {(each.channel, each.purpose): each.state for each in await standing(shop, stays)}
    assert now == {
        ("email", "marketing"): WITHDRAWN,
        (sms, "marketing"): GIVEN,
        ("email", "a"): GIVEN,
    }
    assert len(await history(shop, stays)) == 5
    assert await history(shop, gone) == await history(shop, stays)
    await put(shop, gone, said(at=START - HOUR, channel=sms))
    assert len(await history(shop, stays)) == 5
    await audited(shop)


async def test_whoever_has_more_by_a_merge_may_withdraw_all_of_it(shop: Shop) -> None:
    """Two with eighty each have a hundred and sixty: nothing new finds room, every word about these does."""
    await shop.publish(PROGRAM)
    await put(shop, "theo-web", *(said(purpose=f"a-{n}") for n in range(80)))
    await put(shop, "theo", *(said(purpose=f"b-{n}") for n in range(80)))
    await merge(shop, "theo-web", "theo")
    pairs = [each.purpose for each in await standing(shop, "theo")]
    assert len(pairs) == 160
    await put(shop, "theo", *(said(WITHDRAWN, at=None, purpose=each) for each in pairs[:100]))
    noes = [said(WITHDRAWN, at=None, purpose=each) for each in pairs[100:]]
    assert {each.state for each in await say_consents(shop.handler, desk(shop), "theo", noes)} == {WITHDRAWN}
    refused = await shop.refuse(PutCustomer(customer="theo", consents=(said(purpose="more"),)))
    assert [each.code for each in refused.errors] == ["too_many_consents"]


async def test_the_erased_have_said_nothing(shop: Shop, owner: Connection) -> None:
    """No table keeps a word of it, and nothing is recorded any more."""
    await shop.publish(PROGRAM)
    await put(shop, "anna", said(proof="kanari-form"), said(purpose="kanari"))
    export = await export_customer(shop.handler, desk(shop), "anna")
    assert {each.proof for each in export.consents} == {"kanari-form", None}
    assert await found(owner, shop.workspace_id, "kanari") == {
        "consent_records": 2,
        "consents": 1,
        "customers": 1,
    }
    await erase_customer(shop.handler, shop.workspace_id, "anna", "test")
    assert await found(owner, shop.workspace_id, "kanari") == {}
    with pytest.raises(ProblemError) as error:
        await say_consents(shop.handler, desk(shop), "anna", [said()])
    assert error.value.problem.status == 410
    await audited(shop)


async def test_the_log_tells_what_about_and_not_why(shop: Shop, owner: Connection) -> None:
    """One entry for what somebody recorded, none where nothing was new."""
    await put(shop, "anna", said())
    for _ in range(2):
        await say_consents(
            shop.handler,
            desk(shop),
            "anna",
            [
                SaidConsent(
                    channel=ConsentChannel.EMAIL,
                    purpose="marketing",
                    state=WITHDRAWN,
                    source="phone",
                    reason="kanari called",
                )
            ],
        )
    rows = await owner.fetch(
        "select actor, before::text, after::text, reason from audit_entries"
        " where workspace_id = $1 and action = 'consent.recorded'",
        shop.workspace_id,
    )
    assert [tuple(row) for row in rows] == [
        ("key desk", '{"email/marketing": "given"}', '{"email/marketing": "withdrawn"}', None)
    ]


async def test_workers_agree_whoever_is_first(shop: Shop, database_url: str) -> None:
    """Forty words by four workers, put and said: the latest stands, and the books agree."""
    await shop.publish(PROGRAM)
    await put(shop, "anna")
    async with await Database.connect(database_url, largest=8) as connected:
        shops = [Shop(connected, shop.workspace_id, Intake(Handler(connected, CODEBOOK))) for _ in range(4)]

        async def speak(number: int) -> None:
            word = said((GIVEN, WITHDRAWN)[number % 2], START - 40 + number * 17 % 40)
            if number % 3:
                await put(shops[number % 4], "anna", word)
            else:
                await say_consents(shops[number % 4].handler, desk(shop), "anna", [word])

        await asyncio.gather(*(speak(number) for number in range(40)))
        for each in shops:
            await each.intake.close()
    latest = max(range(40), key=lambda number: number * 17 % 40)
    assert [each.state for each in await standing(shop, "anna")] == [(GIVEN, WITHDRAWN)[latest % 2]]
    assert len(await history(shop, "anna")) == 40
    await audited(shop)


AGREED = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - id: reachable
    type: fixed
    points: 7
    when: {fact: member.consents, in: [email.marketing, sms.marketing]}
  - {id: hello, type: fixed, trigger: segment.entered, points: 50, when: {fact: event.segment, is: letters}}
"""
LETTERS = {"all": [{"fact": "member.consents", "contains": "email.marketing"}]}


async def _inside(shop: Shop) -> dict[str, int]:
    states = await segments_of(shop.handler, shop.workspace_id)
    return {state.row.code: state.size for state in states}


async def test_consents_move_in_and_out_of_segments_at_once(shop: Shop, owner: Connection) -> None:
    """Giving lets in, and earns; withdrawing lets out with the same call; an earlier word does neither."""
    await shop.publish(AGREED)
    letters = Segment(segment="letters", name="Letters", when=decode_condition(LETTERS))
    nobody = Segment(
        segment="silent", name="S", when=decode_condition({"fact": "member.consents", "exists": False})
    )
    for each in (letters, nobody):
        await put_segment(shop.handler, shop.workspace_id, each, AUTHOR)
    assert available(await shop.order("o1", "anna", 1_000)) == 10
    await put(shop, "anna", said())
    assert await _inside(shop) == {"letters": 1, "silent": 0}
    assert available(await shop.order("o2", "anna", 1_000)) == 10 + 50 + 10 + 7
    early = said(WITHDRAWN, at=START - DAY)
    await say_consents(shop.handler, desk(shop), "anna", [early])
    assert await _inside(shop) == {"letters": 1, "silent": 0}
    await say_consents(shop.handler, desk(shop), "anna", [said(WITHDRAWN, at=START + 1)])
    assert await _inside(shop) == {"letters": 0, "silent": 1}
    assert available(await shop.order("o3", "anna", 1_000)) == 77 + 10
    view = await read_customer(shop.handler, shop.workspace_id, "anna")
    assert view.attributes == {}
    assert (await audit(owner, shop.workspace_id)).clean


async def test_a_merge_reads_what_stands_of_both(shop: Shop, owner: Connection) -> None:
    """The later word stands with the survivor, for conditions as well, and the answer names no attribute."""
    await shop.publish(AGREED)
    letters = Segment(segment="letters", name="Letters", when=decode_condition(LETTERS))
    await put_segment(shop.handler, shop.workspace_id, letters, AUTHOR)
    await put(shop, "anna", said())
    withdrawn = said(WITHDRAWN, at=START - DAY)
    sms = said(channel=ConsentChannel.SMS, at=START)
    await put(shop, "anna2", withdrawn, sms)
    assert await _inside(shop) == {"letters": 1}
    merged = MergeCustomers(id="m1", customer="anna", into="anna2", reason="one person", actor="test")
    answer = await merge_customers(shop.handler, shop.workspace_id, merged)
    assert (answer.status, b"@consents" in answer.body) == (201, False)
    assert await _inside(shop) == {"letters": 1}
    assert available(await shop.order("o1", "anna2", 100)) == 1 + 7
    assert (await audit(owner, shop.workspace_id)).clean


async def test_nobody_says_consents_as_an_attribute(shop: Shop) -> None:
    """What conditions read is written by recording consents alone."""
    refused = await shop.refuse(PutCustomer(customer="anna", attributes={"@consents": "email.marketing"}))
    assert (refused.status, refused.errors[0].code) == (422, "reserved")


async def test_every_purpose_is_found_however_many_say_another(wide_shop: Shop, owner: Connection) -> None:
    """Somebody in the last bucket alone said something about parties; about letters nearly everybody did.

    Of very many purposes the first ones by name are found, and those of another workspace never.
    """
    row = await wide_shop.handler.read_workspace(wide_shop.workspace_id)

    async def people_say(ws: int, bucket: int, purposes: list[str], people: int) -> None:
        await owner.execute(
            "insert into consents (bucket, workspace_id, customer_id, channel, purpose, given, at, record_id)"
            " select $2, $1, gen_random_uuid(), 'email', purpose, true, now(), gen_random_uuid()"
            " from unnest($3::text[]) as purposes (purpose), generate_series(1, $4::int)",
            ws,
            bucket,
            purposes,
            people,
        )

    async def purposes() -> list[str]:
        async with wide_shop.database.transaction(wide_shop.workspace_id) as conn:
            return await known_purposes(conn, wide_shop.workspace_id, row.buckets)

    assert await purposes() == []
    for bucket in row.buckets:
        await people_say(row.workspace_id, bucket, ["letters"], 1_500)
    await people_say(row.workspace_id, row.buckets[-1], ["parties", "birthday"], 1)
    await people_say(row.workspace_id + 1, row.buckets[0], ["another"], 1)
    assert await purposes() == ["birthday", "letters", "parties"]
    many = [f"of-{number:03}" for number in range(70)]
    await people_say(row.workspace_id, row.buckets[1], many, 1)
    assert await purposes() == ["birthday", "letters", *many[:48]]
