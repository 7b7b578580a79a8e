"""Referrals on a real database: attributed, converted, limited, looked at, taken back; each exactly once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.answers import Decided
from perennial.flows.batch import Batch
from perennial.flows.commands import (
    Asked,
    Introduced,
    JoinProgram,
    PostRedemption,
    PutCustomer,
    PutOrder,
)
from perennial.flows.handling.write_batch import write
from perennial.flows.problems import ProblemError
from perennial.flows.referral_views import ReferralView
from perennial.flows.referrals.details import read_referral_detail
from perennial.flows.referrals.lists import list_all_referrals, read_home, review_referral
from perennial.flows.referring import pairs as referral_pairs
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.referring.settle_referrals import settle_referrals
from perennial.flows.traces import Context
from perennial.units import DAY
from tests.flows.shop import START, Shop, available, decided
from tests.flows.sound import is_sound

PROGRAM = """\
program: shop
name: Shop
currency: USD
wallets: [{id: points, name: Points, refunds: unlimited}]
earning_rules:
  - {id: thanks, type: fixed, trigger: referral.converted, points: 7, when: {fact: event.role, is: advocate}}
  - id: fifth
    type: fixed
    trigger: referral.converted
    points: 1000
    when: {all: [{fact: event.role, is: advocate}, {fact: member.referral_count, is: 3}]}
referrals:
  link: https://shop.example/?ref={code}
  codes: {pattern: "FRIEND-########"}
  offers:
    - id: friends
      name: Friends
      advocate:
        gets: {gives: [{type: points, points: 500}]}
        tiers: [{after: 2, gives: [{type: points, points: 600}]}]
        limits: [{times: 3}]
      friend: {at: at_once, gets: {gives: [{type: amount_off, value: 1000}]}}
      converts: {on: order, min_order: 2500}
"""


async def settle(shop: Shop) -> int:
    """Do what is due at the shop's present time, as the worker does."""
    async with shop.database.transaction(shop.workspace_id) as conn:
        now = await conn.fetchval(
            "select clock_at from workspaces where workspace_id = $1", shop.workspace_id
        )
    buckets = (await shop.handler.read_workspace(shop.workspace_id)).buckets
    return sum([await settle_referrals(shop.handler, shop.workspace_id, each, now) for each in buckets])


async def bucket(shop: Shop) -> int:
    return (await shop.handler.read_workspace(shop.workspace_id)).bucket_base


async def referral(shop: Shop, friend: str) -> ReferralView:
    """Return the only referral of a friend."""
    page = await list_all_referrals(shop.handler, shop.workspace_id, customer=friend)
    return page.data[0]


async def code_of(shop: Shop, member: str) -> str:
    """Return the code of a member."""
    return (await read_home(shop.handler, shop.workspace_id, member)).data[0].code


async def balance(shop: Shop, customer: str) -> int:
    answer = await shop.do(JoinProgram(customer=customer, program="shop", at=None, source="test"))
    return available(answer)


@pytest.fixture
async def open_shop(shop: Shop) -> Shop:
    """A shop with referrals and one member, anna."""
    await shop.publish(PROGRAM)
    await shop.do(JoinProgram(customer="anna", program="shop", at=None, source="test"))
    return shop


def order(name: str, customer: str | None, amount: int, status: str = "paid") -> PutOrder:
    lines = (Line(sku="a", amount=amount),)
    return PutOrder(
        id=name, customer=customer, at=START, order=Order(status=OrderStatus(status), lines=lines)
    )


async def introduced(shop: Shop, command: Any, code: str, **context: str) -> Decided:
    return decided(
        await shop.intake.submit(
            shop.workspace_id, Introduced(command=command, code=code, context=Context(**context))
        )
    )


async def test_a_code_with_an_order_converts(open_shop: Shop) -> None:
    """The code that comes with the first order refers the friend, and the order converts it."""
    shop = open_shop
    code = await code_of(shop, "anna")
    assert code.startswith("FRIEND-")
    assert await code_of(shop, "anna") == code
    home = (await read_home(shop.handler, shop.workspace_id, "anna")).data[0]
    assert home.link == f"https://shop.example/?ref={code}"
    # Upper and lower case, spaces and dashes are one, as with vouchers.
    answer = await introduced(shop, order("o1", "ben", 5000), f" {code.lower().replace('-', ' ')} ")
    assert answer.referral is not None
    assert answer.referral.state == "pending"
    assert answer.referral.voucher is not None
    assert (await referral(shop, "ben")).state == "waiting"
    assert await balance(shop, "anna") == 0
    assert await settle(shop) == 1
    assert (await referral(shop, "ben")).state == "converted"
    assert await balance(shop, "anna") == 507
    assert await settle(shop) == 0
    # The same order again, and a second order, give nothing.
    await introduced(shop, order("o1", "ben", 5000), code)
    await shop.do(order("o2", "ben", 5000))
    assert await settle(shop) == 0
    assert await balance(shop, "anna") == 507
    home = (await read_home(shop.handler, shop.workspace_id, "anna")).data[0]
    assert home.referrals == {"converted": 1}


async def test_a_code_with_a_customer(open_shop: Shop) -> None:
    """A customer is created with a code and gets the voucher at once; it works on the first order."""
    shop = open_shop
    code = await code_of(shop, "anna")
    answer = await introduced(shop, PutCustomer(customer="ben"), code)
    assert answer.referral is not None
    assert answer.referral.voucher is not None
    redemption = PostRedemption(
        id="r1",
        customer="ben",
        at=START,
        order=Order(status=OrderStatus.CREATED, lines=(Line(sku="a", amount=6000),)),
        redeem=(Asked(code=answer.referral.voucher.code),),
        order_id="o1",
    )
    priced = await shop.send(redemption)
    assert priced.status == 201
    assert b'"to_pay":5000' in priced.body
    await shop.do(order("o1", "ben", 5000))
    await settle(shop)
    assert (await referral(shop, "ben")).state == "converted"


async def test_what_is_no_code_stops_no_order(open_shop: Shop) -> None:
    """An unknown code, one's own, and a guest's: the order goes on, and the answer says why."""
    shop = open_shop
    code = await code_of(shop, "anna")
    for name, customer, entered, reason in (
        ("o1", "ben", "FRIEND-NOTHING", "code_unknown"),
        ("o2", "anna", code, "self_referral"),
        ("o3", None, code, "no_customer"),
    ):
        answer = await introduced(shop, order(name, customer, 5000), entered)
        assert answer.referral is not None
        assert (answer.referral.state, answer.referral.reason) == ("refused", reason)
    page = await list_all_referrals(shop.handler, shop.workspace_id)
    assert page.data == ()


async def test_the_first_who_refers_stays(open_shop: Shop) -> None:
    """Twice is once, and somebody else is a conflict."""
    shop = open_shop
    await shop.do(JoinProgram(customer="cora", program="shop", at=None, source="test"))
    first = await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="anna"))
    again = await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="anna"))
    assert first.is_new
    assert not again.is_new
    assert first.view.id == again.view.id
    with pytest.raises(ProblemError) as refused:
        await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="cora"))
    assert refused.value.problem.code == "already_referred"
    with pytest.raises(ProblemError) as refused:
        await refer(shop.handler, shop.workspace_id, Refer(friend="anna", advocate="anna"))
    assert refused.value.problem.code == "self_referral"
    circle = await refer(shop.handler, shop.workspace_id, Refer(friend="anna", advocate="ben"))
    assert (circle.view.state, circle.view.reason) == ("rejected", "circle")


async def test_limit_tiers_rules_and_reversal(open_shop: Shop, owner: Connection) -> None:
    """Two friends give 500, the third 600 and the bonus, the fourth is too many; a return takes it back."""
    shop = open_shop
    for number in range(4):
        await refer(shop.handler, shop.workspace_id, Refer(friend=f"f{number}", advocate="anna"))
        await shop.do(order(f"o{number}", f"f{number}", 5000))
        await settle(shop)
    assert await balance(shop, "anna") == 507 + 507 + 607 + 1000
    last = await referral(shop, "f3")
    assert (last.state, last.reason) == ("rejected", "limit_reached")
    await shop.give_back("back", "o0", "f0")
    assert await settle(shop) == 1
    assert await balance(shop, "anna") == 507 + 607 + 1000
    assert (await referral(shop, "f0")).state == "reversed"
    assert await settle(shop) == 0
    # There is room again for one.
    await refer(shop.handler, shop.workspace_id, Refer(friend="f4", advocate="anna"))
    await shop.do(order("o4", "f4", 5000))
    await settle(shop)
    assert (await referral(shop, "f4")).state == "converted"
    await is_sound(shop, owner)


async def test_an_alias_is_oneself(open_shop: Shop) -> None:
    """RFL-02: ann+friend@ is ann@, also with a code that comes with the customer."""
    shop = open_shop

    def known(customer: str, email: str) -> PutCustomer:
        return PutCustomer(
            customer=customer,
            identifiers=(CustomerIdentifier(type=IdentifierType.EMAIL, value=email),),
        )

    await shop.do(known("anna", "ann@example.com"))
    await introduced(shop, known("f", "ann+friend@example.com"), await code_of(shop, "anna"))
    await shop.do(order("o1", "f", 5000))
    await settle(shop)
    found = await referral(shop, "f")
    assert (found.state, found.reason) == ("rejected", "same_email")
    assert await balance(shop, "anna") == 0


async def test_review(open_shop: Shop, owner: Connection) -> None:
    """One device for both is looked at by staff: approved it goes on, with an entry in the audit log."""
    shop = open_shop
    code = await code_of(shop, "anna")
    device = Context(device="phone-1")
    await shop.intake.submit(
        shop.workspace_id, Introduced(command=PutCustomer(customer="anna"), context=device)
    )
    for name in ("ben", "cora"):
        await introduced(shop, order(f"o-{name}", name, 5000), code, device="phone-1", ip="1.2.3.4")
    queue = await list_all_referrals(shop.handler, shop.workspace_id)
    found = sorted(queue.data, key=lambda each: str(each.customer))
    assert [(each.customer, each.state, each.signals) for each in found] == [
        ("ben", "in_review", ("same_device",)),
        ("cora", "in_review", ("same_device",)),
    ]
    assert await settle(shop) == 0
    for each, approve in zip(found, (True, False), strict=True):
        for _ in range(2):
            answer = await review_referral(
                shop.intake, shop.workspace_id, each.id, approve=approve, actor="eve", reason="known"
            )
            assert answer.status == 200, answer.body
            told = json.loads(answer.body)
            assert (told["advocate"], told["customer"]) == ("anna", each.customer)
    assert await settle(shop) == 1
    assert (await referral(shop, "ben")).state == "converted"
    assert (await referral(shop, "cora")).reason == "rejected_by_staff"
    entries = await owner.fetch(
        "select action, actor, reason from audit_entries where workspace_id = $1 and action like 'referral%'"
        " order by at, entry_id",
        shop.workspace_id,
    )
    assert [tuple(entry) for entry in entries] == [
        ("referral.approved", "eve", "known"),
        ("referral.rejected", "eve", "known"),
    ]
    stored = await owner.fetch("select * from customer_marks where workspace_id = $1", shop.workspace_id)
    assert not any("1.2.3.4" in str(row) or "phone-1" in str(row) for row in stored)


async def test_waiting_and_deadline(shop: Shop) -> None:
    """The friend's order waits until nothing can come back; who does not order in time is too late."""
    await shop.publish(
        PROGRAM.replace(
            "converts: {on: order, min_order: 2500}",
            "converts: {on: order}\n      waits: {days: 14}\n      deadline: {days: 30}",
        )
    )
    await shop.do(JoinProgram(customer="anna", program="shop", at=None, source="test"))
    for friend in ("ben", "cora", "dan"):
        await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate="anna"))
    await shop.do(order("o1", "ben", 5000))
    await shop.do(order("o2", "cora", 5000))
    await shop.advance(START + 10 * DAY)
    await shop.give_back("back", "o2", "cora", at=START + 10 * DAY)
    assert await balance(shop, "anna") == 0
    await shop.advance(START + 15 * DAY)
    assert await balance(shop, "anna") == 507
    await shop.advance(START + 40 * DAY)
    states = {friend: (await referral(shop, friend)) for friend in ("ben", "cora", "dan")}
    assert {friend: (each.state, each.reason) for friend, each in states.items()} == {
        "ben": ("converted", None),
        "cora": ("rejected", "order_returned"),
        "dan": ("rejected", "expired"),
    }


async def test_a_small_first_order_decides(open_shop: Shop) -> None:
    """The first order decides; one that was canceled was none."""
    shop = open_shop
    for friend in ("ben", "cora"):
        await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate="anna"))
        await shop.do(order(f"o-{friend}", friend, 1000))
        assert (await referral(shop, friend)).reason == "order_too_small"
    await shop.do(order("o-cora", "cora", 1000, status="canceled"))
    assert (await referral(shop, "cora")).state == "pending"
    await shop.do(order("o2-cora", "cora", 2500))
    assert (await referral(shop, "cora")).state == "waiting"


async def test_two_who_settle_give_once(open_shop: Shop) -> None:
    """Several workers at the same moment: each referral converts once."""
    shop = open_shop
    for number in range(3):
        await refer(shop.handler, shop.workspace_id, Refer(friend=f"f{number}", advocate="anna"))
        await shop.do(order(f"o{number}", f"f{number}", 5000))
    settled = await asyncio.gather(*(settle(shop) for _ in range(4)))
    assert sum(settled) == 3
    assert await balance(shop, "anna") == 507 + 507 + 607 + 1000


async def test_who_dies_in_between_leaves_it_due(
    open_shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sides are written, the process dies before the end: nothing is, and it is done once later."""
    shop = open_shop

    async def dies(conn: Connection, batch: Batch, generation: int) -> None:
        await write(conn, batch, generation)
        raise ConnectionResetError

    async def dies_and_goes_on() -> None:
        before = await referral(shop, "ben"), await balance(shop, "anna")
        with monkeypatch.context() as broken:
            broken.setattr(referral_pairs, "write", dies)
            assert await settle(shop) == 0
        assert (await referral(shop, "ben"), await balance(shop, "anna")) == before
        assert (await settle(shop), await settle(shop)) == (1, 0)

    with monkeypatch.context() as broken:
        broken.setattr(referral_pairs, "write", dies)
        with pytest.raises(ConnectionResetError):
            await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="anna"))
    assert (await list_all_referrals(shop.handler, shop.workspace_id)).data == ()
    await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="anna"))
    await shop.do(order("o1", "ben", 5000))
    await dies_and_goes_on()
    assert await balance(shop, "anna") == 507
    await shop.give_back("back", "o1", "ben")
    await dies_and_goes_on()
    assert await balance(shop, "anna") == 0
    await is_sound(shop, owner)


LATE = PROGRAM.replace("friend: {at: at_once, gets", "friend: {gets").replace(
    "converts: {on: order, min_order: 2500}",
    "converts: {on: order, min_order: 2500}\n      deadline: {days: 30}",
)


async def test_a_referral_of_which_nothing_came_makes_room(shop: Shop, owner: Connection) -> None:
    """After the deadline another may refer the friend, whose first order counts; who has bought stays."""
    await shop.publish(LATE)
    for name in ("anna", "cora"):
        await shop.do(JoinProgram(customer=name, program="shop", at=None, source="test"))
    for friend in ("ben", "dan", "eva"):
        await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate="anna"))
    await shop.do(order("small", "dan", 100))
    await shop.advance(START + 29 * DAY)
    with pytest.raises(ProblemError):
        await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="cora"))
    await shop.advance(START + 40 * DAY)
    await settle(shop)
    with pytest.raises(ProblemError) as refused:
        await refer(shop.handler, shop.workspace_id, Refer(friend="dan", advocate="cora"))
    assert refused.value.problem.code == "already_referred"
    anew = await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="cora"))
    same = await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="cora"))
    again = await refer(shop.handler, shop.workspace_id, Refer(friend="eva", advocate="anna"))
    assert (anew.is_new, same.is_new, again.is_new, same.view.id) == (True, False, True, anew.view.id)
    paid = msgspec.structs.replace(order("first", "ben", 5_000), at=START + 40 * DAY)
    await shop.do(paid)
    await settle(shop)
    page = await list_all_referrals(shop.handler, shop.workspace_id, customer="ben")
    assert [(each.advocate, each.state) for each in page.data] == [
        ("anna", "rejected"),
        ("cora", "converted"),
    ]
    assert (await balance(shop, "cora"), await balance(shop, "anna")) == (507, 0)
    await is_sound(shop, owner)


async def test_a_deadline_that_nobody_has_settled_makes_room_too(shop: Shop) -> None:
    """The worker comes late; what is late by then cannot convert any more, and two cannot both be open."""
    await shop.publish(LATE, START - 100 * DAY)
    for name in ("anna", "cora"):
        joined = START - 90 * DAY
        await shop.do(JoinProgram(customer=name, program="shop", at=joined, source="test"))
    old = Refer(friend="ben", advocate="anna", at=START - 60 * DAY)
    await refer(shop.handler, shop.workspace_id, old)
    assert (await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="cora"))).is_new
    page = await list_all_referrals(shop.handler, shop.workspace_id, customer="ben")
    assert [(each.advocate, each.state, each.reason) for each in page.data] == [
        ("anna", "rejected", "expired"),
        ("cora", "pending", None),
    ]


async def test_the_first_ones_from_an_address_are_found_with_the_last(shop: Shop) -> None:
    """Three within a week: the first has bought and is in review when it is due, as the third is."""
    checks = "converts: {on: order, min_order: 2500}\n      waits: {days: 3}\n      checks:"
    document = PROGRAM.replace("converts: {on: order, min_order: 2500}", checks)
    await shop.publish(document.rstrip() + " [{type: many_from_ip, most: 3}]\n")
    await shop.do(JoinProgram(customer="anna", program="shop", at=None, source="test"))
    place = Context(ip="10.0.0.1")
    for day, friend in ((0, "ben"), (1, "cora"), (2, "dan"), (8, "eva")):
        await shop.advance(START + day * DAY + 1)
        await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate="anna", context=place))
        if friend in ("ben", "eva"):
            paid = msgspec.structs.replace(order(f"o-{friend}", friend, 5_000), at=START + day * DAY + 1)
            await shop.do(paid)
    await shop.advance(START + 20 * DAY)
    await settle(shop)
    found = {name: (await referral(shop, name)) for name in ("ben", "cora", "dan", "eva")}
    assert {name: (each.state, each.reason) for name, each in found.items()} == {
        "ben": ("in_review", "many_from_ip"),
        "cora": ("pending", None),
        "dan": ("in_review", "many_from_ip"),
        "eva": ("converted", None),
    }
    told = await read_referral_detail(shop.handler, shop.workspace_id, found["cora"].id)
    assert [each.words for each in told.evidence] == [
        "3 referrals came from one address within 7 days, this one included."
    ]
