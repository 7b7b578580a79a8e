"""Birthdays, anniversaries, joining, and what a new version makes due."""

from __future__ import annotations

from perennial.core.orders.order import ReturnedLine
from perennial.flows.commands import JoinProgram, LeaveProgram, PostEvent, PostReturn, PutCustomer
from perennial.flows.reading import read_customer
from perennial.flows.vouchers.vouchers import vouchers_of
from perennial.units import Instant, parse_instant
from tests.flows.shop import START, Shop, available

BIRTHDAYS = """
program: points
name: Points
time_zone: Europe/Berlin
wallets:
  - {id: points, name: Points}
declarations:
  member: {birthday: {type: date, personal: true}}
  events: {review.posted: {attributes: {rating: {type: integer}}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: welcome, type: fixed, trigger: member.joined, points: 10}
  - {id: birthday, type: fixed, trigger: member.birthday, points: 250}
  - {id: year, type: fixed, trigger: member.anniversary, points: 1000}
  - {id: review, type: fixed, trigger: review.posted, points: 20, limits: [{times: 3, every: month}]}
"""

ON_REQUEST = BIRTHDAYS + "enrollment: {mode: on_request}\n"


def _review(number: int, at: Instant = START) -> PostEvent:
    return PostEvent(id=f"e{number}", customer="c1", at=at, name="review.posted", attributes={"rating": 5})


async def _available(shop: Shop, customer: str) -> int:
    view = await read_customer(shop.handler, shop.workspace_id, customer)
    return sum(wallet.available for wallet in view.wallets)


async def test_a_birthday_pays_once_a_year_even_if_the_date_is_edited(shop: Shop) -> None:
    """It comes at the local midnight of the day; moving the date within the year pays nothing more."""
    await shop.publish(BIRTHDAYS)
    await shop.do(PutCustomer(customer="c1", attributes={"birthday": "1990-03-10"}))
    await shop.order("o1", "c1", 1000)
    await shop.advance(parse_instant("2026-03-09T22:59:59Z"))
    assert await _available(shop, "c1") == 20
    await shop.advance(parse_instant("2026-03-09T23:00:00Z"))
    assert await _available(shop, "c1") == 270
    await shop.do(PutCustomer(customer="c1", attributes={"birthday": "1990-04-10"}))
    await shop.advance(parse_instant("2026-12-31T12:00:00Z"))
    assert await _available(shop, "c1") == 270
    await shop.advance(parse_instant("2027-04-10T12:00:00Z"))
    assert await _available(shop, "c1") == 270 + 1000 + 250


async def test_a_birthday_rule_published_later_finds_those_who_are_members(shop: Shop) -> None:
    """Members of before get the points of a birthday rule that a later version brings."""
    await shop.publish(BIRTHDAYS.replace("trigger: member.birthday", "trigger: member.joined"))
    await shop.do(PutCustomer(customer="c1", attributes={"birthday": "1990-06-10"}))
    await shop.order("o1", "c1", 1000)
    before = await _available(shop, "c1")
    await shop.publish(BIRTHDAYS)
    await shop.advance(parse_instant("2026-06-10T12:00:00Z"))
    assert await _available(shop, "c1") == before + 250


async def test_joining_on_request(shop: Shop) -> None:
    """Who has not joined earns nothing; joining twice is once; who left earns nothing any more."""
    await shop.publish(
        BIRTHDAYS.replace("name: Points\ntime", "name: Points\nenrollment: {mode: on_request}\ntime")
    )
    order = await shop.order("o1", "c1", 1000)
    assert order.balances == ()
    join = JoinProgram(customer="c1", program="points", at=START, source="landing page")
    assert available(await shop.do(join)) == 10
    assert available(await shop.do(join)) == 10
    assert available(await shop.order("o2", "c1", 1000)) == 20
    await shop.do(LeaveProgram(customer="c1", program="points", at=START))
    assert available(await shop.order("o3", "c1", 1000)) == 20


async def test_an_event_is_rewarded_three_times_a_month(shop: Shop) -> None:
    """The fourth review of a month earns nothing and says why; the next month earns again."""
    await shop.publish(BIRTHDAYS)
    answers = [await shop.do(_review(number)) for number in range(4)]
    assert [answer.programs[-1].awards[-1].points for answer in answers] == [20, 20, 20, 0]
    assert answers[3].programs[-1].awards[-1].cut_by is not None
    april = parse_instant("2026-04-01T12:00:00Z")
    await shop.advance(april)
    again = await shop.do(_review(9, april))
    assert available(again) == 10 + 80


async def test_an_undeclared_event_or_attribute_is_refused(shop: Shop) -> None:
    """The refusal names the field."""
    await shop.publish(BIRTHDAYS)
    unknown = await shop.refuse(PostEvent(id="e1", customer="c1", at=START, name="walked"))
    assert (unknown.code, unknown.errors[0].path) == ("event_undeclared", "$.type")
    wrong = PostEvent(id="e2", customer="c1", at=START, name="review.posted", attributes={"rating": "five"})
    assert (await shop.refuse(wrong)).errors[0].path == "$.attributes.rating"


async def test_past_orders_count_where_the_program_says_so(shop: Shop) -> None:
    """Who joins gets the points of earlier orders, less what came back of them; a later return is exact."""
    await shop.publish(
        ON_REQUEST.replace("{mode: on_request}", "{mode: on_request, count_past_orders: true}")
    )
    await shop.order("o1", "c1", 1000)
    await shop.order("o2", "c1", 2000, 3000)
    await shop.do(
        PostReturn(id="r1", order="o2", customer="c1", at=START, lines=(ReturnedLine(line="1", quantity=1),))
    )
    join = JoinProgram(customer="c1", program="points", at=START, source="till")
    assert available(await shop.do(join)) == 10 + 10 + 30
    assert available(await shop.give_back("r2", "o2", "c1")) == 10 + 10


async def test_the_order_that_joins_takes_back_its_own_points_alone(shop: Shop) -> None:
    """What earlier orders gave then stays with them, and is explained with them."""
    await shop.publish(ON_REQUEST)
    await shop.order("o1", "c1", 1000)
    await shop.publish(ON_REQUEST.replace("{mode: on_request}", "{mode: automatic, count_past_orders: true}"))
    assert available(await shop.order("o2", "c1", 2000)) == 10 + 10 + 20
    assert available(await shop.give_back("r2", "o2", "c1")) == 10 + 10
    assert available(await shop.give_back("r1", "o1", "c1")) == 10


async def test_past_orders_are_judged_once_whatever_they_gave(shop: Shop) -> None:
    """Who leaves and joins again gets no second voucher, while another program still waits."""
    counting = ON_REQUEST.replace("{mode: on_request}", "{mode: on_request, count_past_orders: true}")
    tea = "  - {id: tea, type: gives_reward, reward: tea}\n"
    rewards = "rewards: [{id: tea, name: Tea, gives: [{type: amount_off, value: 100}]}]\n"
    rules = counting.replace("  - {id: base, type: per_amount, points: 1, per: 100}\n", tea)
    await shop.publish(rules + rewards)
    await shop.publish(
        counting.replace("program: points", "program: other").replace("id: points", "id: others")
    )
    await shop.order("o1", "c1", 1000)
    join = JoinProgram(customer="c1", program="points", at=START, source="till")
    for again in range(3):
        await shop.do(join)
        page = await vouchers_of(shop.handler, shop.workspace_id, "c1", cursor=None, limit=20)
        assert len(page.data) == 1, again
        await shop.do(LeaveProgram(customer="c1", program="points", at=START))
